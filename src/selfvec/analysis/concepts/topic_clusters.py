"""Topics: clusters of a run's terms by their topic vectors, each named after its most typical terms.

Terms are clustered by spherical k-means, weighted by their term weights. A typical term is coherent, near the
centre of its topic, frequent in the topic's documents and rarer in others (c-TF-IDF; Grootendorst, 2022).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency

from .terms import Terms, topic_rows, topical_terms

TERMS = 1500  # number of terms that are clustered
NUMBERS = (4, 6, 8, 12, 16, 24, 32)  # numbers of topics that are tried
ENOUGH = 0.9  # share of the best silhouette that is enough, because gains shrink as the number grows
NAMED = 3  # terms in a name
RARER = 3.0  # logarithm of the ratio to other topics that is enough; those of rare terms are uncertain
NEAR = 0.15  # smallest cosine of a word to the centre of its topic
_STARTS = 4


@dataclass(frozen=True)
class Topic:
    """A cluster of terms."""

    name: str  # its three most typical terms
    terms: list[tuple[str, float]]  # the most typical first, with their cosines to the centre
    size: int  # number of terms
    share: float  # of the documents; the shares of all topics add up to 1
    documents: int  # number of documents whose vector is nearest to the centre of this topic


@dataclass(frozen=True)
class TopicShare:
    """A topic in a group of documents."""

    group: str
    topic: int  # its number; the same in all groups
    name: str
    documents: int  # of this topic in the group
    share: float  # of the group's documents that have a topic
    terms: list[str]  # characteristic of the topic in this group
    cosine: float | None = None  # to the same topic in an earlier group, if groups were clustered separately


@dataclass(frozen=True, repr=False)
class GroupTopics(RecordTable[TopicShare]):
    """Topics of groups of documents: a row for each group and topic, groups in their order.

    Attributes
    ----------
    shares : list of TopicShare
    of_documents : (D,) int64
        Topic of every document, -1 for none.
    left_out : list of str
        Groups with too little text to be clustered separately.
    """

    listed = "shares"

    shares: list[TopicShare]
    of_documents: Ints = field(repr=False)
    left_out: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        groups = list(dict.fromkeys(row.group for row in self.shares))
        return short_repr(f"Topics of {len(groups)} groups", groups)

    @property
    def names(self) -> list[str]:
        """The name of each topic, from the group in which it has most documents."""
        found: dict[int, TopicShare] = {}
        for row in self.shares:
            if row.topic not in found or row.documents > found[row.topic].documents:
                found[row.topic] = row
        return [found[topic].name if topic in found else "" for topic in range(max(found, default=-1) + 1)]

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec text topics --by ... --json`` prints it, under ``groups``."""
        return {"rows": self.rows, "left_out": self.left_out}


@dataclass(frozen=True, repr=False)
class Topics(RecordTable[Topic]):
    """The topics of a run, the largest share first.

    Attributes
    ----------
    topics : list of Topic
    documents : int
        Number of all documents. Documents in which no word has a vector have no topic.
    silhouette : float
        Mean silhouette of the terms, from -1 to 1: larger if terms are nearer to their own centre than to
        others.
    tried : dict of int to float
        Silhouettes of the numbers of topics that were tried; empty if the number was given.
    labels : (V,) int64
        Topic of every word of the run as an index in ``topics``, -1 for none.
    of_documents : (D,) int64
        Topic of every document, -1 for none.
    centres : (K, d) float32
        Unit rows.
    groups : GroupTopics or None
        The topics of groups of documents, if requested.
    hierarchy : list of dict or None
        The hierarchy of similar topics, see `topic_hierarchy`, if requested.
    run : Run or None
        Whose topics these are.
    """

    listed = "topics"

    topics: list[Topic]
    documents: int
    silhouette: float
    tried: dict[int, float] = field(default_factory=dict)
    labels: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    of_documents: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    centres: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    groups: GroupTopics | None = None
    hierarchy: list[dict[str, Any]] | None = None
    run: Run | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        title = f"Topics: {len(self)} of {self.documents:,} documents, silhouette {self.silhouette:.2f}"
        return short_repr(title, [f"{row.share:.0%} {row.name.replace(', ', '/')}" for row in self.topics])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per topic, with its terms as a list of words."""
        return [
            row
            | {"terms": [term for term, _ in row["terms"]], "cosines": [cosine for _, cosine in row["terms"]]}
            for row in self._numbered()
        ]

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec text topics --json`` prints it."""
        tried = {str(number): value for number, value in self.tried.items()}
        out = {"documents": self.documents, "silhouette": self.silhouette, "tried": tried}
        more = {"groups": self.groups and self.groups.as_dict(), "hierarchy": self.hierarchy}
        return {**out, "rows": self._numbered()} | {
            name: value for name, value in more.items() if value is not None
        }

    def _numbered(self) -> list[dict[str, Any]]:
        return [
            {
                "topic": number,
                "name": row.name,
                "terms": [[term, cosine] for term, cosine in row.terms],
                "size": row.size,
                "share": row.share,
                "documents": row.documents,
            }
            for number, row in enumerate(self.topics)
        ]


