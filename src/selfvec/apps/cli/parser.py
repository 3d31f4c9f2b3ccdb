"""How commands and groups read the words of a command line; their help fits one screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import click

from .help import help_text

__all__ = ["Argument", "Command", "CommandGroup", "CommandTable", "Option", "help_all"]


class Argument(click.Argument):
    """An argument with help."""

    def __init__(self, name: str, *, help: str = "", hidden: bool = False, **options: Any) -> None:
        super().__init__([name], **options)
        self.help = help
        self.hidden = hidden


class Option(click.Option):
    """An option whose default is that of a function, where it is only shown.

    ``--help`` leaves out those that are ``seldom`` used, and names those that are needed in the first line.
    """

    def __init__(
        self,
        flags: Sequence[str],
        *,
        shown_default: Any = None,
        seldom: bool = False,
        is_needed: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(flags, default=None, **options)
        self.is_needed = is_needed
        self.shown_default = shown_default
        self.seldom = seldom


class _OnOneScreen(click.Command):
    """The help is our own."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What ``--help`` prints."""
        formatter.write(help_text(self, ctx.command_path))


class Command(_OnOneScreen):
    """A command. A repeatable option takes the values that follow it, as many as its metavar shows.

    ``--similarity TSV...`` takes all that follow, ``--between A..B C..D`` two, ``--filter FIELD=VALUE`` one.
    """

    def __init__(self, name: str, *, more: str = "", examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(name, context_settings={"help_option_names": ["-h", "--help"]}, **options)
        self.more = more
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
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


class CommandGroup(_OnOneScreen, click.Group):
    """A group of commands, of which its help lists some, in their order."""

    def __init__(self, name: str, commands: Mapping[str, Any], listed: Iterable[str], **options: Any) -> None:
        super().__init__(name, context_settings={"help_option_names": ["-h", "--help"]}, **options)
        self.commands = commands  # type: ignore[assignment]
        self.listed = tuple(listed)
        self.more = ""
        self.examples: Sequence[str] = ()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Print the help if no command is named and one is needed."""
        if not args and not ctx.resilient_parsing:
            print(help_text(self, ctx.command_path), end="", file=sys.stderr)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
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


def help_all() -> Option:
    """The option that shows all options of a command or, in a group, of its commands."""

    def shown(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
        del option
        if wanted and not ctx.resilient_parsing:
            print(help_text(ctx.command, ctx.command_path, everything=True), end="")
            ctx.exit()

    return Option(
        ["--help-all"], is_flag=True, is_eager=True, expose_value=False, hidden=True, callback=shown,
        help="Show all options.",
    )  # fmt: skip
