"""What the page computes, and in which threads: tasks in the background, and answers in a `WorkQueue`.

A task names the tasks that it needs, and is queued when these are done. So a thread never waits for a task; a
thread that tries gets an error. Of each kind of tasks one runs at a time: the number of requests affects
neither how many threads there are nor how much memory they need.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any, Literal, TypeVar, get_args

from selfvec.base.errors import SelfvecError
from selfvec.base.progress import Advance, Progress
from selfvec.base.threads import one_core, threads

QUEUE_SECONDS = 1.0  # that a request waits for a thread
_ALMOST = 0.99  # largest share that is reported before the result exists: stages end earlier
_THREAD = threading.local()  # ``refusal`` in a thread that must not wait for a task: the error if it tries

Kind = Literal["text", "comparison", "view"]
"""What goes through the whole text, as an index; what compares words; what is drawn or listed of these."""

T = TypeVar("T")


class Busy(SelfvecError):
    """The server is busy; ``wait`` is the number of seconds after which to ask again."""

    wait = 2

    def __init__(self, rule: str = "too much is being computed at the moment") -> None:
        super().__init__(rule, remedy=f"ask again in {self.wait} seconds")


class BackgroundTask(Future[T], Progress):
    """A future that is computed when somebody asks for it, and the progress of its work.

    ``work`` is called when all tasks of ``needs`` are done, also if they failed: it takes the results that it
    needs by `result`, which raises the error of a failed task. A task is made after those that it needs, so
    there is no circle of tasks.

    A task can be dropped while it waits and while it runs.

    >>> tasks = Tasks()
    >>> six = tasks.task(lambda progress: 6)
    >>> tasks.task(lambda progress: 7 * six.result(), [six]).result()
    42
    """

    def __init__(
        self,
        tasks: Tasks,
        work: Callable[[Progress], T],
        needs: Sequence[BackgroundTask[Any]],
        kind: Kind,
        later: bool,
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._work = work
        self.needs = tuple(needs)
        self.kind = kind
        self.later = later
        self.begun = False
        self._share = 0.0
        self._dropped = False

    @property
    def share(self) -> float:
        """Share that is done of the tasks that it needs and of its present stage.

        It is 1 only when the result exists.
        """
        if self.done():
            return 1.0
        shares = [*(need.share for need in self.needs), self._share]
        return min(sum(shares) / len(shares), _ALMOST)

    def begin(self) -> BackgroundTask[T]:
        """Queue the task and those that it needs, unless that was done before."""
        self._tasks.begin(self)
        return self

    def result(self, timeout: float | None = None) -> T:
        """The result, which is waited for; raises the error of failed work."""
        self._ask()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error of failed work, which is waited for, or None."""
        self._ask()
        return super().exception(timeout)

    def result_now(self) -> T | None:
        """The result, or None before it exists; raises the `SelfvecError` of failed work."""
        return self.result() if self.begin().done() else None

    def _ask(self) -> None:
        self.begin()
        if not self.done() and (refusal := getattr(_THREAD, "refusal", None)):
            raise refusal("the task that this needs is not done")

    def drop(self) -> None:
        """Cancel the task: it stops at its next step and fails with `Busy`."""
        self._dropped = True

    def run(self) -> None:
        """Compute the result. A bug becomes a `SelfvecError`; its traceback is printed in the terminal."""
        try:
            self.check()
            self.set_result(self._work(self))
        except SelfvecError as error:
            self.set_exception(error)
        except BaseException as error:  # Polars' panics, too: who waits for the task must be told
            traceback.print_exc()
            self.set_exception(SelfvecError(f"the computation failed ({type(error).__name__}: {error})"))

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
        """Raise `Busy` if the task was dropped, or all tasks were closed."""
        if self._dropped or self._tasks.closed:
            raise Busy("this task was dropped in favour of newer requests")


class Tasks:
    """Makes tasks, and computes those that are begun in a thread for each kind.

    Of the tasks of a kind that are ready the oldest comes first. ``later`` ones come after all others, the
    newest first: nobody waits for them, and the newest belongs to what somebody looks at.

    The threads end when nothing is ready, and do not keep the process alive.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._ready: dict[Kind, list[tuple[bool, int, BackgroundTask[Any]]]] = {
            kind: [] for kind in get_args(Kind)
        }
        self._waiting: dict[BackgroundTask[Any], list[tuple[int, BackgroundTask[Any]]]] = {}  # by a need
        self._busy: set[Kind] = set()  # that have a thread
        self.closed = False

    def task(
        self,
        work: Callable[[Progress], T],
        needs: Sequence[BackgroundTask[Any]] = (),
        *,
        kind: Kind = "view",
        later: bool = False,
    ) -> BackgroundTask[T]:
        """A task, which is not begun."""
        return BackgroundTask(self, work, needs, kind, later)

    def close(self) -> None:
        """Drop all tasks, and those begun later: each ends at its next step and fails with `Busy`."""
        self.closed = True

    def begin(self, task: BackgroundTask[Any]) -> None:
        """Queue a task and those that it needs, unless that was done before."""
        if task.done():
            return
        with self._lock:
            first, task.begun = not task.begun, True
        for need in task.needs:
            self.begin(need)
        if first:
            self._queue([(next(self._numbers), task)])
        self._start(task.kind)

    def _queue(self, tasks: Iterable[tuple[int, BackgroundTask[Any]]]) -> None:
        """Make tasks ready, or let each wait for the next of its needs that is not done."""
        for number, task in tasks:
            with self._lock:  # so that no need is done between the question and the answer
                need = next((need for need in task.needs if not need.done()), None)
                if need is None:
                    place = -number if task.later else number
                    heappush(self._ready[task.kind], (task.later, place, task))
                else:
                    self._waiting.setdefault(need, []).append((number, task))
            self._start(task.kind)

    def _start(self, kind: Kind) -> None:
        """Start the thread of a kind, if a task is ready and there is none."""
        with self._lock:
            if self._ready[kind] and kind not in self._busy:
                threading.Thread(target=self._compute, args=(kind,), daemon=True).start()
                self._busy.add(kind)

    def _compute(self, kind: Kind) -> None:
        _THREAD.refusal = RuntimeError
        while task := self._next(kind):
            task.run()
            with self._lock:
                freed = self._waiting.pop(task, [])
            self._queue(freed)

    def _next(self, kind: Kind) -> BackgroundTask[Any] | None:
        with self._lock:
            if self._ready[kind]:
                return heappop(self._ready[kind])[-1]
            self._busy.remove(kind)
            return None


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
    _THREAD.refusal = Busy
    with one_core():
        return work()
