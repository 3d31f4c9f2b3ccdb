"""Topics: clusters of a run's terms by their topic vectors, each with its most typical terms.

Terms are clustered by spherical k-means, weighted by their term weights. A typical term is coherent, near the
centre of its topic, frequent in the topic's documents and rarer in others (c-TF-IDF; Grootendorst, 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.display import count_of
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import in_order, one_core, threads
from selfvec.data.run import Run
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


def cluster_terms(
    run: Run,
    number: int | None = None,  # of topics
    *,
    top: int = 12,  # terms listed per topic
    most: int = TERMS,  # terms that are clustered, at most
    min_count: int = 5,  # documents with a term, at least
    seed: int = 0,  # for the first centres
    seeds: Sequence[Sequence[str]] = (),  # groups of words, each with a topic of its own
    earlier: Sequence[Sequence[str]] = (),  # terms of topics found before, which begin there in this order
    progress: Progress | None = None,
) -> Topics:
    """Cluster the terms of a run into topics.

    By default their number is the smallest of 4, 6, 8, 12, 16, 24 and 32 whose mean silhouette is at least
    90 % of the largest of these.
    """
    progress = as_progress(progress)
    begun = max(len(seeds), len(earlier))
    if number and number < begun:
        rule = f"is at least {begun}, those that are given, not {number}"
        raise OptionError(rule, field="number")
    number = number or len(earlier) or None
    least = max(2, begun)
    with progress.stage("Relating texts", None, "words"):
        chosen, coherent = _enough_terms(run, number or least, most, min_count, given=number is not None)
        rows = topic_rows(run)
        fixed = None
        if seeds:
            chosen, coherent, fixed = _with_seeds(run, chosen, coherent, rows, seeds)
        term_rows = np.ascontiguousarray(rows[chosen.rows])
        first = _earlier_centres(run, rows, earlier) if earlier else None
    numbers = [number] if number else [k for k in NUMBERS if least <= k <= len(chosen) // 2] or [least]

    def clustered(k: int) -> _Clusters:
        starts = (np.random.default_rng([seed, start]) for start in range(_STARTS))
        weights = _seeded_weights(chosen.weights, fixed, k)
        labels, centres = k_means(
            term_rows, k, starts, weights=weights, spherical=True, fixed=fixed, first=first
        )
        return _Clusters(labels, centres, silhouette(term_rows, labels, centres))

    tried: dict[int, _Clusters] = {}
    with progress.stage("Grouping", len(numbers), "numbers") as advance, one_core():
        for k, clusters in zip(numbers, in_order(numbers, clustered, threads(None)), strict=True):
            tried[k] = clusters
            advance(1)
    largest = max(clusters.silhouette for clusters in tried.values())
    # Numbers rise: this is the smallest that is nearly as good as the best.
    best = next(f for f in tried.values() if f.silhouette >= ENOUGH * largest or largest <= 0)
    of_documents = nearest_centres(topic_text_vectors(run, run.require_tokens()), best.centres)
    documents = np.bincount(of_documents[of_documents >= 0], minlength=len(best.centres))
    # Topics found before keep their places; after them, those of most documents come first.
    order = np.argsort(-np.where(np.arange(len(documents)) < len(earlier), np.inf, documents), kind="stable")
    place = np.append(np.argsort(order, kind="stable"), -1)  # of each centre; -1 selects the last entry
    shares = documents / max(int(documents.sum()), 1)
    typical = coherent[:, None] * _typical(run, chosen, of_documents, term_rows @ best.centres.T)
    subject = can_name(run)
    topics = []
    for cluster in order.tolist():
        members = np.flatnonzero(best.labels == cluster)
        cosines = term_rows @ best.centres[cluster]
        ordered = members[np.argsort(-typical[members, cluster], kind="stable")].tolist()
        listed = [(chosen.names[i], float(cosines[i])) for i in ordered[:top]]
        nouns = filter(subject, (chosen.names[i] for i in ordered))
        name = ", ".join(distinct(nouns, NAMED) or distinct((term for term, _ in listed), NAMED))
        mine = list(seeds[cluster]) if cluster < len(seeds) else []
        topics.append(
            Topic(name, listed, len(members), float(shares[cluster]), int(documents[cluster]), mine)
        )
    centres = best.centres[order]
    return Topics(
        topics,
        documents=len(of_documents),
        silhouette=best.silhouette,
        tried={} if number else {k: clusters.silhouette for k, clusters in tried.items()},
        labels=_word_topics(rows, centres),
        of_documents=place[of_documents],
        centres=centres,
        run=run,
    )


class _Clusters(NamedTuple):
    """Terms in K clusters."""

    labels: Ints  # (n,), the cluster of each term
    centres: Rows  # (K, d), unit rows
    silhouette: float


def _enough_terms(run: Run, number: int, most: int, min_count: int, *, given: bool) -> tuple[Terms, Floats]:
    """The terms that are clustered, at least two per topic, and their coherence."""
    chosen, coherent = topical_terms(run, most, min_count=min_count, least=2 * number)
    if len(chosen) < 2 * number:
        terms = count_of(len(chosen), "word is a term that occurs", "words are terms that occur")
        rule = f"{terms} in {count_of(min_count, 'document')}"
        if given:
            raise OptionError(f"{rule}, too few for {number} topics", field="number", remedy="choose fewer")
        raise InputError(f"only {rule}", path=run.folder, remedy="add more text, or lower --min-count")
    return chosen, coherent


def _with_seeds(
    run: Run, chosen: Terms, coherent: Floats, rows: Rows, seeds: Sequence[Sequence[str]]
) -> tuple[Terms, Floats, Ints]:
    """The terms with all seed words among them, their coherence, and the group of each, -1 for none."""
    group_of: dict[int, int] = {}
    for group, words in enumerate(seeds):
        for word in words:
            row = row_of(run, word)
            if not rows[row].any():
                raise OptionError(f"{word!r} has no vector of topics", field="seed_words")
            if group_of.setdefault(row, group) != group:
                raise OptionError(f"{word!r} is in two groups", field="seed_words")
    more = np.array(sorted(set(group_of) - set(chosen.rows.tolist())), np.int64)
    names = chosen.names + [run.require_tokens().types[row] for row in more.tolist()]
    weights = term_weights(run.require_tokens())[0]
    chosen = Terms(np.append(chosen.rows, more), names, np.append(chosen.weights, weights[more]))
    fixed = np.array([group_of.get(row, -1) for row in chosen.rows.tolist()], np.int64)
    return chosen, np.append(coherent, np.ones(len(more), coherent.dtype)), fixed


def _earlier_centres(run: Run, rows: Rows, earlier: Sequence[Sequence[str]]) -> Rows:
    """Where the terms of earlier topics are in this run, (K, d) unit rows."""
    rows_of_each = [
        [run.vectors.key_to_index[term] for term in terms if term in run.vectors] for terms in earlier
    ]
    centres = unit_rows(np.stack([rows[own].sum(axis=0) for own in rows_of_each]))
    if len(lost := np.flatnonzero(~centres.any(axis=1))):
        rule = f"topic {lost[0]} of the earlier ones has no term of this run"
        raise OptionError(rule, field="like", remedy="give the topics of a run on similar text")
    return centres


def _seeded_weights(weights: Floats, fixed: Ints | None, k: int) -> Floats:
    """Weights of terms, of which the seed words of a group weigh together as much as a mean topic of ``k``.

    So they are half of their topic. Without this a topic leaves its seed words for others nearby.
    """
    if fixed is None:
        return weights
    groups = np.bincount(fixed[fixed >= 0])
    return np.where(fixed >= 0, weights.sum() / k / groups[fixed], weights).astype(weights.dtype)


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


def _word_topics(rows: Rows, centres: Rows) -> Ints:
    """The centre nearest to every word, (V,); -1 if its cosine is below `NEAR`."""
    with one_core():
        cosines = rows @ centres.T
    return np.where(cosines.max(axis=1) >= NEAR, cosines.argmax(axis=1), -1)


def _typical(run: Run, chosen: Terms, of_documents: Ints, cosines: Rows) -> Rows:
    """How typical n terms are of K topics, (n, K), by their ``cosines`` (n, K) to the centres.

    cosine · log(1 + count in the topic's documents) · log(frequency there / frequency in other documents)
    """
    batch = run.require_tokens()
    number = cosines.shape[1]
    counts = counts_in(batch, chosen.rows, of_documents, number)
    topics = np.repeat(of_documents, np.diff(batch.offsets))
    sizes = np.bincount(topics[topics >= 0], minlength=number)  # tokens
    here = (counts + 0.5) / (sizes + 1)
    elsewhere = (counts.sum(axis=1, keepdims=True) - counts + 0.5) / (sizes.sum() - sizes + 1)
    return np.asarray(cosines * np.log1p(counts) * np.clip(np.log(here / elsewhere), 0, RARER))
