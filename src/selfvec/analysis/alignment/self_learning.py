"""Self-learning: a dictionary gives a rotation, the rotation gives a larger dictionary, and so on.

A round induces the dictionary of word pairs that are each other's nearest by CSLS and fits the orthogonal map
again (Conneau et al., 2018; Artetxe, Labaka and Agirre, 2018, *A robust self-learning method for fully
unsupervised cross-lingual mappings of word embeddings*). Without a given dictionary, the first one is made
from the sorted rows of both similarity matrices: words with the same meaning have similarly distributed
similarities in any language. Then random similarities are left out, many at first and fewer later, so that
the search can leave a bad solution (*stochastic dictionary induction*).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from selfvec.base.arrays import Array, Doubles, Ints, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import NEIGHBOURS, mean_of_nearest, mutual_best
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_rows, orthogonal_factor, whitening_matrix
from selfvec.storage.alignment_files import read_dictionary

LEARNING = 10_000  # most frequent words of either side that are paired
STARTING = 4_000  # most frequent words that the first dictionary is made from
ROUNDS = 5  # of induction and fitting, at most
_SAME = 0.999  # share of unchanged pairs after which no further round is made
# share of similarities kept at first, and the factor by which it grows
_KEPT = 0.1
_MORE = 2.0
_PATIENCE = 10  # rounds without a gain until it grows
_GAIN = 1e-5  # least increase of the mean similarity of pairs

Dictionary = str | os.PathLike[str] | Sequence[tuple[str, str]]
"""A file of rows word<TAB>word, or pairs of a word of A and a word of B."""


@dataclass(frozen=True, eq=False)
class LearnedDictionary:
    """A learned dictionary, and the rows that were compared.

    ``rows`` are the numbers of the rows that are not zero, most frequent words first; ``a`` (n, d) and ``b``
    (m, d') are these rows, centred and at unit length; ``pairs`` are numbers of rows of ``a`` and ``b``.
    """

    sizes: tuple[int, int]  # number of rows of both
    rows: tuple[Ints, Ints]  # (n,) and (m,)
    a: Rows
    b: Rows
    pairs: Ints  # (k, 2)

    @property
    def rotation(self) -> Doubles:
        """The orthogonal map (d', d) from b onto a."""
        return fitted(self.a, self.b, self.pairs)

    @property
    def similarity(self) -> float:
        """Mean cosine of the pairs after the rotation."""
        rotated = unit_rows(self.b[self.pairs[:, 1]] @ self.rotation.astype(np.float32))
        return float(np.einsum("ij,ij->i", self.a[self.pairs[:, 0]], rotated, dtype=np.float64).mean())

    def reweighted(self) -> tuple[Rows, Rows]:
        """Rows of both in one space by whitening, rotation and symmetric re-weighting.

        Directions are weighted by the square root of the correlation of the pairs (Artetxe, Labaka and
        Agirre, 2018, *Generalizing and improving bilingual word embedding mappings*).
        """
        whitener_a, white_a = _whitened(self.a[self.pairs[:, 0]])
        whitener_b, white_b = _whitened(self.b[self.pairs[:, 1]])
        moment = white_a.T @ white_b / len(self.pairs)
        axes_a, correlations, axes_b = np.linalg.svd(moment, full_matrices=False)
        map_a = _reweighting(whitener_a, axes_a, correlations)
        map_b = _reweighting(whitener_b, axes_b.T, correlations)
        out_a = np.zeros((self.sizes[0], len(correlations)), np.float32)
        out_b = np.zeros((self.sizes[1], len(correlations)), np.float32)
        out_a[self.rows[0]] = self.a @ map_a
        out_b[self.rows[1]] = self.b @ map_b
        return out_a, out_b


def _whitened(rows: Rows) -> tuple[Doubles, Doubles]:
    """The whitener of the k rows, (d, d), and the whitened rows, (k, d)."""
    moment = rows.T.astype(np.float64) @ rows / len(rows)
    whitener = whitening_matrix(moment, 0.5).astype(np.float64)
    return whitener, rows @ whitener


def _reweighting(whitener: Doubles, axes: Doubles, correlations: Doubles) -> Rows:
    """Whiten, rotate to common axes, weight each by the root of its correlation, and undo the whitening."""
    back = axes.T @ np.linalg.pinv(whitener) @ axes
    return np.asarray(whitener @ (axes * np.sqrt(correlations)) @ back, np.float32)


def learn(
    a: Vectors, b: Vectors, given: Ints | None = None, *, seed: int = 0, progress: Progress | None = None
) -> LearnedDictionary:
    """Learn a dictionary from given pairs of rows, (n, 2), which stay in it, or without any pairs.

    Raises `InputError` if b has more dimensions than a.
    """
    if b.vector_size > a.vector_size:
        rule = f"A has {a.vector_size} dimensions and B {b.vector_size}: B cannot be rotated into fewer"
        raise InputError(rule, remedy="swap A and B, and the columns of the dictionary")
    progress = progress or Progress()
    rows = _by_frequency(a), _by_frequency(b)
    one = comparable(a.vectors[rows[0]])
    other = comparable(b.vectors[rows[1]])
    if given is None:
        pairs = stochastic_pairs(one, other, first_pairs(one, other), seed, progress)
    else:
        pairs = np.stack([_places(each, wanted) for each, wanted in zip(rows, given.T, strict=True)], axis=1)
    pairs = refined_pairs(one, other, pairs, given is not None, progress)
    return LearnedDictionary((len(a), len(b)), rows, one, other, pairs)


def paired_rows(a: Vectors, b: Vectors, dictionary: Dictionary) -> tuple[Ints, dict[str, Any]]:
    """The rows of the pairs of a dictionary whose words both have a vector, (n, 2); and what is not used.

    A word is looked up as written, then in lower case.
    """
    path = Path(dictionary) if isinstance(dictionary, str | os.PathLike) else None
    words = read_dictionary(path) if path is not None else list(cast("Sequence[tuple[str, str]]", dictionary))
    rows = np.array([(_row(a, one), _row(b, other)) for one, other in words], np.int64).reshape(-1, 2)
    known = rows >= 0
    rows = rows[known.all(axis=1)]
    if not len(rows):
        rule = "the dictionary has no pair of words that both have a vector"
        remedy = "put words of A into the first column and words of B into the second"
        raise InputError(rule, path=path, remedy=remedy)
    unused = {
        "pairs": len(known) - len(rows),
        "without_vector_in_a": int(np.sum(~known[:, 0])),
        "without_vector_in_b": int(np.sum(~known[:, 1])),
    }
    return rows, {"unused": unused, "header": getattr(words, "header", None)}


def _row(vectors: Vectors, word: str) -> int:
    """The row of a word, as written or in lower case; -1 if it has no vector."""
    row = vectors.key_to_index.get(word, vectors.key_to_index.get(word.lower(), -1))
    return row if row >= 0 and vectors.vectors[row].any() else -1


def _by_frequency(vectors: Vectors) -> Ints:
    """The rows that are not zero, most frequent first. Without counts the order of the file is kept."""
    rows = np.flatnonzero(np.any(vectors.vectors != 0, axis=1))
    return rows if vectors.counts is None else rows[np.argsort(-vectors.counts[rows], kind="stable")]


def _places(rows: Ints, wanted: Ints) -> Ints:
    """The places of some rows in a list of rows."""
    places = np.zeros(int(rows.max(initial=0)) + 1, np.int64)
    places[rows] = np.arange(len(rows))
    return places[wanted]


def comparable(rows: Array) -> Rows:
    """Rows as they are fitted: scaled to unit length, centred, and scaled to unit length again."""
    unit = unit_rows(rows)
    return unit_rows(unit - unit.mean(axis=0))


def fitted(a: Rows, b: Rows, pairs: Ints) -> Doubles:
    """The orthogonal map (d', d) from the rows of b onto their partners in a."""
    return orthogonal_factor(b[pairs[:, 1]].T.astype(np.float64) @ a[pairs[:, 0]])


def refined_pairs(a: Rows, b: Rows, pairs: Ints, held: bool, progress: Progress) -> Ints:
    """The dictionary after `ROUNDS` rounds, or once few pairs change; ``held`` keeps the first pairs."""
    first = pairs
    before = {tuple(pair) for pair in pairs.tolist()}
    with progress.stage("Refining the dictionary", ROUNDS, "rounds") as advance:
        for _ in range(ROUNDS):
            rotated = unit_rows(b[:LEARNING] @ fitted(a, b, pairs).astype(np.float32))
            induced = mutual_best(a[:LEARNING], rotated)
            kept = held or not len(induced)
            pairs = np.unique(np.concatenate([first, induced]), axis=0) if kept else induced
            found = {tuple(pair) for pair in induced.tolist()}
            advance(1)
            if len(found & before) >= _SAME * len(found):
                break
            before = found
    return pairs


def first_pairs(a: Rows, b: Rows) -> Ints:
    """Pairs of words whose sorted similarities to all other words are alike, (n, 2), from both sides.

    The similarities are those of the square root of the similarity matrix, as published.
    """
    size = min(len(a), len(b), STARTING)
    one, other = (_sorted_similarities(rows[:size]) for rows in (a, b))
    return _both_ways(one @ other.T, mean_of_nearest(one, other), mean_of_nearest(other, one))


def _sorted_similarities(rows: Rows) -> Rows:
    """The rows of the square root of a similarity matrix, each sorted, centred and at unit length, (n, n)."""
    values, axes = axes_of_rows(rows.shape, lambda part: rows[part])
    root = (rows @ (axes * np.maximum(values, 1e-12) ** -0.5).astype(np.float32)) @ (
        rows @ axes.astype(np.float32)
    ).T
    return comparable(np.sort(root, axis=1))


def _both_ways(scores: Rows, hub_a: Rows, hub_b: Rows) -> Ints:
    to_b = np.argmax(scores - hub_b / 2, axis=1)
    to_a = np.argmax(scores.T - hub_a / 2, axis=1)
    forward = np.stack([np.arange(len(to_b)), to_b], axis=1)
    return np.concatenate([forward, np.stack([to_a, np.arange(len(to_a))], axis=1)])


def stochastic_pairs(a: Rows, b: Rows, pairs: Ints, seed: int, progress: Progress) -> Ints:
    """Self-learning with similarities left out at random, many at first and fewer later."""
    rng = np.random.default_rng(seed)
    kept = _KEPT  # share of the similarities
    best = -1.0
    stale = 0  # rounds without a gain
    a = a[:STARTING]
    b = b[:STARTING]
    with progress.stage("Learning", None, "rounds") as advance:
        while True:
            scores = a @ unit_rows(b @ fitted(a, b, pairs).astype(np.float32)).T
            top = [
                np.partition(each, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean(axis=1, dtype=np.float32)
                for each in (scores, scores.T)
            ]
            found = float((scores.max(axis=1).mean() + scores.max(axis=0).mean()) / 2)
            stale = 0 if found > best + _GAIN else stale + 1
            best = max(best, found)
            if stale >= _PATIENCE:
                if kept >= 1:
                    return pairs
                kept = min(1.0, kept * _MORE)
                stale = 0
            if kept < 1:
                scores[rng.random(scores.shape, np.float32) >= kept] = -1
            pairs = _both_ways(scores, *top)
            advance(1)
