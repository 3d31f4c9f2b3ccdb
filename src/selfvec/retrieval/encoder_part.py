"""What the run's sentence encoder knows: `EncoderPart` of an index, and `student_of`, from which it is made.

The encoder's vectors of units, and of questions, have the mean of the passages subtracted. A question that
the encoder does not read has a vector by the rows of its words.

These rows are those of a student (`selfvec.encoders.student`), so that texts need no encoder. It learns from
the passages that were encoded with the run, as stems, and begins at the encoder's vectors of the words alone.
A word that the text lacks, or leaves out as a stop word, has the row at which it would begin, if it was
encoded with the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats, Ints, Rows
from selfvec.base.casing import asked_forms
from selfvec.base.compiled import read_only
from selfvec.base.progress import stage
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of
from selfvec.encoders.student import NONE, Student, learn, text_rows
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.numerics.rows import unit_rows
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.preprocessing import Preprocessing, mean_rows_by_stem
from selfvec.text.rules import listed_stop_words
from selfvec.text.vocabulary import Query

from .dense_space import Ramp, weights_of_words
from .documents import Arrays, GatheredDocuments, UnitVectors, gather, vocabulary_and_units

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
#
# The least is what alone finds what a question without a word of the text asks. With a larger most, the mean
# over collections and encoders stays, and a weak encoder loses: in questions and answers its quotient is the
# highest of all, for it finds what the dense part finds.
WEIGHT = Ramp(slope=10.0, zero_at=0.7, least=0.15, most=1.75)
"""The weight by the quotient."""

SHORT = 1.5  # is divided by the words of a document, in the mean, and added to the quotient
UNKNOWN = 1.5  # the weight if the agreement cannot be measured
BY_ROWS = 1.0  # the largest weight of questions by rows: words have learned less of a question
DOUBTED = 1.0  # a lower weight is told to those who ask

PART: Forms = {
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
    return WEIGHT.at(quotient + SHORT / max(words, 1))


class EncodedQuestion(NamedTuple):
    """A question in the encoder's space."""

    vector: Rows  # (h,) of length 1
    by: str  # one of `QUESTIONS`
    weight: float  # of the encoder's part in the hybrid


@dataclass(frozen=True, eq=False)
class EncoderPart:
    """How questions get a vector in the encoder's space, beside those of the units, and what it counts."""

    name: str  # of the encoder
    rows: AnyFloats  # (V, h) float16 of the types of the index, times their weights
    mean: Floats  # (h,) of the encoder's vectors of passages
    unseen: EncodedTexts  # the rows, times their weights, of words that the index lacks, as stop words
    weight: float = UNKNOWN  # in the hybrid, of questions by the encoder

    def asked(self, encoder: SentenceEncoder, question: str) -> EncodedQuestion | None:
        """A question as its encoder reads it; None for one without a word."""
        (row,) = encoder.encode([question], question=True)
        return self.asked_by_vector(row - self.mean) if row.any() else None

    def asked_by_vector(self, vector: Rows) -> EncodedQuestion | None:
        """A vector, (h,), of which the mean was subtracted, as a question; None if it says nothing."""
        return EncodedQuestion(unit_rows(vector[None])[0], ENCODER, self.weight) if vector.any() else None

    def asked_by_rows(self, query: Query, language: str | None) -> EncodedQuestion | None:
        """A question by the rows of its words; None if none of them has one."""
        asked = self.asked_by_vector(self.by_rows(query, language))
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

    @property
    def arrays(self) -> dict[str, Array]:
        """What is written of it."""
        arrays = self.rows, self.mean, self.unseen.written_hashes, self.unseen.rows
        return dict(zip(PART, arrays, strict=True))

    @classmethod
    def read(cls, arrays: Arrays, name: str, weight: float) -> EncoderPart:
        """From what was written."""
        rows, mean, hashes, unseen_rows = (arrays[name] for name in PART)
        return cls(name, rows, mean, EncodedTexts.written(hashes, unseen_rows), weight)

    @classmethod
    def of(cls, student: RunStudent, types: Sequence[str], name: str) -> EncoderPart:
        """From what the words of a run have learned, for the types of an index."""
        learned = student.among(types)
        rows = (learned.rows * learned.weights[:, None]).astype(np.float16)
        unseen_rows = (student.unseen.rows * student.unseen_weights[:, None]).astype(np.float16)
        unseen = EncodedTexts("", "", read_only(student.unseen.hashes), read_only(unseen_rows))
        return cls(name, read_only(rows), read_only(learned.mean), unseen)


