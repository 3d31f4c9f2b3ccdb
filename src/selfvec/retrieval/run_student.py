"""`student_of`: an encoder's knowledge as rows of a run's words, so that texts need no encoder.

The student (`selfvec.encoders.student`) learns from the passages that were encoded with the run, as stems,
and begins at the encoder's vectors of the words alone. A word that the text lacks, but that was encoded with
the run, has the row at which it would begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ids, Ints, Rows
from selfvec.base.checksums import write_sealed
from selfvec.base.progress import Progress, as_progress
from selfvec.base.tensors import Forms, check_tensors, map_tensors, write_tensors
from selfvec.base.text_files import COUNT, Schema, check, read_vocabulary, write_vocabulary
from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import EncodedTexts, encoded_texts_of
from selfvec.encoders.student import NONE, learn
from selfvec.numerics.rows import unit_rows
from selfvec.storage.cache import RESULT, cached, read_result
from selfvec.text.document_vectors import bm25_weight
from selfvec.text.preprocessing import mean_rows_by_stem

from .documents import GatheredDocuments, gather
from .units import vocabulary_and_units

WORDS = "words"
"""The prior of the encoder's vectors of the words alone."""

_NAME = "student"  # in the cache
_WORDS = "vocabulary.txt"
_ARRAYS = "student.safetensors"
_AGAIN = "remove it; it is made again"
_SCHEMA: Schema = {
    ...: ("passages", "ridge", "scale", "prior", "explained"),
    "passages": COUNT,
    "ridge": float,
    "scale": float,
    "prior": str,
    "explained": {str: float},
}
_FORMS: Forms = {"rows": ("f2", ("V", "h")), "weights": ("f4", ("V",)), "mean": ("f4", ("h",))}
_BLOCK = 1 << 14  # texts looked up at a time


@dataclass(frozen=True, eq=False)
class RunStudent:
    """What the words of a run have learned from its encoder; made by `student_of`.

    A text's vector is the sum over its words of √count · weight · row, at length 1. It is near the encoder's
    vector less `mean`, at length 1.
    """

    words: list[str]  # V stems
    rows: AnyFloats  # (V, h) float16
    weights: Floats  # (V,) inverse document frequencies among the passages
    mean: Floats  # (h,) of the encoder's vectors of passages
    word_mean: Floats  # (h,) of the encoder's vectors of words
    about: dict[str, Any]  # passages, ridge, scale, prior, explained: see `selfvec.encoders.student.Student`

    @property
    def dimensions(self) -> int:
        """h."""
        return int(self.rows.shape[1])

    @property
    def unseen_weight(self) -> float:
        """The weight of a word that no passage has."""
        return float(bm25_weight(self.about["passages"], np.array(0)))

    def unseen_rows(self, alone: Rows) -> Rows:
        """Rows of words that the run lacks, (n, h), from the encoder's vectors of the words alone."""
        return np.float32(self.about["scale"]) * _centred(alone, self.word_mean)

    def write(self, folder: Path) -> None:
        """Write into an empty folder."""
        write_vocabulary(folder / _WORDS, self.words)
        names = ("rows", "weights", "mean", "word_mean")
        write_tensors(folder / _ARRAYS, {name: getattr(self, name) for name in names})
        write_sealed(folder / RESULT, self.about)

    @classmethod
    def read(cls, folder: Path) -> RunStudent:
        """Map what `write` has written. `FormatError` if it is damaged."""
        about = read_result(folder)
        check(about, _SCHEMA, folder / RESULT, _AGAIN)
        words = read_vocabulary(folder / _WORDS)
        arrays = map_tensors(folder / _ARRAYS)
        forms = {**_FORMS, "word_mean": _FORMS["mean"], "weights": ("f4", (len(words),))}
        check_tensors(arrays, forms, folder / _ARRAYS, _AGAIN)
        return cls(words, **arrays, about={name: about[name] for name in _SCHEMA if name is not ...})


def student_of(run: Run, progress: Progress | None = None) -> RunStudent | None:
    """The student of a run; None if the run has no encoder, or none of the passages of its text is encoded.

    It is kept in the run's cache, and held by the run.

    Raises
    ------
    InputError
        If the run has an encoder, but has not kept its text.
    """
    encoded = encoded_texts_of(run)
    if encoded is None or not len(encoded):
        return None
    progress = as_progress(progress)

    def make() -> RunStudent:
        return _learn(run, encoded, gather(run, progress), progress)

    def opened() -> RunStudent:
        return cached(run, _NAME, None, make, RunStudent.write, RunStudent.read, progress)

    student = run.held(_NAME, opened)
    return student if student.about["passages"] else None


def _learn(run: Run, encoded: EncodedTexts, found: GatheredDocuments, progress: Progress) -> RunStudent:
    owners, spans = found.passages()
    places = unit_places(encoded, found, owners, spans)
    vocabulary, units, stem_of = vocabulary_and_units(run, found, owners, spans)
    passages = np.flatnonzero(places >= 0)
    batch, teacher = units.part(passages), encoded.rows[places[passages]]
    del units
    word_mean, priors = _priors(run, encoded, stem_of, len(vocabulary))
    about: dict[str, Any] = {"passages": len(passages)}
    if not len(passages):
        nothing = np.zeros((len(vocabulary), encoded.dimensions), np.float16)
        about |= {"ridge": 0.0, "scale": 0.0, "prior": NONE, "explained": {}}
        return RunStudent(
            list(vocabulary.types), nothing, nothing[:, 0] * np.float32(0), word_mean, word_mean, about
        )
    with progress.stage("Learning from the encoder", None, "passages"):
        student = learn(batch, teacher, priors, progress=progress)
    about |= {name: getattr(student, name) for name in ("ridge", "scale", "prior", "explained")}
    rows = student.rows.astype(np.float16)
    return RunStudent(list(vocabulary.types), rows, student.weights, student.mean, word_mean, about)


def _priors(run: Run, encoded: EncodedTexts, stem_of: Ints, stems: int) -> tuple[Floats, dict[str, Rows]]:
    """The mean of the encoder's vectors of a run's words alone, (h,), and what its stems begin at by name."""
    words: Sequence[str] = run.vectors.index_to_key
    alone, known = encoded.lookup(words)
    if not known.any():  # vectors of documents were given, and no encoder
        return np.zeros(encoded.dimensions, np.float32), {}
    mean = alone[known].mean(axis=0, dtype=np.float64).astype(np.float32)
    alone = _centred(alone, mean) * known[:, None]
    counts = np.ones(len(words), np.int64) if run.vectors.counts is None else run.vectors.counts + 1
    return mean, {WORDS: mean_rows_by_stem(alone, stem_of, counts, stems)}


def _centred(rows: Rows, mean: Floats) -> Rows:
    """Rows less their mean, at length 1."""
    return unit_rows(rows - mean)


def unit_places(encoded: EncodedTexts, found: GatheredDocuments, owners: Ids, spans: Ids) -> Ints:
    """Where the vectors of documents and passages are among the encoded texts, (U,); -1 for those without."""

    def texts() -> Iterator[str]:
        yield from found.texts
        long = -1
        for owner, (start, end) in zip(owners.tolist(), spans.tolist(), strict=True):
            if owner != long:
                long, text = owner, found.texts[owner]
            yield text[start:end]

    parts, rest = [np.zeros(0, np.int64)], texts()
    while part := list(islice(rest, _BLOCK)):
        parts.append(encoded.find(part))
    return np.concatenate(parts)
