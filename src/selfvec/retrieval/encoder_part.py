"""`EncoderPart`: what a sentence encoder knows about the units of an index, and about words of questions.

The encoder's vectors of units, and of questions, have the mean of the passages subtracted. A question that
the encoder does not read has a vector by the rows of its words, see `selfvec.retrieval.run_student`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats, Ids, Ints, Rows
from selfvec.base.casing import asked_forms
from selfvec.base.compiled import read_only
from selfvec.base.errors import OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.encoders.sentence_encoder import SentenceEncoder
from selfvec.encoders.student import text_rows
from selfvec.files.tensors import Forms
from selfvec.numerics.rows import unit_rows
from selfvec.text.vocabulary import Query

from .documents import GatheredDocuments
from .indexed_documents import Arrays
from .run_student import RunStudent, unit_places
from .unit_vectors import UnitVectors

ENCODER, ROWS = "encoder", "rows"
QUESTIONS = (ENCODER, ROWS)
"""How a question gets its vector: by the encoder, or by the rows of its words."""

# Of the encoder's part, in standard deviations of the hybrid without it; see docs/results/search.md.
SLOPE = {ENCODER: 15.0, ROWS: 10.0}  # the weight grows by a tenth of it for 0.1 more agreement
NONE = {ENCODER: 0.35, ROWS: 0.38}  # agreement of the encoder with BM25 at which it is 0
MOST = {ENCODER: 1.25, ROWS: 1.0}
UNKNOWN = 0.5  # if the agreement cannot be measured

_PREFIX = "encoder "  # of the names of arrays


def check_question(question: str) -> None:
    """Raise `OptionError` for an unknown way to compare questions."""
    if question not in QUESTIONS:
        raise OptionError.one_of(question, QUESTIONS, field="question")


def encoder_weights(agreed: float | None) -> dict[str, float]:
    """The weight of the encoder's part by `QUESTIONS`, for its agreement with BM25.

    It grows as the dense share does, see `selfvec.retrieval.dense_share`.

    >>> encoder_weights(0.4), encoder_weights(0.3), encoder_weights(None)
    ({'encoder': 0.75, 'rows': 0.2}, {'encoder': 0.0, 'rows': 0.0}, {'encoder': 0.5, 'rows': 0.5})
    """
    if agreed is None:
        return dict.fromkeys(QUESTIONS, UNKNOWN)
    return {by: round(float(np.clip(SLOPE[by] * (agreed - NONE[by]), 0, MOST[by])), 4) for by in QUESTIONS}


class Asked(NamedTuple):
    """A question in the encoder's space."""

    vector: Rows  # (h,) of length 1
    weight: float  # of the encoder's part in the hybrid
    by: str  # one of `QUESTIONS`


