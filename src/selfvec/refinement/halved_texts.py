"""Halved texts: the first half of a held-out text should find the second among those of other texts.

The halves have no word in common, so that only the vectors can bring them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Array, Doubles, Floats, Ints, Rows
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows

__all__ = ["TEXTS", "HalvedTexts"]

TEXTS = 500  # halved texts of a fold at most
_LENGTH = 40  # tokens of a halved text at most; longer documents are cut


@dataclass(frozen=True)
class HalvedTexts:
    """Held-out texts, each in two halves that have no word in common."""

    first: list[Array]  # Q arrays of token ids, (n,)
    second: list[Array]  # Q arrays of token ids, (n,)
    documents: Ints  # (Q,): texts of the same document are not ranked against each other
    idf: Floats  # (V,)

    @classmethod
    def draw(cls, held: TokenBatch, training: TokenBatch, rng: np.random.Generator) -> HalvedTexts:
        """Cut documents into texts of at most `_LENGTH` tokens, halve them and draw `TEXTS` of them."""
        first: list[Array] = []
        second: list[Array] = []
        documents: list[int] = []
        for k in range(held.documents):
            tokens = held.ids[held.offsets[k] : held.offsets[k + 1]]
            for text in np.array_split(tokens, -(-len(tokens) // _LENGTH)) if len(tokens) else ():
                one = text[: len(text) // 2]
                other = text[len(text) // 2 :]
                one = one[~np.isin(one, other)]
                if len(one):
                    first.append(one)
                    second.append(other)
                    documents.append(k)
        kept = np.sort(rng.permutation(len(first))[:TEXTS]).tolist()
        seen = np.zeros(len(training.types))
        of = np.repeat(np.arange(training.documents), np.diff(training.offsets))
        np.add.at(seen, np.unique(of * len(seen) + training.ids) % len(seen), 1)
        idf = np.log((2 + training.documents) / (1 + seen)).astype(np.float32)
        numbers = np.array([documents[i] for i in kept], np.int64)
        return cls([first[i] for i in kept], [second[i] for i in kept], numbers, idf)

    def score(self, unit: Rows) -> Doubles:
        """The share of other second halves that are less similar than the true one, (Q,) float64."""
        if not self.first:
            return np.zeros(0)
        cosines = self._embed(self.first, unit) @ self._embed(self.second, unit).T
        truth = np.diag(cosines)[:, None]
        rivals = self.documents[:, None] != self.documents
        less = ((cosines < truth) & rivals).sum(axis=1) + 0.5 * ((cosines == truth) & rivals).sum(axis=1)
        return np.asarray(less / np.maximum(rivals.sum(axis=1), 1), dtype=np.float64)

    def _embed(self, texts: list[Array], unit: Rows) -> Rows:
        return unit_rows(np.stack([self.idf[tokens] @ unit[tokens] for tokens in texts]))
