"""The commands, and what becomes of an error: one line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..errors import SelfvecError
from . import (
    align,
    concepts,
    convert,
    demo,
    drift,
    evaluate,
    export,
    fetch,
    look,
    mcp,
    refine,
    search,
    senses,
    serve,
    study,
    update,
)

__all__ = ["app", "run"]

OTHERS = (
    "trim",
    "centre",
    "anchors",
    "choose",
    "permutations",
    "rates",
    "windows",
    "shuffles",
    "mode",
    "filter",
    "vectors",
    "corpus",
    "to",
    "npmi",
    "longest",
    "topn",
    "number",
    "size",
    "neighbours",
    "by",
    "sentences",
)

app = typer.Typer(
    name="selfvec",
    help="Adapt static word vectors to your own text, see how every word moved, and whether it helped.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(refine.refine)
app.command()(look.similar)
app.command()(look.health)
app.command()(look.trajectory)
app.command(cls=drift.Pairing)(drift.drift)
app.command(cls=evaluate.Greedy)(evaluate.evaluate)
app.command()(align.align)
app.command()(align.compare)
app.command()(update.update)
app.command()(update.merge)
app.command()(convert.convert)
app.command()(search.search)
app.command()(concepts.phrases)
app.command()(concepts.expand)
app.command()(concepts.topics)
app.command()(concepts.graph)
app.command()(concepts.why)
app.command()(senses.senses)
app.command()(export.export)
app.command()(serve.serve)
app.command()(mcp.mcp)
app.add_typer(study.app, name="study")
app.add_typer(fetch.app, name="fetch")


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

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
        print(f"selfvec: {_with_flags(str(error))}", file=sys.stderr)
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


def _with_flags(text: str) -> str:
    """Options are called by their flags on the command line: field 'min_count' is --min-count."""
    from ..settings import Settings

    text = text.replace("errors='replace'", "--vectors-errors replace")
    for name in (*Settings.__dataclass_fields__, "dimensions", "dtype", "against", "between", "fdr", *OTHERS):
        text = text.replace(f"field {name!r}", f"--{name.replace('_', '-')}")
    return text
