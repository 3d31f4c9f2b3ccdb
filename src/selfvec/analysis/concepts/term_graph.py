"""A graph of terms: nearest neighbours, their topics, and the distance that refining moved each term.

Two terms are connected if each is among the other's nearest neighbours. A hub is near many terms, but few are
nearest to it, so mutual neighbours preserve the structure (Brito et al., 1997, *Connectivity of the mutual
k-nearest-neighbor graph*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np

from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Answer, short_repr
from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.base.checks import check_texts
from selfvec.base.declarations import Bounds, Count, Natural, checked
from selfvec.base.errors import InputError, require
from selfvec.base.progress import GivenProgress
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.numerics.whitening import axes_of_points
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import document_frequencies
from selfvec.text.phrases import row_of

from .shared_contexts import CONTEXT_WINDOW, neighbour_ppmi
from .subjects import with_subjects
from .terms import terms
from .topic_clusters import Clustering, cluster_documents
from .topic_result import Topics

_NEAR_BY = 4  # factor on the number of neighbours whose spelling is compared
_SAME = 0.5  # share of the pairs of letters that words spelled alike have in common
_CANDIDATES = 5000  # terms among which the neighbours of given words are searched
_LEAST = 0.2  # cosine of an edge
_STEPS = 500  # of the layout
_GRAVITY = 0.5  # of the layout


@dataclass(frozen=True)
class TermNode:
    """A term."""

    term: str
    count: int  # occurrences
    documents: int  # with the term
    topic: int  # index of its topic in `Graph.topics`, -1 for none
    drift: float | None  # 1 - cosine of its original and refined vectors; None without an original one
    x: float  # position, 0 to 1
    y: float


@dataclass(frozen=True)
class Edge:
    """A pair of terms, by their places among the nodes, a < b."""

    a: int
    b: int
    cosine: float  # of their refined vectors
    ppmi: float  # of one occurring near the other


@dataclass(frozen=True, repr=False)
class Graph(Answer):
    """Terms, connected to their nearest neighbours.

    Attributes
    ----------
    nodes : list of TermNode
    edges : list of Edge
    topics : list of str
        Names of all topics of the run.
    """

    nodes: list[TermNode]
    edges: list[Edge]
    topics: list[str]

    def __repr__(self) -> str:
        title = f"Graph: {len(self.nodes):,} terms, {len(self.edges):,} edges"
        return short_repr(title, [node.term for node in self.nodes])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per edge."""
        return [
            {
                "source": self.nodes[edge.a].term,
                "target": self.nodes[edge.b].term,
                "cosine": edge.cosine,
                "ppmi": edge.ppmi,
            }
            for edge in self.edges
        ]

    def as_dict(self) -> dict[str, Any]:
        """Nodes and edges (``source`` and ``target`` are terms), as ``selfvec text graph`` writes JSON."""
        nodes = [
            {"id": node.term, **asdict(node), "topic_name": self.topic_name(node)} for node in self.nodes
        ]
        return {"topics": self.topics, "nodes": nodes, "edges": self.rows}

    def topic_name(self, node: TermNode) -> str | None:
        """The name of a node's topic; None without a topic."""
        return self.topics[node.topic] if node.topic >= 0 else None


