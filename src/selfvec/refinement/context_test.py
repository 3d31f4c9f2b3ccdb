"""Context test: the words around a held-out position should rank the true word above words as frequent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ints, Rows
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.ranks import ranks_among

__all__ = ["POSITIONS", "ContextTest"]

POSITIONS = 4_000  # for the context test, in each fold
_SIDE = 10  # neighbours on each side that make a context
_RIVALS = 63  # words of similar frequency that the true word is ranked among
_BATCH = 64  # positions scored at a time, whose rows fit the cache


def context_weights(counts: Ints) -> Floats:
    """Weights of context words, f^(-1/2), (V,) float32."""
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


@dataclass(frozen=True)
class ContextTest:
    """Held-out positions, each with its neighbours and with rivals: words of similar frequency."""

    words: Ints  # (P,)
    neighbours: Ints  # (P, 2 * _SIDE): -1 outside the document
    rivals: Ints  # (P, _RIVALS)
    weights: Floats  # (V,)
    documents: Ints  # (P,)

    @classmethod
    def draw(cls, held: TokenBatch, counts: Ints, positions: int, rng: np.random.Generator) -> ContextTest:
        """Draw held-out positions; ``counts``, (V,) int64, falling, come from the training text."""
        places = rng.choice(len(held), min(positions, len(held)), replace=False)
        places.sort()
        document = held.document_of(places)
        shifts = np.concatenate((np.arange(-_SIDE, 0), np.arange(1, _SIDE + 1)))
        around = places[:, None] + shifts
        inside = (around >= held.offsets[document, None]) & (around < held.offsets[document + 1, None])
        neighbours = np.where(inside, held.ids[np.clip(around, 0, len(held) - 1)], -1).astype(np.int64)
        words = held.ids[places].astype(np.int64)
        reach = np.maximum(words // 2, 2 * _RIVALS)  # ids are ranks by frequency
        low = np.maximum(words - reach, 0)
        high = np.minimum(words + reach + 1, len(counts))
        rivals = low[:, None] + (rng.random((len(words), _RIVALS)) * (high - low)[:, None]).astype(np.int64)
        return cls(words, neighbours, rivals, context_weights(counts), document)

    def score(self, unit: Rows) -> Doubles:
        """The reciprocal rank of the true word at each position, (P,) float64; ties count half."""
        out = np.empty(len(self.words))
        for start in range(0, len(self.words), _BATCH):
            part = slice(start, start + _BATCH)
            near = self.neighbours[part]
            weight = np.where(near >= 0, self.weights[near], 0)
            context = np.einsum("pn,pnd->pd", weight, unit[near])
            truth = np.einsum("pd,pd->p", context, unit[self.words[part]])
            rivals = self.rivals[part]
            others = np.einsum("pd,prd->pr", context, unit[rivals])
            others[rivals == self.words[part, None]] = -np.inf
            out[part] = 1 / ranks_among(others, truth, included=False)
        return out
