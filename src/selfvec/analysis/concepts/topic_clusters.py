"""Topics: clusters of documents by their vectors, on two levels, each with its most typical terms.

Documents, less half of what all have in common, are clustered by spherical k-means into topics. The nearest
of these are joined to some ten subjects (Ward, 1963, *Hierarchical grouping to optimize an objective
function*). A typical term is coherent, near the centre of its topic, frequent in the topic's documents and
rarer in others (c-TF-IDF; Grootendorst, 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ints, Rows
from selfvec.base.display import count_of
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import stage
from selfvec.base.threads import in_order, one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import sampled, unit_rows
from selfvec.text.phrases import row_of

from .terms import (
    COMMON_PART,
    LEARNED,
    NAMED,
    Terms,
    can_name,
    counts_in,
    distinct,
    document_space,
    topic_text_vectors,
    topical_terms,
)
from .topic_result import Topic, Topics

SUBJECTS = 10  # of the first level
LARGEST = 0.15  # of the documents are of a subject that topics are joined to
SMALLEST = 20  # documents of a topic in the mean
MOST = 200  # topics
ENOUGH = 0.95  # share of the best silhouette that is enough for few topics
RARER = 3.0  # logarithm of the ratio to other topics that is enough; those of rare terms are uncertain
NEAR = 0.15  # smallest cosine of a word to the centre of its topic
_STARTS = 4  # of k-means where topics are few; of many, the best of several is no better than the first


@dataclass(frozen=True)
class Clustering:
    """How documents are clustered into topics."""

    number: int | None = None  # of topics; None for as many as there are documents for
    top: int = 12  # terms listed per topic
    min_count: int = 5  # documents with a term, at least
    seed: int = 0  # for the first centres
    seeds: Sequence[Sequence[str]] = ()  # groups of words, each with a topic of its own

    def numbers(self, documents: int) -> list[int]:
        """The numbers of topics of which one is chosen by silhouette, or the one.

        >>> Clustering().numbers(60), Clustering().numbers(10_000), Clustering(7).numbers(60)
        ([2, 3], [75], [7])
        """
        if self.number and self.number < len(self.seeds):
            rule = f"is at least {len(self.seeds)}, those that are given, not {self.number}"
            raise OptionError(rule, field="number")
        if self.number:
            return [self.number]
        least = max(2, len(self.seeds))
        most = max(least, min(round(0.75 * documents**0.5), documents // SMALLEST, MOST))
        return [most] if most > SUBJECTS else list(range(least, most + 1))


def cluster_documents(run: Run, how: Clustering) -> Topics:
    """Cluster the documents of a run into topics, which are named by their terms.

    Of D documents there are ¾ √D topics, at most one for twenty documents. Where that is no more than ten,
    their number is the smallest whose mean silhouette is at least 95 % of the largest.
    """
    with stage("Relating texts", None, "words"):
        chosen, coherence = _terms(run, how)
        words = document_space(run)
        documents = topic_text_vectors(run, run.require_tokens())
    with_words = np.flatnonzero(documents.any(axis=1))
    mean = (COMMON_PART * documents[with_words].mean(axis=0, dtype=np.float64)).astype(np.float32)
    numbers = how.numbers(len(with_words))
    if numbers[0] > len(with_words):
        rule = f"is at most {len(with_words)}, the documents with words, not {numbers[0]}"
        raise OptionError(rule, field="number", remedy="choose fewer")
    learned = sampled(with_words, LEARNED, np.random.default_rng(how.seed))
    points = unit_rows(documents[learned] - mean)
    clusters, tried = _clusters(run, points, mean, numbers, how)
    of_documents = np.full(len(documents), -1, np.int64)
    of_documents[with_words] = nearest(documents[with_words], clusters, mean)
    sizes = np.bincount(of_documents[with_words], minlength=len(clusters))
    by_size = np.argsort(-sizes, kind="stable").tolist()
    order = [i for i in by_size if sizes[i] or i < len(how.seeds)]
    place = np.full(len(clusters) + 1, -1, np.int64)  # the last is for documents of none
    place[order] = np.arange(len(order))
    whole = Topics(
        [],
        documents=len(documents),
        silhouette=tried[len(clusters)],
        tried=tried if len(tried) > 1 else {},
        labels=_word_topics(words, clusters[order], mean),
        of_documents=place[of_documents],
        centres=clusters[order],
        mean=mean,
        run=run,
    )
    described = _described(run, chosen, coherence, whole, how)
    seeds = [list(how.seeds[i]) if i < len(how.seeds) else [] for i in order]
    rows = [replace(topic, seed_words=own) for topic, own in zip(described, seeds, strict=True)]
    return replace(whole, topics=rows)


def _terms(run: Run, how: Clustering) -> tuple[Terms, Floats]:
    """The words that may name topics, and their coherence."""
    chosen, coherence = topical_terms(run, min_count=how.min_count)
    if len(chosen) < 2:
        terms = count_of(len(chosen), "word is a term that occurs", "words are terms that occur")
        rule = f"only {terms} in {count_of(how.min_count, 'document')}"
        raise InputError(rule, path=run.folder, remedy="add more text, or lower --min-count")
    return chosen, coherence


# ---- The clusters, and their number


def _clusters(
    run: Run,
    points: Rows,  # of documents, less the mean
    mean: Rows,
    numbers: Sequence[int],
    how: Clustering,
) -> tuple[Rows, dict[int, float]]:
    """The centres of the best number of clusters, (K, d) unit rows, and the silhouettes of all."""
    documents, words = len(points), document_space(run)
    weights, groups = np.ones(documents, np.float32), None
    if how.seeds:
        rows, group_of = _seeds(run, words, how.seeds)
        points = np.concatenate([points, unit_rows(unit_rows(rows) - mean)])
        groups = np.append(np.full(documents, -1), group_of)
        weights = np.append(weights, np.zeros(len(rows), np.float32))

    def clustered(k: int) -> tuple[Ints, Rows]:
        # The same first centres whatever else is tried, so that 8 of 4 to 10 topics are those of 8 alone.
        starts = [
            np.random.default_rng([how.seed, start]) for start in range(_STARTS if k <= SUBJECTS else 1)
        ]
        own = weights
        if groups is not None:
            # The seed words of a group weigh as much as a mean topic: they are half of theirs.
            several = np.bincount(groups[groups >= 0])
            own = np.where(groups >= 0, documents / k / several[groups], weights).astype(np.float32)
        return k_means(points, k, starts, weights=own, spherical=True, fixed=groups)

    tried: dict[int, tuple[float, Rows]] = {}
    # A number is clustered by one thread, and several numbers at the same time.
    with stage("Grouping", len(numbers), "numbers") as advance, one_core():
        for k, (labels, centres) in zip(numbers, in_order(numbers, clustered), strict=True):
            tried[k] = silhouette(points, labels, centres), centres
            advance(1)
    largest = max(value for value, _ in tried.values())
    # 95 % of a negative number is above it, so that no number would be good enough: then the smallest is.
    best = next(row for value, row in tried.values() if value >= ENOUGH * largest or largest <= 0)
    return best, {k: value for k, (value, _) in tried.items()}


def _seeds(run: Run, words: Rows, seeds: Sequence[Sequence[str]]) -> tuple[Rows, Ints]:
    """The rows of all seed words, (n, d), and the group of each, (n,)."""
    group_of: dict[int, int] = {}
    for group, named in enumerate(seeds):
        for word in named:
            row = row_of(run, word)
            if not words[row].any():
                raise OptionError(f"{word!r} has no vector of topics", field="seed_words")
            if group_of.setdefault(row, group) != group:
                raise OptionError(f"{word!r} is in two groups", field="seed_words")
    return words[list(group_of)], np.array(list(group_of.values()), np.int64)


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


def nearest(documents: Rows, centres: Rows, mean: Rows) -> Ints:
    """The topic that each document is nearest to, (n,), by its vector less the common part; -1 for zeros."""
    with one_core():
        near = (documents @ centres.T - mean @ centres.T).argmax(axis=1)
    return np.where(documents.any(axis=1), near, -1)


# ---- Subjects


def subjects_of(centres: Rows, sizes: Ints) -> Ints:
    """The subject of each topic, (K,): topics are joined until ten are left.

    The two whose joining moves their documents least are joined first, so small topics go to the nearest
    ones; but none becomes larger than 15 % of the documents. Ten or fewer are not joined.
    """
    groups = {i: [i] for i in range(len(centres))}
    weights = np.maximum(sizes, 1).astype(np.float64)
    while len(groups) > SUBJECTS:
        keys = list(groups)
        sums = np.stack([weights[groups[key]] @ centres[groups[key]] for key in keys])
        weight = np.array([weights[groups[key]].sum() for key in keys])
        costs = _costs(sums, weight)
        costs[weight[:, None] + weight > LARGEST * weights.sum()] = np.inf
        if np.isinf(costs).all():
            break
        a, b = sorted(np.unravel_index(int(np.argmin(costs)), costs.shape))
        groups[keys[a]] += groups.pop(keys[b])
    out = np.zeros(len(centres), np.int64)
    for number, members in enumerate(groups.values()):
        out[members] = number
    return out


def _costs(sums: Doubles, weights: Doubles) -> Doubles:
    """How much more the documents of each two groups lie from a common mean than from their own, (n, n)."""
    means = sums / weights[:, None]
    squares = (means**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * means @ means.T
    costs = distances * (weights[:, None] * weights) / (weights[:, None] + weights)
    np.fill_diagonal(costs, np.inf)
    return np.asarray(costs)


# ---- The topics that clusters are


def _described(run: Run, chosen: Terms, coherence: Floats, whole: Topics, how: Clustering) -> list[Topic]:
    """The topics of documents: the name, the most typical terms and the size of each."""
    number = len(whole.centres)
    cosines = unit_rows(document_space(run)[chosen.rows] - whole.mean) @ whole.centres.T
    typical = coherence[:, None] * _typical(run.require_tokens(), chosen, whole.of_documents, cosines)
    documents = np.bincount(whole.of_documents[whole.of_documents >= 0], minlength=number)
    words = np.bincount(whole.labels[chosen.rows] + 1, minlength=number + 1)[1:]
    is_subject = can_name(run)
    topics = []
    for topic, size in enumerate(documents.tolist()):
        by_rank = np.argsort(-typical[:, topic], kind="stable")[: 4 * how.top].tolist()
        telling = [term for term in by_rank if typical[term, topic] > 0] or by_rank[:1]
        names = [chosen.names[term] for term in telling]
        # Where no term is a noun, those of another kind name the topic: a name is never empty.
        name = distinct(filter(is_subject, names), NAMED) or distinct(names[: how.top], NAMED)
        topics.append(
            Topic(
                name=", ".join(name),
                terms=[(chosen.names[term], float(cosines[term, topic])) for term in telling[: how.top]],
                size=int(words[topic]),
                share=size / whole.documents,
                documents=size,
            )
        )
    return topics


def _word_topics(words: Rows, centres: Rows, mean: Rows) -> Ints:
    """The centre nearest to every word, (V,); -1 if its cosine is below `NEAR`."""
    with one_core():
        cosines = unit_rows(words - mean) @ centres.T
    near = np.where(cosines.max(axis=1) >= NEAR, cosines.argmax(axis=1), -1)
    return np.where(words.any(axis=1), near, -1)


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
