"""`EncoderPart`: what a sentence encoder knows about the units of an index, and about words of questions.

The encoder's vectors of units, and of questions, have the mean of the passages subtracted. A question that
the encoder does not read has a vector by the rows of its words, see `selfvec.retrieval.run_student`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats, Ints, Rows
from selfvec.base.casing import asked_forms
from selfvec.base.compiled import read_only
from selfvec.data.token_batch import TokenBatch
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.encoders.student import Student, text_rows
from selfvec.files.tensors import Forms, Tensor
from selfvec.numerics.rows import unit_rows
from selfvec.text.vocabulary import Query

from .documents import Arrays, GatheredDocuments, TextVectors, UnitVectors
from .run_student import RunStudent, unit_places
from .segments import ENCODED

ENCODER, ROWS = "encoder", "rows"
QUESTIONS = (ENCODER, ROWS)
"""How a question gets its vector: by the encoder, or by the rows of its words."""

# The weight of the encoder's part, in standard deviations of the hybrid without it. What is best depends on
# the collection and the encoder: 0 to 1 with abstracts of one science, 3 and more where a good encoder reads
# questions in everyday words. An encoder is told by the company it keeps: the dense part, which has read the
# text, agrees with it nearly as often as with BM25, or much less; then what it says of questions pushes good
# documents down. The quotient of both agreements judges it by what the text allows. An encoder's agreement
# with BM25 alone does not: good encoders agree little with BM25 where they bring most
# (docs/results/teacher.md).
# In a text of few words each of them decides what BM25 and the dense part find, so both agree for that reason
# alone: abstracts cut to 8 words lower the quotient of the same encoder from 0.84 to 0.62.
SLOPE = 10.0  # the weight grows by 1 for 0.1 more of the quotient
NONE = 0.7  # the quotient at which the weight would be 0
SHORT = 1.5  # is divided by the words of a document, in the mean, and added to the quotient
LEAST = 0.15  # of the weight: alone it finds what a question without a word of the text asks
# With more, the mean over collections and encoders stays, and a weak encoder loses: in questions and answers
# its quotient is the highest of all, for it finds what the dense part finds.
MOST = 1.75
UNKNOWN = 1.5  # the weight if the agreement cannot be measured
BY_ROWS = 1.0  # the largest weight of questions by rows: words have learned less of a question
DOUBTED = 1.0  # a lower weight is told to those who ask

PART: Forms = {
    **ENCODED,
    "encoder rows": Tensor("f2", ("V", "h")),
    "encoder mean": Tensor("f4", ("h",), finite=True),
    "encoder unseen": Tensor("u1", ("unseen", 16)),
    "encoder unseen rows": Tensor("f2", ("unseen", "h")),
}
"""What is written of an `EncoderPart`."""


def weight_of(quotient: float, words: float) -> float:
    """The weight of an encoder, by the dense part's agreement with it over that with BM25.

    ``words`` are those of a document, in the mean, without stop words.

    >>> [round(weight_of(quotient, 100), 2) for quotient in (0.5, 0.8, 0.9, 1.2)]
    [0.15, 1.15, 1.75, 1.75]
    >>> round(weight_of(0.6, 6), 2)
    1.5
    """
    return float(np.clip(SLOPE * (quotient + SHORT / max(words, 1) - NONE), LEAST, MOST))


class Asked(NamedTuple):
    """A question in the encoder's space."""

    vector: Rows  # (h,) of length 1
    by: str  # one of `QUESTIONS`
    weight: float  # of the encoder's part in the hybrid


