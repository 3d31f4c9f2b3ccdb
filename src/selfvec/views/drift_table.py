"""Words that changed, for the terminal: figures in columns, then what came and went, then sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from selfvec.base.display import escape_for_display

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from selfvec.analysis.drift import Drift

__all__ = ["drift_table"]

_NEIGHBOURS = 5
_CAME, _WENT = "bold green", "dim"


def drift_table(found: Drift) -> RenderableType:
    """A line of figures a word, with its neighbours and sentences below."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    if not found.rows:
        return Text(f"no word changed between {found.a} and {found.b}, as far as this text can tell")
    sliced = found.rows[0]["low"] is not None or found.a != "original"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("word", overflow="ellipsis", no_wrap=True, min_width=10, max_width=20)
    names = ["distance", *(["interval", "chance"] if sliced else []), "apd", "p", "q"]
    for name in names:
        table.add_column(name, justify="right", no_wrap=True, min_width=4)
    for name in (found.a, found.b) if sliced else ("times",):
        table.add_column(
            escape_for_display(name), justify="right", overflow="fold", min_width=min(10, len(name))
        )
    parts: list[RenderableType] = []
    for row in found.rows:
        table.add_row(Text(escape_for_display(row["word"]), "bold"), *map(Text, _figures(row, sliced)))
    for row in found.rows:
        parts.append(Text(escape_for_display(row["word"]), "bold"))
        parts += [Padding(line, (0, 0, 0, 2)) for line in _below(row, found)]
    note = (
        "size: distance (1 - cosine of mean uses, its 95 % interval, and by chance: between random splits of "
        "the same documents) and apd; significance: p and q"
        if sliced
        else "distance: 1 - cosine of the two vectors; p, q: do the word's documents pull it one way?"
    )
    return Group(table, "", *parts, "", Text(note, "dim"))


def _figures(row: Mapping[str, Any], sliced: bool) -> list[str]:
    def number(key: str, form: str) -> str:
        return "" if row[key] is None else format(row[key], form)

    interval = "" if row["low"] is None else f"{row['low']:.2f}-{row['high']:.2f}"
    middle = [interval, number("expected", ".2f")] if sliced else []
    counts = [f"{row['count_a']:,}", *([f"{row['count_b']:,}"] if sliced else [])]
    significance = [number(key, ".1g") for key in ("p", "q")]
    return [number("distance", ".2f"), *middle, number("apd", ".2f"), *significance, *counts]


def _below(row: Mapping[str, Any], found: Drift) -> list[Text]:
    from rich.text import Text

    lines = []
    gained, lost = (", ".join(map(escape_for_display, row[key][:_NEIGHBOURS])) for key in ("gained", "lost"))
    if gained or lost:
        lines.append(Text.assemble(("+ ", _CAME), gained, "   ", ("- ", _WENT), (lost, _WENT)))
    for name, key in ((found.a, "examples_a"), (found.b, "examples_b")):
        lines += [Text(f"{escape_for_display(name)}: {_plain(text)}") for text in row.get(key, ())]
    return lines


def _plain(text: str) -> str:
    """A sentence without what could move the reader's cursor."""
    return " ".join(
        word if len(word) > 24 and word.isprintable() else escape_for_display(word) for word in text.split()
    )
