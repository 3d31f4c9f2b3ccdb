"""Building blocks of terminal output: readable in 80 columns, in a pipe, and without colour.

Words may come from untrusted text. They are escaped and put into `rich.text.Text`, so that neither terminal
escapes nor rich's markup take effect. Progress is shown as bars on standard error, or as lines if it is no
terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from selfvec.base.display import escape_for_display
from selfvec.base.progress import LineProgress, Progress, time_left

if TYPE_CHECKING:
    from rich.console import Console

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
    """The rows of a result, whose columns are their keys."""
    rows = found.rows
    heads = list(rows[0]) if rows else []
    table = plain_table(*heads)
    for row in rows:
        add_row(table, *(sentence(str(row.get(name, ""))) for name in heads))
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


class TerminalProgress(Progress):
    """Progress bars if standard error is a terminal, otherwise a line every ten seconds."""

    def __init__(self) -> None:
        self._lines = LineProgress(_print)

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        """Show a bar, or lines, while the stage lasts."""
        shown = _bar if sys.stderr.isatty() else self._lines.stage
        with shown(label, total, unit) as advance:
            yield advance

    def say(self, message: str) -> None:
        """Print a message on standard error."""
        self._lines.say(message)


@contextmanager
def _bar(label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar with the share done and the time left."""
    from rich.progress import BarColumn, ProgressColumn, Task
    from rich.progress import Progress as Bars
    from rich.text import Text

    class TimeLeft(ProgressColumn):
        """By the time that the whole share done took: a slow step does not make it jump."""

        def render(self, task: Task) -> Text:
            share = task.percentage / 100 if task.total else None
            return Text(time_left(task.elapsed or 0.0, share), "progress.remaining")

    size = f"{total:,} {unit}" if total and unit else unit
    columns = ("{task.description}", BarColumn(), "{task.percentage:3.0f} %", size, TimeLeft())
    with Bars(*columns, console=_console(), transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda done: bars.advance(task, done)


def _print(message: str) -> None:
    print(message, file=sys.stderr)


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)
