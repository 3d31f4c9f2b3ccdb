"""What is shown of a result, said once, where the result is made: sentences, tables, their columns, notes.

`selfvec.analysis.views.terminal` draws a view for the terminal, `selfvec.files.report_page` as HTML for pages
and notebooks and as Markdown. The page in the browser and an assistant's tools read the columns.

All texts of a view are safe to display: forms escape what comes from a text, and so do those who write
sentences. What is markup to a terminal, HTML or Markdown is escaped by who draws it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .display import escape_for_display, printable

_FIGURE = re.compile(r"–|×? ?[-+−<]?[\d.,]+%?(?:(?: to |-)[-+−]?[\d.,]+%?)?")
_PERIOD = re.compile(r"(?<=\d)\.\.(?=\d|\s|$)|(?<!\S)\.\.(?=\d)")
Row = Mapping[str, Any]
Pieces = Sequence[tuple[str, str]]
"""A text in pieces with their styles: strong, quiet, mark, came, went, match, related, kind0 …, or ""."""


@dataclass(frozen=True)
class Drawn:
    text: str  # in Markdown, and in the terminal
    html: str

    def __str__(self) -> str:
        return self.text


Cell = str | Pieces | Drawn


# ---- Forms of values


@dataclass(frozen=True)
class Form:
    """How values become text. Those that are not known, None, are blank."""

    kind: str  # for programs that draw columns themselves
    text: Callable[[Any], Cell]
    is_figure: bool = False  # figures are aligned right
    digits: int | None = None  # after the point

    def __call__(self, value: Any) -> Cell:  # blank, as 0 or a dash would be read as a figure
        return "" if value is None else self.text(value)


def escaped(words: Iterable[str]) -> str:
    """Words with commas between them."""
    return ", ".join(map(escape_for_display, words))


def spoken(text: str) -> str:
    """A text with periods as people write them.

    >>> spoken("2001..2004 has more than 2000Q1.."), spoken("and so on..")
    ('2001–2004 has more than 2000Q1–', 'and so on..')
    """
    return _PERIOD.sub("–", text)


def probability(value: float) -> str:
    """A p or q; as a bound, if it is below what a thousand random splits resolve.

    >>> probability(0.00004), probability(0.034), probability(0.5)
    ('<.001', '.034', '.50')
    """
    if value < 0.001:
        return "<.001"
    return f"{value:.3f}".lstrip("0") if value < 0.1 else f"{value:.2f}".removeprefix("0")


def any_value(value: Any) -> str:
    """A value of any kind as text; of pairs, such as (word, cosine), the first values.

    >>> any_value(0.12345), any_value(None), any_value([["hail", 0.9], ["storm", 0.8]]), any_value(1200)
    ('0.123', '', 'hail, storm', '1,200')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return joined(value, any_value)
    return printable(str(value))


def joined(values: Sequence[Any], text: Callable[[Any], str] = str) -> str:
    """A list as text. Of pairs, such as (word, cosine), only the first values are written."""
    firsts = (value[0] if isinstance(value, list | tuple) and value else value for value in values)
    return ", ".join(map(text, firsts))


def interval(ends: tuple[float, float]) -> str:
    """The ends of an interval.

    >>> interval((0.5, 0.712)), interval((-0.1, 0.2))
    ('0.50-0.71', '-0.10 to 0.20')
    """
    between = " to " if ends[0] < 0 else "-"
    return f"{ends[0]:z.2f}{between}{ends[1]:z.2f}"


def ends(row: Row, of: str = "") -> tuple[float, float] | None:
    """The ends of an interval in a row, ``low`` and ``high`` behind what it is ``of``; None if unknown."""
    low, high = row[f"{of}low"], row[f"{of}high"]
    return None if low is None else (low, high)


def figure(digits: int) -> Form:
    """Numbers with some digits after the point.

    >>> figure(2)(1234.567), figure(2)(-0.001), figure(2)(None)
    ('1,234.57', '0.00', '')
    """
    return Form("figure", lambda value: f"{value:z,.{digits}f}", True, digits)


def share(digits: int = 0) -> Form:
    """Shares of 1, in percent."""
    return Form("share", lambda value: f"{value:.{digits}%}", True, digits)


