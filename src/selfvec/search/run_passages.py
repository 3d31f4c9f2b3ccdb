"""Searching the run's own texts by meaning, with the vectors before and after.

A text is the idf-weighted mean of its words' vectors, words of one stem counting as one, leaning on those
most like it (see `selfvec.text.document_vectors`): the same as in ``selfvec evaluate``, made of the ids
that the
run kept. The vectors of texts are made once; a question is then one product of a matrix and a vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import top_indices, unit_rows
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency, smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems
from selfvec.usage.sentences import shown_tokens

__all__ = ["Passages"]

LEANING = 50_000  # texts up to which each leans on those like it: the cost grows with the square
SNIPPET = 40  # words of a text that are shown

Table = NDArray[np.float32]


@dataclass(frozen=True)
class Passages:
    """The texts of a run, ready to be searched.

    Parameters
    ----------
    batch : TokenBatch
    preprocessing : Preprocessing
        How a question becomes words.
    tables : sequence of Vectors
        Before and after.
    texts : sequence of (D, d) float32
        Vectors of the texts in each table.
    stems : dict of str to int
        Number of each stem, for its weight.
    weights : (stems,) float32
    """

    batch: TokenBatch
    preprocessing: Preprocessing
    tables: Sequence[Vectors]
    texts: Sequence[Table]
    stems: dict[str, int]
    weights: Table

    @classmethod
    def of(cls, run: Run, batch: TokenBatch) -> Passages:
        """Make the vectors of all texts."""
        preprocessing = Preprocessing.of(run.provenance)
        merged = merge_stems(batch, preprocessing)
        weights = inverse_document_frequency(merged)
        tables, texts = (run.original, run.vectors), []
        for table in tables:
            rows = _by_stem(table.unit, batch.counts + 1, batch, merged)
            flat = document_vectors(merged, rows, weights)
            texts.append(smooth_by_neighbours(flat, len(flat)) if len(flat) <= LEANING else flat)
        stems = {name: i for i, name in enumerate(merged.types)}
        return cls(batch, preprocessing, tables, texts, stems, weights)

    def search(self, question: str, most: int = 8) -> dict[str, Any]:
        """Texts nearest to a question, before and after.

        Returns
        -------
        dict
            ``known`` and ``unknown`` words of the question, and for each of ``sides`` its ``hits``: a text's
            number, its score, and its tokens with those nearest to the question marked.
        """
        words = encode_texts([question], self.preprocessing, self.tables[0])
        merged = merge_stems(words, self.preprocessing)
        fallback = float(np.log1p(len(self.texts[0]) * 2 + 1))
        weights = np.array(
            [self.weights[self.stems[s]] if s in self.stems else fallback for s in merged.types], np.float32
        )
        sides = []
        for table, texts in zip(self.tables, self.texts, strict=True):
            rows, _ = table.lookup(words.types)
            means = _by_stem(rows, np.ones(len(words.types), np.int64), words, merged)
            asked = document_vectors(merged, means, weights)[0]
            sides.append(self._hits(table, texts, asked, most))
        known = [word for word in words.types if word in self.tables[0]]
        return {"known": known, "unknown": [w for w in words.types if w not in known], "sides": sides}

    def _hits(self, table: Vectors, texts: Table, asked: Table, most: int) -> list[dict[str, Any]]:
        if not asked.any():
            return []
        scores = texts @ asked
        near = table.unit @ unit_rows(asked[None])[0]
        return [
            {"document": i, "score": float(scores[i]), **self._snippet(i, near)}
            for i in top_indices(scores, most)
            if scores[i] > 0
        ]

    def _snippet(self, document: int, near: Table) -> dict[str, Any]:
        """The stretch of a text whose words are nearest to the question, the nearest of them marked."""
        first, last = int(self.batch.offsets[document]), int(self.batch.offsets[document + 1])
        close = np.maximum(near[self.batch.ids[first:last]], 0) ** 2
        width = min(SNIPPET, last - first)
        sums = np.convolve(close, np.ones(width, np.float32), mode="valid")
        start = first + int(np.argmax(sums))
        ids = self.batch.ids[start : start + width]
        telling = set(np.unique(ids)[np.argsort(-near[np.unique(ids)])[:5]].tolist())
        marks = {i: "near" for i in telling if near[i] > 0.25}
        return shown_tokens(self.batch, document, start, start + width, marks)


def _by_stem(rows: Table, counts: NDArray[np.int64], words: TokenBatch, merged: TokenBatch) -> Table:
    """Mean directions of the words of each stem, weighted by their counts, (stems, d) float32."""
    stem = np.zeros(len(words.types), np.int64)
    stem[words.ids] = merged.ids
    out = np.zeros((len(merged.types), rows.shape[1]), np.float32)
    stands = np.where(words.counts > 0, counts, 0).astype(np.float32)  # some words stand in phrases only
    np.add.at(out, stem, unit_rows(rows) * stands[:, None])
    return unit_rows(out)
