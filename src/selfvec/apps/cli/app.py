"""The table of commands, and what the user sees of an error: one line on standard error."""

from __future__ import annotations

import errno
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from selfvec.base.errors import CleanupWarning, SelfvecError

from . import (
    alignment,
    compress,
    concepts,
    evaluate,
    example,
    folders,
    monitor,
    runs,
    tools,
    transform,
    update,
    words,
)
from .arguments import Command, CommandGroup, Greedy, Pair, with_options

__all__ = ["app", "run"]

app = typer.Typer(
    name="selfvec",
    cls=CommandGroup,
    help="Adapt static word vectors to your own text, see how each word moved, and whether it helped.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
PANELS = {
    "Refine": (runs.demo, example.example, runs.refine, update.update, runs.merge),
    "See what changed": (
        words.similar,
        words.health,
        words.trajectory,
        words.drift,
        monitor.monitor,
        tools.serve,
    ),
    "Did it help?": (evaluate.evaluate,),
    "Search and concepts": (
        concepts.search,
        concepts.ask,
        concepts.phrases,
        concepts.expand,
        concepts.topics,
        concepts.graph,
        concepts.why,
        words.senses,
    ),
    "Other vectors, other tools": (
        alignment.align,
        alignment.compare,
        transform.transform,
        folders.info,
        folders.verify,
        compress.compress,
        tools.vectors,
        tools.convert,
        tools.export,
        tools.migrate,
        tools.mcp,
    ),
}
PARSERS: dict[object, type[Command]] = {
    words.drift: Pair,
    evaluate.evaluate: Greedy,
    transform.transform: Greedy,
    compress.compress: Greedy,
}

for panel, commands in PANELS.items():
    for command in commands:
        app.command(cls=PARSERS.get(command, Command), rich_help_panel=panel)(with_options(command))
app.add_typer(tools.fetch, name="fetch", rich_help_panel="Refine")


def _print_version(wanted: bool) -> None:
    if wanted:
        from selfvec.base.provenance import __version__

        print(f"selfvec {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status. Errors a user can make are printed, not raised."""
    try:
        with _warnings_in_one_line():
            status = app(arguments, prog_name="selfvec", standalone_mode=False)
    except SelfvecError as error:
        print(f"selfvec: {error.message(flags=True)}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("selfvec: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        name = str(error.filename or "")
        shown = f"{name[:40]}…" if len(name) > 40 else name
        print(f"selfvec: {shown}: is too long for the name of a file; check the arguments", file=sys.stderr)
        return 2
    except MemoryError:
        print("selfvec: out of memory; use a smaller vectors file or corpus, or --min-count", file=sys.stderr)
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
            print(f"selfvec: {message}", file=sys.stderr)
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
        print(f"{command}: {text}; see: {command} --help", file=sys.stderr)
    return int(getattr(error, "exit_code", 2))
