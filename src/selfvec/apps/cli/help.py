"""What ``--help`` and ``--help-all`` print.

``--help`` shows, on one screen, the arguments, the options that are often used with the first sentence of
their help, and examples. ``--help-all`` shows everything; in a group, that of all its commands.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from selfvec.base.declarations import REQUIRED, Parameter

__all__ = ["help_text"]

WIDTH = 80
_COLUMN = 28  # the widest left column: options with longer names have their help on the next line
_COMPLETION = 'eval "$(_SELFVEC_COMPLETE=bash_source selfvec)"'  # zsh_source and fish_source, too


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
