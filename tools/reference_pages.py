"""A hook of mkdocs: pages of the site that are not in docs/.

The README is its first page, beside CHANGELOG and CONTRIBUTING; the reference of the command line and of
Python is made from the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import selfvec
from selfvec.apps.cli.parser import help_text
from selfvec.apps.cli.tree import root
from selfvec.apps.run import RunMethod

if TYPE_CHECKING:
    from mkdocs.structure.files import Files


FROM_ROOT = {
    "index.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CITATION.cff": "CITATION.cff",
}


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    pages = {"cli.md": "\n".join(command_line()), "reference.md": "\n".join(python())}
    root = Path(config["docs_dir"]).parent
    for name, file in FROM_ROOT.items():  # their links are relative to the root
        pages[name] = (root / file).read_text("utf-8").replace("](docs/", "](").replace("]: docs/", "]: ")
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def command_line() -> Iterator[str]:
    """Every command with its arguments and options."""
    yield "# Command line\n\nWhat `selfvec COMMAND --help-all` prints, on one page.\n"
    yield from _commands("selfvec", root())


def _commands(path: str, command: Any) -> Iterator[str]:
    """A command, or a group and its commands."""
    yield f"## {path}\n\n```text\n{help_text(command, path, everything=True)}```\n"
    for name in getattr(command, "commands", ()):
        yield from _commands(f"{path} {name}", command.commands[name])


def python() -> Iterator[str]:
    """Every public name with its docstring."""
    yield "# Python reference\n\nThe public names of `selfvec`; begin with [Python API](api.md).\n"
    for name in dir(selfvec):
        if name in ("Run", "Vectors"):
            yield f"::: selfvec.{name}\n    options:\n      inherited_members: true\n"
            yield from _functions_of(name)
        elif name != "__version__":
            yield f"::: selfvec.{name}\n"


def _functions_of(name: str) -> Iterator[str]:
    """The methods of a class that are public functions, whose first argument is the object."""
    kind = getattr(selfvec, name)
    for method, found in vars(kind).items():
        if isinstance(found, RunMethod):
            yield f"### {name}.{method}\n\n{_written(f'{name}.{method}', getattr(kind, method))}"


def _written(name: str, function: Any) -> str:
    """The signature and docstring of a function as they are when it runs."""
    return f"```text\n{name}{inspect.signature(function)}\n\n{inspect.getdoc(function)}\n```\n"
