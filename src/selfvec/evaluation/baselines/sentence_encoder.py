"""A sentence encoder as a baseline: each word is encoded as a text of its own, by sentence-transformers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, MissingExtra
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

__all__ = ["encoded"]


def encoded(batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, model: str) -> NDArray[np.float32]:
    """Vectors of the words by a model, given by its folder or the name under which it is cached.

    The model does not see the corpus: words are given without their contexts, so that the result is a table
    over the same words as that of every other baseline.

    Raises
    ------
    MissingExtra
        If sentence-transformers is not installed.
    InputError
        If it cannot load the model.
    """
    del original, seed, jobs
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise MissingExtra("sentence-transformers", "encoder", "a sentence encoder") from None
    try:
        loaded = SentenceTransformer(model)
    except (OSError, ValueError) as error:
        rule = f"cannot be loaded: {(str(error).splitlines() or [type(error).__name__])[0]}"
        raise InputError(rule, path=model, remedy="give a model's folder") from None
    return np.asarray(loaded.encode(list(batch.types), show_progress_bar=False), np.float32)
