"""Progress on the terminal: bars on standard error, or lines if it is no terminal.

Every command has it, but few draw a bar or print a table. So rich is imported only when a bar is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from selfvec.base.progress import Advance, LineProgress, logged, time_left
from selfvec.base.threads import stop_if_cancelled

if TYPE_CHECKING:
    from rich.progress import Progress as Bars


class TerminalProgress(LineProgress):
    """Progress bars if standard error is a terminal, otherwise a line every ten seconds."""

    def __init__(self) -> None:
        super().__init__(lambda message: print(message, file=sys.stderr))

        self._bars: Bars | None = None  # those that are shown

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Show a bar, or lines, while the stage lasts. That of a stage within another one is below it."""
        if not sys.stderr.isatty():
            with super().stage(label, total, unit) as advance:
                yield advance
            return
        with ExitStack() as shown:
            if self._bars is None:
                self._bars = shown.enter_context(_bars())
                shown.callback(setattr, self, "_bars", None)
            bars = self._bars
            task = bars.add_task(label, total=total, size=f"{total:,} {unit}" if total and unit else unit)
            shown.callback(bars.remove_task, task)
            shown.enter_context(logged(label))

            def advance(number: int) -> None:
                stop_if_cancelled()
                bars.advance(task, number)

            yield advance


def _bars() -> Bars:
    """Bars with the share done and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task
    from rich.text import Text

    class TimeLeft(ProgressColumn):
        """By the time that the whole share done took: a slow step does not make it jump."""

        def render(self, task: Task) -> Text:
            share = task.percentage / 100 if task.total else None
            return Text(time_left(task.elapsed or 0.0, share), "progress.remaining")

    columns = (
        "{task.description}",
        BarColumn(),
        "{task.percentage:3.0f} %",
        "{task.fields[size]}",
        TimeLeft(),
    )
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    return Progress(*columns, console=console, transient=True)
