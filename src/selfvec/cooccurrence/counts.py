"""`Counts`: exact co-occurrence counts of a corpus, which can be saved and loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.errors import FormatError
from selfvec.data.run import Run
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import sha256
from selfvec.files.tensors import Forms, check_tensors, map_tensors, read_metadata, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary

HARMONIC_UNIT = 1 << 20  # weight of a neighbour at distance 1 with harmonic weights

WEIGHTINGS: dict[str, Callable[[int, int], int]] = {
    "flat": lambda _distance, _half: 1,
    "linear": lambda distance, half: half + 1 - distance,
    "harmonic": lambda distance, _half: max(1, (2 * HARMONIC_UNIT + distance) // (2 * distance)),
}
"""The weight of a neighbour by its distance δ, 1 to half = window // 2: 1, half + 1 - δ, or 2**20 / δ to the
nearest integer."""

_FILE = "counts.safetensors"
_VOCABULARY = "vocabulary.txt"
_AGAIN = "count the corpus again"


@dataclass(frozen=True, eq=False)
class Counts:
    """Co-occurrence counts of V words, made by `selfvec.cooccurrence.count`.

    Two positions i ≠ j of a document are neighbours if δ = |i - j| <= window // 2. Each such pair adds its
    weight to C[t_i, t_j] and to C[t_j, t_i], so a pair of equal words adds twice to its diagonal entry.
    Weights are integers: sums are exact in any order, and counts of the parts of a corpus add up to those of
    the whole. The matrix is symmetric and in compressed rows, like SciPy's ``csr_array``; a long one is a map
    of a file.
    """

    types: Sequence[str]  # V words
    indptr: Ints  # (V + 1,), row w holds the entries indptr[w]:indptr[w + 1]
    indices: Ids  # (n,), columns, rising within a row
    data: Ints  # (n,), counts, at least 1
    window: int  # tokens per window, odd
    weighting: str = "flat"  # a name in `WEIGHTINGS`

    def __len__(self) -> int:
        return len(self.types)

    def __repr__(self) -> str:
        shape = f"{len(self):,} words, {len(self.data):,} entries"
        return f"<Counts: {shape}, window {self.window}, {self.weighting}>"

    @cached_property
    def row_sums(self) -> Ints:
        """Total weight of the neighbours of each word, (V,) int64."""
        return np.diff(np.concatenate(([0], np.cumsum(self.data)))[self.indptr])

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.row_sums.sum())

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder with ``counts.safetensors`` and ``vocabulary.txt``, atomically.

        `TargetError` if the folder exists and ``overwrite`` is false, or if it cannot be written.
        """
        arrays: dict[str, Array] = {"indptr": self.indptr, "indices": self.indices, "data": self.data}
        with atomic_folder(folder, overwrite=overwrite) as fresh:
            write_vocabulary(fresh / _VOCABULARY, list(self.types))
            metadata = {
                "window": str(self.window),
                "weighting": self.weighting,
                "vocabulary_sha256": sha256(fresh / _VOCABULARY),
            }
            write_tensors(fresh / _FILE, arrays, metadata)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Counts:
        """Memory-map a folder written by `save`. Every entry is checked once.

        `FormatError` if a file is missing or damaged, or the vocabulary was changed.
        """
        path = Path(folder) / _FILE
        vocabulary = Path(folder) / _VOCABULARY
        for file in (path, vocabulary):
            if not file.is_file():
                rule = "a folder of counts holds this file, it is missing"
                raise FormatError(rule, path=file, remedy=_AGAIN)
        metadata = read_metadata(path)
        if metadata.get("vocabulary_sha256") != sha256(vocabulary):
            rule = "the vocabulary is the one the counts were saved with, this file was changed since"
            raise FormatError(rule, path=vocabulary, remedy=_AGAIN)
        arrays = map_tensors(path)
        types = read_vocabulary(vocabulary)
        forms: Forms = {
            "indptr": ("i8", (len(types) + 1,)),
            "indices": ("i4", ("n",)),
            "data": ("i8", ("n",)),
        }
        check_tensors(arrays, forms, path, _AGAIN)
        if not _is_valid(arrays["indptr"], arrays["indices"], arrays["data"]):
            rule = "rows follow each other, columns rise within a row, and counts are at least 1; here not"
            raise FormatError(rule, path=path, remedy=_AGAIN)
        window = metadata.get("window", "")
        weighting = metadata.get("weighting", "")
        if not (window.isascii() and window.isdigit() and int(window) % 2) or weighting not in WEIGHTINGS:
            raise FormatError(
                f"counts name an odd window and a weighting of {', '.join(WEIGHTINGS)}, these say {window!r} "
                f"and {weighting!r}",
                path=folder,
                remedy=_AGAIN,
            )
        return cls(types, arrays["indptr"], arrays["indices"], arrays["data"], int(window), weighting)


def _is_valid(indptr: Ints, indices: Ids, data: Ints) -> bool:
    """Whether row bounds are in order, columns exist and rise within each row, and counts are at least 1."""
    ends = indptr[0] == 0 and indptr[-1] == indices.size and np.all(np.diff(indptr) >= 0)
    if not ends or np.any(data < 1) or np.any(indices < 0) or np.any(indices >= indptr.size - 1):
        return False
    rising = np.ones(indices.size + 1, bool)
    rising[1:-1] = np.diff(indices) > 0
    rising[indptr] = True  # a row may begin with any column
    return bool(rising.all())


def run_counts(run: Run) -> Counts | None:
    """The co-occurrence counts of a run, memory-mapped; None if the run did not keep them."""
    kept = run.parts.get("counts")
    if kept is None and (folder := run.part("counts")) is not None:
        kept = Counts.load(folder)
        if kept.types != run.vectors.index_to_key:
            raise FormatError(
                "counts in a run folder have the words of the run in the same order, these have others",
                path=folder,
                remedy="make the run again",
            )
        run.parts["counts"] = kept
    assert kept is None or isinstance(kept, Counts)
    return kept