@dataclass(frozen=True, eq=False)
class EncoderPart:
    """The encoder's vectors of units, and the rows by which questions get theirs without it."""

    name: str  # of the encoder
    vectors: UnitVectors  # (U, h)
    rows: AnyFloats  # (V, h) float16 of the types of the index, times their weights
    mean: Floats  # (h,) of the encoder's vectors of passages
    unseen: EncodedTexts  # the rows, times their weight, of words that the run's text lacks
    weights: Mapping[str, float]  # of the part in the hybrid, by how a question gets its vector

    def asked(self, encoder: SentenceEncoder, question: str) -> Asked | None:
        """A question as its encoder reads it; None for one without a word."""
        (row,) = encoder.encode([question], question=True)
        return self._asked(row - self.mean, ENCODER) if row.any() else None

    def asked_by_text(self, document: int) -> Asked | None:
        """A document as a question."""
        return self._asked(self.vectors.at(np.array([document]))[0], ENCODER)

    def asked_by_rows(self, query: Query, language: str | None) -> Asked | None:
        """A question by the rows of its words; None if none of them has one."""
        return self._asked(self.by_rows(query, language), ROWS)

    def by_rows(self, query: Query, language: str | None) -> Rows:
        """The sum of the rows of a question's words, (h,)."""
        known = self.rows[query.types].astype(np.float32)
        lost = [word for word, row in zip(query.words, known, strict=True) if not row.any()]
        total: Rows = np.sqrt(query.counts) @ known
        for word in [*lost, *query.unknown]:
            rows, found = self.unseen.lookup(asked_forms(word, language))
            if found.any():
                total = total + rows[np.argmax(found)]
        return total

    def _asked(self, vector: Rows, by: str) -> Asked | None:
        """None if the vector says nothing, or has no weight."""
        if not vector.any() or not self.weights[by]:
            return None
        return Asked(unit_rows(vector[None])[0], self.weights[by], by)

    @property
    def about(self) -> dict[str, Any]:
        """What an index says of it besides the arrays."""
        return {"name": self.name, "weights": dict(self.weights)}

    @property
    def arrays(self) -> dict[str, Array]:
        """What is written of it."""
        arrays: dict[str, Array] = {
            "vectors": self.vectors.codes,
            "scales": self.vectors.scales,
            "rows": self.rows,
            "mean": self.mean,
            "unseen": self.unseen.written_hashes,
            "unseen rows": self.unseen.rows,
        }
        return {_PREFIX + name: array for name, array in arrays.items()}

    @classmethod
    def read(cls, arrays: Arrays, documents: int, about: Mapping[str, Any]) -> EncoderPart:
        """From what was written, which has been checked."""
        own = {
            name.removeprefix(_PREFIX): array for name, array in arrays.items() if name.startswith(_PREFIX)
        }
        vectors = UnitVectors(own["vectors"], own["scales"], documents)
        unseen = EncodedTexts.written(own["unseen"], own["unseen rows"])
        return cls(about["name"], vectors, own["rows"], own["mean"], unseen, about["weights"])


def forms(arrays: Arrays, units: int, types: int) -> Forms:
    """The dtypes and shapes of the arrays that `EncoderPart.arrays` names; none if the index lacks them."""
    if f"{_PREFIX}vectors" not in arrays:
        return {}
    of: Forms = {
        "vectors": ("i1", (units, "h")),
        "scales": ("f4", (units,)),
        "rows": ("f2", (types, "h")),
        "mean": ("f4", ("h",)),
        "unseen": ("u1", ("G", 16)),
        "unseen rows": ("f2", ("G", "h")),
    }
    return {_PREFIX + name: form for name, form in of.items()}


def encoder_part(
    found: GatheredDocuments,
    passages: tuple[Ids, Ids],  # their owners and spans
    units: TokenBatch,  # U
    encoded: EncodedTexts,
    student: RunStudent,
) -> EncoderPart:
    """The encoder's part of an index; its weights are not known yet.

    A long document is the mean of its passages, unless it was encoded as a whole. Units that were not encoded
    have the student's vectors.
    """
    owners = passages[0]
    places = unit_places(encoded, found, *passages)
    own = student.among(units.types)
    first = len(found.texts) + np.searchsorted(owners, np.arange(len(found.texts) + 1))  # passage of each

    def rows_of(numbers: Ints) -> Rows:
        out = np.zeros((len(numbers), encoded.dimensions), np.float32)
        known = places[numbers] >= 0
        out[known] = unit_rows(encoded.rows[places[numbers[known]]] - own.mean)
        long = ~known & (numbers < len(found.texts))
        long[long] = np.diff(first)[numbers[long]] > 0
        for place in np.flatnonzero(long).tolist():
            document = numbers[place]
            out[place] = rows_of(np.arange(first[document], first[document + 1])).sum(axis=0)
        out[long] = unit_rows(out[long])
        rest = np.flatnonzero(~known & ~long)
        out[rest] = text_rows(own, units.part(numbers[rest]))
        return out

    documents = len(found.texts)
    vectors = UnitVectors.of(units.documents, documents, rows_of)
    rows = (own.rows * own.weights[:, None]).astype(np.float16)
    unseen_rows = (student.unseen.rows * np.float32(student.unseen_weight)).astype(np.float16)
    unseen = EncodedTexts("", "", read_only(student.unseen.hashes), read_only(unseen_rows))
    return EncoderPart(
        encoded.encoder, vectors, read_only(rows), read_only(own.mean), unseen, dict.fromkeys(QUESTIONS, 1.0)
    )