WORD = Form("word", escape_for_display)
WORDS = Form("words", escaped)
PROSE = Form("text", printable)
ANY = Form("text", any_value)
STRONG = Form("word", lambda text: [(printable(text), "strong")])
LEFT_CONTEXT = Form("left", printable)  # what stands before a word: cut at its beginning
RIGHT_CONTEXT = Form("right", printable)
NUMBER = Form("text", printable, is_figure=True)  # numbers that are texts already
PIECES = Form("pieces", lambda pieces: pieces)
COUNT = Form("count", lambda value: f"{value:,}", True, 0)
SIGNED = Form("signed", lambda value: f"{value:+.2f}", True, 2)
PROBABILITY = Form("probability", probability, True)
INTERVAL = Form("interval", interval, True, 2)


# ---- Columns and tables


@dataclass(frozen=True)
class Column:
    """A column: the key of its values, its title, their form, and what they mean.

    >>> Column("log_ratio", form=SIGNED, meaning="1: twice as frequent").as_dict()["title"]
    'log ratio'
    """

    name: str
    title: str | None = None  # by default the name, with blanks
    form: Form = WORD
    meaning: str = ""  # without a full stop
    width: int | None = None  # in the terminal, longer texts are cut; without one they are wrapped
    less: bool = False  # left out on narrow screens
    of: Callable[[Row], Any] | None = None  # the value of a row, where no key has it

    @property
    def head(self) -> str:
        return self.name.replace("_", " ") if self.title is None else self.title

    def cell(self, row: Row) -> Cell:
        return self.form(row.get(self.name) if self.of is None else self.of(row))

    def as_dict(self) -> dict[str, Any]:
        """The column for programs that draw tables themselves."""
        kind = {"kind": self.form.kind, "digits": self.form.digits}
        return {"name": self.name, "title": self.head, **kind, "meaning": self.meaning}


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Row]
    title: str = ""
    notes: Sequence[str] = ()  # below it
    of: str = ""  # what the rows are some of: another note
    least: int = 0  # rows that are shown, however few are asked for

    def select(self, top: int | None) -> Table:
        rows = self.rows[: top and max(top, self.least)]
        return replace(self, rows=rows, notes=[*[f"{len(rows):,} of {self.of}"] * bool(self.of), *self.notes])

    @property
    def cells(self) -> list[list[Cell]]:
        return [[column.cell(row) for column in self.columns] for row in self.rows]


def columns_of(rows: Sequence[Row]) -> list[Column]:
    """A column for each key of the rows."""
    return [Column(name, name, ANY) for name in dict.fromkeys(name for row in rows for name in row)]


def is_figure(cell: Cell | None) -> bool:
    """Whether a cell is a number, a share or an interval.

    >>> is_figure("1,200"), is_figure("-0.2 to 0.4"), is_figure("<.001"), is_figure("12 reports")
    (True, True, True, False)
    """
    return isinstance(cell, str) and _FIGURE.fullmatch(cell) is not None


# ---- Views


@dataclass(frozen=True)
class Heading:
    """The head of what follows, which pages may fold away up to the next head."""

    text: str
    folded: bool = False


@dataclass(frozen=True)
class Entry:
    """A paragraph about one thing, such as a word or a document."""

    head: Pieces  # the name comes first
    lines: Sequence[Pieces] = ()
    figures: Sequence[str] = ()  # in the terminal: the first behind the head, others below the lines
    facts: str = ""  # on pages
    quotes: Sequence[tuple[str, Sequence[tuple[Pieces, str]]]] = ()
    """Sides by name, with their passages and where each is from. The terminal shows the first of each."""
    number: int = 0  # in a ranking
    brief: bool = False  # small, so that several fit on the first screen of a page


Part = str | Pieces | Table | Entry | Heading | Drawn


@dataclass(frozen=True)
class View:
    """What is shown of a result."""

    title: str
    parts: Sequence[Part]
    about: Sequence[str] = ()  # what pages begin with: their readers did not ask
    notes: Sequence[str] = ()
    records: Sequence[Row] = field(default=(), repr=False)  # the rows of .csv and .parquet files

    @property
    def explained(self) -> list[str]:
        """The notes, after a sentence for each column whose meaning is said."""
        heads: dict[str, dict[str, None]] = {}  # columns that mean the same share a sentence
        for table in self.parts:
            for column in table.columns if isinstance(table, Table) else ():
                if column.meaning:
                    heads.setdefault(column.meaning, {})[column.head] = None
        told = (f"{', '.join(names)}: {meaning}" for meaning, names in heads.items())
        meanings = " ".join(text if text.endswith("?") else f"{text}." for text in told)
        return [*filter(None, [meanings]), *self.notes]
