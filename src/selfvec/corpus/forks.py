"""A check for Polars in forked processes.

A fork does not copy the threads of Polars, so the child would wait for them for ever.
"""

from __future__ import annotations

import os

from selfvec.base.errors import SelfvecError

__all__ = ["using_polars"]

_USED: list[int] = []  # the process that used Polars first


def using_polars() -> None:
    """Note that this process uses Polars; `SelfvecError` in a child that was forked after its parent did."""
    if not _USED:
        _USED.append(os.getpid())
    elif _USED[0] != os.getpid():
        rule = "this process cannot read a corpus: it was forked after its parent had used Polars"
        remedy = "start it with multiprocessing.get_context('spawn') or 'forkserver'"
        raise SelfvecError(rule, remedy=remedy)
