"""How a use of a word becomes a direction: what drift is measured in.

A use is the weighted sum of the vectors of the words around a token, as they were before the corpus moved
them (refined ones where there were none): rare words weigh more (idf), near ones more than far ones. Sums of
any text share most of their directions, and every period or source has a manner of its own. The first is
undone by a whitening learned from uses, the second by taking off what all words of a slice have in common:
what is left says how a word is used unlike others in the same slice. All slices are measured in this one
space, and sums of uses over documents add up to those over all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import whitening_matrix
from selfvec.text.document_vectors import inverse_document_frequency

from .kernels import gather_uses, sum_uses

__all__ = ["HALF", "UseSpace", "sides_of", "use_space"]

# Chosen on planted changes in PubMed and NOAA; see docs/drift.md.
HALF = 10  # neighbours on each side, the farthest weighing a tenth of the nearest
POWER = 0.4  # of the whitening of uses
FLOOR = 0.02  # of the mean variance: directions with less are not blown up
SAMPLE = 20_000  # uses of a slice that the whitening is learned from
TOKENS = 200_000  # of a slice that its mean use is learned from
LEAST = 5  # occurrences in a slice of a word that counts in the mean


@dataclass(frozen=True)
class UseSpace:
    """Directions of uses in some slices of a corpus.

    Parameters
    ----------
    batch : TokenBatch
    sides : (D,) int32
        The slice each document belongs to, -1 for none.
    table : (V, d) float32
        What a neighbour adds to a use.
    half : int
        Neighbours on each side.
    centres : (S, d) float32
        Mean direction of the uses of a slice.
    """

    batch: TokenBatch
    sides: NDArray[np.int32]
    table: NDArray[np.float32]
    half: int
    centres: NDArray[np.float32]

    def directions(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The uses at some tokens of the slices, (n, d) float32, unit rows; zeros without a context."""
        documents = np.searchsorted(self.batch.offsets, places, side="right") - 1
        rows = _around(self.batch, places, documents, self.table, self.half)
        used = np.any(rows != 0, axis=1)
        rows[used] = unit_rows(rows[used]) - self.centres[self.sides[documents[used]]]
        return unit_rows(rows)


def sides_of(slices: Sequence[Slice]) -> NDArray[np.int32]:
    """The slice each document belongs to, (D,) int32, -1 for none.

    Raises
    ------
    InputError
        If two slices share documents: what is in both cannot tell them apart.
    """
    sides = np.full(len(slices[0].documents), -1, np.int32)
    for number, part in enumerate(slices):
        shared = np.flatnonzero(np.logical_and(part.documents, sides >= 0))
        if len(shared):
            other = slices[int(sides[shared[0]])].name
            raise InputError(
                f"the slices {other} and {part.name} share {len(shared):,} documents",
                remedy="choose slices that do not overlap",
            )
        sides[part.documents] = number
    return sides


def use_space(run: Run, slices: Sequence[Slice], seed: int = 0) -> UseSpace:
    """The space in which uses in some slices of a run's corpus are compared.

    Parameters
    ----------
    run : Run
    slices : sequence of S Slice
        None may share documents with another.
    seed : int
        Draws the uses that whitening and means are learned from.
    """
    batch, sides = run.require_tokens(), sides_of(slices)
    original = run.original.unit
    table = np.array(original)
    missing = np.flatnonzero(~np.any(original != 0, axis=1))
    table[missing] = run.vectors.unit[missing]
    table *= inverse_document_frequency(batch)[:, None]
    rng = np.random.default_rng(seed)
    drawn = [_drawn(batch, sides == number, rng) for number in range(len(slices))]
    samples = [_around(batch, *places, table, HALF) for places in drawn]
    table = np.ascontiguousarray(table @ _whitening([unit_rows(rows) for rows in samples]))
    return UseSpace(batch, sides, table, HALF, _centres(batch, sides, len(slices), table, rng))


