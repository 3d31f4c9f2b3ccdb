"""The tree of commands: each is built from its row when it is typed."""

from __future__ import annotations

from functools import cache

import click

from selfvec.apps.table import GROUPS, OLDER, TOP

from .command import make_command
from .parser import Command, CommandGroup, CommandTable, help_all

__all__ = ["root"]


@cache
def root() -> CommandGroup:
    """The command ``selfvec``."""
    listed = [*TOP, *(name for name in GROUPS if name != "fetch")]
    return CommandGroup(
        "selfvec",
        CommandTable([*TOP, *GROUPS, *OLDER], _command_or_group),
        listed,
        help="Adapt static word vectors to your own text, and see whether it helped.",
        params=[
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version),
            help_all(),
        ],
    )


def _command_or_group(name: str) -> CommandGroup | Command:
    if name in GROUPS:
        return _group(name)
    return make_command(name, f"selfvec {name}", TOP.get(name) or OLDER[name], hidden=name not in TOP)


def _group(name: str) -> CommandGroup:
    about, rows = GROUPS[name]

    def build(command: str) -> Command:
        return make_command(command, f"selfvec {name} {command}", rows[command])

    table = CommandTable(rows, build)
    return CommandGroup(name, table, rows, help=about, params=[help_all()], hidden=name == "fetch")


def _version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    del option
    if wanted:
        from selfvec.base.versions import RUN_FORMAT, __version__

        print(f"selfvec {__version__} (run format {RUN_FORMAT})")
        ctx.exit()
