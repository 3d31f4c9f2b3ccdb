"""What every method of this room is: an object with parameters that makes one table of another."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.data.vectors import Composer, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats import check_save, load, save

__all__ = ["Transform", "same_words", "turned_composer"]


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

    def transform_file(
        self, source: str, target: Path, format: str | None = None, *, overwrite: bool = False
    ) -> list[str]:
        """Read a table, transform it and write the new one; return what the format cannot store.

        `TargetError` if the target exists and ``overwrite`` is false.
        """
        check_save(target, format, overwrite=overwrite)
        made = self.fit_transform(self.open(source))
        self.report_ = {"words": len(made), "dimensions": made.vector_size, **self.report_}
        return save(made, target, format=format, overwrite=overwrite)


def same_words(vectors: Vectors, rows: NDArray[Any], composer: Composer | None = None) -> Vectors:
    """A table of the same words, with their sources, counts and provenance, and other rows, (V, d').

    Without a ``composer`` of the new space words that have no row can no longer be composed.
    """
    return Vectors(
        vectors.index_to_key,
        np.asarray(rows, np.float32),
        sources=vectors.sources,
        counts=vectors.counts,
        composer=composer,
        provenance=vectors.provenance,
    )


def turned_composer(composer: Composer | None, axes: NDArray[np.float32]) -> Composer | None:
    """The composer of a table whose unit rows were multiplied by a (d, d') matrix; None if there was none."""
    if composer is None:
        return None

    def composed(words: Sequence[str]) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = unit_rows(composer(words)) @ axes
        return rows

    return composed
