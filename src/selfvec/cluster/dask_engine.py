"""Dask as the engine: a cluster of processes on this machine, or the scheduler at an address.

Retries: Dask repeats a task on another worker if its worker dies, `RETRIES` times at most. The results of
tasks are names of files, so no other result is lost. A task that raises an error is not repeated, because the
same text gives the same error. Damaged files are made again (`selfvec.cluster.tree`). A lost scheduler is an
error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from selfvec.base.errors import InputError, Interrupted
from selfvec.base.extras import require
from selfvec.base.interruption import interruptible
from selfvec.base.progress import Progress
from selfvec.base.threads import threads

from .tree import Share

__all__ = ["LOCAL", "DaskEngine", "dask_engine"]

LOCAL = "local"
RETRIES = 10  # of a task whose worker died; then the run ends with an error
_POLL = 0.02  # seconds
_NO_CTRL_C = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"  # for workers: the client stops
_ENDED = ("finished", "error")
_SHOWN = 8  # workers whose tasks are shown


@contextmanager
def dask_engine(
    address: str, *, workers: int | None = None, progress: Progress | None = None
) -> Iterator[DaskEngine]:
    """The engine for ``--cluster local|ADDRESS``; ``workers`` is the number of workers of ``local``."""
    for package in ("dask", "distributed", "fsspec", "pyarrow"):
        require(package, "dask", "--cluster")
    import dask
    import distributed

    options = {"distributed.scheduler.allowed-failures": RETRIES, "distributed.comm.timeouts.connect": "10s"}
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(options))
        if address == LOCAL:
            one = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1")
            cluster: Any = distributed.LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=threads(workers),
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=None,
                env=one,
                preload=[_NO_CTRL_C],
                silence_logs=logging.CRITICAL,
            )
            stack.callback(_close, cluster)
            address = cluster.scheduler_address
        try:
            client: Any = distributed.Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
            stack.enter_context(client)
        except (OSError, ValueError) as error:
            remedy = "start it with: dask scheduler, and give its address as tcp://HOST:8786"
            raise InputError(f"no Dask scheduler answers at {address} ({error})", remedy=remedy) from None
        for name in ("distributed.client", "distributed.core", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        yield DaskEngine(client, progress or Progress())


def _close(cluster: Any) -> None:
    with suppress(AssertionError):  # distributed raises it if a worker that died is just being replaced
        cluster.close()


class DaskEngine:
    """An `Engine` that runs tasks on the workers of a Dask client."""

    def __init__(self, client: Any, progress: Progress) -> None:
        self.client = client
        self.progress = progress
        self.name = f"dask {version('distributed')}"
        self.address = client.scheduler.address
        self._shares: dict[str, Share] = {}  # of tasks, by their key

    @property
    def workers(self) -> int:
        """The current number of workers."""
        with self._found(OSError):
            return len(self.client.nthreads())

    def submit(self, task: Callable[..., Any], *arguments: Any, share: Share | None = None) -> Any:
        """A future; ``arguments`` may be futures or lists of futures."""
        share = share or Share("other work", 1)
        key = f"{getattr(getattr(task, 'func', task), '__name__', 'task')}-{uuid4().hex}"
        self._shares[key] = share
        with self._found():
            return self.client.submit(task, *arguments, key=key, pure=False)

    def gather(
        self, promises: Sequence[Any], label: str, awaited: Sequence[Any] = (), unit: str = "tasks"
    ) -> list[Any]:
        """The results of futures.

        Raises `Interrupted` on Ctrl-C and `InputError` if the scheduler is lost.
        """
        from distributed import KilledWorker

        self._wait(promises, label, list(awaited or promises), unit)
        try:
            with self._found():
                return [future.result() for future in promises]
        except KilledWorker:
            rule = f"{RETRIES} workers died while running the same task, probably for lack of memory"
            remedy = "give workers more memory, or raise --min-count"
            raise InputError(rule, remedy=remedy) from None

    def places(self) -> str:
        """What each worker is doing, with its address."""
        with suppress(OSError, TimeoutError, RuntimeError, ValueError):  # it is lost, or just ending
            busy = {
                address: [self._shares[key].name for key in keys if key in self._shares]
                for address, keys in sorted(self.client.processing().items())
            }
            shown = [f"{address} has {', '.join(names)}" for address, names in busy.items() if names]
            more = [f"{len(shown) - _SHOWN} more workers"] if len(shown) > _SHOWN else []
            idle = "no worker has a task" if busy else "no worker is connected"
            return "; ".join([*shown[:_SHOWN], *more]) or idle
        return "the scheduler does not answer"

    def _wait(self, promises: Sequence[Any], label: str, every: Sequence[Any], unit: str) -> None:
        """Wait until the promises have ended; report how much of all work has."""
        done = 0
        sizes = [self._shares[future.key].size for future in every]
        total = max(1, round(sum(sizes)))
        with (
            self.progress.spread_stage(label, total, unit, self.places) as advance,
            interruptible() as asked,
        ):
            while True:
                ended = [future.status in _ENDED for future in every]
                now = int(sum(size for size, end in zip(sizes, ended, strict=True) if end) + 1e-6)
                advance(max(0, now - done))  # the number falls if a worker dies and its tasks are repeated
                done = max(done, now)
                if asked.requested:
                    self.client.cancel(every)
                    raise Interrupted(f"interrupted after {sum(ended):,} of {len(every):,} tasks")
                if self.client.status != "running" or any(f.status == "cancelled" for f in every):
                    raise self._gone()
                if all(future.status in _ENDED for future in promises):
                    return
                time.sleep(_POLL)

    def _gone(self) -> InputError:
        rule = f"the Dask scheduler at {self.address} is gone"
        return InputError(rule, remedy="start it and its workers again, and repeat the command")

    @contextmanager
    def _found(self, *errors: type[Exception]) -> Iterator[None]:
        """A context in which a lost scheduler is an `InputError`; these ``errors`` may mean that as well."""
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        lost: tuple[type[Exception], ...] = (FutureCancelledError, CommClosedError, *errors)
        try:
            yield
        except lost:
            raise self._gone() from None
