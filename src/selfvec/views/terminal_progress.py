"""Progress on the terminal: bars on standard error, or lines if it is no terminal.

Every command has it, but few draw a bar or print a table. So rich is imported only when a bar is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selfvec.base.progress import LineProgress, Progress, time_left

if TYPE_CHECKING:
    from rich.console import Console


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
