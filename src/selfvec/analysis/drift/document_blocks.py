"""Units of documents: what a word's uses are summed by, so that chance needs no new scan.

Whether a difference is more than chance is asked of the documents, not of the tokens: a document that says
a word ten times is one witness. The documents of a word are dealt, in random order, to units of equally many,
at most 64 on the smaller side; a random split of the units is a random split of the documents. Frequency is
no change of meaning: either side keeps its number of units, and so the splits are as uneven as the slices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import cut, in_order
from selfvec.text.document_kernels import document_frequencies
from selfvec.usage.kernels import sum_uses
from selfvec.usage.space import UseSpace

__all__ = ["Summed", "Units", "deal", "document_counts", "summed"]

UNITS = 64  # of the smaller side, at most
MORE = 3  # times as many on the larger side, at most: the smaller one's chance outweighs what else there is
_BYTES = 1 << 27  # of sums held by a thread

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """How many units of how many documents each word has on each side.

    Parameters
    ----------
    number : (V, S) int64
        Units.
    size : (V,) int64
        Documents a unit.
    """

    number: Ints
    size: Ints


@dataclass(frozen=True)
class Summed:
    """Sums of the uses of some words.

    Parameters
    ----------
    words : (m,) int64
    starts : (m + 1,) int64
        Word ``words[i]`` owns the rows ``starts[i]:starts[i + 1]``, the first side's units first.
    rows : (R, d) float32
        Sums of directions, a row a unit.
    uses : (R,) float64
        How many.
    """

    words: Ints
    starts: Ints
    rows: NDArray[np.float32]
    uses: NDArray[np.float64]


def document_counts(space: UseSpace) -> Ints:
    """In how many documents of each slice each word occurs, (V, S) int64."""
    batch = space.batch
    parts = [batch.part(space.sides == side) for side in range(len(space.centres))]
    types = len(batch.types)
    columns = [document_frequencies(part.ids, part.offsets, types) for part in parts]
    return np.stack(columns, axis=1).astype(np.int64)


def deal(documents: Ints, most: int = UNITS) -> Units:
    """Units for words by the documents they occur in, (V, 2), on either side.

    >>> units = deal(np.array([[3, 9], [130, 1000], [0, 5]]))
    >>> units.number.tolist(), units.size.tolist()
    ([[3, 9], [43, 192], [0, 5]], [1, 3, 1])
    """
    size = np.maximum(1, -(-documents.min(axis=1) // most))
    return Units(np.minimum(documents // size[:, None], most * MORE), size)


def summed(space: UseSpace, words: Ints, units: Units, seed: int, jobs: int) -> Iterator[Summed]:
    """Every word's uses, summed by unit, some words at a time, in their order.

    Parameters
    ----------
    space : UseSpace
    words : (m,) int64
    units : Units
        Of all words.
    seed : int
        Shuffles the documents before they are dealt.
    jobs : int
        Threads; the sums have the same bits.
    """
    order = np.random.default_rng(seed).permutation(np.flatnonzero(space.sides >= 0))
    rows = units.number[words].sum(axis=1)
    most = max(1, _BYTES // (space.table.shape[1] * 4))

    def work(share: tuple[int, int]) -> Summed:
        mine = words[slice(*share)]
        starts = np.concatenate(([0], np.cumsum(units.number[mine].sum(axis=1)))).astype(np.int64)
        first = np.full(units.number.shape, -1, np.int64)
        before = np.cumsum(units.number[mine], axis=1) - units.number[mine]
        first[mine] = np.where(units.number[mine] > 0, starts[:-1, None] + before, -1)
        out = np.zeros((int(starts[-1]), space.table.shape[1]), np.float32)
        uses = np.zeros(len(out))
        sum_uses(
            space.batch.ids,
            space.batch.offsets,
            order,
            space.sides,
            space.table,
            space.half,
            space.centres,
            first,
            units.number,
            units.number * units.size[:, None],
            out,
            uses,
        )
        return Summed(mine, starts, out, uses)

    yield from in_order(cut(rows, most), work, jobs)
