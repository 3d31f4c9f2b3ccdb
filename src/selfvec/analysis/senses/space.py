"""Where uses of words are compared: the weighted sum of the refined vectors of the words around a token.

Drift measures uses by the vectors from before refining, which the text has not moved; senses want to know
what the text says about its words, and refined vectors tell more of it. What weighs how much differs from
word to word (`selfvec.analysis.senses.model`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.usage.contexts import HALF, Contexts
from selfvec.usage.kernels import gather_uses

__all__ = ["SenseSpace", "sense_space"]

SAMPLE = 20_000  # tokens whose mean use is taken off

Table = NDArray[np.float32]


@dataclass(frozen=True)
class SenseSpace:
    """What uses of any word of a corpus are made of.

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
            Unit rows of its types, zeros where there is no vector.
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

    def contexts(self, word: int) -> tuple[NDArray[np.int64], Contexts]:
        """Where a word stands in the corpus, (n,) int64, and what is around."""
        places = np.flatnonzero(self.batch.ids == word)
        return places, Contexts.around(self.batch.ids, self.batch.offsets, places, self.half)

    def uses(self, contexts: Contexts, weights: Table) -> Table:
        """Directions of uses, (n, d) float32 unit rows; zeros where nothing around has a weight and a vector.

        Parameters
        ----------
        contexts : Contexts
            Of n uses.
        weights : (V,) float32
            What a word counts; the nearer, the more.
        """
        words, ids = np.unique(contexts.ids, return_inverse=True)
        rows = np.ascontiguousarray(self.table[words] * weights[words][:, None], np.float32)
        out = np.zeros((len(contexts), self.table.shape[1]), np.float32)
        documents = np.arange(len(contexts), dtype=np.int64)
        gather_uses(ids.astype(np.int32), contexts.offsets, contexts.places, documents, rows, self.half, out)
        return unit_rows(out)


def sense_space(run: Run, seed: int = 0) -> SenseSpace:
    """The space of a run's corpus: make it once where senses of many words are asked for.

    Raises
    ------
    InputError
        If the run has not kept its corpus.
    """
    return SenseSpace.of(run.require_tokens("from which senses are induced"), run.vectors.unit, seed)