@checked
def graph(
    run: GivenRun,
    words: Sequence[str] = (),
    *,
    top: Annotated[int, Bounds(at_least=2)] = 120,
    neighbours: Count = 5,
    topic_groups: Topics | None = None,
    seed: Natural = 0,
    progress: GivenProgress = None,
) -> Graph:
    """Draw the graph of a run's terms, or write it as a file.

    Parameters
    ----------
    run : Run or path
    words : str or sequence of str
        Show terms around these words only.
    top : int, at least 2
        Most terms. Terms without an edge are left out, except ``words``.
    neighbours : int, at least 1
        Join two terms if each is among this many nearest of the other. A word whose vector was built from
        subwords is joined with a word spelled alike only if they also occur near one another.
    topic_groups : Topics, optional
        Topics of the run.
    seed : int, at least 0
        Seed of all random choices: topics and the layout.
    progress : Progress or bool, optional

    Returns
    -------
    Graph

    Raises
    ------
    OptionError
        If an option has an invalid value.
    InputError
        If a word is not in the run, or the run has not kept its tokens.
    MissingExtra
        If networkx, which computes the layout, is not installed.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> terms = selfvec.graph(run, ["hail"])
    >>> terms.rows[0]["source"], terms.rows[0]["target"]
    ('hail', 'graupel')
    >>> terms.to_polars().height  # edges
    119
    """
    require("networkx", "plot", "a graph of terms")
    names = check_texts("words", words, "words") if words else []
    run = as_run(run)
    asked = list(dict.fromkeys(row_of(run, word) for word in names))
    rows = _around(run, asked, top, neighbours) if asked else terms(run, top).rows
    if len(rows) < 2:
        raise InputError("this run has too few terms for a graph", path=run.folder, remedy="add more text")
    with one_core():
        cosines = run.vectors.unit[rows] @ run.vectors.unit[rows].T
    batch, table = run.require_tokens(), WordTable.of(run)
    together = _mutual_ppmi(batch, rows)
    by_spelling = _by_spelling(table, rows, neighbours, cosines, together)
    joined = _mutual(np.where(by_spelling, -np.inf, cosines), neighbours, _LEAST)
    kept = joined.any(axis=1) | np.isin(rows, asked)
    rows, pairs = rows[kept], np.ix_(kept, kept)
    joined, cosines, together = joined[pairs], cosines[pairs], together[pairs]
    groups = topic_groups or with_subjects(cluster_documents(run, Clustering(seed=seed))).subjects
    assert groups is not None
    edges = [
        Edge(a, b, float(cosines[a, b]), float(together[a, b]))
        for a, b in np.argwhere(np.triu(joined)).tolist()
    ]
    places = _layout(run.vectors.unit[rows], np.where(joined, cosines, 0).astype(np.float64), seed)
    return Graph(_nodes(batch, table, rows, groups, places), edges, [row.name for row in groups.topics])


def _layout(rows: Floats, weights: Doubles, seed: int) -> Doubles:
    """Positions of nodes, (n, 2) in the unit square, by the weights of their edges, (n, n).

    ForceAtlas2 starts from the two main axes of the nodes' vectors. Equal masses and strong gravity keep
    unconnected parts together. On real graphs, names are no closer and fewer edges cross than with spring or
    Kamada-Kawai layouts.
    """
    import networkx

    number = len(rows)
    if number < 2:
        return np.full((number, 2), 0.5)
    centred = np.asarray(rows - rows.mean(axis=0, dtype=np.float64), np.float64)
    first = centred @ axes_of_points(centred)[1][:, :2]
    first = first * np.sign(np.take_along_axis(first, np.abs(first).argmax(axis=0)[None], axis=0))
    first = first / np.maximum(np.abs(first).max(axis=0), 1e-12)
    first += 0.04 * np.random.default_rng(seed).standard_normal(first.shape)
    positions = networkx.forceatlas2_layout(
        networkx.from_numpy_array(weights),
        pos=dict(enumerate(first)),
        max_iter=_STEPS,
        gravity=_GRAVITY,
        strong_gravity=True,
        node_mass=dict.fromkeys(range(number), 1),
        weight="weight",
        seed=seed,
    )
    places = np.array([positions[node] for node in range(number)])
    low, high = places.min(axis=0), places.max(axis=0)
    return np.asarray((places - low) / np.maximum(high - low, 1e-9), np.float64)


