"""How commands and groups read the words of a command line, and what ``--help`` and ``--help-all`` print.

``--help`` shows, on one screen, the arguments, the options that are often used with the first sentence of
their help, and examples. ``--help-all`` shows everything; in a group, that of all its commands.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import click

from selfvec.base.declarations import REQUIRED, Parameter

WIDTH = 80
_COLUMN = 28  # the widest left column: options with longer names have their help on the next line
_COMPLETION = 'eval "$(_SELFVEC_COMPLETE=bash_source selfvec)"'  # zsh_source and fish_source, too


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


# ---- Help


def help_text(command: Any, path: str, *, everything: bool = False) -> str:
    """The help of a command or group that is called by ``path``, as "selfvec run info"."""
    lines = [f"Usage: {_usage(command, path)}", "", *textwrap.wrap(command.help, WIDTH)]
    if commands := _commands(command):
        lines += _listing(commands)
        if path == "selfvec":
            lines += ["", f"All options: {path} --help-all", f"Tab completion: {_COMPLETION}"]
        nested = [help_text(one, f"{path} {name}", everything=True) for name, one in commands]
        return "\n".join(["\n".join(lines) + "\n", *(nested if everything else [])])
    if command.more and everything:
        lines += ["", *_paragraphs(command.more)]
    often = [one for one in _listed(command) if not one.seldom]
    seldom = [one for one in _listed(command) if one.seldom]
    shown = [*_arguments(command, everything), *(_row(one, everything) for one in often)]
    lines += ["", *_rows(shown)] if shown else []
    if everything and seldom:
        lines += ["", "Seldom used:", *_rows([_row(one, everything) for one in seldom])]
    if command.examples:
        lines += ["", "Examples:", *(part for example in command.examples for part in _pasted(example))]
    if not everything and _is_cut(command):
        lines += ["", f"All options: {path} --help-all"]
    return "\n".join(lines) + "\n"


def _usage(command: Any, path: str) -> str:
    """The command line with its arguments and the options that it needs."""
    if _commands(command):
        return f"{path} COMMAND; each has --help"
    needed = [one for one in _listed(command) if one.is_needed]
    options = [f"{min(one.opts, key=len)} {one.metavar}" for one in needed]
    return " ".join([path, *(name for name, _ in _arguments(command, False)), *options, "[OPTIONS]"])


def _commands(command: Any) -> list[tuple[str, Any]]:
    """The commands of a group that are listed, in their order."""
    return [(name, command.commands[name]) for name in getattr(command, "listed", ())]


def _listing(commands: list[tuple[str, Any]]) -> Iterator[str]:
    """Commands, and below them groups."""
    column = max(len(name) for name, _ in commands)
    for groups in (False, True):
        rows = [
            (f"{name:<{column}}", one.help) for name, one in commands if groups == hasattr(one, "commands")
        ]
        if rows:
            yield from ["", *_rows(rows)]


HelpRows = Sequence[tuple[str, str]]  # of an argument or option: its name, and what it is


def _arguments(command: Any, everything: bool) -> HelpRows:
    """Arguments and what they are."""
    arguments = [one for one in command.params if one.param_type_name == "argument" and not one.hidden]
    return [(one.metavar, _text(one.help, everything)) for one in arguments]


def _listed(command: Any) -> list[Any]:
    return [one for one in command.params if one.param_type_name == "option" and not one.hidden]


def _row(option: Any, everything: bool) -> tuple[str, str]:
    """The flag of an option, its short one, and its value; then its help with the default."""
    short = [flag for flag in option.opts if not flag.startswith("--")]
    long = [flag for flag in option.opts if flag.startswith("--")][:1]
    flags = ", ".join([*short, *long])
    return f"{flags} {option.metavar}" if option.metavar else flags, _text(
        option.help, everything, option.shown_default
    )


def _text(help: str, everything: bool, default: Any = REQUIRED) -> str:
    """The first sentence with the default, or all of it."""
    first, words, rest = Parameter("", help=help.replace("`", "")).sentences
    plain = not words and not isinstance(default, bool) and default not in (REQUIRED, None, "", (), [])
    shown = f"{default:,}" if isinstance(default, int) and plain else default if plain else words
    parts = [first, rest if everything else "", f"[default: {shown}]" if shown else ""]
    return " ".join(part for part in parts if part)


def _is_cut(command: Any) -> bool:
    """Whether ``--help`` leaves something out."""
    texts = [Parameter("", help=one.help).sentences[2] for one in _listed(command)]
    return bool(command.more) or any(texts) or any(one.seldom for one in _listed(command))


def _rows(rows: HelpRows) -> Iterator[str]:
    """Two columns, as wide as the terminal that everybody has."""
    column = max((len(name) for name, _ in rows if len(name) <= _COLUMN), default=_COLUMN)
    for name, text in rows:
        lines = textwrap.wrap(text, WIDTH - column - 4, break_long_words=False, break_on_hyphens=False) or [
            ""
        ]
        if len(name) > column:
            yield f"  {name}"
        else:
            yield f"  {name:<{column}}  {lines.pop(0)}".rstrip()
        for line in lines:
            yield " " * (column + 4) + line


def _pasted(example: str) -> Iterator[str]:
    """An example on lines that can be pasted into a shell."""
    lines = textwrap.wrap(example, WIDTH - 4, initial_indent="  ", subsequent_indent="      ")
    for line in lines[:-1]:
        yield f"{line} \\"
    yield lines[-1]


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a docstring, without its marks of code."""
    for number, paragraph in enumerate(text.replace("`", "").split("\n\n")):
        if number:
            yield ""
        yield from textwrap.wrap(" ".join(paragraph.split()), WIDTH)
