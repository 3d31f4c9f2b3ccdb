"""Should search leave out topic vectors where a text is small? Fills a part of docs/results/search.md.

Judged collections are cut into groups of documents on one subject and into random ones, each with the
queries that it answers, and each is refined by itself. The label-free test that chooses a method
(`selfvec.refinement.selection.HalvedTexts`) compares the tables with and without topic vectors, by
texts held out. nDCG@10 says what each is worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from benchmarks.datasets import judged
from benchmarks.page import table
from benchmarks.rankings import SEED, by_index, differs
from benchmarks.refining import refined, refined_rows
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.lab.evaluation.collection import Collection, ndcg
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean
from selfvec.refinement.derived_vectors import topical
from selfvec.refinement.selection import SURE, TEXTS, HalvedTexts, Measured, folds
from selfvec.retrieval import Index
from selfvec.retrieval.encoder import Encoder

GROUPS = 8  # by k-means; of those, the groups with `QUERIES` queries or more
QUERIES = 8
RANDOM = (70, 200)  # documents of the random cuts
WITHOUT, WITH = ("original", "refined"), ("original", "refined", "topics")


@dataclass(frozen=True)
class Cut:
    """Documents of one kind, and what was measured on them."""

    kind: str
    queries: int
    better: float  # probability by self-retrieval that topic vectors help
    scores: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]  # by mode: without and with, (Q,)


def cuts() -> Iterator[tuple[str, Collection]]:
    """Every collection, its groups and its random parts."""
    for name, collection in judged().items():
        yield "whole", collection
        run = refined(name)
        rows = Encoder.of(run, tables=("original",)).encode(collection.documents)
        groups = KMeans(GROUPS, n_init=2, random_state=SEED).fit_predict(rows)
        answers = np.unique([place for gains in collection.relevant for place in gains if place >= 0])
        drawn = [np.random.default_rng(SEED).permutation(answers)[:number] for number in RANDOM]
        of_groups = [np.flatnonzero(groups == group) for group in range(GROUPS)]
        for kind, places in [("one subject", one) for one in of_groups] + [("random", one) for one in drawn]:
            part = documents_of(collection, places)
            if len(part.queries) >= QUERIES:
                yield kind, part


def documents_of(collection: Collection, places: NDArray[np.int64]) -> Collection:
    """Some of the documents, with the queries that one of them answers."""
    new = {int(old): place for place, old in enumerate(places)}
    inside = [{new[old]: gain for old, gain in one.items() if old in new} for one in collection.relevant]
    queries = [query for query, gains in zip(collection.queries, inside, strict=True) if gains]
    return Collection([collection.documents[old] for old in places], queries, [one for one in inside if one])


def topics_help(run: Run) -> float:
    """The probability that halved texts find each other better with topic vectors than without."""
    rng, measured, first = np.random.default_rng(SEED), (Measured(), Measured()), 0
    for training, held in folds(run.require_tokens(), rng):
        test = HalvedTexts.draw(held, training, rng)
        trained = unit_rows(refined_rows(training, run.original, Settings(method="decorrelated")))
        without = np.hstack((run.original.unit, trained))
        included = np.hstack((without, topical(training, run.original)))
        for one, rows in zip(measured, (without, included), strict=True):
            one.scores["self_retrieval"].append(test.score(rows))
            one.documents["self_retrieval"].append(test.documents + first)
        first += held.documents
        if sum(map(len, measured[0].scores["self_retrieval"])) >= TEXTS:
            break
    return measured[1].better(measured[0], "self_retrieval")


def scores(collection: Collection, run: Run, tables: tuple[str, ...], mode: str) -> NDArray[np.float64]:
    """nDCG@10 of each query, (Q,)."""
    rankings = by_index(collection, Index.memory(run, collection.documents, tables=tables), mode)
    return np.array([ndcg(*pair) for pair in zip(rankings, collection.relevant, strict=True)])


def measured() -> list[Cut]:
    """All cuts."""
    found = []
    for kind, collection in cuts():
        run = refined(collection.documents)
        both = {
            mode: (scores(collection, run, WITHOUT, mode), scores(collection, run, WITH, mode))
            for mode in ("dense", "hybrid")
        }
        found.append(Cut(kind, len(collection.queries), topics_help(run), both))
    return found


def paired(cuts: list[Cut], mode: str) -> str:
    """With topic vectors minus without, over the queries of all cuts."""
    without, included = (np.concatenate([one.scores[mode][k] for one in cuts]) for k in (0, 1))
    return differs(mean(included, SEED), mean(without, SEED))


def by_kind() -> str:
    """What the test says, and what topic vectors are worth."""
    every, rows = measured(), []
    for kind in dict.fromkeys(one.kind for one in every):
        alike = [one for one in every if one.kind == kind]
        worse = sum(one.scores["dense"][0].mean() > one.scores["dense"][1].mean() for one in alike)
        rows.append(
            [
                kind,
                len(alike),
                sum(one.queries for one in alike),
                sum(one.better >= SURE for one in alike),
                paired(alike, "dense"),
                paired(alike, "hybrid"),
                worse,
            ]
        )
    heads = ["documents", "cuts", "queries", "the test keeps topics", "dense", "hybrid", "dense is worse in"]
    return table(heads, rows)


NEEDS_DATA = True
PAGES = {"search.md": {"tables": by_kind}}
