"""A hook of mkdocs: the reference of the command line and of Python, made of the code for the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.main
from mkdocs.structure.files import File, Files

import selfvec
from selfvec.apps.cli.app import app


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    pages = {"cli.md": "\n".join(command_line()), "reference.md": "\n".join(python())}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def command_line() -> Iterator[str]:
    """Every command with its arguments and options."""
    yield "# Command line\n\nWhat `selfvec COMMAND --help` prints, on one page.\n"
    group = typer.main.get_command(app)
    for name, command in sorted(getattr(group, "commands", {}).items()):
        nested = getattr(command, "commands", None)
        for sub, one in sorted((nested or {"": command}).items()):
            yield from _command(f"selfvec {name} {sub}".strip(), one)


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}\n"
    text, _, example = (command.help or "").partition("Example:")
    yield f"{text.strip()}\n"
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = [name, *(p.metavar or p.name.upper() for p in arguments), "[options]"]
    yield f"```text\n{' '.join(usage)}\n```\n"
    if example:
        yield f"Example: `{' '.join(example.split())}`\n"
    if options:
        yield "| option | |\n|---|---|"
    for option in options:
        flags = ", ".join(f"`{flag}`" for flag in option.opts)
        metavar = f" `{option.metavar}`" if option.metavar else ""
        yield f"| {flags}{metavar} | {_cell(option.help or '')}{_default(option)} |"
    yield ""


def _default(option: Any) -> str:
    default = option.default
    if default is None or default is False or callable(default) or default in ((), [], ""):
        return ""
    return f" Default: `{default}`."


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def python() -> Iterator[str]:
    """Every public name with its docstring."""
    yield "# Python reference\n\nThe public names of `selfvec`; begin with [Python API](api.md).\n"
    for name in selfvec.__all__:
        if name != "__version__":
            yield f"::: selfvec.{name}\n"
