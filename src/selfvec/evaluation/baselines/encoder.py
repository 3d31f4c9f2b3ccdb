"""A contextual encoder as a peer: each word as a text of its own, through sentence-transformers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.evaluation.contextual import sentence_encoder

__all__ = ["of"]


def of(model: str) -> Callable[[TokenBatch, Vectors, int, int], NDArray[np.float32]]:
    """The peer of a model, by its folder or by the name under which it is cached.

    It reads no corpus: it knows what it was trained on. A word is given to it alone, without its contexts, so
    that what comes out is a table over the same words as every other peer's.
    """

    def encode(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> NDArray[np.float32]:
        del original, seed, jobs
        return sentence_encoder(model)(list(batch.types))

    return encode
