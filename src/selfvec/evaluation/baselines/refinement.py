"""Our own methods as baselines: the same tokens, the same start, default options, no history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refine.plan import make_plan

__all__ = ["refined"]


def refined(
    batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, method: str
) -> NDArray[np.float32]:
    """The original refined by a method; deterministic, and the same for any number of threads."""
    del seed
    return make_plan(Settings(method, history="none"), batch, original, jobs=jobs).refined_table()
