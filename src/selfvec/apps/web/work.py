"""The threads of the page: those of the `WorkQueue` compute answers, others what answers wait for.

Comparisons, tests, maps and indexes are computed in the background. A `Lane` is a thread that runs one task
after another. The page has three: for comparisons, for maps, and for tasks that need much time and memory. So
the number of requests affects neither how many tasks run at a time nor how much memory they need.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from queue import PriorityQueue
from typing import Any, TypeVar

from selfvec.base.errors import SelfvecError
from selfvec.base.progress import Advance, Progress
from selfvec.base.threads import one_core, threads

QUEUE_SECONDS = 1.0  # that a request waits for a thread
_ALMOST = 0.99  # largest share that is reported before the result exists: stages end earlier

_AFTER_ALL = 1000  # a rank

T = TypeVar("T")


class Busy(SelfvecError):
    """The server is busy; ``wait`` is the number of seconds after which to ask again."""

    wait = 2

    def __init__(self, rule: str = "too much is being computed at the moment") -> None:
        super().__init__(rule, remedy=f"ask again in {self.wait} seconds")


class BackgroundTask(Future[T], Progress):
    """A future that a `Lane` computes, and the progress of its work.

    It can be dropped while it waits and while it runs.

    >>> BackgroundTask(lambda progress: 42).run().result()
    42
    """

    def __init__(self, work: Callable[[Progress], T]) -> None:
        super().__init__()
        self._work = work
        self._share = 0.0
        self._dropped = False

    @property
    def share(self) -> float:
        """Share of the present stage that is done; 1 only when the result exists."""
        return 1.0 if self.done() else min(self._share, _ALMOST)

    def result_now(self) -> T | None:
        """The result, or None before it exists; raises the `SelfvecError` of failed work."""
        return self.result() if self.done() else None

    def drop(self) -> None:
        """Cancel the task: it stops at its next step and fails with `Busy`."""
        self._dropped = True

    def run(self) -> BackgroundTask[T]:
        """Compute the result. A bug becomes a `SelfvecError`; its traceback is printed in the terminal."""
        try:
            self.check()
            self.set_result(self._work(self))
        except SelfvecError as error:
            self.set_exception(error)
        except Exception as error:
            self.set_exception(SelfvecError(f"the computation failed ({type(error).__name__}: {error})"))
            traceback.print_exc()
        return self

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Start a stage."""
        del label, unit
        done = 0

        def advance(number: int) -> None:
            nonlocal done
            self.check()
            done += number
            self._share = min(1.0, done / total) if total else 0.0

        self.check()
        yield advance

    def check(self) -> None:
        """Raise `Busy` if the task was dropped."""
        if self._dropped:
            raise Busy("this task was dropped in favour of newer requests")


class Lane:
    """A thread that runs one task after another: lowest rank first, newest first within a rank.

    The thread does not keep the process alive.

    >>> Lane().submit(lambda progress: 42).result()
    42
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._waiting: PriorityQueue[tuple[int, int, BackgroundTask[Any]]] = PriorityQueue()
        self._running: BackgroundTask[Any] | None = None
        self._last: BackgroundTask[Any] | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def submit(self, work: Callable[[Progress], T], rank: int = 0) -> BackgroundTask[T]:
        """Put work in the lane."""
        task = BackgroundTask(work)
        if self._last is not None:
            task.drop()
            return task.run()
        self._waiting.put((rank, -next(self._numbers), task))
        return task

    @property
    def waiting(self) -> int:
        """Number of tasks that have not started."""
        return self._waiting.qsize()

    def close(self) -> None:
        """Drop all tasks, then end the thread."""
        self._last = BackgroundTask(lambda _: None)
        self._waiting.put((_AFTER_ALL, 0, self._last))
        if self._running is not None:
            self._running.drop()

    def _run(self) -> None:
        while self._running is None or self._running is not self._last:
            self._running = self._waiting.get()[-1]
            if self._last is not None:
                self._running.drop()
            self._running.run()


class WorkQueue:
    """At least two threads that compute answers. Waiting requests are served in order.

    Each has one thread for linear algebra, which is fastest for many small products.
    """

    def __init__(self) -> None:
        at_once = max(2, threads(None))
        self._free = asyncio.Semaphore(at_once)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="selfvec-answer")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a function; raises `Busy` if no thread is free within `QUEUE_SECONDS`."""
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
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
