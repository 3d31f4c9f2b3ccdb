"""How commands and groups read the words of a command line, and what ``--help`` and ``--help-all`` print.

``--help`` shows, on one screen, the arguments, the options that are often used with the first sentence of
their help, and examples. ``--help-all`` shows everything; in a group, that of all its commands.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

import click

from selfvec.base.declarations import REQUIRED, Parameter

from .streams import Told, tell

TOLD: Mapping[str, Told] = {"-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
"""Options of the program, which stand before the command or after it."""
WIDTH = 80  # characters, as wide as the terminal that everybody has
_COLUMN = 28  # the widest left column: options with longer names have their help on the next line
_COMPLETION = 'eval "$(_SELFVEC_COMPLETE=bash_source selfvec)"'  # zsh_source and fish_source, too


class Argument(click.Argument):
    """An argument as a function declares it."""

    def __init__(self, declared: Parameter, **options: Any) -> None:
        super().__init__([declared.name], **options)
        self.declared = declared


class Option(click.Option):
    """An option as a function declares it, whose default is left to the function."""

    def __init__(self, flags: Sequence[str], declared: Parameter, **options: Any) -> None:
        super().__init__([*flags, declared.name], default=None, help=declared.help, **options)
        self.declared = declared


class _OnOneScreen(click.Command):
    """The help is our own."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What ``--help`` prints."""
        formatter.write(help_text(self, ctx.command_path))


