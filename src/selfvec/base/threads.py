"""Products and decompositions on one core each, blocks of rows on all of them.

A BLAS that spreads one small product over the cores waits for all of them at every step. Where anything else
runs on the machine that costs many times the work: the eigenvectors of a 300 × 300 matrix take 8 ms on one
core and up to seconds on two that are shared. So each call gets one core, and rows are shared among threads
of our own; results are taken in order and have the same bits for any number of threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

from selfvec.base.errors import OptionError

__all__ = ["ROW_BLOCK", "by_blocks", "cut", "in_order", "one_core", "threads"]

In = TypeVar("In")
Out = TypeVar("Out")
ROW_BLOCK = 4096  # rows worked on at a time


def threads(jobs: int | None) -> int:
    """The number of threads asked for; where none was, OMP_NUM_THREADS, or all cores that may be used."""
    if jobs is not None and jobs < 1:
        raise OptionError(f"work takes at least 1 thread, not {jobs}", field="jobs")
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if jobs is None and asked.isdecimal() and int(asked) > 0:
        return int(asked)
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return jobs or own or 1


def cut(sizes: NDArray[np.int64], limit: int) -> list[tuple[int, int]]:
    """Ranges of neighbours that are together no larger than ``limit``, or alone.

    >>> cut(np.array([5, 1, 2, 0, 9]), 4)
    [(0, 1), (1, 4), (4, 5)]
    """
    ends = np.cumsum(sizes)
    ranges, first = [], 0
    while first < len(sizes):
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + limit, side="right")))
        ranges.append((first, last))
        first = last
    return ranges


def in_order(items: Iterable[In], work: Callable[[In], Out], jobs: int) -> Iterator[Out]:
    """Results in the items' order, at most ``jobs + 1`` of them made and not yet taken."""
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Out]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


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
    slices = [slice(start, min(start + ROW_BLOCK, rows)) for start in range(0, rows, ROW_BLOCK)]
    with one_core():
        if len(slices) < 2:
            yield from map(work, slices)
        else:
            yield from in_order(slices, work, threads(jobs))
