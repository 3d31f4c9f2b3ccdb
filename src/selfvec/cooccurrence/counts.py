"""`Counts`: exact co-occurrence counts of a corpus, which can be added up, saved and loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.errors import FormatError, InputError, MissingExtra
from selfvec.base.threads import cut, in_order, threads
from selfvec.data.run import Run
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import sha256
from selfvec.files.tensors import Forms, check_tensors, map_tensors, read_metadata, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.numerics.sparse_rows import SparseRows, places_of

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
_BLOCK = 1 << 21  # entries added up at a time


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

    def merge(
        self,
        *others: Counts,  # with the same window and weighting; vocabularies may differ
        types: Sequence[str] | None = None,  # the vocabulary of the result, in order
        jobs: int | None = None,  # threads, all cores by default
    ) -> Counts:
        """Add the counts of other documents; the result has the same bits for any number of threads.

        By default ``types`` are the words of this one, then the new words of each of the others, in their
        order. Without others the words are only reordered. `InputError` if windows or weightings differ, or
        ``types`` lacks a word or has one twice. `TargetError` if a temporary file cannot be written.
        """
        parts = (self, *others)
        for part in others:
            if (part.window, part.weighting) != (self.window, self.weighting):
                raise InputError(
                    f"counts add up when window and weighting are the same, these are {self.window} "
                    f"{self.weighting} and {part.window} {part.weighting}",
                    remedy="count one of the corpora again",
                )
        union = dict.fromkeys(chain.from_iterable(part.types for part in parts))
        index = _index(list(union) if types is None else types, union)
        columns = [np.fromiter((index[word] for word in part.types), np.int32) for part in parts]
        with closing(SparseRows()) as made:
            blocks = _row_blocks(parts, columns, len(index))
            for rows in in_order(blocks, partial(_added, parts, columns), threads(jobs)):
                made.append(*rows)
            return Counts(list(index), *made.finish(), self.window, self.weighting)

    def dense(self) -> Ints:
        """The matrix as a dense array, (V, V) int64, for small V."""
        matrix = np.zeros((len(self), len(self)), np.int64)
        matrix[np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices] = self.data
        return matrix

    def to_scipy(self) -> Any:
        """The matrix as a ``scipy.sparse.csr_array``, (V, V) int64; `MissingExtra` without SciPy."""
        try:
            from scipy.sparse import csr_array  # type: ignore[import-untyped]
        except ImportError:
            raise MissingExtra("scipy", "sparse", "a SciPy matrix") from None
        return csr_array((self.data, self.indices, self.indptr), shape=(len(self), len(self)))

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


def _index(types: Sequence[str], needed: dict[str, None]) -> dict[str, int]:
    """Number the words of the result."""
    index = {word: i for i, word in enumerate(types)}
    if len(index) != len(types):
        raise InputError("the words of a vocabulary are unique, one occurs twice here", field="types")
    missing = next((word for word in needed if word not in index), None)
    if missing is not None:
        raise InputError(
            f"the vocabulary holds every word that was counted, {missing!r} is missing", field="types"
        )
    return index


def _row_blocks(parts: Sequence[Counts], columns: Sequence[Ids], size: int) -> list[tuple[int, int]]:
    """Blocks of the rows of a sum, by the entries that are added up; ``columns`` as of `_added`."""
    entries = np.zeros(size, np.int64)
    for part, numbers in zip(parts, columns, strict=True):
        entries[numbers] += np.diff(part.indptr)
    return cut(entries + 1, _BLOCK)


def _added(
    parts: Sequence[Counts],
    columns: Sequence[Ids],  # for each part, (V',): its words' numbers in the result
    block: tuple[int, int],
) -> tuple[Ints, Ids, Ints]:
    """Some rows of a sum: their lengths, and the columns and counts of all."""
    keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for part, numbers in zip(parts, columns, strict=True):
        rows = np.flatnonzero((numbers >= block[0]) & (numbers < block[1]))
        places = places_of(part.indptr, rows)
        own = np.repeat(numbers[rows].astype(np.int64), np.diff(part.indptr)[rows])
        keys.append(own << 32 | numbers[part.indices[places]])
        counts.append(part.data[places])
    entries, place = np.unique(np.concatenate(keys), return_inverse=True)
    sums = np.zeros(len(entries), np.int64)
    np.add.at(sums, place, np.concatenate(counts))
    lengths = np.bincount((entries >> 32) - block[0], minlength=block[1] - block[0])
    return lengths, (entries & 0xFFFFFFFF).astype(np.int32), sums


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
