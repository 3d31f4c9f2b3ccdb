"""`Counts`: exact co-occurrence counts of a corpus, which can be added up, saved and loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.atomic_files import atomic_folder
from selfvec.base.checksums import sha256
from selfvec.base.errors import FormatError, InputError, MissingExtra
from selfvec.base.tensors import map_tensors, read_metadata, write_tensors
from selfvec.base.text_files import read_vocabulary, write_vocabulary
from selfvec.base.threads import threads
from selfvec.data.run import Run

from .kernels import add_rows, is_valid, row_sums, stage_rows
from .sparse_rows import MEMORY, Block, RowBuffer, RowStore, assemble

__all__ = ["HARMONIC_UNIT", "WEIGHTINGS", "Counts", "run_counts"]

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
    the whole. The matrix is symmetric and in compressed rows, like SciPy's ``csr_array``.

    Parameters
    ----------
    types : sequence of V str
        The words.
    indptr : (V + 1,) int64
        Row w holds the entries ``indptr[w]:indptr[w + 1]``.
    indices : (n,) int32
        Columns, rising within a row. May be memory-mapped.
    data : (n,) int64
        Counts, at least 1. May be memory-mapped.
    window : int
        Tokens per window, odd.
    weighting : str
        A name in `WEIGHTINGS`.
    """

    types: Sequence[str]
    indptr: Ints
    indices: Ids
    data: Ints
    window: int
    weighting: str = "flat"

    def __len__(self) -> int:
        return len(self.types)

    def __repr__(self) -> str:
        shape = f"{len(self):,} words, {len(self.data):,} entries"
        return f"<Counts: {shape}, window {self.window}, {self.weighting}>"

    @cached_property
    def row_sums(self) -> Ints:
        """Total weight of the neighbours of each word, (V,) int64."""
        return row_sums(self.indptr, self.data)

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.row_sums.sum())

    def merge(
        self,
        *others: Counts,
        types: Sequence[str] | None = None,
        jobs: int | None = None,
        memory: int = MEMORY,
    ) -> Counts:
        """Add the counts of other documents.

        Parameters
        ----------
        *others : Counts
            With the same window and weighting; vocabularies may differ. If there are none, the words are only
            reordered.
        types : sequence of str, optional
            The vocabulary of the result, in order. By default the words of this one, then the new words of
            each of the others, in their order.
        jobs : int, optional
            Threads; all cores by default. The result has the same bits for any number.
        memory : int
            Bytes of working memory: half for the threads, half for the result. A larger result is written to
            a temporary file and memory-mapped.

        Returns
        -------
        Counts

        Raises
        ------
        InputError
            If windows or weightings differ, or ``types`` lacks a word or has one twice.
        TargetError
            If a temporary file cannot be written.
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
        lengths = np.zeros(len(index), np.int64)
        for part, numbers in zip(parts, columns, strict=True):
            lengths[numbers] += np.diff(part.indptr)
        with closing(RowStore(np.minimum(lengths, len(index)), memory // 2)) as store:
            _add_up(store, parts, columns, lengths, threads(jobs), memory // 2)
            return Counts(list(index), *store.finish(), self.window, self.weighting)

    def dense(self) -> Ints:
        """The matrix as a dense array, (V, V) int64, for small V."""
        matrix = np.zeros((len(self), len(self)), np.int64)
        matrix[np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices] = self.data
        return matrix

    def to_scipy(self) -> Any:
        """The matrix as a ``scipy.sparse.csr_array``, (V, V) int64.

        Raises
        ------
        MissingExtra
            If SciPy is not installed.
        """
        try:
            from scipy.sparse import csr_array  # type: ignore[import-untyped]
        except ImportError:
            raise MissingExtra("scipy", "sparse", "a SciPy matrix") from None
        return csr_array((self.data, self.indices, self.indptr), shape=(len(self), len(self)))

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder with ``counts.safetensors`` and ``vocabulary.txt``, atomically.

        Raises
        ------
        TargetError
            If the folder exists and ``overwrite`` is false, or if it cannot be written.
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

        Raises
        ------
        FormatError
            If a file is missing or damaged, or the vocabulary was changed.
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
        _check(path, arrays, len(types))
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


def _check(path: Path, arrays: dict[str, Array], size: int) -> None:
    for name, dtype in (("indptr", np.int64), ("indices", np.int32), ("data", np.int64)):
        array = arrays.get(name)
        if array is None or array.ndim != 1 or array.dtype != dtype:
            raise FormatError(
                f"counts have a one-dimensional tensor of {np.dtype(dtype).name}",
                path=path,
                field=name,
                remedy=_AGAIN,
            )
    if len(arrays["indptr"]) != size + 1:
        raise FormatError(
            f"counts have a row for each of the {size:,} words, this file has {len(arrays['indptr']) - 1:,}",
            path=path,
            remedy=_AGAIN,
        )
    if not is_valid(arrays["indptr"], arrays["indices"], arrays["data"]):
        raise FormatError(
            "rows follow each other, columns rise within a row, and counts are at least 1; these are damaged",
            path=path,
            remedy=_AGAIN,
        )


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


def _add_up(
    store: RowStore,
    parts: Sequence[Counts],
    columns: Sequence[Ids],  # for each part, (V',): its words' numbers in the result
    sizes: Ints,  # (V,): entries of each row of the result in all parts
    jobs: int,
    memory: int,
) -> None:
    """Add the parts' rows, block by block."""
    rows = np.full((len(parts), len(sizes)), -1, np.int64)
    for k, (part, numbers) in enumerate(zip(parts, columns, strict=True)):
        rows[k, numbers] = np.arange(len(part))

    def work(buffer: RowBuffer, block: Block) -> Ints:
        here = slice(*block)
        bounds = np.concatenate(([0], np.cumsum(sizes[here])))
        staged_indices = np.empty(int(bounds[-1]), np.int32)
        staged_data = np.empty(int(bounds[-1]), np.int64)
        next_entry = bounds[:-1].copy()
        for part, numbers, own in zip(parts, columns, rows, strict=True):
            stage_rows(
                own[here],
                numbers,
                part.indptr,
                part.indices,
                part.data,
                next_entry,
                staged_indices,
                staged_data,
            )
        lengths = np.empty(len(bounds) - 1, np.int64)
        add_rows(bounds, staged_indices, staged_data, *buffer.arrays, lengths)
        return lengths

    assemble(store, sizes, len(sizes), work, jobs=jobs, memory=memory // 2)


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
