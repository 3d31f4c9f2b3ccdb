"""`Scheduler`: the Dask scheduler that runs the tasks of a refinement, on this machine or at an address.

A task is a function and its arguments, among them the results of other tasks. Results stay with the workers.
If a worker dies, Dask makes again what was lost with it. So that this is always possible, data of the client
are arguments of tasks, too. Tasks and the order of sums are the same for any number of workers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from typing import Any

from selfvec.base.errors import InputError, require
from selfvec.base.progress import say, stage
from selfvec.base.threads import limited, threads

LOCAL = "local"
Future = Any
"""The result of a task, which a worker holds or will hold: `distributed.Future`."""

_FAILURES = 10  # workers that may die while they run the same task
_CONNECT = "10s"  # after which a scheduler that does not answer is an error
_POLL = 0.02  # seconds
_LOOK = 10.0  # seconds between two looks whether there are workers
_NO_CTRL_C = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"  # for workers: the client stops


@contextmanager
def connected(address: str) -> Iterator[Scheduler]:
    """The scheduler for ``--cluster local|ADDRESS``; ``local`` has a worker for each of the `threads`."""
    for package in ("dask", "distributed", "fsspec", "pyarrow"):
        require(package, "dask", "--cluster")
    import dask
    import distributed

    options = {
        "distributed.scheduler.allowed-failures": _FAILURES,
        "distributed.comm.timeouts.connect": _CONNECT,
        # By default Dask closes a worker for good that is not there 15 s after it died, even one that is just
        # being started again: a slow machine had no workers left, and waited for ever.
        "distributed.deploy.lost-worker-timeout": "1000 days",
        "distributed.admin.large-graph-warning-threshold": "1 PB",  # vectors are arguments of tasks
    }
    workers_here: Mapping[Any, Any] = {}
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(options))
        if address == LOCAL:
            one = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1")
            cluster: Any = distributed.LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=threads(),
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address="127.0.0.1:0",  # any free port
                env=one,
                preload=[_NO_CTRL_C],
                silence_logs=logging.CRITICAL,
            )
            stack.callback(_close, cluster)
            address, workers_here = cluster.scheduler_address, cluster.workers
        try:
            client: Any = distributed.Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
            stack.enter_context(client)
        except (OSError, ValueError) as error:
            remedy = "start it with: dask scheduler, and give its address as tcp://HOST:8786"
            raise InputError(f"no Dask scheduler answers at {address} ({error})", remedy=remedy) from None
        for name in ("distributed.client", "distributed.core", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        yield Scheduler(client, workers_here)


def _close(cluster: Any) -> None:
    with suppress(AssertionError):  # distributed raises it if a worker that died is just being replaced
        cluster.close()


def _by_one_thread(task: Callable[..., Any], *arguments: Any) -> Any:
    with limited(1):
        return task(*arguments)


class Scheduler:
    """Runs tasks on the workers of a Dask client; those of this machine are started again if they die."""

    def __init__(self, client: Any, workers_here: Mapping[Any, Any]) -> None:
        self.client = client
        self.workers_here = workers_here
        self.address = client.scheduler.address
        self._begun = 0  # tasks
        self._ended = 0
        self._shown = 0  # of those that ended
        self._next_look = 0.0
        self._alone = False  # without a worker, which has been said

    def as_dict(self) -> dict[str, Any]:
        with self._connection():
            return {"engine": f"dask {version('distributed')}", "workers": len(self.client.nthreads())}

    def run(self, task: Callable[..., Any], *arguments: Any) -> Future:
        """Run a task as soon as its arguments are there; these may be futures, or lists of futures."""
        with self._connection():
            future = self.client.submit(_by_one_thread, task, *arguments, pure=False)
        self._begun += 1
        future.add_done_callback(self._end)  # which holds the future no longer than until then
        return future

    def keep(self, data: Any) -> Future:
        """Data of the client as an argument of several tasks."""
        return self.run(_unchanged, data)

    def added(self, futures: list[Future], add: Callable[[Any, Any], Any]) -> Future:
        """The sum of results, which are added in pairs: neighbours first, then the sums of neighbours."""
        while len(futures) > 1:
            pairs = [futures[i : i + 2] for i in range(0, len(futures), 2)]
            futures = [self.run(add, *pair) if len(pair) > 1 else pair[0] for pair in pairs]
        return futures[0]

    def result(self, future: Future, tick: Callable[[int], object] = lambda _: None) -> Any:
        """The result of a task. While it is awaited, ``tick`` gets the numbers of tasks that have ended."""
        from distributed import KilledWorker

        while not future.done():
            time.sleep(_POLL)
            tick(self._ended - self._shown)
            self._shown = self._ended
            with self._connection():
                self._look()
        try:
            with self._connection():
                return self.client.gather(future, direct=True)
        except KilledWorker:
            rule = f"{_FAILURES} workers died while running the same task, probably for lack of memory"
            raise InputError(rule, remedy="give workers more memory, or raise --min-count") from None

    def results(self, futures: list[Future], label: str) -> Iterator[Any]:
        """The results of tasks in their order, with the progress of all tasks that have begun.

        The list becomes empty, so that workers need not hold what the client has.
        """
        self._shown = self._ended
        with stage(label, max(1, self._begun - self._ended), "tasks") as advance:
            while futures:
                yield self.result(futures.pop(0), advance)

    def _look(self) -> None:
        """Say that there is no worker: one may come, but for those of this machine that cannot be started."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK
        alone = not self.client.nthreads()
        states = {worker.status.name for worker in self.workers_here.values()}
        if alone and states and states <= {"closed", "failed"}:
            rule = "all workers died and could not be started again, probably for lack of memory"
            raise InputError(rule, remedy="start fewer, with --jobs")
        if alone and not self._alone:
            say(f"no worker is connected to the scheduler at {self.address}: it waits for one")
        self._alone = alone

    def _end(self, future: Future) -> None:
        del future
        self._ended += 1

    @contextmanager
    def _connection(self) -> Iterator[None]:
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError

        try:
            if self.client.status != "running":
                raise CommClosedError
            yield
        except (FutureCancelledError, CommClosedError):
            rule = f"the Dask scheduler at {self.address} is gone"
            remedy = "start it and its workers again, and repeat the command"
            raise InputError(rule, remedy=remedy) from None


def _unchanged(data: Any) -> Any:
    return data