def _around(run: Run, asked: list[int], size: int, k: int) -> Ints:
    """Words, the terms nearest to them, and the terms nearest to these, at most ``size``."""
    vectors = run.vectors.unit
    candidates = np.unique(np.concatenate([terms(run, _CANDIDATES, min_count=3).rows, asked]))
    chosen = dict.fromkeys(asked)
    ring = asked
    for many in (4 * k, k):
        new: list[int] = []
        for row in ring:
            best = np.argsort(-(vectors[candidates] @ vectors[row]), kind="stable")[: many + 1]
            new += candidates[best].tolist()
        ring = [row for row in dict.fromkeys(new) if row not in chosen]
        chosen |= dict.fromkeys(ring)
    return np.array(list(chosen)[: max(size, len(asked))], np.int64)


def _mutual_ppmi(batch: TokenBatch, rows: Ints) -> Doubles:
    """PPMI of terms occurring near one another, (n, n), symmetric.

    Smoothing makes the two directions of a pair differ; the larger value is used.
    """
    _, ppmi = neighbour_ppmi(batch, rows.tolist(), CONTEXT_WINDOW, rows.tolist())
    return np.maximum(ppmi, ppmi.T)


def _by_spelling(table: WordTable, rows: Ints, k: int, cosines: Floats, together: Doubles) -> Mask:
    """Pairs that are near only because of their spelling, (n, n), symmetric.

    One of the vectors was built from subwords, the words are spelled alike, and they do not occur together.
    """
    words = [table.names[row] for row in rows.tolist()]
    alike = np.zeros(cosines.shape, bool)
    for i in np.flatnonzero(_built_from_subwords(table)[rows]).tolist():
        for j in np.argsort(-cosines[i], kind="stable")[: _NEAR_BY * k + 1].tolist():
            if i != j and together[i, j] <= 0 and _spelled_alike(words[i], words[j]):
                alike[i, j] = alike[j, i] = True
    return alike


def _built_from_subwords(table: WordTable) -> Mask:
    """Words whose vector depends on their spelling, (V,) bool. Phrases are not among them."""
    built: Mask = table.original.sources == Source.SUBWORDS
    built |= np.isin(table.refined.sources, (Source.SUBWORDS, Source.MIXED))
    return built if table.original.pieces is None else built & (table.original.pieces != 0)


def _spelled_alike(a: str, b: str) -> bool:
    """Whether one word contains the other, or half of their pairs of letters are the same.

    >>> _spelled_alike("ra", "rain"), _spelled_alike("flooding", "flooded"), _spelled_alike("hail", "snow")
    (True, True, False)
    """
    if a in b or b in a:
        return True
    one, other = ({word[i : i + 2] for i in range(len(word) - 1)} for word in (f"<{a}>", f"<{b}>"))
    return 2 * len(one & other) >= _SAME * (len(one) + len(other))


def _mutual(near: AnyFloats, k: int, least: float) -> Mask:
    """Pairs that are among each other's k nearest, and nearer than ``least``; (n, n), symmetric.

    >>> near = np.array([[1, 0.9, 0.8], [0.9, 1, 0.1], [0.8, 0.1, 1]])
    >>> _mutual(near, 1, 0.0).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    near = near.copy()
    np.fill_diagonal(near, -np.inf)
    best = np.argsort(-near, axis=1, kind="stable")[:, :k]
    chosen = np.zeros(near.shape, bool)
    np.put_along_axis(chosen, best, True, axis=1)
    return chosen & chosen.T & (near > least)


def _nodes(
    batch: TokenBatch, table: WordTable, rows: Ints, groups: Topics, places: Doubles
) -> list[TermNode]:
    occurs = document_frequencies(batch)
    before, after = table.original.unit, table.refined.unit
    out = []
    for row, (x, y) in zip(rows.tolist(), places.tolist(), strict=True):
        known = before[row].any() and before.shape == after.shape
        drift = float(1 - before[row] @ after[row]) if known else None
        term = batch.types[row]
        topic = int(groups.labels[row])
        out.append(TermNode(term, int(batch.counts[row]), int(occurs[row]), topic, drift, x, y))
    return out
