"""Clusters whose workers are threads of this process: they start at once, and share ``memory://``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.lab.cluster.refine import cluster_settings, refine_shards
from selfvec.lab.cluster.scheduler import Scheduler, connected
from selfvec.refinement.inputs import Execution

distributed = pytest.importorskip("distributed")


@contextmanager
def in_threads(workers: int) -> Iterator[Scheduler]:
    """A scheduler of some workers in this process."""
    options = {
        "processes": False,
        "threads_per_worker": 1,
        "dashboard_address": "127.0.0.1:0",
        "memory_limit": 0,
    }
    with distributed.LocalCluster(n_workers=workers, **options) as cluster:
        with connected(cluster.scheduler_address) as scheduler:
            yield scheduler


@pytest.fixture(scope="session")
def scheduler() -> Iterator[Scheduler]:
    """A scheduler of two workers."""
    with in_threads(2) as scheduler:
        yield scheduler


@pytest.fixture
def clustered(scheduler: Scheduler) -> Callable[..., Run]:
    """Refine files in many small shards."""

    def refined(paths, vectors="none", settings=None, *, writer=None, by=scheduler, **fields) -> Run:
        settings = cluster_settings(settings or Settings())
        execution = Execution(writer)
        return refine_shards([*map(str, paths)], vectors, settings, by, execution, fields, 8000)

    return refined
