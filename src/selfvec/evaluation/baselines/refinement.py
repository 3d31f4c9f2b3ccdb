"""Our own methods as baselines: the same tokens, the same start, default options, no history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refine.pipeline import job_of
from selfvec.refine.preparation import Prepared, window_of

__all__ = ["refined"]


def refined(
    batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, method: str
) -> NDArray[np.float32]:
    """The original refined by a method; deterministic, and the same for any number of threads."""
    del seed
    settings = Settings(method=method, history="none")
    job = job_of(Prepared(batch, original, window_of(batch, settings), {}), settings, jobs)
    while not job.done:
        job.advance()
    return job.table
