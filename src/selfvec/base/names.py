"""Names of fields and ids as people write them: several with commas, and paths into objects with dots."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

_LONGEST = 64  # pieces between commas that one name may have
_MOST_INNER = 1000  # paths that are listed


def listed(given: str, found: Callable[[str], str | None]) -> list[str]:
    """The names in a string with commas, where a name that is known may hold commas itself.

    ``found`` gives a known name for what was written, or None. The longest known name counts first.

    >>> known = {"title", "Why, and how?"}
    >>> listed("title, Why, and how?, text", lambda name: name if name in known else None)
    ['title', 'Why, and how?', 'text']
    """
    pieces = given.split(",")
    names: list[str] = []
    at = 0
    while at < len(pieces):
        for end in range(min(len(pieces), at + _LONGEST), at, -1):
            written = ",".join(pieces[at:end]).strip()
            name = (found(written) if written else "") if end > at + 1 else found(written) or written
            if name:
                names.append(name)
                break
        at = end
    return names


def items_at(value: Any, keys: Sequence[str]) -> list[Any]:
    """What is under keys of an object; the items of lists on the way are looked into, one by one.

    >>> items_at({"k": [{"x": "y"}, {"x": ["z"]}, 3]}, ["k", "x"]), items_at("a", []), items_at("a", ["k"])
    (['y', 'z'], ['a'], [])
    """
    items = _items(value)
    for key in keys:
        objects = (item for item in items if isinstance(item, dict) and key in item)
        items = [item for own in objects for item in _items(own[key])]
    return items


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """The value under a path of a row: one, or several texts joined by a blank line, or a list.

    A name that holds dots itself counts before a path; None if there is no value.

    >>> value_at({"post": {"body": "hail"}}, "post.body"), value_at({"a.b": {"c": 1}}, "a.b.c")
    ('hail', 1)
    >>> value_at({"posts": [{"body": "hail"}, {"body": "snow"}]}, "posts.body")
    'hail\\n\\nsnow'
    """
    outer, keys = parted(row, path)
    values = [item for item in items_at(row.get(outer), keys) if item is not None]
    if len(values) < 2:
        return values[0] if values else None
    return "\n\n".join(values) if all(isinstance(item, str) for item in values) else values


def inner_names(row: Mapping[str, Any]) -> dict[str, None]:
    """The paths of what is inside the objects of a row.

    >>> list(inner_names({"id": 1, "post": {"body": "hail", "by": {"name": "Ann"}}}))
    ['post.body', 'post.by', 'post.by.name']
    """
    found: dict[str, None] = {}
    for path in _paths(row, ""):
        if "." in path:
            found[path] = None
        if len(found) >= _MOST_INNER:
            break
    return {path: None for path in found if path not in row}


def _paths(value: Any, prefix: str, depth: int = 0) -> Iterator[str]:
    for one in _items(value)[:10]:
        for key, inner in one.items() if isinstance(one, Mapping) and depth < 10 else ():
            yield f"{prefix}{key}"
            if isinstance(inner, Mapping | list):
                yield from _paths(inner, f"{prefix}{key}.", depth + 1)


def parted(row: Collection[str], path: str) -> tuple[str, list[str]]:
    """The longest name of a row that a path begins with, and the keys after it."""
    keys = path.split(".")
    for end in range(len(keys), 0, -1):
        if (outer := ".".join(keys[:end])) in row:
            return outer, keys[end:]
    return path, []


def _items(value: Any) -> list[Any]:
    """The items of a list; anything else is one item."""
    return value if isinstance(value, list) else [value]
