"""What every method of this room is: an object with parameters that makes one table of another."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import load, save

__all__ = ["Transform", "same_words"]


class Transform(ABC):
    """A method that makes one table of another. The parameters of its constructor are its options.

    Attributes
    ----------
    report_ : dict
        Figures of the last `fit_transform`, JSON-serialisable.
    progress : Progress
        Where long work is reported; nowhere by default.
    """

    report_: dict[str, Any]
    progress: Progress = Progress()

    def open(self, source: str | os.PathLike[str]) -> Any:
        """What `fit_transform` takes, from its path: by default the table of a vectors file or run."""
        return load(source)

    @abstractmethod
    def fit_transform(self, vectors: Vectors) -> Vectors:
        """A new table; the given one is not changed."""

    def transform_file(self, source: str, target: Path, format: str | None = None) -> list[str]:
        """Read a table, transform it and write the new one; return what the format cannot store."""
        made = self.fit_transform(self.open(source))
        self.report_ = {"words": len(made), "dimensions": made.vector_size, **self.report_}
        return save(made, target, format=format)


def same_words(vectors: Vectors, rows: NDArray[Any]) -> Vectors:
    """A table of the same words, with their sources and counts, and other rows, (V, d').

    Words without a row can no longer be composed: their parts are in the old space.
    """
    matrix = np.asarray(rows, np.float32)
    return Vectors(vectors.index_to_key, matrix, sources=vectors.sources, counts=vectors.counts)