def cluster_terms(
    run: Run,
    number: int | None = None,
    *,
    top: int = 12,
    most: int = TERMS,
    min_count: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Topics:
    """Cluster the terms of a run into topics.

    Parameters
    ----------
    run : Run
    number : int, optional
        Number of topics. By default the smallest of 4, 6, 8, 12, 16, 24 and 32 whose mean silhouette is at
        least 90 % of the largest of these.
    top : int
        Terms listed per topic.
    most : int
        Largest number of terms that are clustered.
    min_count : int
        Least number of documents with a term.
    seed : int
        For the first centres.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If there are fewer than two terms per topic.
    InputError
        If the run has not kept its tokens, or has too few terms.
    """
    progress = as_progress(progress)
    with progress.stage("Relating texts", None, "words"):
        chosen, coherent = _enough_terms(run, number, most, min_count)
        rows = unit_rows(topic_rows(run))
        term_rows = np.ascontiguousarray(rows[chosen.rows])
    numbers = [number] if number else [k for k in NUMBERS if 2 * k <= len(chosen)] or [2]
    tried: dict[int, _Clusters] = {}
    with progress.stage("Grouping", len(numbers), "numbers") as advance, one_core():
        for k in numbers:
            starts = (np.random.default_rng([seed, start]) for start in range(_STARTS))
            labels, centres = k_means(term_rows, k, starts, weights=chosen.weights, spherical=True)
            tried[k] = _Clusters(labels, centres, silhouette(term_rows, labels, centres))
            advance(1)
    largest = max(found.silhouette for found in tried.values())
    best = next(f for f in tried.values() if f.silhouette >= ENOUGH * largest or largest <= 0)
    of_documents = _document_topics(run, rows, best.centres)
    documents = np.bincount(of_documents[of_documents >= 0], minlength=len(best.centres))
    order = np.argsort(-documents, kind="stable")
    place = np.append(np.argsort(order, kind="stable"), -1)  # of each centre; -1 selects the last entry
    shares = documents / max(int(documents.sum()), 1)
    typical = coherent[:, None] * _typical(run, chosen, of_documents, term_rows @ best.centres.T)
    topics = []
    for cluster in order.tolist():
        members = np.flatnonzero(best.labels == cluster)
        cosines = term_rows @ best.centres[cluster]
        name, listed = _described(chosen, members, cosines, typical[:, cluster], top)
        topics.append(Topic(name, listed, len(members), float(shares[cluster]), int(documents[cluster])))
    centres = best.centres[order]
    return Topics(
        topics,
        documents=len(of_documents),
        silhouette=best.silhouette,
        tried={} if number else {k: found.silhouette for k, found in tried.items()},
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


def _enough_terms(run: Run, number: int | None, most: int, min_count: int) -> tuple[Terms, Floats]:
    """The terms that are clustered, at least two per topic, and their coherence."""
    chosen, coherent = topical_terms(run, most, min_count=min_count, least=2 * (number or 2))
    if len(chosen) < 2 * (number or 2):
        rule = f"{len(chosen)} words are terms that occur in {min_count} documents"
        if number is not None:
            raise OptionError(f"{rule}, too few for {number} topics", field="number", remedy="choose fewer")
        raise InputError(f"only {rule}", path=run.folder, remedy="add more text, or lower --min-count")
    return chosen, coherent


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
    place = np.full(len(batch.types), -1, np.int64)
    place[chosen.rows] = np.arange(len(chosen))
    terms = place[batch.ids]
    topics = np.repeat(of_documents, np.diff(batch.offsets))
    number = cosines.shape[1]
    sizes = np.bincount(topics[topics >= 0], minlength=number)  # tokens
    kept = (terms >= 0) & (topics >= 0)
    pairs = terms[kept] * number + topics[kept]
    counts = np.bincount(pairs, minlength=len(chosen) * number).reshape(-1, number)
    here = (counts + 0.5) / (sizes + 1)
    elsewhere = (counts.sum(axis=1, keepdims=True) - counts + 0.5) / (sizes.sum() - sizes + 1)
    return np.asarray(cosines * np.log1p(counts) * np.clip(np.log(here / elsewhere), 0, RARER))


def _described(
    chosen: Terms, members: Ints, cosines: Rows, typical: Rows, top: int
) -> tuple[str, list[tuple[str, float]]]:
    """Name and terms of a cluster, the most typical first."""
    ordered = members[np.argsort(-typical[members], kind="stable")].tolist()
    listed = [(chosen.names[i], float(cosines[i])) for i in ordered[:top]]
    return ", ".join(_distinct([chosen.names[i] for i in ordered], NAMED)), listed


def _document_topics(run: Run, rows: Rows, centres: Rows) -> Ints:
    """The centre nearest to each document vector, (D,); -1 for documents in which no word has a vector."""
    batch = run.require_tokens()
    return nearest_centres(document_vectors(batch, rows, inverse_document_frequency(batch)), centres)


def nearest_centres(vectors: Rows, centres: Rows) -> Ints:
    """The centre with the largest product with each vector, (n,); -1 for vectors of zeros."""
    with one_core():
        return np.where(vectors.any(axis=1), (vectors @ centres.T).argmax(axis=1), -1)


def _distinct(names: list[str], most: int) -> list[str]:
    """The first names, without those that begin like an earlier one."""
    out: list[str] = []
    for name in names:
        if not any(_same_beginning(name, other) for other in out):
            out.append(name)
        if len(out) == most:
            break
    return out


def _same_beginning(a: str, b: str) -> bool:
    """Whether two terms begin alike, or one is a word of the other."""
    a, b = sorted((a.lower(), b.lower()), key=len)
    return b.startswith(a[: max(4, len(a) - 2)]) or a in b.split("_")
