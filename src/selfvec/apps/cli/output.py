"""Output of the commands: results on standard output, messages on standard error."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from selfvec.base.display import escape_controls, escape_json

if TYPE_CHECKING:
    from rich.console import RenderableType

_NARROWEST, _USUAL, _WHOLE_LINES = 20, 80, 10_000  # columns


def print_json(data: object, *, indent: int | None = 1) -> None:
    """Print one JSON document on standard output, in ASCII if that is not in Unicode."""
    ascii_only = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(data, ensure_ascii=ascii_only, indent=indent, allow_nan=False)
    print(escape_json(text), flush=True)


def print_text(text: object) -> None:
    """Print a path or another plain result on standard output: as it is in a pipe, escaped on a terminal."""
    print(escape_controls(str(text), lines=True) if sys.stdout.isatty() else text)


def say(message: str) -> None:
    """Print a message on standard error."""
    print(escape_controls(message, lines=True), file=sys.stderr)


def program() -> str:
    """How this program was called, so that a command it suggests can be pasted: ``selfvec``, or its path."""
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("selfvec", "__main__.py"):
        return f"{_pasted(Path(sys.executable))} -m selfvec"
    if called.stem != "selfvec":  # called from Python
        return "selfvec"
    if "UV" in os.environ and Path(sys.prefix).parent.name.startswith("archive-"):  # in the cache of uvx
        return _by_uvx()
    # What uv starts has its environment on the PATH; the shell that a command is pasted into may not.
    found = None if "UV" in os.environ else shutil.which("selfvec")
    return "selfvec" if found and Path(found).resolve() == called.resolve() else _pasted(called)


def _by_uvx() -> str:
    from importlib.metadata import distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    origin = json.loads(distribution("selfvec").read_text("direct_url.json") or "{}")
    if not (url := origin.get("url")):
        return "uvx selfvec"
    place = urlsplit(url)
    given = _pasted(Path(url2pathname(place.path))) if place.scheme == "file" else shlex.quote(url)
    if "/" not in given and given != ".":  # uvx takes a bare name for a package of that name
        given = f"./{given}"
    return f"uvx --from {given} selfvec"


def _pasted(path: Path) -> str:
    """A path as short as it can be pasted into a shell."""
    with suppress(ValueError):
        path = path.absolute().relative_to(Path.cwd())
    return shlex.quote(str(path))


def show(renderable: RenderableType) -> None:
    """Print a result on standard output: coloured on a terminal, plain and with whole lines in a pipe."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WHOLE_LINES
    elif console.width < _NARROWEST:  # a terminal that does not know its width says 0
        console.width = _USUAL
    console.print(renderable)
