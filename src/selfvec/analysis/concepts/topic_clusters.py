"""Topics: clusters of a run's terms by their topic vectors, each with its most typical terms.

Terms are clustered by spherical k-means, weighted by their term weights. A typical term is coherent, near the
centre of its topic, frequent in the topic's documents and rarer in others (c-TF-IDF; Grootendorst, 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.display import count_of
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import in_order, one_core, threads
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows
from selfvec.text.phrases import row_of

from .terms import (
    NAMED,
    Terms,
    can_name,
    counts_in,
    distinct,
    nearest_centres,
    term_weights,
    topic_rows,
    topic_text_vectors,
    topical_terms,
)
from .topic_result import Topic, Topics

TERMS = 1500  # number of terms that are clustered
NUMBERS = (4, 6, 8, 12, 16, 24, 32)  # numbers of topics that are tried
ENOUGH = 0.9  # share of the best silhouette that is enough, because gains shrink as the number grows
RARER = 3.0  # logarithm of the ratio to other topics that is enough; those of rare terms are uncertain
NEAR = 0.15  # smallest cosine of a word to the centre of its topic
_STARTS = 4  # of k-means, which ends in another local optimum from each


@dataclass(frozen=True)
class Clustering:
    """How terms are clustered into topics."""

    number: int | None = None  # of topics; None for the smallest of `NUMBERS` that is good enough
    top: int = 12  # terms listed per topic
    most: int = TERMS  # terms that are clustered, at most
    min_count: int = 5  # documents with a term, at least
    seed: int = 0  # for the first centres
    seeds: Sequence[Sequence[str]] = ()  # groups of words, each with a topic of its own
    earlier: Sequence[Sequence[str]] = ()  # terms of earlier topics, which begin there in this order

    @property
    def least(self) -> int:
        """The smallest number of topics."""
        return max(2, len(self.seeds), len(self.earlier))

    def asked(self) -> int | None:
        """The number of topics that was asked for, if one was; earlier topics ask for as many."""
        begun = max(len(self.seeds), len(self.earlier))
        if self.number and self.number < begun:
            rule = f"is at least {begun}, those that are given, not {self.number}"
            raise OptionError(rule, field="number")
        return self.number or len(self.earlier) or None


def cluster_terms(run: Run, how: Clustering | None = None, progress: Progress | None = None) -> Topics:
    """Cluster the terms of a run into topics.

    By default their number is the smallest of 4, 6, 8, 12, 16, 24 and 32 whose mean silhouette is at least
    90 % of the largest of these.
    """
    how, progress = how or Clustering(), as_progress(progress)
    number = how.asked()
    with progress.stage("Relating texts", None, "words"):
        terms = _terms_to_cluster(run, how, number)
        words = topic_rows(run)
        first = _earlier_centres(run.vectors, words, how.earlier) if how.earlier else None
    numbers = [number] if number else _numbers_to_try(how.least, len(terms.chosen))
    tried = _clusters_of_each_number(terms, numbers, first, how.seed, progress)
    best = _smallest_good_enough(tried)
    batch = run.require_tokens()
    of_documents = nearest_centres(topic_text_vectors(run, batch), best.centres)
    documents = np.bincount(of_documents[of_documents >= 0], minlength=len(best.centres))
    order = _order_of_topics(documents, len(how.earlier))
    # Documents have the number of a centre, or -1; in `place` the last entry, which -1 selects, is -1 again.
    place = np.append(np.argsort(order, kind="stable"), -1)
    centres = best.centres[order]
    return Topics(
        _described(batch, can_name(run), terms, best, of_documents, documents, how, order),
        documents=len(of_documents),
        silhouette=best.silhouette,
        tried={} if number else {k: clusters.silhouette for k, clusters in tried.items()},
        labels=_word_topics(words, centres),
        of_documents=place[of_documents],
        centres=centres,
        run=run,
    )


# ---- The terms that are clustered


class _ClusteredTerms(NamedTuple):
    """The n terms that are clustered."""

    chosen: Terms
    coherence: Floats  # (n,)
    rows: Rows  # (n, d), their topic vectors
    group: Ints | None  # (n,), the group of seed words that each belongs to, -1 for none


def _terms_to_cluster(run: Run, how: Clustering, number: int | None) -> _ClusteredTerms:
    """The most informative terms, at least two for each of ``number`` topics, and all seed words."""
    least = 2 * (number or how.least)
    chosen, coherence = topical_terms(run, how.most, min_count=how.min_count, least=least)
    if len(chosen) < least:
        terms = count_of(len(chosen), "word is a term that occurs", "words are terms that occur")
        rule = f"{terms} in {count_of(how.min_count, 'document')}"
        if number:
            raise OptionError(f"{rule}, too few for {number} topics", field="number", remedy="choose fewer")
        raise InputError(f"only {rule}", path=run.folder, remedy="add more text, or lower --min-count")
    group = None
    if how.seeds:
        chosen, coherence, group = _with_seeds(run, chosen, coherence, how.seeds)
    return _ClusteredTerms(chosen, coherence, np.ascontiguousarray(topic_rows(run)[chosen.rows]), group)


def _with_seeds(
    run: Run, chosen: Terms, coherence: Floats, seeds: Sequence[Sequence[str]]
) -> tuple[Terms, Floats, Ints]:
    """The terms with all seed words among them, their coherence, and the group of each, -1 for none."""
    vectors = topic_rows(run)
    group_of: dict[int, int] = {}
    for group, words in enumerate(seeds):
        for word in words:
            row = row_of(run, word)
            if not vectors[row].any():
                raise OptionError(f"{word!r} has no vector of topics", field="seed_words")
            if group_of.setdefault(row, group) != group:
                raise OptionError(f"{word!r} is in two groups", field="seed_words")
    more = np.array(sorted(set(group_of) - set(chosen.rows.tolist())), np.int64)
    names = chosen.names + [run.require_tokens().types[row] for row in more.tolist()]
    weights = term_weights(run.require_tokens())[0]
    chosen = Terms(np.append(chosen.rows, more), names, np.append(chosen.weights, weights[more]))
    groups = np.array([group_of.get(row, -1) for row in chosen.rows.tolist()], np.int64)
    return chosen, np.append(coherence, np.ones(len(more), coherence.dtype)), groups


def _earlier_centres(vectors: Vectors, words: Rows, earlier: Sequence[Sequence[str]]) -> Rows:
    """Where the terms of earlier topics are in this run, (K, d) unit rows; ``words`` are all its rows."""
    rows_of_each = [[vectors.key_to_index[term] for term in terms if term in vectors] for terms in earlier]
    centres = unit_rows(np.stack([words[own].sum(axis=0) for own in rows_of_each]))
    if len(lost := np.flatnonzero(~centres.any(axis=1))):
        rule = f"topic {lost[0]} of the earlier ones has no term of this run"
        raise OptionError(rule, field="like", remedy="give the topics of a run on similar text")
    return centres


# ---- The clusters, and their number


class _Clusters(NamedTuple):
    """Terms in K clusters."""

    labels: Ints  # (n,), the cluster of each term
    centres: Rows  # (K, d), unit rows
    silhouette: float


def _numbers_to_try(least: int, terms: int) -> list[int]:
    """The numbers of topics of which each can have two terms, in rising order."""
    return [k for k in NUMBERS if least <= k <= terms // 2] or [least]


def _clusters_of_each_number(
    terms: _ClusteredTerms, numbers: Sequence[int], first: Rows | None, seed: int, progress: Progress
) -> dict[int, _Clusters]:
    """The terms in each number of clusters, which begin at the centres ``first`` if these are given."""

    def clustered(k: int) -> _Clusters:
        # The same first centres whatever else is tried, so that 8 of 4 to 32 topics are those of 8 alone.
        starts = (np.random.default_rng([seed, start]) for start in range(_STARTS))
        weights = _seeded_weights(terms.chosen.weights, terms.group, k)
        labels, centres = k_means(
            terms.rows, k, starts, weights=weights, spherical=True, fixed=terms.group, first=first
        )
        return _Clusters(labels, centres, silhouette(terms.rows, labels, centres))

    tried: dict[int, _Clusters] = {}
    # A number is clustered by one thread, and several numbers at the same time.
    with progress.stage("Grouping", len(numbers), "numbers") as advance, one_core():
        for k, clusters in zip(numbers, in_order(numbers, clustered, threads(None)), strict=True):
            tried[k] = clusters
            advance(1)
    return tried


def _smallest_good_enough(tried: Mapping[int, _Clusters]) -> _Clusters:
    """The clusters of the smallest number whose silhouette is nearly the best, as numbers rise."""
    largest = max(clusters.silhouette for clusters in tried.values())
    # 90 % of a negative number is above it, so that no number would be good enough: then the smallest is.
    return next(each for each in tried.values() if each.silhouette >= ENOUGH * largest or largest <= 0)


def _seeded_weights(weights: Floats, group: Ints | None, k: int) -> Floats:
    """Weights of terms, of which the seed words of a group weigh together as much as a mean topic of ``k``.

    So they are half of their topic. Without this a topic leaves its seed words for others nearby.
    """
    if group is None:
        return weights
    groups = np.bincount(group[group >= 0])
    return np.where(group >= 0, weights.sum() / k / groups[group], weights).astype(weights.dtype)


def silhouette(rows: Rows, labels: Ints, centres: Rows) -> float:
    """Mean of (b - a) / max(a, b), for cosine distances a to the own centre and b to the nearest other.

    >>> rows = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> silhouette(rows, np.array([0, 0, 1]), rows[1:])
    1.0
    """
    if len(centres) < 2:
        return 0.0
    distances = 1 - rows @ centres.T
    own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0].copy()
    np.put_along_axis(distances, labels[:, None], np.inf, axis=1)
    other = distances.min(axis=1)
    return float(np.mean((other - own) / np.maximum(np.maximum(own, other), 1e-12)))


# ---- The topics that clusters are


def _order_of_topics(documents: Ints, earlier: int) -> Ints:
    """The clusters, those of most documents first; but ``earlier`` topics keep their places before them."""
    size = np.where(np.arange(len(documents)) < earlier, np.inf, documents)
    return np.argsort(-size, kind="stable")


def _described(
    batch: TokenBatch,
    is_subject: Callable[[str], bool],
    terms: _ClusteredTerms,
    clusters: _Clusters,
    of_documents: Ints,  # the cluster of each document, -1 for none
    documents: Ints,  # the number of each cluster's documents
    how: Clustering,
    order: Ints,
) -> list[Topic]:
    """The clusters in an order as topics: the name, the most typical terms and the size of each."""
    cosines = terms.rows @ clusters.centres.T
    typical = terms.coherence[:, None] * _typical(batch, terms.chosen, of_documents, cosines)
    total = max(int(documents.sum()), 1)
    topics = []
    for cluster in order.tolist():
        members = np.flatnonzero(clusters.labels == cluster)
        by_rank = members[np.argsort(-typical[members, cluster], kind="stable")].tolist()
        names = [terms.chosen.names[term] for term in by_rank]
        # Where no term is a noun, those of another kind name the topic: a name is never empty.
        telling = distinct(filter(is_subject, names), NAMED) or distinct(names[: how.top], NAMED)
        topic = Topic(
            name=", ".join(telling),
            terms=[(terms.chosen.names[term], float(cosines[term, cluster])) for term in by_rank[: how.top]],
            size=len(members),
            share=float(documents[cluster] / total),
            documents=int(documents[cluster]),
            seed_words=list(how.seeds[cluster]) if cluster < len(how.seeds) else [],
        )
        topics.append(topic)
    return topics


def _word_topics(words: Rows, centres: Rows) -> Ints:
    """The centre nearest to every word, (V,); -1 if its cosine is below `NEAR`."""
    with one_core():
        cosines = words @ centres.T
    return np.where(cosines.max(axis=1) >= NEAR, cosines.argmax(axis=1), -1)


def _typical(batch: TokenBatch, chosen: Terms, of_documents: Ints, cosines: Rows) -> Rows:
    """How typical n terms are of K topics, (n, K), by their ``cosines`` (n, K) to the centres.

    cosine · log(1 + count in the topic's documents) · log(frequency there / frequency in other documents)
    """
    number = cosines.shape[1]
    counts = counts_in(batch, chosen.rows, of_documents, number)
    topics = np.repeat(of_documents, np.diff(batch.offsets))
    sizes = np.bincount(topics[topics >= 0], minlength=number)  # tokens
    here = (counts + 0.5) / (sizes + 1)
    elsewhere = (counts.sum(axis=1, keepdims=True) - counts + 0.5) / (sizes.sum() - sizes + 1)
    return np.asarray(cosines * np.log1p(counts) * np.clip(np.log(here / elsewhere), 0, RARER))