def encoded_units(
    gathered: GatheredDocuments,
    units: TokenBatch,  # U
    encoded: EncodedTexts,
    student: Student,  # of the types of the units
) -> UnitVectors:
    """The encoder's vectors of units.

    A long document is the mean of its passages, unless it was encoded as a whole. Units that were not encoded
    have the student's vectors.
    """
    places = unit_places(encoded, gathered)
    documents = len(gathered.texts)
    first = documents + np.searchsorted(gathered.passages.owners, np.arange(documents + 1))  # passage of each

    def rows_of(numbers: Ints) -> Rows:
        out = np.zeros((len(numbers), encoded.dimensions), np.float32)
        is_encoded = places[numbers] >= 0
        out[is_encoded] = unit_rows(encoded.rows[places[numbers[is_encoded]]] - student.mean)
        long = ~is_encoded & (numbers < documents)
        long[long] = np.diff(first)[numbers[long]] > 0
        for place in np.flatnonzero(long).tolist():
            document = numbers[place]
            out[place] = rows_of(np.arange(first[document], first[document + 1])).sum(axis=0)
        out[long] = unit_rows(out[long])
        rest = np.flatnonzero(~is_encoded & ~long)
        out[rest] = text_rows(student, units.part(numbers[rest]))
        return out

    return UnitVectors.of(units.documents, documents, rows_of)


# ---- The student of a run


WORDS = "words"
"""The prior of the encoder's vectors of the words alone."""

_NAME = "student"  # in the cache
_WORDS = "vocabulary.txt"
_ARRAYS = "student.safetensors"
_FORMS: Forms = {
    "rows": Tensor("f2", ("V", "h")),
    "weights": Tensor("f4", ("V",), finite=True),
    "mean": Tensor("f4", ("h",), finite=True),
    "unseen": Tensor("u1", ("n", 16)),
    "unseen rows": Tensor("f2", ("n", "h")),
    "unseen weights": Tensor("f4", ("n",), finite=True),
}
_ABOUT = "ridge", "scale", "prior", "explained"  # of the student
_BLOCK = 1 << 14  # texts looked up at a time


@dataclass(frozen=True, eq=False)
class RunStudent:
    """What the words of a run have learned from its encoder; made by `student_of`.

    A text's vector is the sum over its words of √count · weight · row, at length 1. It is near the encoder's
    vector less ``student.mean``, at length 1.
    """

    words: list[str]  # V stems
    student: Student  # its rows, (V, h), are float16
    unseen: EncodedTexts  # rows of words that the run's text lacks, and of its stop words
    unseen_weights: Floats  # (n,) by which these are multiplied in a text
    passages: int  # that were encoded

    def among(self, types: Sequence[str]) -> Student:
        """The student with the rows of some types, (n, h) float32, zeros for those that it lacks."""
        number = {word: place for place, word in enumerate(self.words)}
        places = np.array([number.get(name, -1) for name in types], np.int64)
        learned = np.flatnonzero(places >= 0)
        rows = np.zeros((len(types), self.student.rows.shape[1]), np.float32)
        weights = np.zeros(len(types), np.float32)
        rows[learned] = self.student.rows[places[learned]]
        weights[learned] = self.student.weights[places[learned]]
        return replace(self.student, rows=rows, weights=weights)

    def write(self, folder: Path) -> None:
        """Write into an empty folder."""
        write_vocabulary(folder / _WORDS, self.words)
        learned, unseen = self.student, (self.unseen.written_hashes, self.unseen.rows, self.unseen_weights)
        arrays = learned.rows, learned.weights, learned.mean, *unseen
        write_tensors(folder / _ARRAYS, dict(zip(_FORMS, arrays, strict=True)))
        about = {name: getattr(learned, name) for name in _ABOUT}
        write_sealed(folder / RESULT, {"passages": self.passages, **about})

    @classmethod
    def read(cls, folder: Path) -> RunStudent:
        """Map what `write` has written, whose checksums the cache has compared."""
        about = read_result(folder)
        words = read_vocabulary(folder / _WORDS)
        arrays = read_tensors(folder / _ARRAYS, _FORMS, AGAIN, V=len(words))
        rows, weights, mean, hashes, unseen_rows, unseen_weights = (arrays[name] for name in _FORMS)
        student = Student(rows, weights, mean, *(about[name] for name in _ABOUT))
        unseen = EncodedTexts.written(hashes, unseen_rows)
        return cls(words, student, unseen, unseen_weights, about["passages"])


