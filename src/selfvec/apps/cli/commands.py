"""Commands and groups of the command line: how they parse their words, and their help on one screen."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from .help import help_text

__all__ = ["Command", "CommandGroup", "Greedy", "Pair", "help_all"]


class _OnOneScreen:
    """The help is our own."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """What ``--help`` prints."""
        formatter.write(help_text(self, ctx.command_path))


class Command(_OnOneScreen, TyperCommand):
    """A command."""


class CommandGroup(_OnOneScreen, TyperGroup):
    """A group of commands, listed in the order in which they were added."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in their order."""
        del ctx
        return list(self.commands)


class Greedy(Command):
    """A repeatable option takes the values that follow it, up to `most`, as in ``--similarity *.tsv``."""

    most = sys.maxsize

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values."""
        repeatable = {flag for of in self.params if getattr(of, "multiple", False) for flag in of.opts}
        out: list[str] = []
        flag, taken = "", 0
        for place, argument in enumerate(args):
            if argument == "--":
                out += args[place:]
                break
            if argument.startswith("-") and argument != "-":
                flag, taken = (argument if argument in repeatable else ""), 0
            elif flag and taken < self.most:
                out += [flag] if taken else []
                taken += 1
            out.append(argument)
        return super().parse_args(ctx, out)


class Pair(Greedy):
    """A repeatable option takes the two values that follow it, as in ``--between A B``."""

    most = 2


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
