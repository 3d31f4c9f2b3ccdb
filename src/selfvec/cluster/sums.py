"""`partial`, `merge` and `finish`: a neighbour sum over shards of a corpus, for any engine.

    finish(merge(partial(first shards, table), partial(the others, table))) == A·E of the whole corpus

No engine is imported here. `merge` adds integers, and float32 sums as float64. Sums of floats depend on the
order. Therefore shards are numbered, `merge` accepts only neighbouring ranges, and callers group them by
number, not by time of arrival. The sums then have the same bits for any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Ids, Ints, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.base.threads import one_core
from selfvec.cooccurrence.scan import CentredRows, add_neighbours, add_neighbours_of, count_neighbours
from selfvec.numerics.rows import ROW_BLOCK
from selfvec.text.hashed_ngrams import add_counters

from .shared_files import packed_words, unpacked_words

__all__ = ["Partial", "Shard", "SharedTable", "finish", "merge", "merged", "moments", "partial"]

BLOCK = 1 << 26  # tokens that are summed in float32; those of more blocks are added as float64
MOST_WORDS = 1 << 22  # words that one partial holds while the vocabulary is counted


@dataclass(frozen=True)
class Shard:
    """The documents of the ``number``-th shard as ids of the vocabulary."""

    number: int
    ids: Ids  # (N,)
    offsets: Ints  # (D + 1,)

    def blocks(self) -> Iterator[tuple[Ids, Ints]]:
        """Ids and bounds of whole documents, at most `BLOCK` tokens at a time unless a document is longer."""
        first = 0
        while first < len(self.offsets) - 1:
            last = int(np.searchsorted(self.offsets, self.offsets[first] + BLOCK, side="right")) - 1
            last = max(last, first + 1)
            offsets = np.array(self.offsets[first : last + 1], np.int64)
            ids = self.ids[offsets[0] : offsets[-1]]
            yield np.require(ids, requirements="W"), offsets - offsets[0]  # as the kernels are compiled
            first = last


@dataclass(frozen=True)
class SharedTable:
    """The matrix, or some of its columns, whose rows are summed around every word.

    Without ``weights``, neighbours are only counted.
    """

    words: int  # V
    window: int  # tokens, the word itself included
    blocks: Iterable[Rows] = ()  # (≤ V, d) each: the matrix, divided by rows; iterated once
    weights: Doubles | None = None  # (V,): r^(-γ)
    mean: Doubles | None = None  # (d,): the expected neighbour of any word
    summed: Mask | None = None  # (V,): words whose neighbours are summed, if not all

    @classmethod
    def of(cls, table: Rows, degrees: Array, window: int, gamma: float) -> SharedTable:
        """A matrix in memory, (V, d), for words with these ``degrees``, (V,)."""
        centred = CentredRows(degrees.astype(np.float64), gamma, table)
        return cls(len(table), window, [table], centred.weights, centred.mean)

    def centred(self) -> Rows:
        """The weighted and centred rows, (V + 1, d) float32, and a row of zeros for no word."""
        assert self.weights is not None
        assert self.mean is not None
        out = np.zeros((self.words + 1, len(self.mean)), np.float32)
        weights = self.weights.astype(np.float32)
        mean = self.mean.astype(np.float32)
        row = 0
        for block in self.blocks:
            for start in range(0, len(block), ROW_BLOCK):
                rows = block[start : start + ROW_BLOCK]
                here = slice(row, row + len(rows))
                np.multiply(rows, weights[here, None], out=out[here])
                out[here] -= mean
                row += len(rows)
        return out


@dataclass(frozen=True)
class Partial:
    """Sums over the shards ``first`` … ``last - 1``; by ``words`` while the vocabulary is counted."""

    first: int
    last: int
    sums: Mapping[str, Array]
    words: Sequence[str] = field(default=(), repr=False)
    notes: Sequence[str] = field(default=(), repr=False)  # about each shard, in their order

    def tensors(self) -> dict[str, Array]:
        """The content by name, as it is saved."""
        out = dict(self.sums)
        if self.words or self.notes:
            for name, texts in (("words", self.words), ("notes", self.notes)):
                out |= {f"{name}.{part}": array for part, array in packed_words(texts).items()}
        return out

    @classmethod
    def of(cls, first: int, last: int, tensors: Mapping[str, Array]) -> Partial:
        """The partial with the given `tensors`."""
        sums = {name: array for name, array in tensors.items() if "." not in name}
        return cls(first, last, sums, _unpacked(tensors, "words"), _unpacked(tensors, "notes"))


def _unpacked(tensors: Mapping[str, Array], name: str) -> list[str]:
    """The words that are stored under a name; none if they are not there."""
    packed = {part: tensors[f"{name}.{part}"] for part in ("text", "lengths") if f"{name}.{part}" in tensors}
    return unpacked_words(packed) if packed else []


def partial(shards: Iterable[Shard], table: SharedTable) -> Partial:
    """The sums of consecutive shards, of which one is in memory at a time.

    Without a matrix: ``counts`` and ``degrees``, (V,) int64, occurrences and neighbours of each word. With
    one: ``neighbours``, (V, d) float32, sums of its rows; float64 for more than `BLOCK` tokens. Extra memory:
    the matrix, (V, d) float32.
    """
    numbers: list[int] = []
    half = table.window // 2

    def blocks() -> Iterator[tuple[Ids, Ints]]:
        for shard in shards:
            numbers.append(shard.number)
            yield from shard.blocks()

    if table.weights is None:
        degrees = np.zeros(table.words, np.int64)
        counts = np.zeros(table.words, np.int64)
        for ids, offsets in blocks():
            here = np.bincount(ids, minlength=table.words)
            degrees += count_neighbours(ids, offsets, here, half)
            counts += here
        return _numbered(numbers, {"counts": counts, "degrees": degrees})
    assert table.mean is not None
    centred = table.centred()
    summed = np.zeros((table.words, len(table.mean)), np.float32)
    own = np.zeros(table.words, np.int64)
    total: Doubles | None = None
    tokens = 0  # of this block
    for ids, offsets in blocks():
        if tokens and tokens + len(ids) > BLOCK:
            total = summed.astype(np.float64) if total is None else np.add(total, summed, out=total)
            summed[:] = 0
            tokens = 0
        if table.summed is None:
            add_neighbours(ids, offsets, centred, summed, half, half)
        else:
            add_neighbours_of(table.summed, ids, offsets, centred, summed, half, half)
        own += np.bincount(ids, minlength=table.words) * (1 if table.summed is None else table.summed)
        tokens += len(ids)
    found: AnyFloats = summed if total is None else np.add(total, summed, out=total)
    for start in range(0, table.words, ROW_BLOCK):  # a word is no neighbour of itself
        part = slice(start, min(start + ROW_BLOCK, table.words))
        found[part] -= own[part, None].astype(np.float32) * centred[part]
    return _numbered(numbers, {"neighbours": found})


def _numbered(numbers: Sequence[int], sums: Mapping[str, Array]) -> Partial:
    if list(numbers) != list(range(numbers[0], numbers[0] + len(numbers))):
        raise InputError(f"the shards of a partial must be consecutive, not {numbers}")
    return Partial(numbers[0], numbers[-1] + 1, sums)


def merge(a: Partial, b: Partial) -> Partial:
    """The sums of two neighbouring ranges of shards. The arrays of ``a`` are reused if they are writable.

    Floats are added as float64. Counters of 8 bits stop at 255. Counts of words keep the order of first
    appearance. If there are more than `MOST_WORDS` words, the rarest are left out and their occurrences added
    to ``pruned``.
    """
    if "pruned" in a.sums:
        return _merged_words([a, b])
    _check_order(a.first, a.last, b)
    sums = {}
    for name, array in a.sums.items():
        if array.dtype == np.uint8:
            sums[name] = np.array(array)
            add_counters(sums[name], b.sums[name])
        else:
            kind = np.dtype(np.float64) if array.dtype.kind == "f" else array.dtype
            out = array if array.flags.writeable and array.dtype == kind else None
            sums[name] = np.add(array, b.sums[name], out=out, dtype=kind)
    return Partial(a.first, b.last, sums)


def merged(partials: Iterable[Partial]) -> Partial:
    """The sums of consecutive ranges of shards; at most two partials are in memory at a time."""
    rest = iter(partials)
    first = next(rest)
    return _merged_words(chain([first], rest)) if "pruned" in first.sums else reduce(merge, rest, first)


def _merged_words(partials: Iterable[Partial]) -> Partial:
    """The counts of all words of partials."""
    index: dict[str, int] = {}
    counts = np.zeros(0, np.int64)
    pruned = np.zeros(1, np.int64)
    notes: list[str] = []
    first = last = None
    for part in partials:
        first = part.first if first is None else first
        _check_order(first, part.first if last is None else last, part)
        last = part.last
        new = [word for word in part.words if word not in index]
        index.update(zip(new, range(len(index), len(index) + len(new)), strict=True))
        counts = np.append(counts, np.zeros(len(new), np.int64))
        counts[np.fromiter(map(index.__getitem__, part.words), np.int64)] += part.sums["counts"]
        pruned = pruned + part.sums["pruned"]
        notes += part.notes
        if len(index) > MOST_WORDS:
            kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_WORDS])
            pruned = pruned + (counts.sum() - counts[kept].sum())
            words = list(index)
            index = {words[number]: i for i, number in enumerate(kept.tolist())}
            counts = counts[kept]
    assert first is not None
    assert last is not None
    return Partial(first, last, {"counts": counts, "pruned": pruned}, list(index), notes)


def _check_order(first: int, last: int, following: Partial) -> None:
    """Raise `InputError` unless a partial follows the shards ``first`` … ``last - 1``."""
    if following.first != last:
        rule = f"the range of shards after {first} to {last} must begin at {last}, not at {following.first}"
        raise InputError(rule, remedy="merge partials in the order of their shards")


def finish(p: Partial, degrees: Array) -> Rows:
    """A·E, (V, d) float32, from the sums of all shards and the ``degrees`` of the words, (V,).

    Of some rows, if both have only these.
    """
    roots = np.where(degrees > 0, np.maximum(degrees, 1) ** -0.5, 0.0)
    finished: Rows = (p.sums["neighbours"] * roots[:, None]).astype(np.float32)
    return finished


def moments(number: int, rows: Rows, occurring: Mask) -> Partial:
    """Number, sum and outer products of the rows of words that occur, for the whitening, as a partial."""
    width = rows.shape[1]
    sums = {"number": np.zeros(1), "total": np.zeros(width), "moment": np.zeros((width, width))}
    with one_core():
        for start in range(0, len(rows), ROW_BLOCK):
            part = slice(start, start + ROW_BLOCK)
            block = rows[part][occurring[part]].astype(np.float64)
            sums["number"] += len(block)
            sums["total"] += np.ones(len(block)) @ block
            sums["moment"] += block.T @ block
    return Partial(number, number + 1, sums)
