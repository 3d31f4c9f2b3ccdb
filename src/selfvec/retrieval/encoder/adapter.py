"""`Adapter`: a map from an encoder's vectors to those of an older one; stored vectors stay searchable.

A store holds vectors of an old encoder, and questions come from a new one. A rotation from the new
vectors to the old ones (orthogonal Procrustes) is fitted on texts that both encode and on the rows of shared
words:

    R = U Vᵀ,   U S Vᵀ = Xᵀ Y / |Xᵀ Y| + ½ · Wᵀ V / |Wᵀ V|        |·|: sum of the singular values

Words matter if texts are few. If the old vectors are collapsed, a few directions decide their
cosines. So the question map is R Σ^-p, with the second moment Σ of the old vectors and the p of 0, .1 and .2
with which old neighbours are most like new ones; after an update p is 0. Least squares was tested in both
directions, with and without a pull to R and of low rank; see the results of `benchmarks.quality.compatible`.

The vector of a text is a sum of rows, so that a map of the rows maps it: a folded encoder has no cost per
question. (Drift-Adapter: Vejendla, 2025, arXiv 2509.23471.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.checks import StrPath
from selfvec.base.errors import InputError
from selfvec.base.threads import one_core, sum_of_blocks
from selfvec.files.atomic_files import atomic_file
from selfvec.files.tensors import Tensor, read_metadata, read_tensors, write_tensors
from selfvec.files.untrusted import decoding, parse_json
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate, mean
from selfvec.numerics.whitening import orthogonal_factor, whitening_matrix
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.passages import random_span

from .model import Encoder

WORDS = 0.5  # weight of shared words relative to texts; results from .1 to 1 are similar
FITTED = 20_000  # texts that a map is fitted on, at most
POWERS = (0.0, 0.1, 0.2)  # of a whitening, tried on held-out texts
_ASKED = 500  # fitted texts that choose a power, as questions
_AMONG = 4_000  # fitted texts among which these search
POOL = 4_000  # texts of a measurement
QUESTIONS = 1_000  # of a measurement, at most
LENGTH = 12  # words of a question
_FEWEST = 20  # questions
_NEAREST = 10  # as many as a search usually shows


@dataclass(frozen=True, eq=False)
class Adapter:
    """A linear map of question vectors.

    Examples
    --------
    >>> old = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    >>> new = old[:, ::-1]  # the same vectors with other axes
    >>> Adapter.fit(new, old).transform(new).round(4).tolist() == old.round(4).tolist()
    True
    """

    matrix: Rows  # (d, d') from d new dimensions to d' old ones
    about: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(cls, new: Rows, old: Rows) -> Adapter:
        """The rotation that moves vectors nearest to others of the same n texts, (n, d) to (n, d')."""
        return cls(_rotation(_moment(new, old)))

    @classmethod
    def between(cls, new: Encoder, old: Encoder, texts: Sequence[str] = ()) -> Adapter:
        """The map from one encoder's vectors to another's, by texts and by the words that both have."""
        places = dict(zip(old.words, old.places.tolist(), strict=True))
        rows = zip(new.words, new.places.tolist(), strict=True)
        pairs = np.array(sorted({(row, places[word]) for word, row in rows if word in places}), np.int64)
        if not len(pairs) and not len(texts):
            raise InputError("the two encoders have no common word", remedy="give texts that both can encode")
        moment = np.zeros((new.dimensions, old.dimensions))
        if len(pairs):
            moment += WORDS * _moment(new.rows[pairs[:, 0]], old.rows[pairs[:, 1]])
        fresh = new.encode(texts)
        stored = old.encode(texts)
        if len(texts):
            moment += _moment(fresh, stored)
        matrix, power = _sharpened(_rotation(moment), fresh, stored)
        return cls(matrix, {"shared_words": len(pairs), "texts": len(texts), "power": power})

    def transform(self, vectors: Rows) -> Rows:
        """Vectors of questions in the old space, (n, d) -> (n, d') float32 unit rows or zeros."""
        return unit_rows(np.asarray(vectors, np.float32) @ self.matrix)

    def fold(self, encoder: Encoder) -> Encoder:
        """An encoder whose vectors are the transformed ones, at no cost per text."""
        if encoder.dimensions != len(self.matrix):
            rule = f"the map needs {len(self.matrix)} dimensions, the encoder has {encoder.dimensions}"
            raise InputError(rule, remedy="give the encoder that the map was fitted with")
        return replace(encoder, rows=encoder.rows @ self.matrix, about=encoder.about | {"mapped": self.about})

    def save(self, path: StrPath, *, overwrite: bool = False) -> None:
        """Write a safetensors file, whole or not at all; `TargetError` if it exists."""
        with atomic_file(path, overwrite=overwrite) as file:
            write_tensors(file, {"matrix": self.matrix}, {"selfvec": json.dumps(self.about)})

    @classmethod
    def load(cls, path: StrPath) -> Adapter:
        """Read what `save` wrote; raises `FormatError` if the file is not a map."""
        if not Path(path).is_file():
            raise InputError("there is no such file", path=path, remedy="make it with: selfvec run migrate")
        remedy = "make it again"
        tensors = read_tensors(path, {"matrix": Tensor("f4", ("d", "d'"), finite=True)}, remedy)
        with decoding(path, "map of vectors", remedy):
            about = parse_json(read_metadata(path).get("selfvec", "{}"))
            if not isinstance(about, dict):
                raise TypeError("its description is no object")
        return cls(tensors["matrix"], about)


def _moment(new: Rows, old: Rows) -> Doubles:
    """Sum of the products of paired rows, (d, d'), with singular values that add up to 1."""
    shape = new.shape[1], old.shape[1]
    product = sum_of_blocks(shape, len(new), lambda part: new[part].T @ old[part])
    with one_core():
        return np.asarray(product / max(float(np.linalg.norm(product, "nuc")), 1e-300))


def _rotation(moment: Doubles) -> Rows:
    return np.ascontiguousarray(orthogonal_factor(moment), np.float32)


def _sharpened(rotation: Rows, new: Rows, old: Rows) -> tuple[Rows, float]:
    """R Σ^-p and p. p is 0 for a few hundred texts, because their neighbours are mostly chance."""
    among = slice(_ASKED, _ASKED + _AMONG)
    asked = new[:_ASKED]
    fresh = new[among]
    stored = old[among]
    if len(fresh) < _ASKED:
        return rotation, 0.0
    moment = old.T @ (old / np.float32(len(old)))
    maps: list[Rows] = [rotation @ whitening_matrix(moment, power) if power else rotation for power in POWERS]
    nearest = _nearest(asked, fresh)
    alike = [_shared(nearest, _nearest(asked @ matrix, stored)) for matrix in maps]
    best = int(np.argmax(alike))
    return maps[best], POWERS[best]


# ---- The loss of a map


@dataclass(frozen=True)
class Loss:
    """Recall@10 of self-retrieval in four ways.

    Some words of a text are a question, which should find the rest of the text.
    """

    questions: int
    texts: int
    new_new: float | None = None  # new questions, new vectors
    new_old: float | None = None  # new questions through the map, old vectors
    old_old: float | None = None
    unmapped: float | None = None  # new questions, old vectors; None if their dimensions differ
    kept: float | None = None  # new_old / new_new; None if there are too few questions
    low: float | None = None  # of a 95 % interval
    high: float | None = None
    nearest_kept: float | None = None  # share of the ten nearest by new → new that the map finds as well

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return asdict(self)


def fit_and_measure(new: Encoder, old: Encoder, texts: Sequence[str], seed: int = 0) -> tuple[Adapter, Loss]:
    """A map, and its loss on texts that it was not fitted on: a quarter of them, at most 4,000."""
    order = np.random.default_rng(seed).permutation(len(texts))
    held = min(POOL, len(texts) // 4)
    adapter = Adapter.between(new, old, [texts[i] for i in np.sort(order[held : held + FITTED]).tolist()])
    return adapter, measure(adapter, new, old, [texts[i] for i in order[:held].tolist()], seed)


def measure(adapter: Adapter, new: Encoder, old: Encoder, texts: Sequence[str], seed: int = 0) -> Loss:
    """The loss of a map on up to 1,000 questions, which are cut from the first of the texts."""
    rng = np.random.default_rng(seed)
    spans = [(text, *random_span(text, LENGTH, rng)) for text in texts]
    questions = [text[start:end] for text, start, end in spans if end > start][:QUESTIONS]
    rests = [f"{text[:start]} {text[end:]}" for text, start, end in spans if end > start]
    if len(questions) < _FEWEST:
        return Loss(len(questions), len(rests))
    fresh = smooth_by_neighbours(new.encode(rests), len(rests))
    stored = smooth_by_neighbours(old.encode(rests), len(rests))
    asked = new.encode(questions)
    nearest = {
        "new_new": _nearest(asked, fresh),
        "new_old": _nearest(adapter.transform(asked), stored),
        "old_old": _nearest(old.encode(questions), stored),
    }
    if new.dimensions == old.dimensions:
        nearest["unmapped"] = _nearest(asked, stored)
    wanted = np.arange(len(questions))[:, None]  # the rest of a question's text has its number
    recall = {way: mean(np.any(texts_of == wanted, axis=1), seed) for way, texts_of in nearest.items()}
    return Loss(
        len(questions),
        len(rests),
        **{way: estimate.value for way, estimate in recall.items()},
        **_ratio(recall["new_old"], recall["new_new"]),
        nearest_kept=_shared(nearest["new_new"], nearest["new_old"]),
    )


def _nearest(questions: Rows, texts: Rows) -> Ints:
    """The ten nearest texts of each question, (q, 10)."""
    most = min(_NEAREST, len(texts) - 1)
    with one_core():
        return np.argpartition(-(questions @ texts.T), most, axis=1)[:, :most]


def _shared(first: Ints, second: Ints) -> float:
    """The mean share of a question's nearest texts that are in both, (q, 10) each."""
    return float(
        np.mean([len({*a} & {*b}) / len(a) for a, b in zip(first.tolist(), second.tolist(), strict=True)])
    )


def _ratio(mapped: Estimate, unmapped: Estimate) -> dict[str, float]:
    if not unmapped.value:
        return {}
    low, high = np.percentile(mapped.replicates / np.maximum(unmapped.replicates, 1e-9), [2.5, 97.5])
    return {"kept": mapped.value / unmapped.value, "low": float(low), "high": float(high)}
