"""Tables of normal numbers, the same for the same seed; rows at length 1."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from selfvec.data.vectors import Vectors


def normal_rows(number: int, width: int, seed: int = 0) -> np.ndarray:
    """Rows without a direction in common, (number, width) float32."""
    return np.random.default_rng(seed).standard_normal((number, width)).astype(np.float32)


def normal_vectors(words: Sequence[str], width: int, seed: int = 0) -> Vectors:
    """Words whose vectors say nothing of them."""
    return Vectors(words, normal_rows(len(words), width, seed))


def unit(rows: Any) -> Any:
    """A row, or each of some rows, at length 1."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
