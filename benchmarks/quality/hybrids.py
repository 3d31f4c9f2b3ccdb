"""Is search's hybrid better than other hybrids? Fills parts of docs/results/baselines.md.

BM25 beside vectors is the sum of both scores in standard deviations, the vectors' times a weight that has the
best mean nDCG@10 of those of `CHOSEN_ON` that are not reported. Vectors and their settings are those of
`continued`. In the rows "search with ..." the weights are those of search, and the vectors are exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from benchmarks.page import table
from benchmarks.quality import continued
from benchmarks.quality.continued import COUNTED, INITIAL, SEARCH, best, collection
from benchmarks.quality.encoder import ENCODER
from benchmarks.quality.trained_on import CHOSEN_ON, COLLECTIONS, folder, ours, start
from benchmarks.rankings import SEED, by_cosine, by_index, fused_by_rank, standard
from benchmarks.relevance_model import rm3_rankings
from selfvec.apps.functions.refine import refine
from selfvec.base.arrays import Doubles
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.run_encoder import encoder_of
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.retrieval import bm25_rankings, ranked
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate, mean
from selfvec.retrieval import Index
from selfvec.text.preprocessing import Preprocessing

WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # of vectors, where BM25 has 1
HYBRID, BY_ROWS, BY_ENCODER = (
    "**Selfvec, `search`**",
    "**Selfvec, `search`, questions by rows**",
    "**Selfvec, `search`, questions by the encoder**",
)
WITH_ENCODER = "BM25 + the encoder"

Rankings = list[list[int]]
Scores = list[Doubles]  # of the documents, for each query


def estimate(name: str, rankings: Rankings) -> Estimate:
    """nDCG@10 of a collection."""
    return mean(collection(name).scores(rankings)["ndcg@10"], SEED)


@cache
def words(name: str) -> tuple[Scores, list[np.ndarray]]:
    """BM25's scores of whole documents, and which it finds."""
    found = collection(name)
    index = Index.words_only(found.documents, preprocessing(name).by_words)
    scored = [index.scores(query, "bm25") for query in found.queries]
    return [np.asarray(one.scores, np.float64) for one in scored], [one.found for one in scored]


def preprocessing(name: str) -> Preprocessing:
    """How all methods cut the texts of a collection."""
    return Preprocessing.of(start(name).run.provenance)


def cosines(name: str, vectors: Vectors) -> Scores:
    """The scores of `continued`."""
    found = collection(name)
    entry = ComparedVectors("", vectors, preprocessing(name))
    count = len(found.documents)
    rows, _ = entry.text_rows(found.documents + found.queries, count, questions=True)
    return [rows[:count] @ query for query in rows[count:]]


def beside_words(name: str, scores: Scores, weight: float) -> Rankings:
    """Rankings by BM25 and the scores of vectors."""
    return [
        ranked(standard(a) + weight * standard(b), found | (b != 0))
        for a, b, found in zip(words(name)[0], scores, words(name)[1], strict=True)
    ]


def fused(scores: Callable[[str], Scores]) -> dict[str, Estimate]:
    """BM25 beside vectors on each collection, with the weight of the others."""
    kept = {name: scores(name) for name in COLLECTIONS}
    by_weight = {
        weight: {name: estimate(name, beside_words(name, kept[name], weight)) for name in COLLECTIONS}
        for weight in WEIGHTS
    }

    def weight_without(name: str) -> float:
        others = [other for other in CHOSEN_ON if other != name]
        return max(WEIGHTS, key=lambda weight: sum(by_weight[weight][other].value for other in others))

    return {name: by_weight[weight_without(name)][name] for name in COLLECTIONS}


# ---- Selfvec's search


@cache
def run_of(name: str, encoder: bool = False) -> Run:
    """A run with the defaults, with an encoder or without."""
    return refine(folder(name) / "corpus.jsonl", "default", encoder=ENCODER if encoder else None).present


def with_vectors(name: str, vectors: Vectors | None) -> Estimate:
    """Search with other vectors beside the initial ones, or with these alone, in place of our own."""
    run = start(name).run
    if vectors is None:
        index = Index.memory(run, collection(name).documents, tables=("original",))
    else:
        index = Index.memory(
            run.present.replace(vectors=vectors), collection(name).documents, tables=("original", "refined")
        )
    return estimate(name, by_index(collection(name), index, "hybrid"))


def by_search(name: str) -> Estimate:
    """Search as it is."""
    index = Index.memory(run_of(name), collection(name).documents)
    return estimate(name, by_index(collection(name), index, "hybrid"))


def each(measure: Callable[[str], Estimate]) -> dict[str, Estimate]:
    """A figure of every collection."""
    return {name: measure(name) for name in COLLECTIONS}


