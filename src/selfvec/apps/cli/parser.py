"""How commands and groups read the words of a command line; their help fits one screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .help import help_text

__all__ = ["Command", "CommandGroup", "CommandTable", "help_all"]


class _OnOneScreen:
    """The help is our own."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """What ``--help`` prints."""
        formatter.write(help_text(self, ctx.command_path))


class Command(_OnOneScreen, TyperCommand):
    """A command. A repeatable option takes the values that follow it, as many as its metavar shows.

    ``--similarity TSV...`` takes all that follow, ``--between A..B C..D`` two, ``--filter FIELD=VALUE`` one.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values."""
        repeatable = [one for one in self.params if getattr(one, "multiple", False)]
        most = {flag: _shown_values(one.metavar or "") for one in repeatable for flag in one.opts}
        out: list[str] = []
        flag = ""
        taken = 0
        for place, argument in enumerate(args):
            if argument == "--":
                out += args[place:]
                break
            if argument.startswith("-") and argument != "-":
                flag = argument if argument in most else ""
                taken = 0
            elif flag and taken < most[flag]:
                out += [flag] if taken else []
                taken += 1
            out.append(argument)
        return super().parse_args(ctx, out)


def _shown_values(metavar: str) -> int:
    """How many values a metavar shows."""
    return sys.maxsize if metavar.endswith("...") else len(metavar.split())


class CommandGroup(_OnOneScreen, TyperGroup):
    """A group of commands."""

    listed: tuple[str, ...] = ()
    """Names of the commands that its help lists, in their order."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Print the help if no command is named and one is needed."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            print(help_text(self, ctx.command_path), end="", file=sys.stderr)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names that a shell completes."""
        del ctx
        return list(self.listed)


class CommandTable(Mapping[str, Any]):
    """Commands by name. A command is built when it is looked up, so that the others cost no time."""

    def __init__(self, names: Iterable[str], build: Callable[[str], Any]) -> None:
        self._names = dict.fromkeys(names)
        self._build = cache(build)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._build(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _print_all(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        print(help_text(ctx.command, ctx.command_path, everything=True), end="")
        raise typer.Exit


help_all: Any = typer.Option(
    "--help-all",
    is_eager=True,
    expose_value=False,
    hidden=True,
    callback=_print_all,
    help="Show all options.",
)
"""The option of every command that shows all of its options."""
