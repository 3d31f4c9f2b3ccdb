"""Vectors of occurrences in context: the weighted sum of the vectors of the words around an occurrence.

Near and rare neighbours weigh more. `OccurrenceSpace` compares slices of a corpus. It sums the original and
the refined vectors side by side. Both are whitened, because a few directions dominate word vectors; the sums
are not. A share of the mean of each slice is subtracted, because periods differ in style and spelling.

Sums add up over documents. The units of a word, which are documents or groups of them, are dealt in random
order to blocks of equal size, so a random split of the blocks is a random split of the units and needs no
further pass over the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.kernels import Dealing, sum_occurrences, sum_windows
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import AnyFloats, Doubles, Ids, Ints, Rows
from selfvec.base.progress import stage
from selfvec.base.threads import cut, each_block, in_order
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.data.vectors import Source
from selfvec.files.memory import release
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.numerics.whitening import whitening
from selfvec.text.document_vectors import document_frequencies, inverse_document_frequency

from .contexts import padded_windows

# Human ratings favour wide contexts, planted changes near words; see docs/results/drift.md.
WIDE_HALF = 30  # words on each side of an occurrence; the farthest weighs a thirtieth of the nearest
POWER = 0.35  # whitening exponent of the vectors
TOKENS = 200_000  # tokens per slice that its mean is computed from
LEAST = 5  # occurrences in a slice of the words that the mean is computed over
_BYTES = 1 << 28  # of sums held by a thread: with less, the text is read more often

T = TypeVar("T")
ReadRows = Callable[[Ints | slice], Rows]


@dataclass(frozen=True)
class OccurrenceSpace:
    """A space in which occurrences from S slices of a corpus are compared."""

    batch: TokenBatch
    sides: Ids  # (D,), the slice of each document, -1 for none
    rows: Rows  # (V, d), the vectors that are summed, whitened and weighted by idf
    centres: Rows  # (S, d), mean direction of the occurrences in each slice
    make_rows: Callable[[Ints], Rows] | None = None  # computes the rows for some types
    units: Ints | None = None  # (D,), documents of a slice with the same number are one observation

    @cached_property
    def documents(self) -> Ints:
        """Number of units of each slice in which each word occurs, (V, S) int64."""
        columns = []
        for side in range(len(self.centres)):
            chosen = np.flatnonzero(self.sides == side)
            part = self.batch.part(chosen)
            part = part if self.units is None else part.in_units(self.units[chosen])
            columns.append(document_frequencies(part))
        return np.stack(columns, axis=1)

    def light(self) -> OccurrenceSpace:
        """The same space without its matrix; rows are computed when they are needed."""
        return self if self.make_rows is None else replace(self, rows=self.rows[:0].copy())

    def directions(self, places: Ints) -> Rows:
        """Unit vectors of the occurrences at some positions, (n, d) float32; zeros without a context."""
        windows = padded_windows(self.batch, places, WIDE_HALF)
        rows = self.rows
        if self.make_rows is not None and not len(rows):
            types = np.unique(windows[windows >= 0]).astype(np.int64)
            rows = self.make_rows(types)
            windows = np.where(windows >= 0, np.searchsorted(types, windows), -1).astype(np.int32)
        out = np.zeros((len(places), rows.shape[1]), np.float32)
        sum_windows(windows, rows, np.ones(len(rows), np.float32), out)
        used = filled_rows(out)
        sides = self.sides[self.batch.document_of(places[used])]
        out[used] = unit_rows(out[used]) - self.centres[sides]
        return unit_rows(out)


def occurrence_space(
    compared: Comparison,
    table: WordTable,
    seed: int = 0,
    *,
    refined: bool = True,  # sum the refined vectors, too
) -> OccurrenceSpace:
    """The space in which occurrences of the sides are compared."""
    batch = compared.tokens
    sides = np.where(compared.weight > 0, compared.side, -1).astype(np.int32)
    with stage("Preparing occurrences", 2, "steps") as advance:
        weights = inverse_document_frequency(batch)
        weight = _refined_weight(table, batch.counts * weights) if refined else 0.0
        parts = _side_by_side(table, weight)

        def make_rows(types: Ints | slice) -> Rows:
            rows = np.concatenate([read(types) for read in parts], axis=1)
            rows *= weights[types, None]
            return rows

        rows = np.empty((len(weights), len(parts) * table.refined.vector_size), np.float32)

        def fill(block: slice) -> None:
            rows[block] = make_rows(block)

        each_block(len(rows), fill)
        for read in (table.original.unit, table.refined.unit):
            release(read)
        advance(1)
        # The means are those of occurrences from which nothing is subtracted yet.
        origin = np.zeros((len(compared.names), rows.shape[1]), np.float32)
        space = OccurrenceSpace(batch, sides, rows, origin, make_rows, compared.unit)
        centres = _centres(space, np.random.default_rng(seed))
        advance(1)
    return replace(space, centres=centres)


def _refined_weight(
    table: WordTable,
    mass: AnyFloats,  # (V,), of each word in the text
) -> float:
    """The weight of the refined vectors next to the original ones, from 0 to a half.

    It is half the share of the text, weighted by idf, whose original vector is not a row of the pretrained
    vectors: a text in a language that these hardly know is read with both alike.
    """
    if np.array_equal(table.original.unit, table.refined.unit):
        return 0.0
    return 0.5 - 0.5 * float(mass[table.original.sources == Source.KNOWN].sum() / max(mass.sum(), 1e-9))


def _side_by_side(table: WordTable, weight: float) -> list[ReadRows]:
    """Read the original and the refined vectors, which have this weight."""
    original, refined = table.original.unit, table.refined.unit
    missing = ~filled_rows(original)  # words without an original vector get the refined one
    whole = np.array(original)
    whole[missing] = refined[missing]

    def original_rows(types: Ints | slice) -> Rows:
        return np.where(missing[types, None], refined[types], original[types])

    parts = [_whitened(whole, original_rows, 1 - weight)]
    if weight > 0:
        parts.append(_whitened(refined, refined.__getitem__, weight))
    return parts


def _whitened(vectors: Rows, read: ReadRows, weight: float) -> ReadRows:
    """Reads the vectors of some words, (n, d), as an occurrence sums them: whitened, and of one length.

    ``weight`` is the share of the squared length of words that is this part's. Words without a vector have
    zeros.
    """
    used = filled_rows(vectors)
    shift, whitener = whitening(vectors, POWER, used)

    def rows(types: Ints | slice) -> Rows:
        whitened = unit_rows((read(types) - shift) @ whitener)
        whitened *= np.float32(weight**0.5)
        whitened[~used[types]] = 0
        return whitened

    return rows


def _centres(space: OccurrenceSpace, rng: np.random.Generator) -> Rows:
    """The vector that is subtracted from the occurrences in each slice, (S, d); see `slice_centres`.

    The mean is over words that occur in every slice, with equal weights. A mean over tokens would change with
    the topics of a slice and would move words whose meaning did not change.
    """
    lengths = space.batch.lengths
    drawn = np.full(len(space.sides), -1, np.int32)  # the documents that the means are computed from
    for side in range(len(space.centres)):
        order = rng.permutation(np.flatnonzero(space.sides == side))
        drawn[order[: np.searchsorted(np.cumsum(lengths[order]), TOKENS) + 1]] = side
    read = np.flatnonzero(drawn >= 0)
    shuffled = drawn.copy()
    shuffled[read] = rng.permutation(drawn[read])
    spaces = [replace(space, sides=sides) for sides in (drawn, shuffled)]
    means, by_chance = in_order(spaces, _word_means)
    return slice_centres(means, by_chance)


def slice_centres(
    means: Doubles,  # (S, d), mean vector of the occurrences in each slice
    shuffled: Doubles,  # (S, d), the same after the documents are shuffled between slices
) -> Rows:
    """The share of each slice's mean that is subtracted from its occurrences, (S, d) float32.

    The share is the part of the squared differences between slice means that shuffling removes: about 1 if
    the slices differ in style, 0 if they differ by chance. Of a single slice it is 1.

    Means also differ by chance, and subtracting this part would make slices more alike than random halves of
    a text. Therefore differences are shrunk by twice their size after shuffling (James and Stein, 1961).
    """
    common = means.mean(axis=0)
    squares, by_chance = (float(np.sum((rows - rows.mean(axis=0)) ** 2)) for rows in (means, shuffled))
    chance = by_chance / squares if squares > 0 else float(len(means) > 1)
    share = max(0.0, 1 - chance)
    kept = max(0.0, 1 - 2 * chance)
    return np.asarray(share * (common + kept * (means - common)), np.float32)


def _word_means(space: OccurrenceSpace) -> Doubles:
    """Mean of the words' mean vectors in each slice, over words that occur in every slice, (S, d) float64."""
    counts = [space.batch.part(space.sides == side).counts for side in range(len(space.centres))]
    words = np.flatnonzero(np.min(counts, axis=0) >= LEAST)
    total = np.zeros(space.centres.shape)
    for part in block_sums(space, words, _whole(space), 0):
        rows = part.rows.astype(np.float64) / np.maximum(part.counts, 1)[:, None]
        total += rows.reshape(-1, *total.shape).sum(axis=0)
    return total / max(len(words), 1)


