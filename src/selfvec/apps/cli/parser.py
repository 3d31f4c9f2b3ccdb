"""How commands and groups read the words of a command line, and what ``--help`` and ``--help-all`` print.

``--help`` shows, on one screen, the arguments, the options that are often used with the first sentence of
their help, and examples. ``--help-all`` shows everything; in a group, that of all its commands.
"""

from __future__ import annotations

import sys
import textwrap
from collections import UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from selfvec.base.declarations import REQUIRED, Parameter
from selfvec.files.text_files import text_lines

from .streams import Told, tell

WIDTH = 80  # characters, as wide as the terminal that everybody has
_COLUMN = 28  # the widest left column: options with longer names have their help on the next line
_COMPLETION = 'eval "$(_SELFVEC_COMPLETE=bash_source selfvec)"'  # zsh_source and fish_source, too
_HOLD_COMMAS = ("text_field", "keep_fields", "withdraw")
"""Lists of names that may hold commas: they are told apart where the names are known."""
_SAVED = ("filter", "query", "word", "words")
"""What a file may hold, named after @."""
_PLACES = {
    "Any", "Dictionary", "GivenLexicon", "GivenRun", "GivenSentenceEncoder", "GivenVectors", "MovedVectors",
    "Path", "PathLike", "Start", "Texts",
}  # fmt: skip


# ---- Arguments and options as a function declares them


def values_of(one: Argument | Option, typed: str | Sequence[str]) -> Any:
    """What a function is given: the values of all texts that were typed, or the only one.

    Numbers are read if the parameter takes them; the function checks what it is given.
    """
    name, names = one.declared.name, one.declared.kind.names
    texts = [line for text in ([typed] if isinstance(typed, str) else typed) for line in _lines(name, text)]
    if one.with_commas and name not in _HOLD_COMMAS:
        texts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    values = [_value(names, text) for text in texts]
    several = one.with_commas or one.multiple or one.nargs < 0
    if len(values) == 1 and ("Texts" in names or not several):
        return values[0]
    return values if several else " ".join(values)


def _value(names: set[str], text: str) -> Any:
    if "Texts" in names:
        return text if "://" in text else Path(text)
    for name, reader in (("int", int), ("float", float)):
        if name in names:
            with suppress(ValueError):
                return reader(text.removesuffix("%") if name == "float" else text)
    return text


def _lines(name: str, typed: str) -> list[str]:
    """What is typed or, after @, the lines of a file: filters of a subcorpus, a query, or words."""
    if typed[:1] != "@" or name not in _SAVED:
        return [typed]
    path = Path(typed[1:])
    is_file = path.suffix or path.is_file() or (name == "filter" and "=" not in typed)
    return [line.strip() for _, line in text_lines(path)] if is_file else [typed]


class _Declared(click.Parameter):
    """An argument or option as a function declares it."""

    def __init__(self, declared: Parameter, written: str, *flags: str, **how: Any) -> None:
        super().__init__([*flags, declared.name], metavar=written or None, **how)
        self.declared = declared
        self.with_commas = "[," in written

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The choices, or the files that the shell finds."""
        del ctx
        kind = self.declared.kind
        if kind.choices:
            return [CompletionItem(choice) for choice in kind.choices if choice.startswith(incomplete)]
        return [] if kind.names.isdisjoint(_PLACES) else [CompletionItem(incomplete, type="file")]


class Argument(_Declared, click.Argument):
    """An argument."""

    def __init__(self, declared: Parameter, written: str) -> None:
        nargs = -1 if "..." in written else 1
        super().__init__(declared, written, required=not written.startswith("["), nargs=nargs)
        self.label = self.usage = written


class Option(_Declared, click.Option):
    """An option, whose default is left to the function. A switch has no value that is written."""

    def __init__(self, declared: Parameter, written: str, *flags: str, several: bool, hidden: bool) -> None:
        how = {"is_flag": not written, "multiple": several and bool(written), "hidden": hidden}
        super().__init__(declared, written, *flags, default=None, **how)
        short = [flag for flag in flags if not flag.startswith("--")]
        self.label = f"{', '.join([*short, flags[0]])} {written}".rstrip()
        self.usage = f"{min(flags, key=len)} {written}"


def switch(*flags: str, does: Callable[[click.Context], None]) -> click.Option:
    """An option that is none of a function: what it does is done as soon as it is read."""

    def read(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
        del option
        if wanted and not ctx.resilient_parsing:
            does(ctx)

    return click.Option(flags, is_flag=True, is_eager=True, expose_value=False, hidden=True, callback=read)


# ---- Commands and groups


class _OnOneScreen(click.Command):
    """A command or group: its help is our own, and it has the options of the program."""

    def __init__(self, name: str, *, params: Sequence[click.Parameter] = (), **options: Any) -> None:
        super().__init__(
            name,
            params=[*params, _told("quiet"), _told("verbose"), switch("--help-all", does=_show_all)],
            context_settings={"help_option_names": ["-h", "--help"]},
            **options,
        )

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What ``--help`` prints."""
        formatter.write(help_text(self, ctx.command_path))


