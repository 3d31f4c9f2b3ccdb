"""Retrofitting and graph smoothing: words move toward the words that a lexicon relates them to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints, Rows
from selfvec.base.extras import require
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .knowledge import Knowledge, row_pairs, unused_relations
from .lexicon_files import read_knowledge
from .method import Transform, same_words

__all__ = ["Retrofit", "Smooth", "adjacency", "at_same_length", "smoothed", "sparse"]

_STEPS = 50  # at most
_CLOSE = 1e-4  # largest change of a coordinate at which iteration stops


class Retrofit(Transform):
    """Pull related words together (Faruqui et al. 2015).

    Each word moves to the mean of its own vector and that of the words related to it: *Retrofitting Word
    Vectors to Semantic Lexicons*. The result minimises Σ_i ‖q_i - q̂_i‖² + weight · Σ_ij ‖q_i - q_j‖² /
    deg(i), by the paper's updates of all words at once. Words without relations keep their vectors.
    Lengths are kept.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    relations : str or sequence of str
        Kinds of relations that pull; by default all but antonym.
    weight : float, above 0
        How much relations count: all of a word together; its own vector has weight 1.
    """

    package = "scipy"

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str] | None = None
    weight: float = 1.0

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words."""
        knowledge = read_knowledge(self.lexicon)
        pairs = row_pairs(knowledge, vectors.key_to_index, self.relations)
        graph = adjacency(pairs, len(vectors))
        degrees = graph.sum(axis=1)
        graph = graph.multiply(np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)[:, None])
        own = np.where(degrees > 0, 1 / (1 + self.weight), 1).astype(np.float32)
        share = np.float32(self.weight / (1 + self.weight))
        rows = propagated(graph.tocsr() * share, vectors.unit * own[:, None])
        return self._made(vectors, rows, pairs, knowledge)

    def _made(self, vectors: Vectors, rows: Rows, pairs: Ints, knowledge: Knowledge) -> Vectors:
        moved = np.unique(pairs)
        cosines = np.einsum("ij,ij->i", unit_rows(rows[moved]), vectors.unit[moved])
        self.report_ = {"pairs": len(pairs), "moved": len(moved), "cosine_to_before": float(cosines.mean())}
        self.report_ |= unused_relations(knowledge, vectors.key_to_index, self.relations)
        return at_same_length(vectors, rows)


class Smooth(Retrofit):
    """Average words with their neighbours in a lexicon.

    Vectors are propagated over its whole graph, by personalised propagation: Q = (1 - w) · Σ_k w^k Â^k Q̂
    with Â = D^(-1/2) (A + I) D^(-1/2), as in Zhou et al. (2004), *Learning with Local and Global
    Consistency*, and Gasteiger et al. (2019). An edge weighs as much as the cosine of its words, so
    relations of rare senses count little. A word with a row of zeros gets the vector of its neighbours.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    relations : str or sequence of str
        Kinds of relations that pull; by default all but antonym.
    weight : float, above 0, below 1
        How much relations count: w, how far a vector spreads.
    """

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str] | None = None
    weight: float = 0.5

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words."""
        knowledge = read_knowledge(self.lexicon)
        pairs = row_pairs(knowledge, vectors.key_to_index, self.relations)
        unit = vectors.unit
        a, b = pairs.T
        unknown = np.all(unit == 0, axis=1)
        cosines = np.maximum(np.einsum("ij,ij->i", unit[a], unit[b]), 0)
        rows = smoothed(unit, pairs, np.where(unknown[a] | unknown[b], 1, cosines), self.weight)
        return self._made(vectors, rows, pairs, knowledge)


def sparse() -> Any:
    """The module ``scipy.sparse``."""
    require("scipy", "knowledge", "a lexicon")
    import scipy.sparse  # type: ignore[import-untyped]

    return scipy.sparse


def adjacency(pairs: Ints, size: int, weights: Any = 1.0) -> Any:
    """The symmetric (V, V) sparse array of undirected edges (n, 2)."""
    values = np.broadcast_to(np.asarray(weights, np.float32), len(pairs))
    half = sparse().coo_array((values, (pairs[:, 0], pairs[:, 1])), shape=(size, size)).tocsr()
    return half + half.T


def smoothed(start: Rows, pairs: Ints, weights: Any, spread: float) -> Rows:
    """Personalised propagation of rows, (V, d), over edges (n, 2) with weights; see `Smooth`."""
    graph = adjacency(pairs, len(start), weights) + sparse().eye_array(len(start), dtype=np.float32)
    scale = 1 / np.sqrt(graph.sum(axis=1))
    graph = graph.multiply(scale[:, None]).multiply(scale[None]).tocsr()
    return propagated(graph * np.float32(spread), start * np.float32(1 - spread))


def propagated(graph: Any, start: Rows) -> Rows:
    """The solution X of X = A X + B by iteration, for a contraction A (V, V) and B (V, d)."""
    rows = start
    for _ in range(_STEPS):
        before = rows
        rows = graph @ rows + start
        if np.abs(rows - before).max(initial=0) < _CLOSE:
            break
    return rows


def at_same_length(vectors: Vectors, rows: Rows) -> Vectors:
    """Vectors with these rows, (V, d), at their old lengths; former rows of zeros get length 1.

    The space is the same, so words without a row are built from subwords as before.
    """
    lengths = np.linalg.norm(vectors.vectors.astype(np.float32), axis=1, keepdims=True)
    made = unit_rows(rows) * np.where(lengths > 0, lengths, 1)
    return same_words(vectors, made, vectors.composer)
