"""Progress on the terminal: bars on standard error, or lines if it is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from selfvec.base.compiled import announced
from selfvec.base.display import escape_controls
from selfvec.base.errors import Interrupted
from selfvec.base.progress import LineProgress, Progress, time_left

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["TerminalProgress", "downloads"]


class TerminalProgress(Progress):
    """Progress bars if standard error is a terminal, otherwise a line every ten seconds."""

    def __init__(self) -> None:
        self._lines = LineProgress(_print)

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        """Show a bar, or lines, while the stage lasts."""
        shown = _bar if sys.stderr.isatty() else self._lines.stage
        with announced(self._say_compiling), shown(label, total, unit) as advance:
            yield advance

    @contextmanager
    def spread_stage(
        self, label: str, total: int, unit: str, places: Callable[[], str]
    ) -> Iterator[Callable[[int], None]]:
        """Print lines, since what is where does not fit a bar."""
        with (
            announced(self._say_compiling),
            self._lines.spread_stage(label, total, unit, places) as advance,
        ):
            yield advance

    def say(self, message: str) -> None:
        """Print a message on standard error."""
        self._lines.say(message)

    def _say_compiling(self) -> None:
        self.say("compiling kernels, once for this version and processor: about 4 s")


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


@contextmanager
def downloads() -> Iterator[Callable[[str, int, int], None]]:
    """One bar per file. The block calls it with a file name, the bytes done and the total bytes.

    Ctrl-C is an `Interrupted` that says how to go on.
    """
    try:
        with _shown_downloads() as update:
            yield update
    except KeyboardInterrupt:
        raise Interrupted("interrupted", remedy="repeat the command to continue the download") from None


@contextmanager
def _shown_downloads() -> Iterator[Callable[[str, int, int], None]]:
    if not sys.stderr.isatty():
        with ExitStack() as stack:
            yield partial(_download_lines, LineProgress(_print), stack, {})
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    name_column = TextColumn("{task.description}", markup=False)
    columns = (name_column, BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=_console()) as bars:
        tasks: dict[str, Any] = {}

        def update(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(escape_controls(name))
            bars.update(tasks[name], completed=done, total=total or None)

        yield update


def _download_lines(
    lines: LineProgress,
    stack: ExitStack,  # holds the stage of the file that is being downloaded
    begun: dict[str, tuple[Callable[[int], None], int]],  # files, and the bytes that were reported of each
    name: str,
    done: int,
    total: int,
) -> None:
    """Report the bytes of a download to a stage of its own."""
    if name not in begun:
        stack.close()
        begun[name] = stack.enter_context(lines.stage(name, total or None, "bytes")), 0
    advance, before = begun[name]
    advance(done - before)
    begun[name] = advance, done


def _print(message: str) -> None:
    print(message, file=sys.stderr)


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)
