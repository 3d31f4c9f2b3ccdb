"""What studies vary that the product does not: the order of the documents, and where one looks on the way.

The functions take anything that has a ``batch`` and the ``original`` vectors of its types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np

from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refine.health import check_health
from selfvec.refine.plan import make_plan

__all__ = ["Material", "by_epoch", "refined", "shuffled"]


class Material(Protocol):
    """A corpus as ids and the unit rows its words start from; a dataclass."""

    @property
    def batch(self) -> TokenBatch: ...
    @property
    def original(self) -> Vectors: ...


M = TypeVar("M", bound=Material)


def refined(material: Material, settings: Settings) -> Run:
    """Refine from the start to the end, with history and health."""
    job = _job(material, settings)
    while not job.done:
        job.advance()
    table = _vectors(material, job)
    recorded = job.recorder.history()
    health = check_health(material.original, table, recorded, hovers=settings.method == "online")
    return Run(
        table,
        material.original,
        recorded,
        {"epochs": make_plan(settings, material.batch, material.original).rounds},
        {"health": health.as_dict()},
    )


def by_epoch(material: Material, settings: Settings) -> Iterator[tuple[int, Vectors]]:
    """The table at the end of each epoch (or pass) of one run, with its number from 1."""
    job = _job(material, settings)
    ends, done = len(material.batch), 0
    while not job.done:
        before = done // ends
        done += job.advance()
        if done // ends > before or job.done:
            yield done // ends, _vectors(material, job)


def shuffled(material: M, seed: int) -> M:
    """The same documents in another order."""
    batch = material.batch
    order = np.random.default_rng(seed).permutation(batch.documents)
    lengths = np.diff(batch.offsets)[order]
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    # Token i of the new order stands as far from its document's new start as from its old one.
    places = np.arange(len(batch)) + np.repeat(batch.offsets[:-1][order] - offsets[:-1], lengths)
    made: Any = material
    return replace(made, batch=TokenBatch(batch.ids[places], offsets, batch.types))  # type: ignore[no-any-return]


def _job(material: Material, settings: Settings) -> Any:
    return make_plan(settings, material.batch, material.original).start()


def _vectors(material: Material, job: Any) -> Vectors:
    rows = np.array(job.table)
    counts, sources = material.batch.counts, material.original.sources
    return Vectors(material.batch.types, rows, sources=sources, counts=counts, normalized=True)
