"""Run a command; what the user sees of an error is one line on standard error."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from selfvec.base.errors import OF_THE_SYSTEM, CleanupWarning, SelfvecError

from .streams import complain, discard_output, say, tell
from .tree import root

_INTERRUPTED = 130  # exit status
_OPEN_FILES = 12  # that a command needs at once; with fewer, libraries end in tracebacks and wrong messages
_COMPLETE = "_SELFVEC_COMPLETE"  # the variable by which a shell asks for completions


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status. Errors a user can make are printed, not raised."""
    tell("usual")
    try:
        _check_open_files()
        with _warnings_in_one_line():
            if _COMPLETE in os.environ:
                root().main(prog_name="selfvec")
            with root().make_context("selfvec", arguments) as context:
                status = root().invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except SelfvecError as error:
        complain(f"selfvec: {error.message(flags=True)}")
        return error.exit_status
    except KeyboardInterrupt:
        complain("selfvec: interrupted")
        return _INTERRUPTED
    except BrokenPipeError:  # the reader has gone, as in `selfvec … | head`
        discard_output()
        return 0
    except OSError as error:  # that no single place of the code expects
        if error.errno not in OF_THE_SYSTEM:
            raise
        of_a_file = error.errno not in (errno.EMFILE, errno.ENFILE)  # of these, any file may be the one
        name = str(error.filename or "") if of_a_file else ""
        shown = f"{name[:40]}…: " if len(name) > 200 else f"{name}: " if name else ""
        rule, remedy = OF_THE_SYSTEM[error.errno]
        complain(f"selfvec: {shown}{rule}; {remedy}")
        return 2
    except MemoryError:
        complain("selfvec: out of memory; use a smaller vectors file or corpus, or --min-count")
        return 2
    except click.ClickException as error:
        return _usage_error(error)
    return status if isinstance(status, int) else 0


def _check_open_files() -> None:
    """Raise the system's error if so few files may be opened that no command ends well."""
    with ExitStack() as opened:
        for _ in range(_OPEN_FILES):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


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
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "selfvec"
    text = " ".join(error.format_message().split()).rstrip(".")
    if text:
        complain(f"{command}: {text}{'' if text.endswith('?') else ';'} see: {command} --help")
    return error.exit_code
