"""`EncoderPart`: what a sentence encoder knows about the units of an index, and about words of questions.

The encoder's vectors of units, and of questions, have the mean of the passages subtracted. A question that
the encoder does not read has a vector by the rows of its words, see `selfvec.retrieval.run_student`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats, Ints, Rows
from selfvec.base.casing import asked_forms
from selfvec.base.compiled import read_only
from selfvec.base.errors import OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.encoders.sentence_encoder import SentenceEncoder
from selfvec.encoders.student import Student, text_rows
from selfvec.files.tensors import Forms, Tensor
from selfvec.numerics.rows import unit_rows
from selfvec.text.vocabulary import Query

from .documents import Arrays, GatheredDocuments, UnitVectors
from .run_student import RunStudent, unit_places
from .segments import ENCODED, TextVectors

ENCODER, ROWS = "encoder", "rows"
QUESTIONS = (ENCODER, ROWS)
"""How a question gets its vector: by the encoder, or by the rows of its words."""

# Of the encoder's part, in standard deviations of the hybrid without it. They are constants, because no rule
# held where it had not been fitted: one that grew with the encoder's agreement with BM25 gave 0 on the
# collections that gain most, since what an encoder adds are documents that BM25 does not find. Near both, the
# figures of most collections change little (docs/results/teacher.md). Words have learned less of a question
# than its encoder knows: at 1.5, they harm on CACM. Both are too much for an encoder that knows little of a
# text: see `EncoderPart.trust`.
WEIGHT = 1.5
WEIGHT_BY_ROWS = 1.0
_WEIGHTS = {ENCODER: WEIGHT, ROWS: WEIGHT_BY_ROWS}

# An encoder that knows little of a text is told by the company it keeps: the dense part, which has read the
# text, agrees with it much less than with BM25. What it says of questions then pushes good documents down.
# The quotient of both agreements judges it by what the text allows. An encoder's agreement with BM25 alone
# does not: good encoders agree little with BM25 where they bring most.
DOUBTED = 0.65  # the quotient up to which an encoder has the least weight
TRUSTED = 0.8  # from which it has all of it
LEAST_TRUST = 0.1  # of its weight: alone it finds what a question without a word of the text asks

PART: Forms = {
    **ENCODED,
    "encoder rows": Tensor("f2", ("V", "h")),
    "encoder mean": Tensor("f4", ("h",), finite=True),
    "encoder unseen": Tensor("u1", ("unseen", 16)),
    "encoder unseen rows": Tensor("f2", ("unseen", "h")),
}
"""What is written of an `EncoderPart`."""


def check_question(question: str) -> None:
    """Raise `OptionError` for an unknown way to compare questions."""
    if question not in QUESTIONS:
        raise OptionError.one_of(question, QUESTIONS, field="question")


def trust(quotient: float) -> float:
    """What an encoder's weight is multiplied by, from the dense part's agreement with it and with BM25.

    >>> [round(trust(quotient), 2) for quotient in (0.5, 0.7, 0.9)]
    [0.1, 0.33, 1.0]
    """
    return float(np.clip((quotient - DOUBTED) / (TRUSTED - DOUBTED), LEAST_TRUST, 1))


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
    weights: Mapping[str, float] = field(default_factory=_WEIGHTS.copy)  # by how a question gets its vector
    trust: float = 1.0  # what the weights are multiplied by

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

    def _asked(self, vector: Rows, by: str) -> Asked | None:
        """None if the vector says nothing."""
        return Asked(unit_rows(vector[None])[0], by, self.weights[by] * self.trust) if vector.any() else None

    @property
    def arrays(self) -> dict[str, Array]:
        """What is written of it."""
        assert isinstance(self.vectors, UnitVectors)
        own = self.vectors.codes, self.vectors.scales, self.rows, self.mean
        return dict(zip(PART, (*own, self.unseen.written_hashes, self.unseen.rows), strict=True))

    @classmethod
    def read(cls, arrays: Arrays, documents: int, name: str, trust: float) -> EncoderPart:
        """From what was written."""
        codes, scales, rows, mean, hashes, unseen_rows = (arrays[name] for name in PART)
        unseen = EncodedTexts.written(hashes, unseen_rows)
        return cls(name, UnitVectors(codes, scales, documents), rows, mean, unseen, trust=trust)


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
