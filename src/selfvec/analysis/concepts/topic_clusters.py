"""Topics: terms in groups by what their texts are about, each group named by its most typical terms.

Spherical k-means (Dhillon & Modha 2001) over the rows of the most telling terms: every term belongs to the
centre it has the largest cosine to, every centre is the direction of its terms' weighted sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency

from .terms import Terms, subjects, terms

__all__ = ["NUMBERS", "TERMS", "Topic", "Topics", "topics"]

TERMS = 1500  # that are grouped
NUMBERS = (4, 6, 8, 12, 16, 24, 32)  # of topics, from which one is chosen
ENOUGH = 0.9  # share of the best silhouette that is enough: it grows with the number, ever more slowly
NAMED = 3  # terms in a name
NEAR = 0.15  # cosine to a centre from which a word belongs to its topic
_STARTS, _ROUNDS = 4, 40

Table = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Topic:
    """A group of terms.

    Parameters
    ----------
    name : str
        Its three most typical terms.
    terms : list of (str, float)
        The most typical first, with their cosine to the centre.
    size : int
        Terms in all.
    share : float
        Of the documents; all topics' shares add up to 1.
    documents : int
        Documents whose words' sum, weighted by idf, is nearest to the centre of this topic.
    """

    name: str
    terms: list[tuple[str, float]]
    size: int
    share: float
    documents: int


@dataclass(frozen=True)
class Topics:
    """The topics of a run, the largest share first.

    Parameters
    ----------
    rows : list of Topic
    documents : int
        In all; those without a word that has a vector belong to no topic.
    silhouette : float
        How much nearer terms are to their own centre than to the next, from -1 to 1: the mean.
    tried : dict of int to float
        Silhouettes of the numbers that were compared; empty where one was given.
    labels : (V,) int64
        Place in ``rows`` of every word of the run: the topic nearest to it, -1 where none is near.
    of_documents : (D,) int64
        That of every document, -1 for none.
    """

    rows: list[Topic]
    documents: int
    silhouette: float
    tried: dict[int, float] = field(default_factory=dict)
    labels: Labels = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    of_documents: Labels = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec topics --json`` prints it."""
        rows = [
            {
                "topic": number,
                "name": row.name,
                "terms": [[term, cosine] for term, cosine in row.terms],
                "size": row.size,
                "share": row.share,
                "documents": row.documents,
            }
            for number, row in enumerate(self.rows)
        ]
        tried = {str(number): value for number, value in self.tried.items()}
        return {"documents": self.documents, "silhouette": self.silhouette, "tried": tried, "rows": rows}