@dataclass(frozen=True, eq=False)
class EncoderPart:
    """The encoder's vectors of units, and the rows by which questions get theirs without it."""

    name: str  # of the encoder
    vectors: TextVectors  # (U, h)
    rows: AnyFloats  # (V, h) float16 of the types of the index, times their weights
    mean: Floats  # (h,) of the encoder's vectors of passages
    unseen: EncodedTexts  # the rows, times their weights, of words that the index lacks, as stop words
    weight: float = UNKNOWN  # in the hybrid, of questions by the encoder

    def asked(self, encoder: SentenceEncoder, question: str) -> Asked | None:
        """A question as its encoder reads it; None for one without a word."""
        (row,) = encoder.encode([question], question=True)
        return self._asked(row - self.mean) if row.any() else None

    def asked_by_text(self, document: int) -> Asked | None:
        """A document as a question."""
        return self._asked(self.vectors.at(np.array([document]))[0])

    def asked_by_rows(self, query: Query, language: str | None) -> Asked | None:
        """A question by the rows of its words; None if none of them has one."""
        asked = self._asked(self.by_rows(query, language))
        return asked and asked._replace(by=ROWS, weight=min(self.weight, BY_ROWS))

    def by_rows(self, query: Query, language: str | None) -> Rows:
        """The sum of the rows of a question's words, (h,)."""
        rows_of_words = np.zeros((len(query.types), self.rows.shape[1]), np.float32)
        has_row = query.types < len(self.rows)  # others came later
        rows_of_words[has_row] = self.rows[query.types[has_row]]
        lost = [word for word, row in zip(query.words, rows_of_words, strict=True) if not row.any()]
        total: Rows = np.sqrt(query.counts) @ rows_of_words
        for word in [*lost, *query.unknown, *query.left_out]:
            rows, has_row = self.unseen.lookup(asked_forms(word, language))
            if has_row.any():
                total = total + rows[np.argmax(has_row)]
        return total

    def _asked(self, vector: Rows) -> Asked | None:
        """None if the vector says nothing."""
        return Asked(unit_rows(vector[None])[0], ENCODER, self.weight) if vector.any() else None

    @property
    def arrays(self) -> dict[str, Array]:
        """What is written of it."""
        assert isinstance(self.vectors, UnitVectors)
        own = self.vectors.codes, self.vectors.scales, self.rows, self.mean
        return dict(zip(PART, (*own, self.unseen.written_hashes, self.unseen.rows), strict=True))

    @classmethod
    def read(cls, arrays: Arrays, documents: int, name: str, weight: float) -> EncoderPart:
        """From what was written."""
        codes, scales, rows, mean, hashes, unseen_rows = (arrays[name] for name in PART)
        unseen = EncodedTexts.written(hashes, unseen_rows)
        return cls(name, UnitVectors(codes, scales, documents), rows, mean, unseen, weight)


def encoder_part(
    gathered: GatheredDocuments,
    units: TokenBatch,  # U
    encoded: EncodedTexts,
    student: RunStudent,
) -> EncoderPart:
    """The encoder's part of an index.

    A long document is the mean of its passages, unless it was encoded as a whole. Units that were not encoded
    have the student's vectors.
    """
    own = student.among(units.types)
    vectors = encoded_units(gathered, units, encoded, own)
    rows = (own.rows * own.weights[:, None]).astype(np.float16)
    unseen_rows = (student.unseen.rows * student.unseen_weights[:, None]).astype(np.float16)
    unseen = EncodedTexts("", "", read_only(student.unseen.hashes), read_only(unseen_rows))
    return EncoderPart(encoded.encoder, vectors, read_only(rows), read_only(own.mean), unseen)


def encoded_units(
    gathered: GatheredDocuments,
    units: TokenBatch,  # U
    encoded: EncodedTexts,
    own: Student,  # of the types of the units
) -> UnitVectors:
    """The encoder's vectors of units, or those of the student."""
    places = unit_places(encoded, gathered)
    documents = len(gathered.texts)
    first = documents + np.searchsorted(gathered.passages.owners, np.arange(documents + 1))  # passage of each

    def rows_of(numbers: Ints) -> Rows:
        out = np.zeros((len(numbers), encoded.dimensions), np.float32)
        is_encoded = places[numbers] >= 0
        out[is_encoded] = unit_rows(encoded.rows[places[numbers[is_encoded]]] - own.mean)
        long = ~is_encoded & (numbers < documents)
        long[long] = np.diff(first)[numbers[long]] > 0
        for place in np.flatnonzero(long).tolist():
            document = numbers[place]
            out[place] = rows_of(np.arange(first[document], first[document + 1])).sum(axis=0)
        out[long] = unit_rows(out[long])
        rest = np.flatnonzero(~is_encoded & ~long)
        out[rest] = text_rows(own, units.part(numbers[rest]))
        return out

    return UnitVectors.of(units.documents, documents, rows_of)
