"""Standard input, output and error of a process that runs one command, whatever they are.

A result that cannot be written is an error in one line. A message that cannot be shown is no reason to stop.
A stream that is closed stays so: a file that is opened later would take its place, and get what libraries
print.
"""

from __future__ import annotations

import io
import json
import logging
import os
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selfvec.base.display import escape_controls, escape_json
from selfvec.base.errors import TargetError
from selfvec.base.installed import in_uvx, installed_from, pasted

if TYPE_CHECKING:
    from rich.console import RenderableType


_CLOSED = ((os.O_WRONLY, "stdin"), (os.O_RDONLY, "stdout"), (os.O_WRONLY, "stderr"))


def settle_streams() -> None:
    """Replace the streams of this process, which nothing has used."""
    for number, (how, name) in enumerate(_CLOSED):
        if getattr(sys, name) is None:
            _keep_closed(number, how)
    if sys.platform == "win32":
        return  # its console takes text, not bytes
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _text(_Results(1, "wb", closefd=False), sys.stdout)
    sys.stderr = _text(_Messages(2, "wb", closefd=False), sys.stderr, errors="backslashreplace")


def _keep_closed(number: int, how: int) -> None:
    """Take the place of a stream: standard error takes everything, to use the others is an error."""
    taken = os.open(os.devnull, how)
    if taken != number:
        os.dup2(taken, number)
        os.close(taken)


class _Results(io.FileIO):
    """Standard output."""

    def write(self, data: Any) -> int:
        """Write bytes; `TargetError` if that fails."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            raise
        except OSError as error:
            discard_output()  # what is left is not tried again
            rule = f"cannot be written: {error.strerror or error}"
            remedy = "check where it goes; files that the command writes are there"
            raise TargetError(rule, path="standard output", remedy=remedy) from None


class _Messages(io.FileIO):
    """Standard error, which takes everything."""

    def write(self, data: Any) -> int:
        """Write bytes, if they can be."""
        with suppress(OSError):
            return super().write(data) or 0
        return len(data)


def _text(file: io.FileIO, usual: Any, errors: str = "") -> io.TextIOWrapper:
    """A stream of text in the encoding of the usual one, in which no letter is an error."""
    encoding = getattr(usual, "encoding", None) or "utf-8"
    whole = encoding.lower().replace("-", "").startswith("utf")
    errors = errors or ("surrogateescape" if whole else "replace")  # names of files may be any bytes
    # Messages come at once, and results, too, on a terminal and with PYTHONUNBUFFERED.
    at_once = isinstance(file, _Messages) or usual is None or usual.line_buffering or usual.write_through
    return io.TextIOWrapper(io.BufferedWriter(file), encoding, errors, line_buffering=at_once)


def discard_output() -> None:
    """Send what is still printed nowhere: its reader has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


# ---- What commands print: results on standard output, messages on standard error


_NARROWEST, _USUAL, _WHOLE_LINES = 20, 80, 10_000  # columns


def print_json(data: object, *, indent: int | None = 1) -> None:
    """Print one JSON document on standard output, in ASCII if that is not in Unicode."""
    ascii_only = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(data, ensure_ascii=ascii_only, indent=indent, allow_nan=False)
    print(escape_json(text), flush=True)


def print_text(text: object) -> None:
    """Print a path or another plain result on standard output: as it is in a pipe, escaped on a terminal."""
    print(escape_controls(str(text), lines=True) if sys.stdout.isatty() else text)


class _Logged(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


Told = Literal["quiet", "usual", "verbose"]
"""What is said besides results and errors: nothing, remarks and progress, or also what the library logs."""
_told: Told = "usual"
_LOGGED = _Logged()


def tell(what: Told) -> None:
    """Say from now on what ``-q`` and ``-v`` ask for."""
    global _told
    _told = what
    library = logging.getLogger("selfvec")
    library.setLevel(logging.INFO if what == "verbose" else logging.NOTSET)
    (library.addHandler if what == "verbose" else library.removeHandler)(_LOGGED)


def is_quiet() -> bool:
    return _told == "quiet"


def say(message: str) -> None:
    """Print a remark on standard error."""
    if not is_quiet():
        complain(message)


def complain(message: str) -> None:
    """Print an error on standard error."""
    print(escape_controls(message, lines=True), file=sys.stderr)


def program() -> str:
    """How this program was called, so that a command it suggests can be pasted: ``selfvec``, or its path."""
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("selfvec", "__main__.py"):
        return f"{pasted(Path(sys.executable))} -m selfvec"
    if called.stem != "selfvec":  # called from Python
        return "selfvec"
    if in_uvx():
        source, _ = installed_from()
        return "uvx selfvec" if source == "selfvec" else f"uvx --from {shlex.quote(source)} selfvec"
    # What uv starts has its environment on the PATH; the shell that a command is pasted into may not.
    found = None if "UV" in os.environ else shutil.which("selfvec")
    return "selfvec" if found and Path(found).resolve() == called.resolve() else pasted(called)


def show(renderable: RenderableType) -> None:
    """Print a result on standard output: coloured on a terminal, plain and with whole lines in a pipe."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WHOLE_LINES
    elif console.width < _NARROWEST:  # a terminal that does not know its width says 0
        console.width = _USUAL
    console.print(renderable)
