"""Pages of docs/results/ with parts that a program writes, between two markers of which the first names it.

<!-- generated:epochs -->
... replaced ...
<!-- /generated -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.datasets import SHARED_DATA
from selfvec.files.atomic_files import atomic_file

DOCS = Path(__file__).resolve().parents[1] / "docs"
FIGURES = DOCS / "figures"
RESULTS = DOCS / "results"
_PART = re.compile(r"(<!-- generated:([\w-]+) -->\n)(.*?)(<!-- /generated -->)", re.DOTALL)


def generated(page: str) -> dict[str, str]:
    """The generated parts of a page by name."""
    return {match[2]: match[3] for match in _PART.finditer(page)}


def fill(page: str, parts: Mapping[str, str]) -> str:
    """Replace the content of the parts; everything else stays as it is.

    Raises
    ------
    ValueError
        If a part has no place on the page, or two, or a marker has no end.

    Examples
    --------
    >>> fill("before\\n<!-- generated:a -->\\nold\\n<!-- /generated -->\\nafter", {"a": "new"})
    'before\\n<!-- generated:a -->\\nnew\\n<!-- /generated -->\\nafter'
    """
    places = [match[2] for match in _PART.finditer(page)]
    for name in parts:
        if places.count(name) != 1:
            raise ValueError(f"the page has {places.count(name)} places for the generated part {name!r}")
    if page.count("<!-- generated:") != len(places):
        raise ValueError("a generated part begins inside another, or does not end")

    def replaced(match: re.Match[str]) -> str:
        return f"{match[1]}{parts[match[2]].strip()}\n{match[4]}" if match[2] in parts else match[0]

    return _PART.sub(replaced, page)


def update_page(
    name: str, parts: Mapping[str, Callable[[], str]], wanted: Sequence[str] = (), *, needs_data: bool = True
) -> bool:
    """Measure the parts, or those wanted, and write each into a page of docs/results/; whether it could."""
    if needs_data and not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return False
    for part in wanted or parts:
        made = parts[part]()
        write_parts(name, {part: made})
        print(f"== {part}\n{made}\n", flush=True)
    return True


def write_parts(name: str, parts: Mapping[str, str], folder: Path = RESULTS) -> None:
    """Replace parts of a page of docs/results/."""
    page = fill((folder / name).read_text(encoding="utf-8"), parts)
    with atomic_file(folder / name, overwrite=True) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; columns of numbers are aligned right.

    >>> print(table(("word", "n"), [("hail", 3)]))
    | word | n |
    |---|---:|
    | hail | 3 |
    """
    cells = [[_cell(value) for value in row] for row in rows]
    columns = list(zip(*cells, strict=True)) or [()] * len(heads)
    rules = ["---:" if column and all(map(_numeric, column)) else "---" for column in columns]
    lines = [f"| {' | '.join(row)} |" for row in [list(heads), *cells]]
    return "\n".join([lines[0], f"|{'|'.join(rules)}|", *lines[1:]])


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _numeric(cell: str) -> bool:
    return cell.lstrip("*+")[:1] in "0123456789–−-"


def interval(value: float, low: float, high: float, form: str = ".3f") -> str:
    """A value with its 95 % interval.

    >>> interval(0.5, 0.4, 0.6)
    '0.500 (0.400 to 0.600)'
    """
    return f"{value:{form}} ({low:{form}} to {high:{form}})"
