"""`count`, and `Counts`: exact co-occurrence counts of a corpus, which can be saved and loaded.

They are counted one row of the matrix at a time. The totals of a row are in a dense array, (V,), which stays
in the second-level cache, so that adding a pair takes one load and one store, without hashing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.base.compiled import kernel
from selfvec.base.errors import OptionError
from selfvec.base.threads import cut, in_order, threads
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import sha256
from selfvec.files.tensors import Forms, Tensor, read_metadata, read_tensors, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.numerics.sparse_rows import SparseRowsMaker

HARMONIC_UNIT = 1 << 20  # weight of a neighbour at distance 1 with harmonic weights

WEIGHTINGS: dict[str, Callable[[int, int], int]] = {
    "flat": lambda _distance, _half: 1,
    "linear": lambda distance, half: half + 1 - distance,
    "harmonic": lambda distance, _half: max(1, (2 * HARMONIC_UNIT + distance) // (2 * distance)),
}
"""The weight of a neighbour by its distance δ, 1 to half = window // 2: 1, half + 1 - δ, or 2**20 / δ to the
nearest integer."""

_FILE = "counts.safetensors"
_FORMS: Forms = {
    "indptr": Tensor("i8", ("V + 1",), ends="n"),
    "indices": Tensor("i4", ("n",), 0, "V", step=1, within="indptr"),
    "data": Tensor("i8", ("n",), 1),
}
_VOCABULARY = "vocabulary.txt"


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
        arrays = {name: getattr(self, name) for name in _FORMS}
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
        """Memory-map a folder written by `save`: a part of a run, whose seal tells if it has changed."""
        path = Path(folder) / _FILE
        how = read_metadata(path)
        words = read_vocabulary(Path(folder) / _VOCABULARY)
        arrays = read_tensors(path, _FORMS, "make the run again", V=len(words))
        indptr, indices, data = (arrays[name] for name in _FORMS)
        return cls(words, indptr, indices, data, window=int(how["window"]), weighting=how["weighting"])


def run_counts(run: Run) -> Counts | None:
    """The co-occurrence counts of a run, memory-mapped; None if the run did not keep them."""
    kept = run.parts.get("counts")
    if kept is None and (folder := run.part("counts")) is not None:
        kept = run.parts["counts"] = Counts.load(folder)
    assert kept is None or isinstance(kept, Counts)
    return kept


# ---- Counting

_INDEXED = 1 << 24  # positions indexed at a time, 256 MB
_LEFT = 32  # bits by which the left extent of a window is shifted
_RIGHT = (1 << _LEFT) - 1
_BLOCK = 1 << 20  # neighbours that a thread counts at a time


def count(
    batch: TokenBatch,
    window: int,  # tokens, the centre included: ``window // 2`` on each side (10 and 11 are the same)
    *,
    weighting: str = "flat",  # of a neighbour at distance δ; a name in `WEIGHTINGS`
    jobs: int | None = None,  # threads, all cores by default
) -> Counts:
    """Count co-occurrences exactly; the result has the same bits for any number of threads.

    Windows do not cross documents. Long counts are a map of a temporary file; `TargetError` if that cannot be
    written.

    >>> counts = count(TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]]), window=3)
    >>> counts.indptr.tolist(), counts.indices.tolist(), counts.data.tolist()
    ([0, 1, 3, 4], [1, 0, 2, 1], [2, 2, 1, 1])
    """
    if window < 1:
        raise OptionError(f"a window has at least 1 token, not {window}", field="window")
    if weighting not in WEIGHTINGS:
        rule = f"a weighting is one of {', '.join(WEIGHTINGS)}, not {weighting!r}"
        raise OptionError(rule, field="weighting")
    nominal = window // 2
    jobs = threads(jobs)
    longest = int(np.diff(batch.offsets).max(initial=0))
    half = min(nominal, max(longest - 1, 0))  # no two positions are farther apart
    weigh = WEIGHTINGS[weighting]
    weights = np.array([0, *(weigh(distance, nominal) for distance in range(1, half + 1))], np.int64)
    with closing(SparseRowsMaker()) as made:
        for group in cut(batch.counts, _INDEXED):
            _count_group(made, batch, group, weights, jobs)
        return Counts(list(batch.types), *made.finish(), 2 * nominal + 1, weighting)


def _count_group(
    made: SparseRowsMaker, batch: TokenBatch, group: tuple[int, int], weights: Ints, jobs: int
) -> None:
    """Count the rows of some words: index their positions, then count the neighbours there."""
    half = len(weights) - 1
    counts = batch.counts[slice(*group)]
    bounds = np.concatenate(([0], np.cumsum(counts)))
    windows = np.empty((int(bounds[-1]), 2), np.int64)
    index_positions(batch.ids, batch.offsets, half, *group, bounds[:-1].copy(), windows)
    types = len(batch.types)
    entries = np.minimum(2 * half * counts, types)  # of each row, at most
    totals: SimpleQueue[Ints] = SimpleQueue()
    for _ in range(jobs + 1):
        totals.put(np.zeros(types, np.int64))

    def rows(block: tuple[int, int]) -> tuple[Ints, Ids, Ints]:
        first, last = block
        room = int(entries[first:last].sum())
        indices, data = np.empty(room, np.int32), np.empty(room, np.int64)
        lengths = np.empty(last - first, np.int64)
        own = totals.get()
        count_rows(batch.ids, windows, bounds[first : last + 1], weights, own, indices, data, lengths)
        totals.put(own)
        filled = int(lengths.sum())
        return lengths, indices[:filled].copy(), data[:filled].copy()

    for block in in_order(cut(2 * half * counts, _BLOCK), rows, jobs):
        made.append(*block)


def count_near(
    batch: TokenBatch, window: int, words: Sequence[int], others: Sequence[int] | None = None
) -> Ints:
    """Some rows and columns of the flat counts, (n, m) int64, without counting the rest.

    ``words`` are n row numbers; ``others`` are m column numbers, by default all.

    >>> count_near(TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]]), 3, [1]).tolist()
    [[2, 0, 1]]
    """
    columns = range(len(batch.types)) if others is None else others
    out = np.zeros((len(words), len(columns)), np.int64)
    row_of, column_of = np.full((2, len(batch.types)), -1, np.int32)
    row_of[list(words)] = np.arange(len(words))
    column_of[list(columns)] = np.arange(len(columns))
    count_pairs(batch.ids, batch.offsets, window // 2, row_of, column_of, out)
    return out


@kernel
def index_positions(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    half: int,  # neighbours on each side
    first: int,
    last: int,
    next_entry: Ints,  # (last - first,): the begin of each word's entries; on return, their end
    windows: Ints,  # (n, 2): receives each position and its extents, left · 2**32 + right
) -> None:
    """List the positions of the words ``first`` to ``last - 1``, by word, with the extents of their windows.

    Extents are shorter at the ends of a document.
    """
    for document in range(offsets.size - 1):
        start, stop = offsets[document], offsets[document + 1]
        for i in range(start, stop):
            word = ids[i] - first
            if 0 <= word < last - first:
                entry = next_entry[word]
                next_entry[word] = entry + 1
                windows[entry, 0] = i
                windows[entry, 1] = min(half, i - start) << _LEFT | min(half, stop - 1 - i)


@kernel
def count_rows(
    ids: Ids,  # (N,)
    windows: Ints,  # (n, 2), from `index_positions`
    bounds: Ints,  # (R + 1,): the r-th word's entries are windows[bounds[r]:bounds[r + 1]]
    weights: Ints,  # (half + 1,): weight of a neighbour at distance δ; weights[0] is not used
    totals: Ints,  # (V,): work space, all zeros before and after
    indices: Ids,  # (n,): receives the columns of the rows, one row after the other, rising
    data: Ints,  # (n,): receives the counts
    lengths: Ints,  # (R,): receives the number of entries of each row
) -> None:
    """Count the neighbours of R words; `reference.count_reference` is the readable form."""
    begin = 0
    for row in range(lengths.size):
        end = begin
        for entry in range(bounds[row], bounds[row + 1]):
            i = windows[entry, 0]
            left, right = windows[entry, 1] >> _LEFT, windows[entry, 1] & _RIGHT
            for k in range(i - left, i + right + 1):
                if k != i:
                    if not totals[ids[k]]:
                        indices[end] = ids[k]
                        end += 1
                    totals[ids[k]] += weights[abs(k - i)]
        indices[begin:end].sort()
        for k in range(begin, end):
            data[k] = totals[indices[k]]
            # Only what was counted: clearing all V words for each row would take longer than counting.
            totals[indices[k]] = 0
        lengths[row] = end - begin
        begin = end


@kernel
def count_pairs(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    half: int,  # neighbours on each side, within the document
    rows: Ids,  # (V,): row of each word in `out`; -1 for words without a row
    columns: Ids,  # (V,): the same for columns
    out: Ints,  # (n, m)
) -> None:
    """Count how often some words occur near others, adding to ``out``."""
    for document in range(offsets.size - 1):
        first, last = offsets[document], offsets[document + 1]
        for i in range(first, last):
            row = rows[ids[i]]
            if row < 0:
                continue
            for j in range(max(first, i - half), min(last, i + half + 1)):
                if j != i and columns[ids[j]] >= 0:
                    out[row, columns[ids[j]]] += 1
