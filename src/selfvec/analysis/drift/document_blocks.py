"""Sums of a word's uses by blocks of documents, so that random splits need no further pass over the text.

Chance is a matter of documents, not of tokens: a document that uses a word ten times is one observation.
The documents of a word are dealt in random order to blocks of equal size, at most 64 on the smaller side; a
random split of the blocks is a random split of the documents. Each side keeps its number of blocks, so
splits are as uneven as the slices are, and a change of frequency alone is no change of use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.base.threads import cut, in_order
from selfvec.numerics.rows import unit_in_place
from selfvec.text.document_vectors import document_frequencies
from selfvec.usage.kernels import sum_uses
from selfvec.usage.use_vectors import UseSpace

__all__ = [
    "BLOCKS",
    "BlockSums",
    "Blocks",
    "block_sums",
    "document_blocks",
    "document_counts",
    "slice_vectors",
]

BLOCKS = 64  # of the smaller side, at most
RATIO = 3  # times as many on the larger side, at most: chance comes mostly from the smaller side
_BYTES = 1 << 27  # of sums held by a thread

Ints = NDArray[np.int64]
Table = NDArray[np.float32]


@dataclass(frozen=True)
class Blocks:
    """Number and size of the blocks of documents of each word.

    Parameters
    ----------
    number : (V, S) int64
        Blocks on each side.
    size : (V,) int64
        Documents per block.
    """

    number: Ints
    size: Ints


@dataclass(frozen=True)
class BlockSums:
    """Sums of the uses of some words by block.

    Parameters
    ----------
    words : (m,) int64
    starts : (m + 1,) int64
        Word ``words[i]`` has the rows ``starts[i]:starts[i + 1]``, the blocks of the first side first.
    rows : (R, d) float32
        Sum of the use vectors of each block.
    uses : (R,) float64
        Number of uses in each block.
    """

    words: Ints
    starts: Ints
    rows: Table
    uses: NDArray[np.float64]


def document_counts(space: UseSpace) -> Ints:
    """Number of documents of each slice in which each word occurs, (V, S) int64."""
    batch = space.batch
    parts = [batch.part(space.sides == side) for side in range(len(space.centres))]
    types = len(batch.types)
    columns = [document_frequencies(part.ids, part.offsets, types) for part in parts]
    return np.stack(columns, axis=1).astype(np.int64)


def document_blocks(documents: Ints, most: int = BLOCKS) -> Blocks:
    """Blocks for words by the number of documents they occur in on either side, (V, 2).

    >>> blocks = document_blocks(np.array([[3, 9], [130, 1000], [0, 5]]))
    >>> blocks.number.tolist(), blocks.size.tolist()
    ([[3, 9], [43, 192], [0, 5]], [1, 3, 1])
    """
    size = np.maximum(1, -(-documents.min(axis=1) // most))
    return Blocks(np.minimum(documents // size[:, None], most * RATIO), size)


def block_sums(space: UseSpace, words: Ints, blocks: Blocks, seed: int, jobs: int) -> Iterator[BlockSums]:
    """Sum the uses of words by block. Yields some words at a time, in their order.

    Parameters
    ----------
    space : UseSpace
    words : (m,) int64
    blocks : Blocks
        Of all V words.
    seed : int
        Shuffles the documents before they are dealt to blocks.
    jobs : int
        Threads; the sums have the same bits.
    """
    batch = space.batch
    order = np.random.default_rng(seed).permutation(np.flatnonzero(space.sides >= 0))
    most = max(1, _BYTES // (space.table.shape[1] * 4))

    def work(share: tuple[int, int]) -> BlockSums:
        mine = words[slice(*share)]
        number = blocks.number[mine]
        starts = np.concatenate(([0], np.cumsum(number.sum(axis=1)))).astype(np.int64)
        first = np.full(blocks.number.shape, -1, np.int64)
        first[mine] = np.where(number > 0, starts[:-1, None] + np.cumsum(number, axis=1) - number, -1)
        out = np.zeros((int(starts[-1]), space.table.shape[1]), np.float32)
        uses = np.zeros(len(out))
        dealt = blocks.number * blocks.size[:, None]
        text = (batch.ids, batch.offsets, order, space.sides)
        sum_uses(*text, space.table, space.half, space.centres, first, blocks.number, dealt, out, uses)
        return BlockSums(mine, starts, out, uses)

    yield from in_order(cut(blocks.number[words].sum(axis=1), most), work, jobs)


def slice_vectors(
    space: UseSpace, words: Ints, jobs: int, *, least: int = 1, progress: Progress | None = None
) -> Table:
    """The mean use of some words in every slice, (S, m, d) float32 unit rows.

    Rows of different slices can be compared by cosine. A word with fewer than ``least`` uses in a slice has a
    row of zeros there.
    """
    slices, types = len(space.centres), len(space.batch.types)
    out = np.zeros((slices, len(words), space.table.shape[1]), np.float32)
    whole = Blocks(np.ones((types, slices), np.int64), np.full(types, space.batch.documents, np.int64))
    done = 0
    with (progress or Progress()).stage("Comparing", len(words), "words") as advance:
        for part in block_sums(space, words, whole, 0, jobs):
            number = len(part.words)
            part.rows[part.uses < least] = 0
            rows = unit_in_place(part.rows).reshape(number, slices, -1)
            out[:, done : done + number] = rows.transpose(1, 0, 2)
            done += number
            advance(number)
    return out
