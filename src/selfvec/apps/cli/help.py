"""What ``--help`` and ``--help-all`` print.

``--help`` shows, on one screen, the arguments, the options without a panel with the first sentence of their
help, and examples. ``--help-all`` shows everything; options with a panel stand under its heading.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

__all__ = ["first_sentence", "help_text", "parts_of"]

WIDTH = 80
_COLUMN = 28  # the widest left column: options with longer names have their help on the next line
_EXAMPLES = "Examples:"


def help_text(command: Any, path: str, *, everything: bool = False) -> str:
    """The help of a command or group that is called by ``path``, as "selfvec run info"."""
    summary, more, examples = parts_of(command)
    lines = [f"Usage: {_usage(command, path)}", "", *textwrap.wrap(summary, WIDTH)]
    if more and everything:
        lines += ["", *_paragraphs(more)]
    if commands := _commands(command):
        return "\n".join([*lines, *_listing(commands)]) + "\n"
    shown, panels = _options(command, everything)
    lines += ["", *_rows([*_arguments(command), *shown])] if shown or _arguments(command) else []
    if everything:
        for panel, rows in panels.items():
            lines += ["", f"{panel}:", *_rows(rows)]
    if examples:
        lines += ["", _EXAMPLES, *(part for example in examples for part in _pasted(example))]
    if not everything and _is_cut(command, more):
        lines += ["", f"All options: {path} --help-all"]
    return "\n".join(lines) + "\n"


def parts_of(command: Any) -> tuple[str, str, list[str]]:
    """The summary of a command, the rest of its help, and its examples."""
    text, _, examples = (command.help or "").partition(_EXAMPLES)
    summary, _, more = text.strip().partition("\n\n")
    return " ".join(summary.split()), more.strip(), [line.strip() for line in examples.strip().splitlines()]


def first_sentence(text: str) -> str:
    """The text to its first full stop.

    >>> first_sentence("How words are cut (e.g. en). More of it."), first_sentence("One.")
    ('How words are cut (e.g. en).', 'One.')
    """
    found = re.match(r"(?s)(.*?(?<!e\.g)\.)(?:\s+[a-zA-Z;-]|$)", text)
    return found[1] if found else text


def _usage(command: Any, path: str) -> str:
    """The command line with its arguments and the options that it needs."""
    if _commands(command):
        return f"{path} COMMAND; each has --help"
    words = [path, *(name for name, _ in _arguments(command))]
    has_target = any(one.name == "target" for one in command.params)  # OUT, as an argument, is its older form
    for option in _listed(command):
        if option.required or (option.name == "output" and has_target):
            words.append(f"{min(option.opts, key=len)} {option.metavar}")
    return " ".join([*words, "[OPTIONS]"])


def _commands(command: Any) -> list[tuple[str, Any]]:
    """The commands of a group that are listed, in their order."""
    return [(name, command.commands[name]) for name in getattr(command, "listed", ())]


def _listing(commands: list[tuple[str, Any]]) -> Iterator[str]:
    """Commands, and below them groups."""
    column = max(len(name) for name, _ in commands)
    for groups in (False, True):
        rows = [
            (f"{name:<{column}}", parts_of(one)[0])
            for name, one in commands
            if groups == hasattr(one, "commands")
        ]
        if rows:
            yield from ["", *_rows(rows)]


def _arguments(command: Any) -> list[tuple[str, str]]:
    """Arguments and what they are."""
    return [
        (one.metavar or one.name.upper(), one.help or "")
        for one in command.params
        if one.param_type_name == "argument" and not getattr(one, "hidden", False)
    ]


def _listed(command: Any) -> list[Any]:
    return [one for one in command.params if one.param_type_name == "option" and not one.hidden]


HelpRows = list[tuple[str, str]]  # of an argument or option: its name, and what it is


def _options(command: Any, everything: bool) -> tuple[HelpRows, dict[str, HelpRows]]:
    """Options and their help: those that are always shown, and those under each panel."""
    shown: HelpRows = []
    panels: dict[str, HelpRows] = {}
    for option in _listed(command):
        text = option.help or ""
        if not everything:
            text = first_sentence(text)
        rows = panels.setdefault(option.rich_help_panel, []) if option.rich_help_panel else shown
        rows.append((_flags(option), text + _default(option)))
    return shown, panels


def _flags(option: Any) -> str:
    """The flag of an option, its short one, and its value; older names of it are not shown."""
    short = [flag for flag in option.opts if not flag.startswith("--")]
    long = [flag for flag in option.opts if flag.startswith("--")][:1]
    if option.is_bool_flag:
        return ", ".join([*short, *long, *option.secondary_opts])
    return f"{', '.join([*short, *long])} {option.metavar}"


def _default(option: Any) -> str:
    """The default of an option that takes a value."""
    default = option.show_default if isinstance(option.show_default, str) else option.default
    if option.is_bool_flag or option.required or default is None or callable(default):
        return ""
    if default in ("", (), []):
        return ""
    return f" [default: {default:,}]" if isinstance(default, int) else f" [default: {default}]"


def _is_cut(command: Any, more: str) -> bool:
    """Whether ``--help`` leaves something out."""
    listed = _listed(command)
    return bool(more) or any(
        one.rich_help_panel or first_sentence(one.help or "") != one.help for one in listed
    )


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
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        yield from textwrap.wrap(" ".join(paragraph.split()), WIDTH)
