"""Vectors of uses: the weighted sum of the vectors of the words around one occurrence of a word.

A neighbour counts more the nearer and the rarer it is. Drift and senses need different sums:

* `UseSpace` compares slices of a corpus. It sums the vectors from before refining, which the text has not
  changed. Sums of any words share most of their direction, so they are whitened, and the mean use of each
  slice is subtracted: every period has a style of its own. Sums add up over documents.
* `SenseSpace` compares the uses of one word. It sums refined vectors, which tell more about the text, with
  weights that differ from word to word.
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
from selfvec.numerics.whitening import covariance, whitening_matrix
from selfvec.text.document_vectors import inverse_document_frequency

from .contexts import HALF, Contexts, document_of, occurrences
from .kernels import gather_uses, sum_uses

__all__ = ["SenseSpace", "UseSpace", "sense_space", "use_space"]

# Chosen on planted changes in PubMed and NOAA; see docs/drift.md.
POWER = 0.4  # whitening exponent
FLOOR = 0.02  # smallest variance that is whitened, as a share of the mean variance
SAMPLE = 20_000  # uses per slice that the whitening is learned from; uses that the senses' mean is taken over
TOKENS = 200_000  # tokens per slice that its mean use is learned from
LEAST = 5  # occurrences in a slice of a word that counts in the mean

Table = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class UseSpace:
    """Space in which uses from several slices of a corpus are compared.

    Parameters
    ----------
    batch : TokenBatch
    sides : (D,) int32
        The slice of each document, -1 for none.
    table : (V, d) float32
        What a neighbour adds to a use: its vector, weighted by idf and whitened.
    half : int
        Neighbours on each side.
    centres : (S, d) float32
        Mean direction of the uses in each slice.
    """

    batch: TokenBatch
    sides: NDArray[np.int32]
    table: Table
    half: int
    centres: Table

    def directions(self, places: Ints) -> Table:
        """Unit vectors of the uses at some places in the slices, (n, d) float32; zeros without a context."""
        documents = document_of(self.batch.offsets, places)
        rows = _gather(self.batch, places, documents, self.table, self.half)
        used = np.any(rows != 0, axis=1)
        rows[used] = unit_rows(rows[used]) - self.centres[self.sides[documents[used]]]
        return unit_rows(rows)


def use_space(run: Run, slices: Sequence[Slice], seed: int = 0) -> UseSpace:
    """Space in which uses from slices of a run's corpus are compared.

    Parameters
    ----------
    run : Run
    slices : sequence of S Slice
    seed : int
        Draws the uses that whitening and means are learned from.

    Raises
    ------
    InputError
        If two slices share documents, or the run has not kept its corpus.
    """
    batch, sides = run.require_tokens(), _sides(slices)
    table = np.array(run.original.unit)
    missing = np.flatnonzero(~np.any(table != 0, axis=1))  # no original vector: take the refined one
    table[missing] = run.vectors.unit[missing]
    table *= inverse_document_frequency(batch)[:, None]
    rng = np.random.default_rng(seed)
    drawn = [_sampled(batch, sides == number, rng) for number in range(len(slices))]
    samples = [_gather(batch, *places, table, HALF) for places in drawn]
    table = np.ascontiguousarray(table @ _whitening([unit_rows(rows) for rows in samples]))
    return UseSpace(batch, sides, table, HALF, _centres(batch, sides, len(slices), table, rng))


def _sides(slices: Sequence[Slice]) -> NDArray[np.int32]:
    """The slice of each document, (D,) int32, -1 for none."""
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


def _centres(
    batch: TokenBatch, sides: NDArray[np.int32], slices: int, table: Table, rng: np.random.Generator
) -> Table:
    """Mean use in each slice, (S, d), shrunk toward the common mean.

    The mean is over words that occur in every slice, all weighted alike. A mean over tokens would move with
    the topics of a slice, and with it words whose use did not change. Means also differ by chance, and
    subtracting that part would make slices more alike than random halves of a text are. So differences are
    shrunk by twice their size after the documents are shuffled between slices (James and Stein, 1961).
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
    null = _word_means(batch, shuffled, slices, table)
    squares, by_chance = (float(np.sum((rows - rows.mean(axis=0)) ** 2)) for rows in (means, null))
    kept = max(0.0, 1 - 2 * by_chance / squares) if squares > 0 else 0.0
    return np.asarray(common + kept * (means - common), np.float32)


