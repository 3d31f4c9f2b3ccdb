"""Documents over time: topics of storm reports matched between groups, and topics of single documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import open_corpus
from benchmarks.vectors import Row
from selfvec.analysis.concepts.corpus_topics import matched_topics, topics
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.numerics.statistics import mean
from selfvec.refinement.pipeline import refine

GROUPS, NUMBERS, SEED, DRAWS = 4, (8, 16), 0, 200

Labels = NDArray[np.int64]


def rows() -> Iterator[Row]:
    """All rows of the item."""
    run = refine(open_corpus("NOAA"), "default", Settings(method="decorrelated"))
    kinds = np.array([kind or "" for kind in run.require_text().field("event_type")])
    for number in NUMBERS:
        yield _matched(run, kinds, number)
    yield _documents(run, kinds)


def _matched(run: Run, kinds: NDArray[np.str_], number: int) -> Row:
    """Random quarters, between which nothing changes: is a matched topic about the same events?"""
    part = np.random.default_rng(SEED).integers(GROUPS, size=len(kinds))
    groups = [Slice(f"part {i}", part == i) for i in range(GROUPS)]
    found = matched_topics(run, groups, number, seed=SEED)
    commonest = []  # event type of the documents of each topic, by group; the largest topic first
    for group in groups:
        of = {}
        for row in sorted(
            (row for row in found.shares if row.group == group.name), key=lambda row: -row.documents
        ):
            events = kinds[group.documents & (found.of_documents == row.topic)]
            names, counts = np.unique(events, return_counts=True)
            of[row.topic] = str(names[counts.argmax()])
        commonest.append(of)
    by_size = [
        a == b for one, two in pairwise(commonest) for a, b in zip(one.values(), two.values(), strict=False)
    ]
    last: dict[int, str] = {}  # of each topic, in the groups before
    same = []
    for of in commonest:
        same += [last[topic] == kind for topic, kind in of.items() if topic in last]
        last |= of
    total = number * (GROUPS - 1)
    low, high = mean(np.array(same, float), SEED).interval
    base = float(np.mean(by_size))
    return Row(
        f"Topics matched over time, {number} a group",
        "Hungarian method (Kuhn 1955)",
        f"selfvec text topics run --number {number} --by year --match",
        "matched topics whose commonest event type is the same, random quarters of NOAA",
        "topics paired by size",
        base,
        float(np.mean(same)),
        low - base,
        high - base,
        f"{len(same)} of {total} are found again",
    )


def _documents(run: Run, kinds: NDArray[np.str_]) -> Row:
    """Topics of documents and types of events, against k-means on words."""
    from sklearn.cluster import KMeans
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import normalized_mutual_info_score as nmi

    found = topics(run, seed=SEED)
    texts = [text for batch in open_corpus("NOAA").batches() for text in batch.texts.to_list()]
    table = TfidfVectorizer(stop_words="english", min_df=5, sublinear_tf=True).fit_transform(texts)
    words = KMeans(len(found), n_init=4, random_state=SEED).fit_predict(table)
    labels = found.of_documents
    rng = np.random.default_rng(SEED)
    draws = (rng.integers(len(kinds), size=len(kinds)) for _ in range(DRAWS))
    apart = [nmi(kinds[d], labels[d]) - nmi(kinds[d], words[d]) for d in draws]
    low, high = np.percentile(apart, [2.5, 97.5])
    return Row(
        "Topic of each document",
        "Grootendorst 2022",
        "selfvec text topics run --documents topics.csv",
        "normalised mutual information with the event type, NOAA",
        f"k-means of tf-idf, {len(found)} clusters",
        float(nmi(kinds, words)),
        float(nmi(kinds, labels)),
        float(low),
        float(high),
        "does not help: clusters of words are as good, without names or periods",
    )