def hybrids() -> Mapping[str, Mapping[str, Estimate]]:
    """Hybrids without an encoder."""

    def beside(vectors: Callable[[str], Vectors]) -> dict[str, Estimate]:
        return fused(lambda name: cosines(name, vectors(name)))

    def in_search(tool: str) -> dict[str, Estimate]:
        return each(lambda name: with_vectors(name, best(tool, SEARCH, name)))

    return {
        HYBRID: each(by_search),
        "BM25": each(by_words),
        "BM25 with RM3": each(by_rm3),
        f"BM25 + {INITIAL}": beside(lambda name: start(name).initial),
        "BM25 + Selfvec's words' vectors": beside(lambda name: ours(name).vectors),
        "BM25 + gensim's vectors": beside(lambda name: best("gensim", SEARCH, name)),
        "BM25 + fastText's vectors": beside(lambda name: best("fasttext", SEARCH, name)),
        f"BM25 + {COUNTED}": beside(continued.counted),
        "`search` with the initial vectors alone": each(lambda name: with_vectors(name, None)),
        "`search` with the initial and gensim's vectors": in_search("gensim"),
        "`search` with the initial and fastText's vectors": in_search("fasttext"),
    }


def by_words(name: str) -> Estimate:
    """BM25 of whole documents."""
    return estimate(name, bm25_rankings(collection(name), preprocessing(name)))


def by_rm3(name: str) -> Estimate:
    """The same, with words of the best documents added to the question."""
    return estimate(name, rm3_rankings(collection(name), preprocessing(name)))


def hybrid_table() -> str:
    """Search next to hybrids without an encoder."""
    heads = continued.search_heads("nDCG@10 by words and vectors", "`search`")
    return table(heads, continued.search_rows(hybrids(), HYBRID))


# ---- With an encoder


def fusion_table() -> str:
    """Search without an encoder next to what most people build with one: no constant is chosen for it."""
    fused_ranks: dict[str, Estimate] = {}
    alone: dict[str, Estimate] = {}
    words_alone: dict[str, Estimate] = {}
    for name in COLLECTIONS:
        found, encoder = collection(name), as_sentence_encoder(ENCODER)
        rows = [encoder.encode(found.documents), encoder.encode(found.queries, question=True)]
        by_words = bm25_rankings(found, preprocessing(name))
        by_encoder = by_cosine(found, np.concatenate(rows))
        both = fused_by_rank(by_words, by_encoder)
        for kept, rankings in ((words_alone, by_words), (alone, by_encoder), (fused_ranks, both)):
            kept[name] = estimate(name, rankings)
    found_by = {
        HYBRID: each(by_search),
        "BM25": words_alone,
        "all-MiniLM-L6-v2, cosine": alone,
        f"{WITH_ENCODER}, reciprocal rank fusion": fused_ranks,
    }
    heads = continued.search_heads("nDCG@10, nothing tuned", "`search`")
    return table(heads, continued.search_rows(found_by, HYBRID))


@cache
def index_with_encoder(name: str) -> Index:
    """The index of a run with an encoder."""
    return Index.memory(run_of(name, encoder=True), collection(name).documents)


@cache
def encoded(name: str) -> Scores:
    """The cosines of the encoder's vectors, the mean of the passages subtracted."""
    index, encoder = index_with_encoder(name), encoder_of(run_of(name, encoder=True))
    part = index.encoder_part
    assert part is not None
    assert encoder is not None
    questions = unit_rows(encoder.encode(collection(name).queries, question=True) - part.mean)
    return [np.asarray(index.scorer.near_encoded(row).scores, np.float64) for row in questions]


def asked(name: str, question: str) -> Estimate:
    """Search with the encoder, which reads the question or does not."""
    index, found = index_with_encoder(name), collection(name)
    return estimate(name, by_index(found, index, question=question))


def encoder_table() -> str:
    """Search next to BM25 with an encoder."""

    def alone(name: str) -> Estimate:
        return estimate(name, [ranked(one, np.ones(len(one), bool)) for one in encoded(name)])

    def equal(name: str) -> Estimate:
        return estimate(name, beside_words(name, encoded(name), 1.0))

    found = {
        BY_ENCODER: each(lambda name: asked(name, "encoder")),
        BY_ROWS: each(lambda name: asked(name, "rows")),
        "the encoder alone": each(alone),
        f"{WITH_ENCODER}, equal weights": each(equal),
        f"{WITH_ENCODER}, weight of the other collections": fused(encoded),
    }
    heads = continued.search_heads("nDCG@10 with an encoder", "by the encoder")
    return table(heads, continued.search_rows(found, BY_ENCODER))


NEEDS_DATA = True
PAGES = {"baselines.md": {"hybrids": hybrid_table, "fusion": fusion_table, "with-encoder": encoder_table}}