def topics(
    run: Run,
    number: int | None = None,
    *,
    topn: int = 12,
    most: int = TERMS,
    min_count: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Topics:
    """Groups of the telling terms of a run.

    Parameters
    ----------
    run : Run
    number : int, optional
        How many. Where not given, the least of 4, 6, 8, 12, 16, 24 and 32 whose mean silhouette is nine
        tenths of the best of these.
    topn : int
        Terms told of each.
    most : int
        Terms that are grouped.
    min_count : int
        Documents that a term stands in, at least.
    seed : int
        For the first centres.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If there are fewer terms than topics.
    InputError
        If the run has forgotten its tokens, or has too few terms.
    """
    if number is not None and (not isinstance(number, int) or number < 1):
        raise OptionError(f"is a whole number of at least 1, not {number!r}", field="number")
    progress = progress or Progress()
    told = terms(run, most, min_count=min_count)
    if len(told) < 2 * (number or 2):
        rule = f"{len(told)} words stand in {min_count} documents and tell something"
        if number is not None:
            raise OptionError(f"{rule}: too few for {number} topics", field="number", remedy="ask for fewer")
        raise InputError(rule, path=run.folder, remedy="bring more text, or a smaller --min-count")
    with progress.stage("Relating texts", None, "words"):
        rows = unit_rows(subjects(run))
        table = np.ascontiguousarray(rows[told.rows])
    numbers = [number] if number else [k for k in NUMBERS if 2 * k <= len(told)] or [2]
    tried: dict[int, tuple[float, Labels, Table]] = {}
    with progress.stage("Grouping", len(numbers), "numbers") as advance, one_core():
        for k in numbers:
            labels, centres = spherical_k_means(table, told.weights, k, seed)
            tried[k] = (silhouette(table, labels, centres), labels, centres)
            advance(1)
    most_told = max(found[0] for found in tried.values())
    best = next(k for k, found in tried.items() if found[0] >= ENOUGH * most_told or most_told <= 0)
    value, labels, centres = tried[best]
    compared = {} if number else {k: found[0] for k, found in tried.items()}
    nearest = _nearest_topic(run, rows, centres)
    documents = np.bincount(nearest[nearest >= 0], minlength=len(centres))
    order = np.argsort(-documents, kind="stable")
    place = np.append(np.argsort(order, kind="stable"), -1)  # of each centre; the last entry is what -1 finds
    found = [
        _topic(told, np.flatnonzero(labels == topic), table @ centres[topic], topn, int(documents[topic]))
        for topic in order.tolist()
    ]
    total = max(int(documents.sum()), 1)
    shared = [replace(topic, share=topic.documents / total) for topic in found]
    words = _nearest(rows, centres[order])
    return Topics(shared, len(nearest), value, compared, words, place[nearest])


def spherical_k_means(rows: Table, weights: Table, k: int, seed: int = 0) -> tuple[Labels, Table]:
    """Groups of unit rows by direction: the best of four starts.

    Parameters
    ----------
    rows : (n, d) float32
    weights : (n,) float32
        How much each counts.
    k : int
    seed : int
        The first centres are drawn as by k-means++ (Arthur & Vassilvitskii 2007).

    Returns
    -------
    labels : (n,) int64
    centres : (k, d) float32
        Unit rows. A group that would be empty takes the row farthest from its centre.
    """
    best: tuple[float, Labels, Table] | None = None
    for start in range(_STARTS):
        centres = _drawn(rows, weights, k, np.random.default_rng([seed, start]))
        labels = np.zeros(len(rows), np.int64)
        for _ in range(_ROUNDS):
            cosines = rows @ centres.T
            new = cosines.argmax(axis=1)
            empty = np.setdiff1d(np.arange(k), new)
            if len(empty):
                far = np.argsort(cosines.max(axis=1), kind="stable")
                new[far[: len(empty)]] = empty
            if np.array_equal(new, labels):
                break
            labels = new
            centres = _centres(rows, weights, labels, k)
        fit = float(weights @ np.take_along_axis(rows @ centres.T, labels[:, None], axis=1)[:, 0])
        if best is None or fit > best[0]:
            best = (fit, labels, centres)
    assert best is not None
    return best[1], best[2]


def _drawn(rows: Table, weights: Table, k: int, rng: np.random.Generator) -> Table:
    chosen = [int(rng.choice(len(rows), p=weights.astype(np.float64) / weights.sum(dtype=np.float64)))]
    far = 1 - rows @ rows[chosen[0]]
    while len(chosen) < k:
        odds = np.maximum(far, 0).astype(np.float64) * weights
        total = odds.sum()
        chosen.append(int(rng.choice(len(rows), p=odds / total)) if total > 0 else len(chosen))
        far = np.minimum(far, 1 - rows @ rows[chosen[-1]])
    return rows[chosen]


def _centres(rows: Table, weights: Table, labels: Labels, k: int) -> Table:
    members = np.zeros((k, len(rows)), np.float32)
    members[labels, np.arange(len(rows))] = weights
    return unit_rows(members @ rows)


def silhouette(rows: Table, labels: Labels, centres: Table) -> float:
    """Mean of (b - a) / max(a, b): a, b the cosine distances to the own centre and to the nearest other.

    Examples
    --------
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


def _nearest(rows: Table, centres: Table) -> Labels:
    """The centre nearest to every word, (V,); -1 where none has a cosine of `NEAR`."""
    with one_core():
        cosines = rows @ centres.T
    return np.where(cosines.max(axis=1) >= NEAR, cosines.argmax(axis=1), -1)


def _topic(told: Terms, members: Labels, cosines: Table, topn: int, documents: int) -> Topic:
    """A group of terms, those first that are near its centre and tell much."""
    order = np.argsort(-cosines[members] * np.sqrt(told.weights[members]), kind="stable")
    typical = members[order].tolist()
    listed = [(told.names[i], float(cosines[i])) for i in typical[:topn]]
    name = ", ".join(_distinct([told.names[i] for i in typical], NAMED))
    return Topic(name, listed, len(members), 0.0, documents)


def _nearest_topic(run: Run, rows: Table, centres: Table) -> Labels:
    """The centre nearest to the idf-weighted sum of each document's words, (D,); -1 for one without words."""
    batch = run.require_tokens()
    texts = document_vectors(batch, rows, inverse_document_frequency(batch))
    with one_core():
        return np.where(np.any(texts != 0, axis=1), (texts @ centres.T).argmax(axis=1), -1)


def _distinct(names: list[str], most: int) -> list[str]:
    """The first names of which none is spelled like the beginning of another."""
    out: list[str] = []
    for name in names:
        if not any(_alike(name, other) for other in out):
            out.append(name)
        if len(out) == most:
            break
    return out


def _alike(a: str, b: str) -> bool:
    a, b = sorted((a.lower(), b.lower()), key=len)
    return b.startswith(a[: max(4, len(a) - 2)]) or a in b.split("_")
