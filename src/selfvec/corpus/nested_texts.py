"""Texts that are no single string: lists, objects, and the nodes of editors such as Jira's and Notion's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from selfvec.files.untrusted import parse_json

from .field_names import TEXTS

_OF_RUNS = frozenset(("plain_text", "text", "value", "insert"))  # of what stands within a line
_NAMES_WITHIN = ("plain_text", *TEXTS, "value", "insert", "rendered", "raw")
_OF_NODES = frozenset(("type", "_type", "nodeType"))


def in_json(value: object) -> object:
    """What a string of JSON holds that is a list or an object; any other value as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        with suppress(ValueError):
            return parse_json(value)
    return value


def text_name(value: Mapping[str, Any]) -> str:
    """The name under which an object has its text; empty if it has none."""
    return next((name for name in _NAMES_WITHIN if value.get(name) and isinstance(value[name], str)), "")


def is_tree(value: object) -> bool:
    """Whether a value is a node or a list of nodes that have their texts within."""
    if isinstance(value, list):
        return any(map(is_tree, value))
    return isinstance(value, dict) and not _OF_NODES.isdisjoint(value) and not text_name(value)


def text_within(value: object, *, in_node: bool = False) -> str:
    """The strings of a list, and the texts of objects and of trees of nodes in order; empty without any.

    Runs of a line of nodes follow each other as they are; each other text begins a line.

    >>> text_within(["Look at ", {"type": "bold", "text": "the timetable"}, "."]), text_within(["a", "b"])
    ('Look at the timetable.', 'a\\nb')
    >>> runs = [{"type": "text", "text": "Hail"}, {"type": "text", "text": "ed."}]
    >>> text_within({"type": "doc", "content": [{"type": "p", "content": runs}, {"p": {"text": "Snow."}}]})
    'Hailed.\\nSnow.'
    """
    try:
        if isinstance(value, list):
            names = [text_name(item) for item in value if isinstance(item, dict)]
            runs = in_node or len(names) < len(value) or not {"insert", "plain_text"}.isdisjoint(names)
            texts = list(map(text_within, value))
            return "".join(texts) if runs and not _OF_RUNS.isdisjoint(names) else _lines(texts)
        if isinstance(value, dict):
            name = text_name(value)
            inner = [] if name == "plain_text" else value.values()  # of Notion, with the same text within
            texts = [
                text_within(each, in_node=not _OF_NODES.isdisjoint(value))
                for each in inner
                if not isinstance(each, str)
            ]
            return _lines([value.get(name, ""), *texts])
    except RecursionError:  # nested as deeply as no text is
        return ""
    return value if isinstance(value, str) else ""


def _lines(texts: Iterable[str]) -> str:
    *before, last = list(filter(None, texts)) or [""]
    return "".join(text.removesuffix("\n") + "\n" for text in before) + last
