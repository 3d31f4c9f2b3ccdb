"""The commands, and what becomes of an error: one line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.core import TyperCommand

from selfvec.base.errors import SelfvecError

from . import (
    align,
    concepts,
    convert,
    demo,
    drift,
    evaluate,
    export,
    fetch,
    mcp,
    refine,
    search,
    senses,
    serve,
    update,
)
from . import words as look

__all__ = ["app", "run"]

app = typer.Typer(
    name="selfvec",
    help="Adapt static word vectors to your own text, see how every word moved, and whether it helped.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
PANELS = {
    "Refine": (demo.demo, refine.refine, update.update, update.merge),
    "See what changed": (look.similar, look.health, look.trajectory, drift.drift, serve.serve),
    "Did it help?": (evaluate.evaluate,),
    "Search and concepts": (
        search.search,
        concepts.phrases,
        concepts.expand,
        concepts.topics,
        concepts.graph,
        concepts.why,
        senses.senses,
    ),
    "Other tables, other tools": (align.align, align.compare, convert.convert, export.export, mcp.mcp),
}
PARSERS: dict[object, type[TyperCommand]] = {drift.drift: drift.Pairing, evaluate.evaluate: evaluate.Greedy}

for panel, commands in PANELS.items():
    for command in commands:
        app.command(cls=PARSERS.get(command), rich_help_panel=panel)(command)
app.add_typer(fetch.app, name="fetch", rich_help_panel="Refine")


def _print_version(wanted: bool) -> None:
    if wanted:
        from selfvec.base.version import __version__

        print(f"selfvec {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


def run(arguments: list[str]) -> int:
    """Run a command; the exit status. Never raises for anything a user can do."""
    try:
        status = app(arguments, standalone_mode=False)
    except SelfvecError as error:
        print(f"selfvec: {_as_typed(error)}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("selfvec: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except MemoryError:
        print("selfvec: out of memory; use a smaller vectors file or corpus, or --min-count", file=sys.stderr)
        return 2
    except Exception as error:
        return _usage_error(error)
    return status if isinstance(status, int) else 0


def _usage_error(error: Exception) -> int:
    """Command-line errors in one line; anything else is a defect of ours and keeps its traceback."""
    message = getattr(error, "format_message", None)
    if message is None:
        raise error
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "selfvec"
    text = " ".join(str(message()).split()).rstrip(".")
    if text:
        print(f"{command}: {text}; see: {command} --help", file=sys.stderr)
    return int(getattr(error, "exit_code", 2))


def _as_typed(error: SelfvecError) -> str:
    """What is wrong in the words of the command line: without a file, field 'min_count' is --min-count."""
    text = str(error).replace("errors='replace'", "--vectors-errors replace")
    if error.field is None or error.path is not None or error.line is not None:
        return text
    flag = error.field if error.field.startswith("-") else f"--{error.field.replace('_', '-')}"
    return text.replace(f"field {error.field!r}", flag, 1)
