"""Two tests of vectors on held-out text that need no labels.

Context test: the words around a held-out position should rank the true word above words as frequent.
Halved texts: one half of a held-out text should find the other among those of other texts. The words of the
vocabulary are dealt to two sides at random, and a half is what a text has of one side. So no two halves have
a word in common, only the vectors can bring them together, and a text without order has no advantage: if the
halves of each text lacked only each other's words, tables that hardly tell words apart would seem better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Array, Doubles, Floats, Ints, Rows
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import ranks_among

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


TEXTS = 500  # halved texts of a fold at most
_LENGTH = 40  # tokens of a halved text at most; longer documents are cut


@dataclass(frozen=True)
class HalvedTexts:
    """Held-out texts, each in two halves: its words of either side of the vocabulary."""

    first: list[Array]  # Q arrays of token ids, (n,)
    second: list[Array]  # Q arrays of token ids, (n,)
    documents: Ints  # (Q,): texts of the same document are not ranked against each other
    idf: Floats  # (V,)

    @classmethod
    def draw(cls, held: TokenBatch, training: TokenBatch, rng: np.random.Generator) -> HalvedTexts:
        """Cut documents into texts of at most `_LENGTH` tokens, halve them and draw `TEXTS` of them."""
        side = rng.random(len(training.types)) < 0.5
        first: list[Array] = []
        second: list[Array] = []
        documents: list[int] = []
        for k in range(held.documents):
            tokens = held.ids[held.offsets[k] : held.offsets[k + 1]]
            for text in np.array_split(tokens, -(-len(tokens) // _LENGTH)) if len(tokens) else ():
                one, other = text[side[text]], text[~side[text]]
                if len(one) and len(other):
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