def _told(what: Told) -> click.Option:
    return switch(f"-{what[0]}", f"--{what}", does=lambda _: tell(what))


def _show_all(ctx: click.Context) -> None:
    print(help_text(ctx.command, ctx.command_path, everything=True), end="")
    ctx.exit()


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
        super().__init__(name, **options)
        self.more = more
        self.examples = examples
        self.in_python = in_python

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values."""
        repeatable = {flag: one.metavar or "" for one in self.params if one.multiple for flag in one.opts}
        most = {
            flag: sys.maxsize if written.endswith("...") else len(written.split())
            for flag, written in repeatable.items()
        }
        out: list[str] = []
        flag, taken = "", 0
        for place, argument in enumerate(args):
            if argument == "--":
                out += args[place:]
                break
            if argument.startswith("-") and argument != "-":
                flag, taken = argument, 0
            else:
                out += [flag] * (0 < taken < most.get(flag, 0))
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

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Print the help if no command is named and one is needed."""
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


class CommandTable(UserDict[str, Any]):
    """Commands by name, each as what builds it when it is looked up, so that the others cost no time."""

    def __getitem__(self, name: str) -> Any:
        return self.data[name]()


# ---- Help

_PROGRAM = (
    ("-q, --quiet", "Say nothing but results and errors."),
    ("-v, --verbose", "Say also how long stages take, how many threads work, and what caches had."),
)


def help_text(command: Any, path: str, *, everything: bool = False) -> str:
    """The help of a command or group that is called by ``path``, as "selfvec run info"."""
    lines = _help_of_group if isinstance(command, CommandGroup) else _help_of_command
    return "\n".join(lines(command, path, everything)) + "\n"


def _help_of_group(group: Any, path: str, everything: bool) -> Iterator[str]:
    is_root = path == "selfvec"
    options, every = (" [-qv]", f", and {path} --help-all shows all") if is_root else ("", "")
    yield from (
        f"Usage: {path}{options} COMMAND; each has --help{every}",
        "",
        *textwrap.wrap(group.help, WIDTH),
    )
    column = max(map(len, group.commands))
    for groups in (False, True):  # which stand below
        rows = [
            (f"{name:<{column}}", one.help)
            for name, one in group.commands.items()
            if groups == isinstance(one, CommandGroup)
        ]
        yield from ["", *_rows(rows)] if rows else []
    if is_root:
        yield from ["", *_rows(_PROGRAM)] if everything else []
        yield from ["", f"Tab completion: {_COMPLETION}"]
    for name in group.commands if everything else ():
        yield "\n" + help_text(group.commands[name], f"{path} {name}", everything=True).rstrip()


def _help_of_command(command: Any, path: str, everything: bool) -> Iterator[str]:
    declared = [one for one in command.params if isinstance(one, Argument | Option)]
    shown = [one for one in declared if isinstance(one, Argument) or not one.hidden]
    needed = [one.usage for one in shown if isinstance(one, Argument) or one.declared.is_required]
    yield from (" ".join(["Usage:", path, *needed, "[OPTIONS]"]), "", *textwrap.wrap(command.help, WIDTH))
    yield from ["", *_paragraphs(command.more)] if command.more and everything else []
    often, seldom = (
        [
            *_rows(
                [
                    (one.label, _text(one.declared, everything))
                    for one in shown
                    if one.declared.seldom == is_seldom
                ]
            )
        ]
        for is_seldom in (False, True)
    )
    yield from ["", *often] if often else []
    yield from ["", "Seldom used:", *seldom] if seldom and everything else []
    if command.examples:
        yield from ["", "Examples:", *(part for example in command.examples for part in _pasted(example))]
    is_cut = (
        command.more or seldom or any(one.declared.sentences[2] for one in shown if isinstance(one, Option))
    )
    if is_cut and not everything:
        yield from ["", f"All options: {path} --help-all"]


def _text(declared: Parameter, everything: bool) -> str:
    """The first sentence of the help with the default, or all of it."""
    first, words, rest = declared.sentences
    default = declared.default
    plain = not words and not isinstance(default, bool) and default not in (REQUIRED, None, "", (), [])
    shown = f"{default:,}" if isinstance(default, int) and plain else default if plain else words
    parts = [first, rest if everything else "", f"[default: {shown}]" if shown else ""]
    return " ".join(part for part in parts if part)


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
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
