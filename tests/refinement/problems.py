"""Random corpora with vectors, for the laws of every method."""

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.methods import Refinement


def vectors(batch: TokenBatch, rows: NDArray[np.float32]) -> Vectors:
    """Rows for the types of a batch; zero rows are unknown words."""
    sources = np.where(rows.any(axis=1), Source.KNOWN, Source.NONE).astype(np.uint8)
    return Vectors(batch.types, rows, sources=sources)


def random_problem(
    seed: int, tokens: int, types: int, dimensions: int, documents: int, oov: float
) -> tuple[TokenBatch, Vectors]:
    """A corpus with Zipf's frequencies and random unit rows, a share ``oov`` of them unknown."""
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.3, tokens) - 1, types - 1).astype(np.int32)
    bounds = np.sort(rng.integers(0, tokens + 1, max(documents - 1, 0)))
    offsets = np.concatenate(([0], bounds, [tokens])).astype(np.int64)
    batch = TokenBatch(ids, offsets, [f"w{i}" for i in range(types)])
    rows = unit_rows(rng.standard_normal((types, dimensions)))
    rows[rng.random(types) < oov] = 0
    return batch, vectors(batch, rows)


def finished(refinement: Refinement) -> Refinement:
    """The refinement at its end."""
    while not refinement.done:
        refinement.advance()
    return refinement
