"""Forked processes, which lack the threads of Polars.

A fork copies the memory of a process, but only one of its threads. Polars keeps the threads that it once
started, so a child whose parent had used Polars waits for them for ever: a worker of `multiprocessing` on
Linux, up to Python 3.13. What needs the threads calls `check_polars`, which raises an error there.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from .errors import SelfvecError

_THREAD = re.compile(r"polars-\d+\n")  # the name of one of its threads
_used = False  # when this process forked
_lost = False  # this process lacks them


def check_polars() -> None:
    """Raise `SelfvecError` in a process that was forked after its parent had used Polars."""
    if _lost:
        rule = "this process cannot read a text or a table: it was forked after its parent had used Polars"
        remedy = "start it with multiprocessing.get_context('spawn') or 'forkserver'"
        raise SelfvecError(rule, remedy=remedy)


def _before_fork() -> None:
    global _used
    _used = _lost or ("polars" in sys.modules and _has_threads())


def _in_child() -> None:
    global _lost
    _lost = _used


def _has_threads() -> bool:
    """Whether Polars has started threads; true where the system does not list them."""
    tasks = Path("/proc/self/task")
    return not tasks.is_dir() or any(_THREAD.fullmatch(_name(task)) for task in tasks.iterdir())


def _name(task: Path) -> str:
    try:
        return (task / "comm").read_text()
    except OSError:  # it has just ended
        return ""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
