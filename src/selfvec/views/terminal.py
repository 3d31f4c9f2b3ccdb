"""Building blocks of terminal output: readable in 80 columns, in a pipe, and without colour.

Words may come from untrusted text. They are escaped and put into `rich.text.Text`, so that neither terminal
escapes nor rich's markup take effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from selfvec.base.display import escape_for_display
from selfvec.files.report_page import rows_page

if TYPE_CHECKING:
    from selfvec.base.result_table import ResultTable

# styles of neighbours gained and lost
CAME = "bold green"
WENT = "dim"


def plain_table(*columns: str | tuple[str, int], title: str = "", figures: Sequence[str] = ()) -> Table:
    """A table without lines: columns of words, then columns of figures, which are aligned right.

    In a column with a width, longer words end in an ellipsis. In other columns they are wrapped.
    """
    shown = Text(escape_for_display(title), "bold") if title else None
    table = Table(title=shown, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        if isinstance(column, str):
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column[0], overflow="ellipsis", no_wrap=True, max_width=column[1])
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def add_row(table: Table, *cells: str | Text, style: str | None = None) -> None:
    """Add a row. Strings are shown literally, without markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells), style=style)


def result_table(found: ResultTable) -> Table:
    """The rows of a result, as on a page: their columns are their keys."""
    (section,) = rows_page("", found.rows).sections
    table = plain_table(*section.heads)
    for cells in section.rows:
        add_row(table, *(sentence(str(cell)) for cell in cells))
    return table


def escaped(words: Iterable[str]) -> str:
    """Words with commas between them."""
    return ", ".join(map(escape_for_display, words))


def optional(value: float | None, form: str) -> str:
    """A formatted number; an empty string for None."""
    return "" if value is None else format(value, form)


def sentence(text: str) -> str:
    """A sentence on one line with its words escaped. Long printable words are not shortened."""
    return " ".join(
        word if len(word) > 24 and word.isprintable() else escape_for_display(word) for word in text.split()
    )