class Command(_OnOneScreen):
    """A command. A repeatable option takes the values that follow it, as many as its metavar shows.

    ``--similarity TSV...`` takes all that follow, ``--between A..B C..D`` two, ``--filter FIELD=VALUE`` one.
    """

    def __init__(
        self,
        name: str,
        *,
        more: str = "",
        examples: Sequence[str] = (),
        in_python: Mapping[str, str],  # flags that there are not: how Python is told the same
        **options: Any,
    ) -> None:
        super().__init__(name, context_settings={"help_option_names": ["-h", "--help"]}, **options)
        self.more = more
        self.examples = examples
        self.in_python = in_python

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values."""
        takes = {flag for one in self.params if not getattr(one, "is_flag", True) for flag in one.opts}
        repeatable = [one for one in self.params if getattr(one, "multiple", False)]
        metavars = {flag: one.metavar or "" for one in repeatable for flag in one.opts}
        most = {
            flag: sys.maxsize if shown.endswith("...") else len(shown.split())
            for flag, shown in metavars.items()
        }
        out: list[str] = []
        flag = ""
        taken = 0
        for place, argument in enumerate(args):
            if argument == "--":
                out += args[place:]
                break
            if argument in TOLD and takes.isdisjoint(args[:place][-1:]):
                tell(TOLD[argument])
                continue
            if argument.startswith("-") and argument != "-":
                flag = argument if argument in most else ""
                taken = 0
            elif flag and taken < most[flag]:
                out += [flag] if taken else []
                taken += 1
            out.append(argument)
        try:
            return super().parse_args(ctx, out)
        except click.NoSuchOption as error:
            if call := self.in_python.get(error.option_name):
                raise click.UsageError(f"{error.message.rstrip('.')}; in Python: {call}", ctx) from None
            raise


class CommandGroup(_OnOneScreen, click.Group):
    """A group of commands."""

    def __init__(self, name: str, commands: Mapping[str, Any], **options: Any) -> None:
        super().__init__(name, context_settings={"help_option_names": ["-h", "--help"]}, **options)
        self.commands = commands  # type: ignore[assignment]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Print the help if no command is named and one is needed."""
        while args and args[0] in TOLD:
            tell(TOLD[args.pop(0)])
        if not args and not ctx.resilient_parsing:
            print(help_text(self, ctx.command_path), end="", file=sys.stderr)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command that is called; the error for an unknown one names the commands that are meant."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            path = ctx.command_path
            meant = [" ".join((path, *found)) for found in self._alike(args[0])]
            remedy = f"; did you mean {' or '.join(meant)}?" if meant else ""
            raise click.UsageError(f"there is no command {args[0]}{remedy}", ctx)
        return super().resolve_command(ctx, args)

    def _alike(self, name: str) -> list[tuple[str, ...]]:
        """The commands of this name, or of the most similar one, here and in the groups."""
        paths: list[tuple[str, ...]] = [(each,) for each in self.commands]
        for group in self.commands:
            paths += [(group, each) for each in getattr(self.commands[group], "commands", ())]
        close = get_close_matches(name, {path[-1] for path in paths}, n=1)
        return [path for path in paths if path[-1] in close]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All, in their order."""
        del ctx
        return list(self.commands)


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


def help_all() -> click.Option:
    """The option that shows all options of a command or, in a group, of its commands."""

    def shown(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
        del option
        if wanted and not ctx.resilient_parsing:
            print(help_text(ctx.command, ctx.command_path, everything=True), end="")
            ctx.exit()

    return click.Option(
        ["--help-all"], is_flag=True, is_eager=True, expose_value=False, hidden=True, callback=shown
    )


# ---- Help


def help_text(command: Any, path: str, *, everything: bool = False) -> str:
    """The help of a command or group that is called by ``path``, as "selfvec run info"."""
    grouped = isinstance(command, CommandGroup)
    commands: list[tuple[str, Any]] = list(command.commands.items()) if grouped else []
    every = f", and {path} --help-all shows all" if path == "selfvec" else ""
    called = f"{path} [-qv]" if every else path
    usage = f"{called} COMMAND; each has --help{every}" if commands else _usage(command, path)
    lines = [f"Usage: {usage}", "", *textwrap.wrap(command.help, WIDTH)]
    if commands:
        column = max(len(name) for name, _ in commands)
        for groups in (False, True):  # which stand below
            some = [(name, one) for name, one in commands if groups == hasattr(one, "commands")]
            lines += ["", *_rows([(f"{name:<{column}}", one.help) for name, one in some])] if some else []
        if every:
            lines += ["", *_rows(_PROGRAM)] if everything else []
            lines += ["", f"Tab completion: {_COMPLETION}"]
        nested = [help_text(one, f"{path} {name}", everything=True) for name, one in commands]
        return "\n".join(["\n".join(lines) + "\n", *(nested if everything else [])])
    if command.more and everything:
        lines += ["", *_paragraphs(command.more)]
    often = [_row(one, everything) for one in _listed(command) if not one.declared.seldom]
    seldom = [_row(one, everything) for one in _listed(command) if one.declared.seldom]
    lines += ["", *_rows(often)] if often else []
    if everything and seldom:
        lines += ["", "Seldom used:", *_rows(seldom)]
    if command.examples:
        lines += ["", "Examples:", *(part for example in command.examples for part in _pasted(example))]
    if not everything and _is_cut(command):
        lines += ["", f"All options: {path} --help-all"]
    return "\n".join(lines) + "\n"


def _usage(command: Any, path: str) -> str:
    needed = [
        str(one.metavar) if isinstance(one, Argument) else f"{min(one.opts, key=len)} {one.metavar}"
        for one in _listed(command)
        if isinstance(one, Argument) or one.declared.is_required
    ]
    return " ".join([path, *needed, "[OPTIONS]"])


HelpRows = Sequence[tuple[str, str]]  # of an argument or option: its name, and what it is
_PROGRAM: HelpRows = (
    ("-q, --quiet", "Say nothing but results and errors."),
    ("-v, --verbose", "Say also how long stages take, how many threads work, and what caches had."),
)


def _listed(command: Any) -> list[Argument | Option]:
    declared = [one for one in command.params if isinstance(one, Argument | Option)]
    return [one for one in declared if isinstance(one, Argument) or not one.hidden]


def _row(one: Argument | Option, everything: bool) -> tuple[str, str]:
    """The value of an argument, or the flag of an option, its short one, and its value; then the help."""
    short = [flag for flag in one.opts if not flag.startswith("--")]
    long = [flag for flag in one.opts if flag.startswith("--")][:1]
    flags = "" if isinstance(one, Argument) else ", ".join([*short, *long])
    return f"{flags} {one.metavar or ''}".strip(), _text(one.declared, everything)


def _text(declared: Parameter, everything: bool) -> str:
    """The first sentence of the help with the default, or all of it."""
    first, words, rest = declared.sentences
    default = declared.default
    plain = not words and not isinstance(default, bool) and default not in (REQUIRED, None, "", (), [])
    shown = f"{default:,}" if isinstance(default, int) and plain else default if plain else words
    parts = [first, rest if everything else "", f"[default: {shown}]" if shown else ""]
    return " ".join(part for part in parts if part)


def _is_cut(command: Any) -> bool:
    """Whether ``--help`` leaves something out."""
    options = [one.declared for one in _listed(command) if isinstance(one, Option)]
    return bool(command.more) or any(one.seldom or one.sentences[2] for one in options)


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
