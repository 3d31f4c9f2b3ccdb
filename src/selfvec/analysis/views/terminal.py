"""The view of a result in the terminal: readable in 80 columns, in a pipe, and without colour.

Texts of a view are put into `rich.text.Text`, so that rich's markup does not take effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from selfvec.base.display import shortened
from selfvec.base.view import Cell, Column, Drawn, Entry, Heading, Part, Pieces, Table, View

_WIDTH = 80  # characters of a quotation: one line each, so that the two sides can be compared at a glance
_MANY = 7  # columns, of which more stand closer together, so that figures of drift fit 80 characters
_NARROW, _WIDE = 1, 2  # characters between columns
_LONG, _NARROWEST = 10, 6  # characters of a head, and of the column when a longer one is wrapped
_DAY = 12  # characters of a day with the two points of a period: as long a word of a head is not broken
_LEAST = 8  # columns of the text beside a word
_STYLES = {
    "strong": "bold",
    "quiet": "dim",
    "mark": "bold",
    "came": "bold green",
    "went": "dim",
    "match": "bold yellow",
    "related": "underline cyan",
    **dict.fromkeys(("good", "ok"), "bold green"),
    **dict.fromkeys(("bad", "fail"), "bold red"),
    "warn": "bold yellow",
    **{
        f"kind{number}": colour
        for number, colour in enumerate(("cyan", "yellow", "green", "magenta", "blue", "red"))
    },
}


def draw(view: View) -> RenderableType:
    """The parts of a view below one another, with a blank line where their kind changes, and the notes."""
    drawn: list[RenderableType] = []
    before: object = None
    for part in view.parts:
        kind = "lines" if isinstance(part, str | Sequence) else type(part)
        if drawn and (kind != before or isinstance(part, Table) or (isinstance(part, Entry) and part.number)):
            drawn.append("")
        drawn += _part(part)
        before = kind
    notes = [Text(note, "dim") for note in view.explained]
    return Group(*drawn, *([""] if notes and drawn else []), *notes)


def _part(part: Part) -> Iterator[RenderableType]:
    if isinstance(part, Table):
        yield from _table(part)
    elif isinstance(part, Entry):
        yield from _entry(part)
    elif isinstance(part, Heading):
        yield Text(part.text, "bold")
    else:
        yield _text(part)


def _text(cell: Cell) -> Text:
    """A text or its pieces, with their styles."""
    if isinstance(cell, str | Drawn):
        return Text(str(cell))
    return Text.assemble(*((text, _STYLES[style]) if style else text for text, style in cell))


def _table(table: Table) -> Iterator[RenderableType]:
    """The title, the rows under their heads, and the notes on them."""
    padding = (0, _NARROW if len(table.columns) > _MANY else _WIDE, 0, 0)
    has_heads = any(column.head for column in table.columns)
    drawn = RichTable(box=None, pad_edge=False, padding=padding, show_header=has_heads)
    rows = table.cells
    for number, column in enumerate(table.columns):
        _add_column(drawn, column, [cells[number] for cells in rows])
    for cells in rows:
        drawn.add_row(*map(_cell, table.columns, cells))
    if table.title:
        yield Text(table.title, "bold")
    yield drawn if table.rows else Text("none")
    yield from (Text(note, "dim") for note in table.notes)


def _add_column(drawn: RichTable, column: Column, cells: Sequence[Cell]) -> None:
    """Figures are aligned right and never wrapped; other texts are cut at their width, or wrapped."""
    if column.form.is_figure:
        width = max([_NARROWEST, *(len(str(cell)) for cell in cells)])
        head, fixed = column.head, None
        if len(head) > max(width, _LONG):  # only the head is wrapped
            head = head.replace("..", ".. ")
            fixed = max([width, *(len(word) for word in head.split() if len(word) <= _DAY)])
        drawn.add_column(head, justify="right", overflow="fold", width=fixed, no_wrap=fixed is None)
    elif column.width is not None:
        drawn.add_column(column.head, overflow="ellipsis", no_wrap=True, max_width=column.width)
    else:
        drawn.add_column(column.head, overflow="fold")


def _cell(column: Column, cell: Cell) -> RenderableType:
    side = column.form.kind
    return _Beside(str(cell), side == "left") if side in ("left", "right") else _text(cell)


def _entry(entry: Entry) -> Iterator[RenderableType]:
    """The head with the first line, the others, and the first passage of each side, cut around its word.

    What is ranked has long lines, which begin below its head.
    """
    number = f"{entry.number:>2}  " if entry.number else ""
    head = Text(number, overflow="fold").append_text(_text(entry.head))
    lines = [_text(line) for line in entry.lines]
    behind = [Text(figure) for figure in entry.figures[:1]] if number else lines[:1]
    for text in behind:
        head.append("  ").append_text(text)
    yield head
    passages = [_around_mark(pieces, f"{side}: ") for side, ((pieces, _), *_) in entry.quotes]
    below = [Text(figure, "dim") for figure in entry.figures[1:]]
    for line in (*(lines if number else lines[1:]), *passages, *below):
        yield Padding(line, (0, 0, 0, 4 if number else 2), expand=False)


def _around_mark(pieces: Pieces, side: str) -> Text:
    """As much of a passage around its first mark as fits a line."""
    text = "".join(text for text, _ in pieces)
    marked = next((number for number, (_, style) in enumerate(pieces) if style), None)
    place = 0 if marked is None else len("".join(text for text, _ in pieces[:marked]))
    before, shown, after = shortened(text, place, _WIDTH - 2 - len(side) - 4)
    line = Text(f"{side}{'… ' * before}{shown}{' …' * after}", overflow="fold")
    if marked is not None:
        line.highlight_words([pieces[marked][0]], "bold")
    return line


# ---- Words in context: rich cuts texts at their end only, and on the left of a word the beginning has to go


@dataclass(frozen=True)
class _Beside:
    """The text on one side of a word, of which the end that is further away is cut."""

    text: str
    before: bool  # the word

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        text = (_last_cells if self.before else _first_cells)(self.text, options.max_width)
        blank = " " * (options.max_width - cell_len(text))
        yield Text(blank + text if self.before else text, no_wrap=True, overflow="crop")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(_LEAST, cell_len(self.text)), cell_len(self.text))


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
