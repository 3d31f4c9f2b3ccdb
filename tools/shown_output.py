"""Run the blocks of a page as a reader pastes them, in one empty folder, and write what they print.

    python -m tools.shown_output README.md docs/tutorial.md

A ``console`` block has commands after ``$`` and below each one what it prints, on both streams. A ``python``
block is run as a script. Other blocks are not run. tests/test_shown_output.py compares the pages with what is
printed today.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["PAGES", "alike", "rewritten"]

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "tutorial.md")

_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PASSING = re.compile(r"compiling kernels|[\w ]+: \d+ %|.*selfvec demo")  # progress
_TIME = re.compile(r"\d+(\.\d+)? m?s\b|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")


def rewritten(page: Path) -> str:
    """The text of a page with what its commands print today."""
    with tempfile.TemporaryDirectory() as folder:
        return _BLOCK.sub(lambda block: _block(block[1], block[2], Path(folder)), page.read_text("utf-8"))


def _block(language: str, code: str, folder: Path) -> str:
    if language == "python":
        (folder / "pasted.py").write_text(code, encoding="utf-8")
        _run("python pasted.py", folder, most=0)
        return f"```python\n{code}```"
    lines = []
    for line in code.splitlines():
        if line.startswith("$ "):
            lines += [line, *_run(line.removeprefix("$ "), folder)]
    return "\n".join(["```console", *lines, "```"])


def _run(command: str, folder: Path, most: int = 1) -> list[str]:
    """The lines that a shell command prints, without those of progress.

    ``most`` is the highest exit status that is no error; 1 is that of a check that failed, such as `monitor`.
    """
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "COLUMNS": "88",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    if done.returncode > most:
        raise RuntimeError(f"{command}: exit status {done.returncode}\n{done.stdout}")
    return [line.rstrip() for line in done.stdout.splitlines() if not _PASSING.match(line)]


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
