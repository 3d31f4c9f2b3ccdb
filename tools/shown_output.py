"""Run the blocks of a page as a reader pastes them, in one empty folder, and write what they print.

    python -m tools.shown_output README.md docs/tutorial.md

A ``console`` block has commands after ``$`` and below each one what it prints, on both streams. A ``python``
block is run as a script. Other blocks are not run. tests/test_examples.py compares the pages with what is
printed today.

Commands of selfvec and scripts run in this process, which imports the libraries once. What a shell has to
do more about, such as a pipe, is done by bash.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from selfvec.apps.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = tuple(
    ROOT / f"{name}.md"
    for name in (
        "README",
        "docs/tutorial",
        "docs/how-to/keyness-concordance-collocates",
        "docs/explanation/drift",
        "docs/explanation/selection",
    )
)

_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PASSING = re.compile(r"compiling kernels|[\w ]+: \d+ %|[\w ]+: \d.* so far$|.*selfvec demo")  # progress
_TIME = re.compile(r"\d+(\.\d+)? m?s\b|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_QUIET = " 2> /dev/null"  # at the end of a command
_SHELL = re.compile(r"[|<>&;$*]")  # what a shell does
_WIDTH = {"COLUMNS": "88"}


def rewritten(page: Path) -> str:
    """The text of a page with what its commands print today."""
    with tempfile.TemporaryDirectory() as folder:
        return _BLOCK.sub(lambda block: _block(block[1], block[2], Path(folder)), page.read_text("utf-8"))


def _block(language: str, code: str, folder: Path) -> str:
    if language == "python":
        script = folder / "pasted.py"
        script.write_text(code, encoding="utf-8")
        _printed(lambda: runpy.run_path(str(script), run_name="__main__"), folder)
        return f"```python\n{code}```"
    lines = []
    for line in code.splitlines():
        if line.startswith("$ "):
            lines += [line, *_run(line.removeprefix("$ "), folder)]
    return "\n".join(["```console", *lines, "```"])


def _run(command: str, folder: Path) -> list[str]:
    """The lines that a command prints, without those of progress."""
    plain = command.removesuffix(_QUIET)
    if plain.startswith("selfvec ") and not _SHELL.search(plain):
        quiet = command.endswith(_QUIET)
        status, printed = _printed(lambda: main(shlex.split(plain)[1:]), folder, quiet=quiet)
    else:
        status, printed = _by_bash(command, folder)
    if status > 1:  # 1 is that of a check that failed, such as `monitor`
        raise RuntimeError(f"{command}: exit status {status}\n{printed}")
    return [line.rstrip() for line in printed.splitlines() if not _PASSING.match(line)]


def _printed(work: Callable[[], Any], folder: Path, *, quiet: bool = False) -> tuple[Any, str]:
    """What work in a folder returns, and what it prints on both streams, or on standard output only."""
    printed = io.StringIO()
    with (
        mock.patch.dict(os.environ, _WIDTH),
        contextlib.chdir(folder),
        contextlib.redirect_stderr(io.StringIO() if quiet else printed),
        contextlib.redirect_stdout(printed),
    ):
        returned = work()
    return returned, printed.getvalue()


def _by_bash(command: str, folder: Path) -> tuple[int, str]:
    """The exit status of a shell command, and what it prints on both streams."""
    environment = (
        os.environ
        | _WIDTH
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
        }
    )
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout


def alike(shown: str, printed: str) -> bool:
    """Whether two texts are the same but for times, and numbers but for their last digits."""
    pair = [_TIME.sub("TIME", text) for text in (shown, printed)]
    numbers = [[float(number) for number in _NUMBER.findall(text)] for text in pair]
    return _NUMBER.sub("N", pair[0]).split() == _NUMBER.sub("N", pair[1]).split() and all(
        abs(a - b) <= 0.03 * max(abs(a), abs(b), 1) for a, b in zip(*numbers, strict=True)
    )


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or map(str, PAGES)):
        path.write_text(rewritten(path), encoding="utf-8")
