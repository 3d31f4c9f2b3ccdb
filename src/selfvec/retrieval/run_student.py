"""`student_of`: an encoder's knowledge as rows of a run's words, so that texts need no encoder.

The student (`selfvec.encoders.student`) learns from the passages that were encoded with the run, as stems,
and begins at the encoder's vectors of the words alone. A word that the text lacks, or leaves out as a stop
word, has the row at which it would begin, if it was encoded with the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Rows
from selfvec.base.progress import Progress, as_progress
from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of
from selfvec.encoders.student import NONE, Student, learn
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.numerics.rows import unit_rows
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.preprocessing import Preprocessing, mean_rows_by_stem
from selfvec.text.rules import listed_stop_words

from .dense_space import weights_of_words
from .documents import GatheredDocuments, gather, vocabulary_and_units

WORDS = "words"
"""The prior of the encoder's vectors of the words alone."""

_NAME = "student"  # in the cache
_FORMAT = 3  # another number, and what an older version kept is made again
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
        learned = places >= 0
        rows = np.zeros((len(types), self.student.rows.shape[1]), np.float32)
        rows[learned] = self.student.rows[places[learned]]
        weights = np.zeros(len(types), np.float32)
        weights[learned] = self.student.weights[places[learned]]
        return replace(self.student, rows=rows, weights=weights)

    def write(self, folder: Path) -> None:
        """Write into an empty folder."""
        write_vocabulary(folder / _WORDS, self.words)
        own = self.student
        unseen = self.unseen.written_hashes, self.unseen.rows, self.unseen_weights
        arrays = own.rows, own.weights, own.mean, *unseen
        write_tensors(folder / _ARRAYS, dict(zip(_FORMS, arrays, strict=True)))
        about = {name: getattr(own, name) for name in ("ridge", "scale", "prior", "explained")}
        write_sealed(folder / RESULT, {"passages": self.passages, **about})

    @classmethod
    def read(cls, folder: Path) -> RunStudent:
        """Map what `write` has written, whose checksums the cache has compared."""
        about = read_result(folder)
        words = read_vocabulary(folder / _WORDS)
        arrays = read_tensors(folder / _ARRAYS, _FORMS, AGAIN, V=len(words))
        chosen = about["ridge"], about["scale"], about["prior"], about["explained"]
        rows, weights, mean, hashes, unseen_rows, unseen_weights = (arrays[name] for name in _FORMS)
        student = Student(rows, weights, mean, *chosen)
        unseen = EncodedTexts.written(hashes, unseen_rows)
        return cls(words, student, unseen, unseen_weights, about["passages"])


def student_of(run: Run, progress: Progress | None = None) -> RunStudent | None:
    """The student of a run; None if the run has no encoder, or none of the passages of its text is encoded.

    It is kept in the run's cache, and held by the run. `InputError` if it has not kept its text.
    """
    encoded = encoded_texts_of(run)
    if encoded is None or not len(encoded):
        return None
    progress = as_progress(progress)

    def make() -> RunStudent:
        return _learn(run, encoded, gather(run, progress), progress)

    def opened() -> RunStudent:
        return cached(run, _NAME, _FORMAT, make, RunStudent.write, RunStudent.read, progress)

    student = run.held(_NAME, opened)
    return student if student.passages else None


def _learn(run: Run, encoded: EncodedTexts, gathered: GatheredDocuments, progress: Progress) -> RunStudent:
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
        with progress.stage("Learning from the encoder", None, "passages"):
            student = learn(batch, teacher, priors, progress=progress)
    else:
        nothing = np.zeros((len(vocabulary), encoded.dimensions), np.float32)
        student = Student(nothing, nothing[:, 0], mean, 0.0, 0.0, NONE, {})
    others = np.ones(len(encoded), bool)
    for used in (places, of_words[occurs[stem_of]]):
        others[used[used >= 0]] = False
    if not student.scale:
        others[:] = False
    rows = np.float32(student.scale) * _centred(encoded.rows[others], mean)
    unseen = EncodedTexts("", "", encoded.hashes[others], rows.astype(np.float16))
    weights = np.full(len(unseen), bm25_weight(len(passages), np.array(0)), np.float32)
    of_stop_words = _stop_word_weights(run)
    numbers = unseen.find(list(of_stop_words))
    weights[numbers[numbers >= 0]] = np.array(list(of_stop_words.values()), np.float32)[numbers >= 0]
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
