"""Threads: each linear-algebra call runs on one core, and blocks of rows are shared among our own threads.

A BLAS that spreads a small product over all cores waits for all of them at every step. On shared cores the
eigenvectors of a small matrix then take far longer than on one core. Results are collected in order, so their
bits are the same for any number of threads.

NumPy reads its own limit when it is imported. The command line sets it first, so NumPy is not imported here.
"""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from functools import cache, partial
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Lock, Thread, local
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from .checks import check_whole

if TYPE_CHECKING:
    from .arrays import Array, Doubles, Ints


_PER_CORE = 4  # threads per core, at most


def usable_cores() -> int:
    """The cores that this process may use: those of its affinity, and of the quota of its container."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(own or 1, quota(_GROUPS) or own or 1)


_GROUPS = Path("/sys/fs/cgroup")  # control groups of Linux
_OWN_GROUP = Path("/proc/self/cgroup")


@cache
def quota(groups: Path, own: Path = _OWN_GROUP) -> int | None:
    """The cores that the control groups of this process have time for, at least one; None without a limit."""
    try:
        place = own.read_text(encoding="ascii").rpartition("::")[2].strip().strip("/")
    except (OSError, ValueError):
        return None
    # Where a container sees its own group only, the root is that group.
    among = [groups / place, *(groups / place).parents]
    files = (group / "cpu.max" for group in among if group.is_relative_to(groups))
    return min(filter(None, map(_cores, files)), default=None)


def _cores(file: Path) -> int | None:
    """The cores of a file that gives the microseconds of time in a period, or max."""
    try:
        used, period = map(int, file.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return max(1, -(-used // period))


_JOBS: ContextVar[int | None] = ContextVar("jobs", default=None)  # threads, see `limited`


def threads() -> int:
    """The number of threads: see `limited`, or else OMP_NUM_THREADS, or else all cores this process may use.

    It is at most four times the number of cores: more threads stall the machine and are no faster.
    """
    asked, cores = os.environ.get("OMP_NUM_THREADS", ""), usable_cores()
    usual = int(asked) if asked.isdecimal() and int(asked) > 0 else cores
    return min(_JOBS.get() or usual, _PER_CORE * cores)


@contextmanager
def limited(jobs: Any, say: Callable[[str], object] = warnings.warn) -> Iterator[None]:
    """What is done in here takes ``jobs`` threads; None leaves their number as it is.

    ``say`` gets a message if fewer are used. `OptionError` if ``jobs`` is less than 1.
    """
    check_whole("jobs", 1 if jobs is None else jobs)
    before = _JOBS.set(jobs or _JOBS.get())
    try:
        if jobs and jobs > threads():
            say(f"{jobs:,} threads were asked for, {threads()} are used: {_PER_CORE} for each core")
        yield
    finally:
        _JOBS.reset(before)


In = TypeVar("In")
Out = TypeVar("Out")
_STEP = 0.1  # seconds waited at a time
_AHEAD = 3  # items computed ahead: enough to even out speeds with little memory
ROW_BLOCK = 4096  # rows worked on at a time
_ONE_CORE: list[Any] = []  # the limit of `one_core`, once for each thread inside it
_ONE_CORE_LOCK = Lock()


def cut(sizes: Ints, limit: int) -> list[tuple[int, int]]:
    """Ranges of consecutive items whose sizes add up to at most ``limit``; a larger item is alone.

    >>> import numpy as np
    >>> cut(np.array([5, 1, 2, 0, 9]), 4)
    [(0, 1), (1, 4), (4, 5)]
    """
    import numpy as np

    ends = np.cumsum(sizes)
    ranges = []
    first = 0
    while first < len(sizes):
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + limit, side="right")))
        ranges.append((first, last))
        first = last
    return ranges


def in_order(items: Iterable[In], work: Callable[[In], Out], jobs: int = 0) -> Iterator[Out]:
    """Apply ``work`` in ``jobs`` or all `threads` and yield results in order; few are computed ahead.

    A single item of a sequence needs no thread.

    After an error, Ctrl-C included, work that calls `stop_if_cancelled` from time to time ends early.
    """
    if isinstance(items, Sized) and len(items) < 2:
        yield from map(work, items)
        return
    cancelled, jobs = Cancelled(), jobs or threads()
    with ThreadPoolExecutor(jobs, initializer=setattr, initargs=(_WORK, "cancelled", cancelled)) as pool:
        waiting: deque[Future[Out]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(copy_context().run, work, item))
                if len(waiting) > jobs:
                    yield _patiently(waiting.popleft())
            while waiting:
                yield _patiently(waiting.popleft())
        finally:
            cancelled.set()
            pool.shutdown(cancel_futures=True)


def finish(results: Iterable[object]) -> None:
    """Wait for what `in_order` does in threads, if it leaves no results."""
    deque(results, maxlen=0)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """The results of some functions, which run in threads: it takes as long as the longest of them."""
    return list(in_order(works, lambda work: work()))


def _patiently(future: Future[Out]) -> Out:
    """The result, waited for in short steps.

    Polars installs a signal handler that restarts interrupted waits, so Ctrl-C would not end a long one.
    """
    while not future.done():
        stop_if_cancelled()
        wait([future], timeout=_STEP)
    return future.result()


def prefetched(items: Generator[Out]) -> Generator[Out]:
    """The same items, computed ahead in a separate thread, which ends when this generator is closed."""
    ready: Queue[Out | BaseException | None] = Queue(_AHEAD)
    stop = Event()

    def fill() -> None:
        try:
            for item in items:
                ready.put(item)
                if stop.is_set():
                    return
            ready.put(None)
        except BaseException as error:  # passed on and raised by the consumer
            ready.put(error)
        finally:
            items.close()

    # A daemon, since a read from a silent pipe cannot be cancelled.
    thread = Thread(target=fill, name="selfvec-ahead", daemon=True)
    thread.start()
    try:
        while (item := _next_of(ready)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        while thread.is_alive() and not ready.empty():
            ready.get_nowait()
        thread.join(timeout=0.2)


def _next_of(ready: Queue[Out]) -> Out:
    """The next item, waited for as in `_patiently`."""
    while True:
        with suppress(Empty):
            return ready.get(timeout=_STEP)


def stop_if_cancelled() -> None:
    """Raise `CancelledError` in a thread whose results nobody will read; each step of a stage does so."""
    if _WORK.cancelled.is_set():
        raise CancelledError


class Cancelled(Event):
    """Set when nobody will read the results of threads, as those of an `in_order`; also by `cancel_all`.

    What is ``within`` another one is set with it.
    """

    def __init__(self, within: Cancelled | None = None) -> None:
        super().__init__()
        self._within = within
        self.ends: set[Callable[[], object]] = set()  # see `ended_by`
        _RUNNING.add(self)

    def is_set(self) -> bool:
        return super().is_set() or (self._within is not None and self._within.is_set())

    def set(self) -> None:
        super().set()
        for end in list(self.ends):
            end()


_RUNNING: WeakSet[Cancelled] = WeakSet()


class _Work(local):
    cancelled = Cancelled()  # what ends the work of a thread: this one, which is never set, if nothing does


_WORK = _Work()
_RUNNING.clear()


@contextmanager
def cancelled_by(cancelled: Cancelled) -> Iterator[None]:
    """What this thread does in here, and what it lets others do, ends at its next step once that is set."""
    before, _WORK.cancelled = _WORK.cancelled, cancelled
    try:
        yield
    finally:
        _WORK.cancelled = before


@contextmanager
def ended_by(end: Callable[[], object]) -> Iterator[None]:
    """In a thread of `in_order`: if its work is cancelled in here, ``end`` is called, in another thread.

    This is for code of a library, which cannot call `stop_if_cancelled`, and may never return.
    """
    cancelled = _WORK.cancelled
    cancelled.ends.add(end)
    try:
        stop_if_cancelled()  # after adding: one of the two sees that work is cancelled
        yield
    finally:
        cancelled.ends.discard(end)


def cancel_all() -> None:
    """Cancel what runs in threads, such as an answer of a server that stops: a process waits for them."""
    for cancelled in list(_RUNNING):
        cancelled.set()


@cache
def _controller() -> Any:
    import numpy as np
    from threadpoolctl import ThreadpoolController

    np.ones((2, 2)) @ np.ones((2, 2))  # makes sure that the BLAS is loaded
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_core() -> Iterator[None]:
    """A context in which every linear-algebra call runs in the thread that makes it.

    The limit holds for the whole process, until the last thread leaves such a context.
    """
    from threadpoolctl import OpenBLASController

    # Only the thread that set a limit may change it, unless that restriction is lifted.
    release = partial(OpenBLASController.clear_controlling_thread, force=True)
    with _ONE_CORE_LOCK:
        _ONE_CORE.append(_ONE_CORE[0] if _ONE_CORE else _controller().limit(limits=1))
        release()
    try:
        yield
    finally:
        with _ONE_CORE_LOCK:
            limit = _ONE_CORE.pop()
            if not _ONE_CORE:
                limit.restore_original_limits()
                release()


def by_blocks(rows: int, work: Callable[[slice], Out]) -> Iterator[Out]:
    """Apply ``work`` to slices of at most 4,096 rows, in threads, and yield the results in order."""
    slices = [slice(start, min(start + ROW_BLOCK, rows)) for start in range(0, rows, ROW_BLOCK)]
    with one_core():
        yield from in_order(slices, work)


def each_block(rows: int, work: Callable[[slice], object]) -> None:
    """`by_blocks`, whose end is waited for, if it leaves no results."""
    finish(by_blocks(rows, work))


def sum_of_blocks(shape: tuple[int, ...], rows: int, work: Callable[[slice], Array]) -> Doubles:
    """The sum, in float64, of the arrays that ``work`` returns for slices of rows, see `by_blocks`."""
    import numpy as np

    total = np.zeros(shape)
    for each in by_blocks(rows, work):
        total += each
    return total
