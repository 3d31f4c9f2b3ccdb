"""A contextual encoder as a peer: each word as a text of its own, through sentence-transformers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, MissingExtra
from ..tokens import TokenBatch
from ..vectors import Vectors

__all__ = ["of"]

_BATCH = 256  # words encoded at a time


def of(model: str) -> Callable[[TokenBatch, Vectors, int, int], NDArray[np.float32]]:
    """The peer of a model, named as in its hub or by a path.

    It reads no corpus: it knows what it was trained on. A word is given to it alone, without its contexts, so
    that what comes out is a table over the same words as every other peer's.
    """

    def encode(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> NDArray[np.float32]:
        del original
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise MissingExtra("sentence-transformers", "encoder", f"the peer encoder:{model}") from None
        torch.manual_seed(seed)
        torch.set_num_threads(jobs)
        try:
            loaded = SentenceTransformer(model, device="cpu")
        except (OSError, ValueError) as error:
            told = str(error).splitlines()[0] if str(error) else type(error).__name__
            rule = f"is no sentence-transformers model that can be loaded: {told}"
            raise InputError(
                rule, path=model, remedy="give a model's folder, or one that is cached"
            ) from None
        rows = loaded.encode(list(batch.types), batch_size=_BATCH, show_progress_bar=False)
        return np.asarray(rows, np.float32)

    return encode
