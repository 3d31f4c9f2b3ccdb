"""The table of commands. To add one, write its function in `commands` and add a row here.

A row has the name of a command and the place of its function, as module and name in `commands`, or of a
table of functions by their commands. A command is imported and built when it is typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any, cast

import typer
import typer.main

from selfvec.transforms.registry import TRANSFORMS

from .option_records import with_options
from .parser import Command, CommandGroup, CommandTable

__all__ = ["GROUPS", "OLDER", "TOP", "root"]

CommandRows = Mapping[str, str]

TOP: CommandRows = {
    "demo": "runs.demo",
    "example": "texts.example",
    "refine": "runs.refine",
    "update": "update.update",
    "search": "search.search",
    "ask": "search.ask",
    "similar": "words.similar",
    "drift": "words.drift",
    "monitor": "monitor.monitor",
    "evaluate": "evaluate.evaluate",
    "export": "exports.export",
    "serve": "servers.serve",
    "mcp": "servers.mcp",
}
VECTORS: CommandRows = {
    "list": "vectors.list_vectors",
    "fetch": "vectors.fetch",
    "convert": "vectors.convert",
    "compress": "vectors.compress",
    "align": "comparison.align",
    **dict.fromkeys(TRANSFORMS, "transforms.COMMANDS"),
}
RUN: CommandRows = {
    "info": "folders.info",
    "health": "folders.health",
    "verify": "folders.verify",
    "merge": "runs.merge",
    "migrate": "exports.migrate",
    "compare": "comparison.compare",
    "trajectory": "words.trajectory",
}
TEXT: CommandRows = {
    "phrases": "concepts.phrases",
    "topics": "concepts.topics",
    "graph": "concepts.graph",
    "senses": "words.senses",
    "why": "concepts.why",
    "expand": "concepts.expand",
    "noaa": "texts.noaa",
}
GROUPS: dict[str, tuple[str, CommandRows]] = {
    "vectors": ("List, fetch, convert, compress, align and change vectors.", VECTORS),
    "run": ("Look into runs, verify, merge, migrate and compare them.", RUN),
    "text": ("Describe a text: its phrases, topics, terms and senses.", TEXT),
    "fetch": (
        "Download public vectors or a public corpus.",
        {"noaa": TEXT["noaa"], "vectors": VECTORS["fetch"]},
    ),
}
_WITHOUT_GROUP = {  # in the groups of today
    *("convert", "compress", "align"),
    *("info", "health", "verify", "merge", "migrate", "compare", "trajectory"),
    *("phrases", "topics", "graph", "senses", "why", "expand"),
}
OLDER: CommandRows = {  # commands as they were called before there were groups; not in the help
    "transform": "transforms.transform",
    **{name: row for name, row in {**VECTORS, **RUN, **TEXT}.items() if name in _WITHOUT_GROUP},
}


@cache
def root() -> CommandGroup:
    """The command ``selfvec``."""
    app = typer.Typer(
        name="selfvec",
        cls=CommandGroup,
        help="Adapt static word vectors to your own text, and see whether it helped.",
        callback=_options,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    listed = [*TOP, *(name for name in GROUPS if name != "fetch")]
    return _with_commands(app, CommandTable([*TOP, *GROUPS, *OLDER], _command_or_group), listed)


def _command_or_group(name: str) -> CommandGroup | Command:
    if name in GROUPS:
        return _group(name)
    return _command(name, TOP[name]) if name in TOP else _command(name, OLDER[name], hidden=True)


def _group(name: str) -> CommandGroup:
    about, rows = GROUPS[name]
    app = typer.Typer(name=name, cls=CommandGroup, help=about, hidden=name == "fetch", add_completion=False)
    if name == "vectors":
        app.callback(invoke_without_command=True)(_found("vectors.list_if_alone"))
    else:
        app.callback(no_args_is_help=True)(_no_options)
    return _with_commands(app, CommandTable(rows, lambda command: _command(command, rows[command])), rows)


def _with_commands(app: typer.Typer, commands: CommandTable, listed: Iterable[str]) -> CommandGroup:
    """The group of an app that has no commands itself."""
    group: Any = typer.main.get_command(app)
    group.commands = commands
    group.listed = tuple(listed)
    return cast("CommandGroup", group)


def _command(name: str, row: str, *, hidden: bool = False) -> Command:
    found = _found(row)
    function = found[name] if isinstance(found, dict) else found
    app = typer.Typer(add_completion=False)
    app.command(name, cls=Command, hidden=hidden)(with_options(function))
    return cast("Command", typer.main.get_command(app))


def _found(row: str) -> Any:
    """What stands at the place of a row."""
    module, _, name = row.partition(".")
    return getattr(import_module(f".commands.{module}", __package__), name)


def _no_options() -> None: ...


def _print_version(wanted: bool) -> None:
    if wanted:
        from selfvec.base.versions import RUN_FORMAT, __version__

        print(f"selfvec {__version__} (run format {RUN_FORMAT})")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
