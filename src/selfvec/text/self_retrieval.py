"""Self-retrieval: words in a row, cut out of a document, should find the rest of it.

This tests vectors on a text without labels. `selfvec.compression` measures by it what small vectors keep, and
`selfvec.retrieval` cuts the questions by which it compares encoders.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Doubles, Ids
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import ranks_among

from .document_vectors import document_vectors, inverse_document_frequency


def random_window(length: int, size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Start and end of ``size`` of ``length`` items in a row, from a random position; (0, 0) of none."""
    if not size:
        return 0, 0
    start = int(rng.integers(length - size + 1))
    return start, start + size


class SelfRetrieval:
    """Questions cut out of documents, and the rests of these documents."""

    def __init__(
        self,
        tokens: TokenBatch,
        documents: int,  # to draw, at most
        longest: int,  # tokens of a document that are used
        question: int,  # tokens of a question; of a short document, a third of it
        rng: np.random.Generator,
    ) -> None:
        rests: list[Ids] = []
        questions: list[Ids] = []
        for document in rng.permutation(tokens.documents).tolist():
            ids = tokens.ids[tokens.offsets[document] : tokens.offsets[document + 1]][:longest]
            start, end = random_window(len(ids), min(question, len(ids) // 3), rng)
            if end:
                questions.append(ids[start:end])
                rests.append(np.concatenate([ids[:start], ids[end:]]))
            if len(rests) == documents:
                break
        self.documents = len(rests)
        parts = [*rests, *questions]
        offsets = np.concatenate(([0], np.cumsum([len(ids) for ids in parts]))).astype(np.int64)
        self._batch = TokenBatch(np.concatenate(parts or [tokens.ids[:0]]), offsets, tokens.types)
        self._weights = inverse_document_frequency(self._batch, self.documents)

    def ranks(self, vectors: Vectors) -> Doubles:
        """The rank of the rest of its document for each question, by cosine, (Q,), from 1."""
        rows = document_vectors(self._batch, vectors.unit, self._weights)
        cosines = rows[self.documents :] @ rows[: self.documents].T
        return ranks_among(cosines, np.diag(cosines))
