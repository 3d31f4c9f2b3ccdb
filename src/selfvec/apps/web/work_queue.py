"""The threads that compute answers.

Each has one thread for linear algebra, which is fastest for many small products. A request that waits too
long for one is told when to ask again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from selfvec.base.threads import one_core, threads

from . import limits
from .background import Busy

__all__ = ["WorkQueue"]

T = TypeVar("T")


class WorkQueue:
    """At least two threads that compute answers. Waiting requests are served in order."""

    def __init__(self, at_once: int | None = None) -> None:
        at_once = at_once or max(2, threads(None))
        self._free = asyncio.Semaphore(at_once)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="selfvec-answer")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a function; raises `Busy` if no thread is free within `limits.QUEUE_SECONDS`."""
        try:
            async with asyncio.timeout(limits.QUEUE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _on_one_core, work)
        finally:
            self._free.release()


def _on_one_core(work: Callable[[], T]) -> T:
    with one_core():
        return work()
