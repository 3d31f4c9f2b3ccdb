"""Keywords, occurrences in context and collocates, as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from selfvec.base.display import count_of, escape_controls, escape_for_display, printable

from .terminal import add_row, plain_table
from .word_tables import probability

_GAP = 2  # columns around a word in context
_NAME = 12  # columns of an id
_LEAST = 8  # columns on each side, if the word is long
_WIDE = 120  # columns in which whole dates have room


def keyness_tables(found: Mapping[str, Any], top: int) -> RenderableType:
    """The first keywords of a, then those of b, with their figures."""
    names = {side: escape_for_display(str(found[side])) for side in "ab"}
    parts: list[RenderableType] = []
    for side, other in ("ab", "ba"):
        rows = [row for row in found["rows"] if row["key_of"] == side][:top]
        table = plain_table(("word", 24), figures=(*names.values(), "log ratio", "ll", "q"))
        for row in rows:
            counts = (f"{row['count_a']:,}", f"{row['count_b']:,}")
            scores = (f"{row['log_ratio']:+.2f}", f"{row['ll']:,.1f}", probability(row["q"]))
            add_row(table, escape_for_display(row["word"]), *counts, *scores)
        head = f"More frequent in {names[side]} than in {names[other]}"
        shown = f"{len(rows):,} of {count_of(found[f'words_{side}'], 'word')}"
        parts += [Text(head, "bold"), table if rows else Text("no word"), Text(shown, "dim"), Text("")]
    a, b = names.values()
    sizes = f"{a} has {count_of(found['tokens_a'], 'word')}, {b} {found['tokens_b']:,}"
    return Group(*parts, Text(sizes, "dim"))


def collocates_table(found: Mapping[str, Any], top: int) -> RenderableType:
    """The first collocates with their figures."""
    table = plain_table(("word", 32), figures=("together", "count", "logDice"))
    rows = found["rows"][:top]
    for row in rows:
        figures = (f"{row['together']:,}", f"{row['count']:,}", f"{row['logdice']:.2f}")
        add_row(table, escape_for_display(row["word"]), *figures)
    word = escape_for_display(found["word"])
    shown = f"{len(rows):,} of {count_of(found['words'], 'word')} within {found['window']} of {word}"
    return Group(table, "", Text(f"{shown}, which occurs {count_of(found['count'], 'time')}", "dim"))


def concordance_lines(found: Mapping[str, Any], top: int) -> RenderableType:
    """The first occurrences, one below another, and how many there are in all."""
    rows = found["rows"][:top]
    hits = count_of(found["hits"], "occurrence")
    shown = f"{len(rows):,} of {hits}" if len(rows) < found["hits"] else hits
    note = Text(f"{shown}, in {count_of(found['documents'], 'document')}", "dim")
    return Group(_InContext(rows), "", note) if rows else note


class _InContext:
    """Words in context: the words below one another, the text around them cut to the width."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        sources = [_source(row, whole_date=options.max_width >= _WIDE) for row in self._rows]
        texts = [[printable(row[part]) for part in ("left", "word", "right")] for row in self._rows]
        first = max(map(cell_len, sources)) + _GAP
        middle = max(cell_len(word) for _, word, _ in texts) + 2 * _GAP
        room = max((options.max_width - first - middle) // 2, _LEAST)
        room = min(room, max(cell_len(side) for left, _, right in texts for side in (left, right)))
        for source, (left, word, right) in zip(sources, texts, strict=True):
            left, right = _last_cells(left, room), _first_cells(right, room)
            yield Text.assemble(
                (source + " " * (first - cell_len(source)), "dim"),
                " " * (room - cell_len(left)) + left + " " * _GAP,
                (word, "bold"),
                " " * (middle - _GAP - cell_len(word)) + right,
                no_wrap=True,
                overflow="crop",
            )


def _source(row: Mapping[str, Any], *, whole_date: bool) -> str:
    """The id of a document, shortened, and its date or year."""
    name = escape_controls(row["id"])
    name = name if cell_len(name) <= _NAME else _first_cells(name, _NAME - 1) + "…"
    date = row["date"] or ""
    date = date if whole_date else date.rpartition("-")[0].rpartition("-")[0]
    return f"{name + ' ' * (_NAME - cell_len(name))}  {date}" if date else name


def _first_cells(text: str, room: int) -> str:
    """As much of the beginning of a text as fits into some columns.

    >>> _first_cells("hail fell", 4), _first_cells("雹が降った", 5)
    ('hail', '雹が')
    """
    return text if cell_len(text) <= room else chop_cells(text, room)[0]


def _last_cells(text: str, room: int) -> str:
    """As much of the end of a text as fits into some columns.

    >>> _last_cells("hail fell", 4), _last_cells("雹が降った", 5)
    ('fell', 'った')
    """
    return _first_cells(text[::-1], room)[::-1]