def _word_means(
    batch: TokenBatch, sides: NDArray[np.int32], slices: int, table: Table
) -> NDArray[np.float64]:
    """Mean over the words found in every slice of their mean use there, (S, d) float64."""
    counts = np.stack([batch.part(sides == side).counts for side in range(slices)])
    words = np.flatnonzero(counts.min(axis=0) >= LEAST)
    first = np.full((len(batch.types), slices), -1, np.int64)
    first[words] = np.arange(len(words) * slices).reshape(len(words), slices)
    one = np.ones(first.shape, np.int64)
    sums = np.zeros((len(words) * slices, table.shape[1]), np.float32)
    uses, no_centre = np.zeros(len(sums)), np.zeros((slices, table.shape[1]), np.float32)
    order, most = np.flatnonzero(sides >= 0), one * batch.documents
    sum_uses(batch.ids, batch.offsets, order, sides, table, HALF, no_centre, first, one, most, sums, uses)
    rows = sums.astype(np.float64) / np.maximum(uses, 1)[:, None]
    return np.asarray(rows.reshape(len(words), slices, table.shape[1]).sum(axis=0) / max(len(words), 1))


def _sampled(batch: TokenBatch, documents: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Up to 20,000 tokens of some documents in reading order, and the document of each."""
    lengths = np.where(documents, np.diff(batch.offsets), 0)
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    number = rng.choice(total, SAMPLE, replace=False, shuffle=False) if total > SAMPLE else np.arange(total)
    number = np.sort(number).astype(np.int64)
    document = np.searchsorted(ends, number, side="right").astype(np.int64)
    return number - (ends - lengths)[document] + batch.offsets[document], document


def _whitening(samples: Sequence[Table]) -> Table:
    """Map that equalises the variance of use directions within slices, (d, d) float32: U Λ^(-p) Uᵀ."""
    centred = np.concatenate([rows - rows.mean(axis=0, dtype=np.float64) for rows in samples])
    _, spread = covariance(centred)
    if not spread.any():
        return np.eye(len(spread), dtype=np.float32)
    return whitening_matrix(spread, POWER, least=FLOOR * float(np.trace(spread)) / len(spread))


@dataclass(frozen=True)
class SenseSpace:
    """Space in which the uses of a word are compared to tell its senses apart.

    Parameters
    ----------
    batch : TokenBatch
    table : (V, d) float32
        Unit rows.
    weights : (V,) float32
        Inverse document frequencies.
    centre : (d,) float32
        Mean use of a token.
    half : int
        Neighbours on each side.
    """

    batch: TokenBatch
    table: Table
    weights: Table
    centre: Table
    half: int = HALF

    @classmethod
    def of(cls, batch: TokenBatch, table: Table, seed: int = 0) -> SenseSpace:
        """The space of a corpus over vectors of its words.

        Parameters
        ----------
        batch : TokenBatch
        table : (V, d) float32
            Unit rows of its types, zeros for words without a vector.
        seed : int
            Draws the tokens whose mean use is the centre.
        """
        space = cls(batch, table, inverse_document_frequency(batch), np.zeros(table.shape[1], np.float32))
        places = np.arange(len(batch))
        if len(places) > SAMPLE:
            places = np.sort(np.random.default_rng(seed).choice(len(batch), SAMPLE, replace=False))
        rows = space.uses(Contexts.around(batch.ids, batch.offsets, places), space.weights)
        rows = rows[rows.any(axis=1)]
        centre = rows.mean(axis=0, dtype=np.float64) if len(rows) else np.zeros(table.shape[1])
        return cls(batch, table, space.weights, centre.astype(np.float32))

    def contexts(self, word: int) -> tuple[Ints, Contexts]:
        """Places of a word in the corpus, (n,) int64, and the windows around them."""
        places = occurrences(self.batch, word)
        return places, Contexts.around(self.batch.ids, self.batch.offsets, places, self.half)

    def uses(self, contexts: Contexts, weights: Table) -> Table:
        """Unit vectors of n uses, (n, d) float32; zeros if no neighbour has a weight and a vector.

        Parameters
        ----------
        contexts : Contexts
            Of n uses.
        weights : (V,) float32
            Weight of each word as a neighbour, before it is reduced by distance.
        """
        words, ids = np.unique(contexts.ids, return_inverse=True)
        rows = np.ascontiguousarray(self.table[words] * weights[words][:, None], np.float32)
        out = np.zeros((len(contexts), rows.shape[1]), np.float32)
        windows = np.arange(len(contexts))
        gather_uses(ids.astype(np.int32), contexts.offsets, contexts.places, windows, rows, self.half, out)
        return unit_rows(out)


def sense_space(run: Run, seed: int = 0) -> SenseSpace:
    """The space of a run's corpus. Make it once to induce the senses of many words.

    Raises
    ------
    InputError
        If the run has not kept its corpus.
    """
    return SenseSpace.of(run.require_tokens("from which senses are induced"), run.vectors.unit, seed)


def _gather(batch: TokenBatch, places: Ints, documents: Ints, table: Table, half: int) -> Table:
    """Weighted sums of the rows around some tokens, (n, d) float32."""
    out = np.zeros((len(places), table.shape[1]), np.float32)
    gather_uses(batch.ids, batch.offsets, places, documents, table, half, out)
    return out
