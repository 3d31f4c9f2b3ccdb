"""How good is a table for this text? Two answers that need no labels.

*Context*: the words around a held-out position should point at the word that stood there, rather than at
other words of its frequency. *Cloze*: a span cut from a held-out document should find the rest of that
document, by meaning alone (words that the rest repeats are left out of the span). Both put collapsed tables
at the bottom; the first rewards similarity of words, the second topics. No table has seen the held-out text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch

__all__ = ["Cloze", "Contexts"]

Table = NDArray[np.float32]
Ints = NDArray[np.int64]

_SIDE = 10  # neighbours on each side that make a context
_RIVALS = 63  # words of like frequency that the true word is ranked among
_SPAN = 12  # tokens cut from a document
_CUTS = 5  # spans cut from one document, each from the whole of it
_BATCH = 1024


def weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much a word of a context counts: f^(-1/2), (V,)."""
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


@dataclass(frozen=True)
class Contexts:
    """Held-out positions, each with its neighbours and with rivals of its word's frequency.

    Parameters
    ----------
    words : (P,) int64
    neighbours : (P, 2 * _SIDE) int64
        -1 where the document ends.
    rivals : (P, _RIVALS) int64
    weights : (V,) float32
    """

    words: Ints
    neighbours: Ints
    rivals: Ints
    weights: NDArray[np.float32]

    @classmethod
    def draw(
        cls, held: TokenBatch, counts: NDArray[np.int64], positions: int, rng: np.random.Generator
    ) -> Contexts:
        """Draw positions of held-out documents; ``counts``, (V,), falling, are those of the training text."""
        places = rng.choice(len(held), min(positions, len(held)), replace=False)
        places.sort()
        document = np.searchsorted(held.offsets, places, side="right") - 1
        shifts = np.concatenate((np.arange(-_SIDE, 0), np.arange(1, _SIDE + 1)))
        around = places[:, None] + shifts
        inside = (around >= held.offsets[document, None]) & (around < held.offsets[document + 1, None])
        neighbours = np.where(inside, held.ids[np.clip(around, 0, len(held) - 1)], -1).astype(np.int64)
        words = held.ids[places].astype(np.int64)
        reach = np.maximum(words // 2, 2 * _RIVALS)  # ids are ranks by frequency
        low = np.maximum(words - reach, 0)
        high = np.minimum(words + reach + 1, len(counts))
        rivals = low[:, None] + (rng.random((len(words), _RIVALS)) * (high - low)[:, None]).astype(np.int64)
        return cls(words, neighbours, rivals, weights(counts))

    def score(self, unit: Table) -> NDArray[np.float64]:
        """Reciprocal rank of the true word at every position, (P,); ties count half."""
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
            better = (others > truth[:, None]).sum(axis=1) + 0.5 * (others == truth[:, None]).sum(axis=1)
            out[part] = 1 / (1 + better)
        return out


@dataclass(frozen=True)
class Cloze:
    """Spans cut from documents, and the documents without them.

    Parameters
    ----------
    spans, documents : list of (n,) int
        Token ids; span ``k`` was cut from document ``targets[k]``.
    targets : (Q,) int64
    origins : (D,) int64
        Which documents are rests of the same one: they do not compete.
    idf : (V,) float32
    """

    spans: list[NDArray[Any]]
    documents: list[NDArray[Any]]
    targets: Ints
    origins: Ints
    idf: NDArray[np.float32]

    @classmethod
    def draw(cls, held: TokenBatch, training: TokenBatch, most: int, rng: np.random.Generator) -> Cloze:
        """Cut spans out of held-out documents; up to ``most`` training documents stand beside the rests.

        A document gives up to `_CUTS` spans, each with a rest of its own.
        """
        others = rng.choice(training.documents, min(most, training.documents), replace=False)
        documents: list[NDArray[Any]] = [_document(training, k) for k in np.sort(others).tolist()]
        spans: list[NDArray[Any]] = []
        targets: list[int] = []
        origins = list(range(len(documents)))
        for k in range(held.documents):
            tokens = _document(held, k)
            starts = np.arange(0, len(tokens) - _SPAN + 1, _SPAN)
            if len(tokens) < 2 * _SPAN:
                continue
            for at in np.sort(rng.choice(starts, min(_CUTS, len(starts)), replace=False)).tolist():
                rest = np.concatenate((tokens[:at], tokens[at + _SPAN :]))
                span = tokens[at : at + _SPAN]
                span = span[~np.isin(span, rest)]
                if len(span):
                    spans.append(span)
                    targets.append(len(documents))
                    documents.append(rest)
                    origins.append(len(others) + k)
        seen = np.zeros(len(training.types))
        for document in documents:
            seen[np.unique(document)] += 1
        idf = np.log((1 + len(documents)) / (1 + seen)).astype(np.float32)
        return cls(spans, documents, np.array(targets, np.int64), np.array(origins, np.int64), idf)

    def score(self, unit: Table) -> NDArray[np.float64]:
        """Reciprocal rank of the right document for every span, (Q,)."""
        if not self.spans:
            return np.zeros(0)
        documents, spans = self._embed(self.documents, unit), self._embed(self.spans, unit)
        cosines = spans @ documents.T
        truth = cosines[np.arange(len(spans)), self.targets]
        cosines[self.origins[self.targets][:, None] == self.origins] = -np.inf
        equal = (cosines == truth[:, None]).sum(axis=1)
        better = (cosines > truth[:, None]).sum(axis=1) + 0.5 * equal
        return np.asarray(1 / (1 + better), dtype=np.float64)

    def _embed(self, texts: list[NDArray[Any]], unit: Table) -> Table:
        from selfvec.numerics.rows import unit_rows

        return unit_rows(np.stack([self.idf[tokens] @ unit[tokens] for tokens in texts]))


def _document(batch: TokenBatch, k: int) -> NDArray[Any]:
    return batch.ids[batch.offsets[k] : batch.offsets[k + 1]]
