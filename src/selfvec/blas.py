"""Products and decompositions on one core each, blocks of rows on all of them.

A BLAS that spreads one small product over the cores waits for all of them at every step. Where anything else
runs on the machine that costs many times the work: the eigenvectors of a 300 × 300 matrix take 8 ms on one
core and up to seconds on two that are shared. So each call gets one core, and rows are shared among threads
of our own; results are taken in order and have the same bits for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from .neighbours.assembly import in_order, threads

__all__ = ["by_blocks", "one_core"]

Out = TypeVar("Out")
BLOCK = 4096  # rows


@cache
def _controller() -> Any:
    import numpy as np
    from threadpoolctl import ThreadpoolController

    np.ones((2, 2)) @ np.ones((2, 2))  # the library that products are made by is loaded
    return ThreadpoolController().select(user_api="blas")


def one_core() -> AbstractContextManager[Any]:
    """Every product within is made by the thread that asks for it.

    The limit is the process'. Where several threads ask for it at once, the first sets and lifts it.
    """
    limit: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limit


def by_blocks(rows: int, work: Callable[[slice], Out], jobs: int | None = None) -> Iterator[Out]:
    """What ``work`` makes of every block of rows, in order.

    Parameters
    ----------
    rows : int
    work : callable
        Gets a slice of at most 4,096 rows; runs in several threads.
    jobs : int, optional
        Threads; all cores where not given.
    """
    slices = [slice(start, min(start + BLOCK, rows)) for start in range(0, rows, BLOCK)]
    with one_core():
        if len(slices) < 2:
            yield from map(work, slices)
        else:
            yield from in_order(slices, work, threads(jobs))
