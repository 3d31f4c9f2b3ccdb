"""Output of the commands: results on standard output, progress and messages on standard error."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.compiled import announced
from selfvec.base.progress import LineProgress, Progress, time_left

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from selfvec.base.result_table import ResultTable

    from .arguments import Output

__all__ = [
    "TerminalProgress",
    "downloads",
    "print_json",
    "program",
    "say",
    "say_unknown",
    "show",
    "stderr",
    "write_report",
]


def print_json(data: object) -> None:
    """Print one JSON document on standard output."""
    json.dump(data, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def stderr() -> Console:
    """A console for progress and messages."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Print a message on standard error."""
    print(message, file=sys.stderr)


def say_unknown(words: Sequence[Mapping[str, Any]]) -> None:
    """Print why words that were asked for are left out."""
    for word in words:
        alike = f"; did you mean {', '.join(word['alike'])}?" if word.get("alike") else ""
        say(f"{word['word']!r} {word['reason']}{alike}")


def program() -> str:
    """How this program was called, so that a command it suggests can be pasted: ``selfvec``, or its path."""
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("selfvec", "__main__.py"):
        return f"{_pasted(Path(sys.executable))} -m selfvec"
    if called.stem != "selfvec":  # called from Python
        return "selfvec"
    found = shutil.which("selfvec")
    return "selfvec" if found and Path(found).resolve() == called.resolve() else _pasted(called)


def _pasted(path: Path) -> str:
    """A path as short as it can be pasted into a shell."""
    with suppress(ValueError):
        path = path.absolute().relative_to(Path.cwd())
    return shlex.quote(str(path))


def show(renderable: RenderableType) -> None:
    """Print a result on standard output: coloured on a terminal, plain in a pipe."""
    from rich.console import Console

    Console(highlight=False).print(renderable)


def write_report(output: Output, title: str, found: ResultTable | Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a report, if one was asked for, and say so."""
    if output.report is None:
        return
    from selfvec.base.result_table import ResultTable
    from selfvec.views.report_page import rows_page

    page = rows_page(title, found.rows if isinstance(found, ResultTable) else found)
    page.save(output.report, overwrite=output.overwrite)
    say(f"wrote {output.report}")


class TerminalProgress(Progress):
    """Progress bars if standard error is a terminal, otherwise a line every ten seconds."""

    def __init__(self) -> None:
        self._lines = LineProgress(say)

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        """Show a bar, or lines, while the stage lasts."""
        shown = _bar if sys.stderr.isatty() else self._lines.stage
        with announced(self._say_compiling), shown(label, total, unit) as advance:
            yield advance

    def say(self, message: str) -> None:
        """Print a message on standard error."""
        say(message)

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
    with Bars(*columns, console=stderr(), transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda done: bars.advance(task, done)


@contextmanager
def downloads() -> Iterator[Callable[[str, int, int], None]]:
    """One bar per file. The block calls it with a file name, the bytes done and the total bytes."""
    if not sys.stderr.isatty():
        with ExitStack() as stack:
            yield partial(_download_lines, LineProgress(say), stack, {})
        return
    from rich.progress import BarColumn, DownloadColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=stderr()) as bars:
        tasks: dict[str, Any] = {}

        def update(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name)
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
