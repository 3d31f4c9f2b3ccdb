"""Run a command; what the user sees of an error is one line on standard error."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selfvec.base.errors import CleanupWarning, SelfvecError

from .output import say
from .table import root

__all__ = ["run"]

_INTERRUPTED = 130  # exit status
_OLDER = {"--forget-tokens": "--keep=nothing"}  # options by an older name


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status. Errors a user can make are printed, not raised."""
    arguments = [_OLDER.get(argument, argument) for argument in arguments]
    try:
        with _warnings_in_one_line():
            status = root().main(arguments, prog_name="selfvec", standalone_mode=False)
        if status == _INTERRUPTED:  # Typer keeps the exception to itself
            raise KeyboardInterrupt
    except SelfvecError as error:
        say(f"selfvec: {error.message(flags=True)}")
        return error.exit_status
    except KeyboardInterrupt:
        say("selfvec: interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        name = str(error.filename or "")
        shown = f"{name[:40]}…" if len(name) > 40 else name
        say(f"selfvec: {shown}: is too long for the name of a file; check the arguments")
        return 2
    except MemoryError:
        say("selfvec: out of memory; use a smaller vectors file or corpus, or --min-count")
        return 2
    except Exception as error:
        return _usage_error(error)
    return status if isinstance(status, int) else 0


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Print our own warnings without the place in the code."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, CleanupWarning):
            say(f"selfvec: {message}")
        else:
            usual(message, category, *place, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


def _usage_error(error: Exception) -> int:
    """Print a usage error in one line. Any other exception is a bug in Selfvec and keeps its traceback."""
    message = getattr(error, "format_message", None)
    if message is None:
        raise error
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "selfvec"
    text = " ".join(str(message()).split()).rstrip(".")
    if text:
        say(f"{command}: {text}; see: {command} --help")
    return int(getattr(error, "exit_code", 2))