@dataclass(frozen=True)
class WordBlocks:
    """Number of blocks of each word in each slice, and documents per block of each word."""

    number: Ints  # (V, S)
    size: Ints  # (V,)


def _whole(space: OccurrenceSpace) -> WordBlocks:
    """One block per slice."""
    types = len(space.batch.types)
    number = np.ones((types, len(space.centres)), np.int64)
    return WordBlocks(number, np.full(types, space.batch.documents, np.int64))


@dataclass(frozen=True)
class BlockSums:
    """Sums of the occurrences of m words by block."""

    words: Ints  # (m,)
    starts: Ints  # (m + 1,), first row of each word; the blocks of the first slice come first
    rows: Rows  # (R, d), sum of the unit vectors of the occurrences in each block
    counts: Doubles  # (R,), number of occurrences in each block


def block_sums(space: OccurrenceSpace, words: Ints, blocks: WordBlocks, seed: int) -> Iterator[BlockSums]:
    """Sum the occurrences of words by block. Yields some words at a time, in their order.

    ``blocks`` describes the blocks of all V words; ``seed`` shuffles the documents before they are dealt to
    blocks. The sums have the same bits for any number of threads.
    """
    return measured_blocks(space, words, blocks, seed, lambda sums: sums)


def measured_blocks(
    space: OccurrenceSpace,
    words: Ints,
    blocks: WordBlocks,
    seed: int,
    measure: Callable[[BlockSums], T],
) -> Iterator[T]:
    """What ``measure`` returns for each of the `block_sums`; it is called in the thread that made them."""
    batch = space.batch
    order = np.random.default_rng(seed).permutation(np.flatnonzero(space.sides >= 0))
    units = np.arange(batch.documents) if space.units is None else space.units
    if space.units is not None:
        # A unit comes where the first of its documents does.
        keys = units[order] * len(space.centres) + space.sides[order]
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        order = order[np.argsort(first[place], kind="stable")]
    most = max(1, _BYTES // (space.rows.shape[1] * 4))  # float32

    def work(share: tuple[int, int]) -> T:
        mine = words[slice(*share)]
        number = blocks.number[mine]
        starts = bounds_of(number.sum(axis=1))
        first = np.full(blocks.number.shape, -1, np.int64)
        first[mine] = np.where(number > 0, starts[:-1, None] + np.cumsum(number, axis=1) - number, -1)
        out = np.zeros((int(starts[-1]), space.rows.shape[1]), np.float32)
        counts = np.zeros(len(out))
        sum_occurrences(
            batch.ids,
            batch.offsets,
            order,
            space.sides,
            units * len(space.centres) + space.sides,
            space.rows,
            WIDE_HALF,
            space.centres,
            Dealing(
                first,
                blocks.number,
                blocks.number * blocks.size[:, None],
                np.zeros(first.shape, np.int64),
                np.full(len(first), -1, np.int64),
                np.zeros(len(first), np.int64),
            ),
            out,
            counts,
            np.empty((3, space.rows.shape[1]), np.float32),
        )
        return measure(BlockSums(mine, starts, out, counts))

    yield from in_order(cut(blocks.number[words].sum(axis=1), most), work)