def _centres(
    batch: TokenBatch,
    sides: NDArray[np.int32],
    slices: int,
    table: NDArray[np.float32],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """The mean use of a word in each slice, (S, d), as far as slices surely differ in it.

    The mean is over words, each as much as any other, that occur in all slices: where a subject is more
    written about, the mean over tokens would move, and with it the words whose use did not change. Means
    differ by chance, too. To take that off would make slices more alike than random splits of them are; so
    their differences are shrunk by twice what they come to when the documents are shuffled between slices
    (as James and Stein, 1961): between random halves of a text nothing is left of them.
    """
    drawn = np.full(len(sides), -1, np.int32)
    for side in range(slices):
        order = rng.permutation(np.flatnonzero(sides == side))
        drawn[order[: np.searchsorted(np.cumsum(np.diff(batch.offsets)[order]), TOKENS) + 1]] = side
    means = _word_means(batch, drawn, slices, table)
    read = np.flatnonzero(drawn >= 0)
    shuffled = drawn.copy()
    shuffled[read] = rng.permutation(drawn[read])
    common = means.mean(axis=0)
    chance = _word_means(batch, shuffled, slices, table)
    squares, by_chance = (float(np.sum((rows - rows.mean(axis=0)) ** 2)) for rows in (means, chance))
    kept = max(0.0, 1 - 2 * by_chance / squares) if squares > 0 else 0.0
    return np.asarray(common + kept * (means - common), np.float32)


def _word_means(
    batch: TokenBatch, sides: NDArray[np.int32], slices: int, table: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Mean over the words found in every slice of their mean use there, (S, d) float64."""
    counts = np.stack([batch.part(sides == side).counts for side in range(slices)])
    words = np.flatnonzero(counts.min(axis=0) >= LEAST)
    first = np.full((len(batch.types), slices), -1, np.int64)
    first[words] = np.arange(len(words) * slices).reshape(len(words), slices)
    one = np.ones(first.shape, np.int64)
    sums = np.zeros((len(words) * slices, table.shape[1]), np.float32)
    uses, nowhere = np.zeros(len(sums)), np.zeros((slices, table.shape[1]), np.float32)
    order, most = np.flatnonzero(sides >= 0), one * batch.documents
    sum_uses(batch.ids, batch.offsets, order, sides, table, HALF, nowhere, first, one, most, sums, uses)
    rows = sums.astype(np.float64) / np.maximum(uses, 1)[:, None]
    return np.asarray(rows.reshape(len(words), slices, -1).sum(axis=0) / max(len(words), 1))


def _drawn(
    batch: TokenBatch, documents: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Some tokens of some documents, in reading order, and the document of each."""
    lengths = np.where(documents, np.diff(batch.offsets), 0)
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    number = rng.choice(total, SAMPLE, replace=False, shuffle=False) if total > SAMPLE else np.arange(total)
    number = np.sort(number).astype(np.int64)
    document = np.searchsorted(ends, number, side="right").astype(np.int64)
    return number - (ends - lengths)[document] + batch.offsets[document], document


def _around(
    batch: TokenBatch,
    places: NDArray[np.int64],
    documents: NDArray[np.int64],
    table: NDArray[np.float32],
    half: int,
) -> NDArray[np.float32]:
    out = np.zeros((len(places), table.shape[1]), np.float32)
    gather_uses(batch.ids, batch.offsets, places, documents, table, half, out)
    return out


def _whitening(samples: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What makes the directions of uses alike in strength, (d, d) float32: U Λ^(-p) Uᵀ within slices."""
    width = samples[0].shape[1]
    moment, number = np.zeros((width, width)), 0
    for rows in samples:
        centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
        moment += centred.T @ centred
        number += len(rows)
    spread = moment / max(number, 1)
    if not spread.any():
        return np.eye(width, dtype=np.float32)
    return whitening_matrix(spread, POWER, least=FLOOR * float(np.trace(spread)) / width)
