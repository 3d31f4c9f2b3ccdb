"""Commands: by name, with the groups they stand in, and run as a shell runs them, but in this process."""

import json
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import BytesIO, TextIOWrapper
from typing import Any, NamedTuple

from selfvec.apps.cli import main
from selfvec.apps.cli.tree import root
from selfvec.apps.table import GROUPS, TOP

ROWS = {
    **TOP,
    **{f"{group} {name}": row for group, (_, rows) in GROUPS.items() for name, row in rows.items()},
}
"""The rows of all commands, by the words that call them."""
PATHS = {path.split()[-1]: path.split() for path in ROWS}
"""The words that call each command, by its name."""


@cache
def commands() -> dict[str, Any]:
    """All commands, by the words that call them."""
    top = root().commands
    return {
        path: top[first].commands[below[0]] if below else top[first]
        for path, (first, *below) in ((path, path.split()) for path in ROWS)
    }


def called(line: str) -> list[str]:
    """The words of a command line that begins with the name of a command, or with its group."""
    first, *rest = line.split()
    return [*PATHS.get(first, [first]), *rest]


class Printed(NamedTuple):
    """What a command wrote."""

    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on standard output."""
        return json.loads(self.out)


def ran(words: Iterable[object], status: int = 0) -> Printed:
    """Run a command, which ends with this status; what it printed."""
    out, err = (TextIOWrapper(BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        ended = main([*map(str, words)])
    printed = Printed(*(stream.buffer.getvalue().decode() for stream in (out, err)))
    assert ended == status, printed
    return printed


def rounded(value: Any, digits: int = 5) -> Any:
    """Figures to some digits: a library of linear algebra may round otherwise on one core than on two."""
    if isinstance(value, dict):
        return {name: rounded(each, digits) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each, digits) for each in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