def student_of(run: Run) -> RunStudent | None:
    """The student of a run; None if the run has no encoder, or none of the passages of its text is encoded.

    It is kept in the run's cache, and held by the run. `InputError` if it has not kept its text.
    """
    encoded = encoded_texts_of(run)
    if encoded is None or not len(encoded):
        return None

    def make() -> RunStudent:
        return _learn(run, encoded, gather(run))

    def opened() -> RunStudent:
        return cached(run, _NAME, None, make, RunStudent.write, RunStudent.read)

    student = run.held(_NAME, opened)
    return student if student.passages else None


def _learn(run: Run, encoded: EncodedTexts, gathered: GatheredDocuments) -> RunStudent:
    places = unit_places(encoded, gathered)
    vocabulary, units, stem_of = vocabulary_and_units(run, gathered)
    passages = np.flatnonzero(places >= 0)
    batch, teacher = units.part(passages), encoded.rows[places[passages]]
    occurs = np.bincount(units.ids, minlength=len(vocabulary)) > 0  # stop words do not
    del units
    words: Sequence[str] = run.vectors.index_to_key
    of_words = encoded.find(words)
    mean = _mean(encoded.rows[of_words[of_words >= 0]])
    priors = {}
    if np.any(of_words >= 0):  # vectors of documents may be given without an encoder
        alone = _centred(encoded.rows[of_words], mean) * (of_words >= 0)[:, None]
        priors[WORDS] = mean_rows_by_stem(alone, stem_of, weights_of_words(run.vectors), len(vocabulary))
    if len(passages):
        with stage("Learning from the encoder", None, "passages"):
            student = learn(batch, teacher, priors)
    else:
        nothing = np.zeros((len(vocabulary), encoded.dimensions), np.float32)
        student = Student(nothing, nothing[:, 0], mean, 0.0, 0.0, NONE, {})
    others = np.full(len(encoded), bool(student.scale))
    for used in (places, of_words[occurs[stem_of]]):
        others[used[used >= 0]] = False
    rows = np.float32(student.scale) * _centred(encoded.rows[others], mean)
    unseen = EncodedTexts("", "", encoded.hashes[others], rows.astype(np.float16))
    weights = np.full(len(unseen), bm25_weight(len(passages), np.array(0)), np.float32)
    of_stop_words = _stop_word_weights(run)
    for number, weight in zip(unseen.find(list(of_stop_words)).tolist(), of_stop_words.values(), strict=True):
        if number >= 0:
            weights[number] = weight
    student = replace(student, rows=student.rows.astype(np.float16))
    return RunStudent(list(vocabulary.types), student, unseen, weights, len(passages))


# In short questions in everyday words, such as *how does it spread*, stop words decide. From 0.5 to 1, search
# finds their answers better, and abstracts and documentation as before; exported tables do from 0.25 to 0.75.
# A constant in place of the inverse document frequency gave nothing.
_STOP_WORD = 0.5


def _stop_word_weights(run: Run) -> dict[str, float]:
    """The weight of each stop word in questions; 0 if the run was made without stop words.

    Passages are read without them, so the documents that hold one are estimated from its count.
    """
    words = stop_words_of(run)
    number, counts = run.vectors.key_to_index, run.vectors.counts
    documents = run.provenance.documents or 0
    if counts is None or not any(word in number for word in words):
        return dict.fromkeys(words, 0.0)
    occurs = np.array([counts[number[word]] if word in number else 0 for word in words])
    holds = -documents * np.expm1(-occurs / documents)  # as if they stood anywhere
    return dict(zip(words, (_STOP_WORD * bm25_weight(documents, holds)).tolist(), strict=True))


def stop_words_of(run: Run) -> list[str]:
    """The stop words that search leaves out."""
    spec = Preprocessing.of(run.provenance).stop_words
    return sorted(listed_stop_words(spec)) if spec else []


def _mean(rows: AnyFloats) -> Floats:
    mean: Floats = (rows.sum(axis=0, dtype=np.float64) / max(len(rows), 1)).astype(np.float32)
    return mean


def _centred(rows: AnyFloats, mean: Floats) -> Rows:
    return unit_rows(rows - mean)


def unit_places(encoded: EncodedTexts, gathered: GatheredDocuments) -> Ints:
    """Where the vectors of documents and passages are among the encoded texts, (U,); -1 for those without."""

    def texts() -> Iterator[str]:
        yield from gathered.texts
        long = -1
        for owner, (start, end) in zip(*(part.tolist() for part in gathered.passages), strict=True):
            if owner != long:
                long, text = owner, gathered.texts[owner]
            yield text[start:end]

    parts, rest = [np.zeros(0, np.int64)], texts()
    while part := list(islice(rest, _BLOCK)):
        parts.append(encoded.find(part))
    return np.concatenate(parts)
