"""Random corpora with vectors, for the laws of every method."""

import numpy as np
from numpy.typing import NDArray
from tests.cooccurrence.plain import random_batch

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
    batch = random_batch(rng, tokens, types, documents, 1.3)
    rows = unit_rows(rng.standard_normal((types, dimensions)))
    rows[rng.random(types) < oov] = 0
    return batch, vectors(batch, rows)


def finished(refinement: Refinement) -> Refinement:
    """The refinement at its end."""
    while not refinement.done:
        refinement.advance()
    return refinement
