"""Run a command; what the user sees of an error is one line on standard error."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from selfvec.base.errors import CleanupWarning, SelfvecError

from .older import as_today
from .output import say
from .tree import root

__all__ = ["run"]

_INTERRUPTED = 130  # exit status
_COMPLETE = "_SELFVEC_COMPLETE"  # the variable by which a shell asks for completions


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status. Errors a user can make are printed, not raised."""
    try:
        with _warnings_in_one_line():
            if _COMPLETE in os.environ:
                root().main(prog_name="selfvec")
            with root().make_context("selfvec", as_today(arguments)) as context:
                status = root().invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
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
    except click.ClickException as error:
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


def _usage_error(error: click.ClickException) -> int:
    """Print a usage error in one line."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "selfvec"
    text = " ".join(error.format_message().split()).rstrip(".")
    if text:
        say(f"{command}: {text}; see: {command} --help")
    return error.exit_code
