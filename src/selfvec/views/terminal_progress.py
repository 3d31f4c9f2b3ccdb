"""Progress on the terminal: bars on standard error, or lines if it is no terminal.

Every command has it, but few draw a bar or print a table. So rich is imported only when a bar is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from selfvec.base.progress import Advance, LineProgress, time_left


class TerminalProgress(LineProgress):
    """Progress bars if standard error is a terminal, otherwise a line every ten seconds."""

    def __init__(self) -> None:
        super().__init__(lambda message: print(message, file=sys.stderr))

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Show a bar, or lines, while the stage lasts."""
        shown = _bar if sys.stderr.isatty() else super().stage
        with shown(label, total, unit) as advance:
            yield advance


@contextmanager
def _bar(label: str, total: int | None, unit: str) -> Iterator[Advance]:
    """A bar with the share done and the time left."""
    from rich.console import Console
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
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda done: bars.advance(task, done)
