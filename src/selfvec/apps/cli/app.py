"""The table of commands, and what the user sees of an error: one line on standard error."""

from __future__ import annotations

import errno
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
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
    methods,
    monitor,
    runs,
    tools,
    update,
    words,
)
from .arguments import with_options
from .commands import Command, CommandGroup, Greedy, Pair

__all__ = ["GROUPS", "TOP", "app", "run"]

app = typer.Typer(
    name="selfvec",
    cls=CommandGroup,
    help="Adapt static word vectors to your own text, and see whether it helped.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
CommandFunction = Callable[..., Any]
TOP: tuple[CommandFunction, ...] = (
    runs.demo,
    example.example,
    runs.refine,
    update.update,
    concepts.search,
    concepts.ask,
    words.similar,
    words.drift,
    monitor.monitor,
    evaluate.evaluate,
    tools.export,
    tools.serve,
    tools.mcp,
)
GROUPS: dict[str, tuple[str, tuple[CommandFunction, ...]]] = {
    "vectors": (
        "List, fetch, convert, compress, align and change vectors.",
        (
            tools.list_vectors,
            tools.fetch_vectors,
            tools.convert,
            compress.compress,
            alignment.align,
            *methods.COMMANDS,
        ),
    ),
    "run": (
        "Look into runs, verify, merge, migrate and compare them.",
        (
            folders.info,
            words.health,
            folders.verify,
            runs.merge,
            tools.migrate,
            alignment.compare,
            words.trajectory,
        ),
    ),
    "text": (
        "Describe a text: its phrases, topics, terms and senses.",
        (
            concepts.phrases,
            concepts.topics,
            concepts.graph,
            words.senses,
            concepts.why,
            concepts.expand,
            tools.noaa,
        ),
    ),
}
FLAT: tuple[CommandFunction, ...] = (  # commands of groups that had no group; hidden
    *(tools.convert, compress.compress, alignment.align, methods.transform),
    *GROUPS["run"][1],
    *GROUPS["text"][1][:-1],
)
PARSERS: dict[object, type[Command]] = {
    words.drift: Pair,
    evaluate.evaluate: Greedy,
    methods.transform: Greedy,
    compress.compress: Greedy,
    **dict.fromkeys(methods.COMMANDS, Greedy),
}


NAMES = {tools.list_vectors: "list", tools.fetch_vectors: "fetch"}  # if not the function's


def _add(to: typer.Typer, command: CommandFunction, name: str | None = None, *, hidden: bool = False) -> None:
    parser = PARSERS.get(command, Command)
    to.command(name or NAMES.get(command), cls=parser, hidden=hidden)(with_options(command))


def _group(help: str, commands: Iterable[CommandFunction], **more: Any) -> typer.Typer:
    group = typer.Typer(cls=CommandGroup, help=help, **({"no_args_is_help": True} | more))
    for command in commands:
        _add(group, command)
    return group


for command in TOP:
    _add(app, command)
for name, (about, commands) in GROUPS.items():
    lists = {"no_args_is_help": False, "callback": tools.list_if_alone, "invoke_without_command": True}
    app.add_typer(_group(about, commands, **(lists if name == "vectors" else {})), name=name)
for command in FLAT:
    _add(app, command, hidden=True)
fetch = _group("Download public vectors or a public corpus.", [tools.noaa])
_add(fetch, tools.fetch_vectors, "vectors")
app.add_typer(fetch, name="fetch", hidden=True)


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
