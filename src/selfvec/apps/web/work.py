"""In which threads the page computes: tasks in the background, and answers in a `WorkQueue`.

A task computes a value that is held with the page of a run, and tells its progress. It names the tasks that
it needs, and its turn comes when these are done. So a thread never waits for a task: a thread of the
background that tries gets an error, and an answer is asked for again. Of each kind of tasks one runs at a
time: the number of requests affects neither how many threads there are nor how much memory they need.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from selfvec.base.errors import SelfvecError
from selfvec.base.progress import Advance, Progress, shown
from selfvec.base.threads import Cancelled, cancelled_by, one_core, stop_if_cancelled, threads

QUEUE_SECONDS = 1.0  # that a request waits for tasks
_ALMOST = 0.99  # largest share that is reported before the result exists: stages end earlier
_LOOKS = 20  # at tasks, within `QUEUE_SECONDS`

# ``refusal`` is set in threads that must not wait for a task: it makes the error that they get if they try.
_THREAD = threading.local()

Kind = Literal["text", "comparison", "view", "map"]
"""What goes through the whole text, as an index; what compares words; what is listed of these; the map.

Each has its own thread, because sentences that take a second should not stand behind an index or a map that
take a minute, and two indexes at a time would need the memory of both.
"""

T = TypeVar("T")


class ServerBusy(SelfvecError):
    """The server is busy; ``wait`` is the number of seconds after which to ask again."""

    wait = 2

    def __init__(self, rule: str) -> None:
        super().__init__(rule, remedy=f"ask again in {self.wait} seconds")


class NotReady(ServerBusy):
    """An answer needs tasks that are not done; `share` is what is done of all of them."""

    def __init__(self, tasks: Sequence[BackgroundTask[Any]]) -> None:
        self.tasks = tasks
        self.share = sum(task.share for task in tasks) / len(tasks)
        label = next((task.label for task in tasks if not task.done()), tasks[-1].label)
        super().__init__(f"{label}: {self.share:.0%} of this step done")

    async def wait_briefly(self) -> None:
        """Wait until the tasks are done, at most `QUEUE_SECONDS`, without a thread."""
        for _ in range(_LOOKS):
            if all(task.done() for task in self.tasks):
                return
            await asyncio.sleep(QUEUE_SECONDS / _LOOKS)


class Unwanted(Cancelled):
    """Set when nobody has asked for a result for longer than ``patience``: who waits asks again and again."""

    def __init__(self, within: Cancelled) -> None:
        super().__init__(within)
        self.asked = time.monotonic()
        self.patience = math.inf

    def is_set(self) -> bool:
        """Whether the result is not needed."""
        return time.monotonic() - self.asked > self.patience or super().is_set()


@dataclass(eq=False, repr=False)
class BackgroundTask(Future[T], Progress):
    """A future that is computed when somebody asks for it, and the progress of its work.

    ``work`` is called when all tasks of ``needs`` are done, also if they failed: it takes the results that it
    needs by `result`, which raises the error of a failed task. A task is made after those that it needs, so
    there is no circle of tasks.

    A task that is ``unwanted`` ends at its next step, and fails with `ServerBusy`.

    >>> tasks = Tasks()
    >>> six = tasks.task(lambda: 6)
    >>> tasks.task(lambda: 7 * six.result(), [six]).result()
    42
    """

    tasks: Tasks
    work: Callable[[], T]
    needs: Sequence[BackgroundTask[Any]]
    label: str  # says to people what is waited for
    kind: Kind

    def __post_init__(self) -> None:
        super().__init__()
        self.begun = False
        self._share = 0.0
        self.unwanted = Unwanted(self.tasks.closed)

    @property
    def share(self) -> float:
        """Share that is done of the tasks that it needs and of its present stage.

        It is 1 only when the result exists.
        """
        if self.done():
            return 1.0
        shares = [*(need.share for need in self.needs), self._share]
        return min(sum(shares) / len(shares), _ALMOST)

    @property
    def ready(self) -> bool:
        """Whether all that it needs is done."""
        return all(need.done() for need in self.needs)

    def begin(self) -> BackgroundTask[T]:
        """Queue the task and those that it needs, unless that was done before."""
        if not self.done():
            self.tasks.begin(self)
        return self

    def result(self, timeout: float | None = None) -> T:
        """The result, which is waited for; raises the error of failed work."""
        need(self)
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The error of failed work, which is waited for, or None."""
        need(self)
        return super().exception(timeout)

    @property
    def dropped(self) -> bool:
        """Whether it has no result and will have none, because nobody asked for it any more."""
        return isinstance(super().exception(), ServerBusy) if self.done() else self.unwanted.is_set()

    def run(self) -> None:
        """Compute the result. A bug becomes a `SelfvecError`; its traceback is printed in the terminal."""
        try:
            with cancelled_by(self.unwanted), shown(self):
                stop_if_cancelled()
                self.set_result(self.work())
        except CancelledError:
            self.set_exception(ServerBusy("nobody asked for this any more"))
        except SelfvecError as error:
            self.set_exception(error.with_traceback(None))  # its frames hold this task
        except BaseException as error:  # Polars' panics, too: who waits for the task must be told
            if not self.tasks.closed.is_set():
                traceback.print_exc()
            self.set_exception(SelfvecError(f"the computation failed ({type(error).__name__}: {error})"))

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Start a stage."""
        del label, unit
        done = 0

        def advance(number: int) -> None:
            nonlocal done
            stop_if_cancelled()
            done += number
            self._share = min(1.0, done / total) if total else 0.0

        stop_if_cancelled()
        yield advance


def need(*tasks: BackgroundTask[Any]) -> None:
    """Begin tasks whose results are taken next, all before the first of them is waited for.

    In a thread that must not wait it raises an error unless all are done: `NotReady` in that of an answer.
    """
    for task in tasks:
        task.begin()
    if not all(task.done() for task in tasks) and (refusal := getattr(_THREAD, "refusal", None)):
        raise refusal(tasks)
    for task in tasks:
        task.unwanted.patience = math.inf  # somebody waits


def _bug(tasks: Sequence[BackgroundTask[Any]]) -> RuntimeError:
    return RuntimeError(f"{tasks[0].label} is not among the tasks that this one names")


class Tasks:
    """Makes tasks, and computes those that are begun in a thread for each kind.

    Of the tasks of a kind that are ready the oldest comes first.

    The threads end when nothing is ready, and do not keep the process alive.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[BackgroundTask[Any]] = []  # begun, and taken by no thread yet; the oldest first
        self._busy: set[Kind] = set()  # that have a thread
        self._running: list[BackgroundTask[Any]] = []
        self.closed = Cancelled()  # set when nothing will be asked any more

    def task(
        self,
        work: Callable[[], T],
        needs: Sequence[BackgroundTask[Any]] = (),
        *,
        label: str = "computing",
        kind: Kind = "view",
    ) -> BackgroundTask[T]:
        """A task, which is not begun."""
        return BackgroundTask(self, work, tuple(needs), label, kind)

    def doing(self, tasks: Sequence[BackgroundTask[Any]]) -> tuple[str, int]:
        """What is computed for tasks, or before them; and how many others come before the first of them."""
        waited = [each for task in tasks for each in (*task.needs, task) if not each.done()]
        with self._lock:
            queue = [task for task in (*self._running, *self._waiting) if not task.dropped]
            of_kind = [task for task in queue if waited and task.kind == waited[0].kind]
            now = next((task.label for task in of_kind if task in self._running), "")
        return now, next((place for place, task in enumerate(of_kind) if task in waited), 0)

    @property
    def under_way(self) -> list[Kind]:
        """The kinds of which a task is being computed."""
        with self._lock:
            return sorted(self._busy)

    def close(self) -> None:
        """Drop all tasks, and those begun later: each ends at its next step and fails with `ServerBusy`."""
        self.closed.set()

    def begin(self, task: BackgroundTask[Any]) -> None:
        """Queue a task and those that it needs, unless that was done before."""
        with self._lock:
            self._queue(task)
            self._start_threads()

    def _queue(self, task: BackgroundTask[Any]) -> None:
        if not task.begun:
            task.begun = True
            for other in task.needs:
                self._queue(other)
            self._waiting.append(task)

    def _start_threads(self) -> None:
        """Start a thread of each kind that has a ready task and no thread. The caller holds the lock."""
        for kind in {task.kind for task in self._waiting if task.ready} - self._busy:
            threading.Thread(target=self._compute, args=(kind,), daemon=True).start()
            self._busy.add(kind)

    def _compute(self, kind: Kind) -> None:
        _THREAD.refusal = _bug
        while task := self._next(kind):
            self._running.append(task)
            task.run()
            self._running.remove(task)
            # Tasks of other kinds may have waited for this one. If the system gives no thread now, whoever
            # asks for them next starts it.
            with self._lock, suppress(RuntimeError):
                self._start_threads()

    def _next(self, kind: Kind) -> BackgroundTask[Any] | None:
        with self._lock:
            task = next((task for task in self._waiting if task.kind == kind and task.ready), None)
            if task is None:
                self._busy.remove(kind)
            else:
                self._waiting.remove(task)
            return task


class WorkQueue:
    """Threads that compute answers; by default one for each core, at least two. Requests wait in order.

    Each has one thread for linear algebra, which is fastest for many small products.
    """

    def __init__(self, at_once: int | None = None) -> None:
        number = at_once or max(2, threads())
        self._free = asyncio.Semaphore(number)
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="selfvec-answer")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a function. If this is cancelled, it leaves the queue, or ends at its next step."""
        cancelled = Cancelled()

        def compute() -> T:
            _THREAD.refusal = NotReady
            with one_core(), cancelled_by(cancelled):
                return work()

        async with self._free:
            computed = asyncio.get_running_loop().run_in_executor(self._pool, compute)
            try:
                return await asyncio.shield(computed)
            except asyncio.CancelledError:
                cancelled.set()
                await asyncio.gather(computed, return_exceptions=True)  # until then its thread is taken
                raise
