"""A graph of terms: who is whose nearest, which subject each belongs to, and how far refining moved it.

Two terms are joined where each is among the other's nearest: a hub is near many, but few are nearest to it,
so that mutual pruning leaves structure (Brito et al. 1997, *Connectivity of the mutual k-nearest-neighbor
graph*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import one_core
from selfvec.cooccurrence import PositivePMI, count_near, neighbour_totals
from selfvec.data.run import Run

from .graph_layout import layout
from .shared_contexts import WINDOW
from .terms import row_of, terms
from .topic_clusters import TERMS, Topics, topics

__all__ = ["MEASURES", "Edge", "Graph", "Node", "graph"]

MEASURES = ("cosine", "ppmi")
_CANDIDATES = 5000  # telling terms among which those near to given words are sought
_LEAST = 0.2  # cosine of an edge

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Node:
    """A term.

    Parameters
    ----------
    term : str
    count, documents : int
        Occurrences, and documents with it.
    topic : int
        The topic it belongs to, -1 for none; see `Graph.topics`.
    drift : float or None
        1 - cosine of its original and its refined vector; None where it had no vector.
    x, y : float
        Where it is drawn, 0 to 1.
    """

    term: str
    count: int
    documents: int
    topic: int
    drift: float | None
    x: float
    y: float


@dataclass(frozen=True)
class Edge:
    """Two terms, by their places among the nodes.

    Parameters
    ----------
    a, b : int
        a < b.
    cosine : float
        Of their refined vectors.
    ppmi : float
        Of one standing beside the other.
    """

    a: int
    b: int
    cosine: float
    ppmi: float


@dataclass(frozen=True)
class Graph:
    """Terms and who is near whom.

    Parameters
    ----------
    nodes : list of Node
    edges : list of Edge
    topics : list of str
        Names of the topics, those of the run whether a node has them or not.
    by : str
        What edges are drawn by.
    """

    nodes: list[Node]
    edges: list[Edge]
    topics: list[str]
    by: str

    def __len__(self) -> int:
        return len(self.nodes)

    def as_dict(self) -> dict[str, Any]:
        """Nodes and edges (``source`` and ``target`` are terms), as ``selfvec graph`` writes JSON."""
        nodes = [
            {"id": node.term, **asdict(node), "topic_name": self.topic_name(node)} for node in self.nodes
        ]
        edges = [
            {
                "source": self.nodes[edge.a].term,
                "target": self.nodes[edge.b].term,
                "cosine": edge.cosine,
                "ppmi": edge.ppmi,
            }
            for edge in self.edges
        ]
        return {"by": self.by, "topics": self.topics, "nodes": nodes, "edges": edges}

    def topic_name(self, node: Node) -> str | None:
        """What the topic of a node is called."""
        return self.topics[node.topic] if node.topic >= 0 else None


def graph(
    run: Run,
    words: Sequence[str] = (),
    *,
    size: int = 120,
    neighbours: int = 5,
    by: str = "cosine",
    topic_groups: Topics | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Graph:
    """The graph of a run's most telling terms, or of what is around some words.

    Parameters
    ----------
    run : Run
    words : sequence of str
        Words and phrases; the run's most telling terms where there are none.
    size : int
        Terms at most. Those without an edge are left out, unless they were asked for.
    neighbours : int
        k: two terms are joined where each is among the k nearest of the other.
    by : "cosine" or "ppmi"
        What is near: refined vectors alike, or standing beside one another more often than by chance.
    topic_groups : Topics, optional
        Made where not given.
    seed : int
        For topics and the layout.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If an option has a value it cannot have.
    InputError
        If a word is not in the run, or the run has forgotten its tokens.
    """
    for name, value, least in (("size", size, 2), ("neighbours", neighbours, 1)):
        if not isinstance(value, int) or value < least:
            raise OptionError(f"is a whole number of at least {least}, not {value!r}", field=name)
    if by not in MEASURES:
        raise OptionError(f"is one of {', '.join(MEASURES)}, not {by!r}", field="by")
    asked = list(dict.fromkeys(row_of(run, word) for word in words))
    rows = _around(run, asked, size, neighbours) if asked else terms(run, size).rows
    if len(rows) < 2:
        raise InputError("too few words of this run tell anything", path=run.folder, remedy="bring more text")
    with one_core():
        cosines = run.vectors.unit[rows] @ run.vectors.unit[rows].T
    together = _together(run, rows)
    near = cosines if by == "cosine" else together
    joined = _mutual(near.astype(np.float64), neighbours, _LEAST if by == "cosine" else 0.0)
    kept = joined.any(axis=1) | np.isin(rows, asked)
    rows, joined = rows[kept], joined[np.ix_(kept, kept)]
    cosines, together = cosines[np.ix_(kept, kept)], together[np.ix_(kept, kept)]
    pairs = np.argwhere(np.triu(joined))
    groups = topic_groups or topics(run, most=max(TERMS, size), seed=seed, progress=progress)
    strengths = np.array([max(float(cosines[a, b]), 0.05) for a, b in pairs])
    with one_core():
        places = layout(run.vectors.unit[rows], pairs, strengths, seed)
    edges = [Edge(int(a), int(b), float(cosines[a, b]), float(together[a, b])) for a, b in pairs]
    return Graph(_nodes(run, rows, groups, places), edges, [row.name for row in groups], by)


def _around(run: Run, asked: list[int], size: int, k: int) -> Rows:
    """Words, the terms nearest to them, and the nearest to these, up to a number."""
    table = run.vectors.unit
    candidates = np.unique(np.concatenate([terms(run, _CANDIDATES, min_count=3).rows, asked]))
    found = dict.fromkeys(asked)
    ring = asked
    for many in (4 * k, k):
        new: list[int] = []
        for row in ring:
            cosines = table[candidates] @ table[row]
            new += [int(i) for i in candidates[np.argsort(-cosines, kind="stable")[: many + 1]]]
        ring = [row for row in dict.fromkeys(new) if row not in found]
        found |= dict.fromkeys(ring)
    return np.array(list(found)[: max(size, len(asked))], np.int64)


def _together(run: Run, rows: Rows) -> NDArray[np.float64]:
    """PPMI of terms standing beside one another, (n, n)."""
    batch = run.require_tokens()
    pmi = PositivePMI(neighbour_totals(batch, WINDOW))
    found = pmi(count_near(batch, WINDOW, rows.tolist(), rows.tolist()), rows[:, None], rows[None])
    return np.maximum(found, found.T)  # contexts are smoothed and words are not: as near as either says


def _mutual(near: NDArray[np.float64], k: int, least: float) -> NDArray[np.bool_]:
    """Pairs of which each is among the other's k nearest, and nearer than ``least``; (n, n), symmetric.

    >>> near = np.array([[1, 0.9, 0.8], [0.9, 1, 0.1], [0.8, 0.1, 1]])
    >>> _mutual(near, 1, 0.0).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    near = near.copy()
    np.fill_diagonal(near, -np.inf)
    best = np.argsort(-near, axis=1, kind="stable")[:, :k]
    chosen = np.zeros(near.shape, bool)
    np.put_along_axis(chosen, best, True, axis=1)
    joined: NDArray[np.bool_] = chosen & chosen.T & (near > least)
    return joined


def _nodes(run: Run, rows: Rows, groups: Topics, places: NDArray[np.float64]) -> list[Node]:
    from selfvec.text.document_kernels import document_frequencies

    batch = run.require_tokens()
    occurs = document_frequencies(batch.ids, batch.offsets, len(batch.types))
    before, after = run.original.unit, run.vectors.unit
    out = []
    for row, (x, y) in zip(rows.tolist(), places.tolist(), strict=True):
        known = before[row].any() and before.shape == after.shape
        drift = float(1 - before[row] @ after[row]) if known else None
        term = batch.types[row]
        topic = int(groups.labels[row])
        out.append(Node(term, int(batch.counts[row]), int(occurs[row]), topic, drift, x, y))
    return out
