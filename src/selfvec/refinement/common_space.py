"""Ways into a common space: a rotation by shared words or a learned dictionary, and cosines to anchor words.

Orthogonal Procrustes rotates one space onto another by the words that both share:

    R = argmin Σ_w g_w · |b_w R - a_w|²  over R with orthonormal rows  =  U Vᵀ,   U S Vᵀ = Bᵀ G A

(Schönemann, 1966, *A generalized solution of the orthogonal Procrustes problem*). A rotation changes no
cosine within a space. Vectors of fewer dimensions are rotated into a wider space without loss. In least
squares, words that changed affect all others. Therefore the fit is trimmed: the share of words that is
farthest off is left out and the rest is fitted again, until the same words are left out (least trimmed
squares: Rousseeuw, 1984; concentration steps: Rousseeuw and Van Driessen, 2006).

Relative representations are each word's cosines to a few anchor words. They are the same in two spaces with
the same distances between words, whatever the axes, scales and dimensions (Moschella et al., 2023, *Relative
representations enable zero-shot latent space communication*). Nothing is fitted, but directions that the
anchors do not span are lost.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import each_block, sum_of_blocks
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import mutual_best
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import orthogonal_factor, whitening_matrix
from selfvec.storage.alignment_files import read_dictionary

TRIM = 0.1  # share of the shared words that is left out of the fit
_TRIM_ROUNDS = 50  # of leaving out and fitting again, at most


def vectors_of(given: Vectors | Run) -> Vectors:
    """The refined vectors of a run, or the given vectors."""
    return given.vectors if isinstance(given, Run) else given


@dataclass(frozen=True, eq=False)
class Rotation:
    """A map from one space into another."""

    matrix: Doubles  # (d', d), orthonormal rows, d' ≤ d
    kept: Mask  # (n,), which of the shared words took part in the fit
    origin: Doubles | float = 0.0  # (d',), subtracted before the rotation
    target: Doubles | float = 0.0  # (d,), added after it

    def apply(self, rows: AnyFloats) -> Rows:
        """Rotate rows, (m, d') -> (m, d) float32; rows of zeros stay zero."""
        out = np.zeros((len(rows), self.matrix.shape[1]), np.float32)
        exact = np.result_type(rows, np.float32)
        matrix = self.matrix.astype(exact)

        def rotate(part: slice) -> None:
            block = rows[part]
            moved = (block - self.origin).astype(exact) @ matrix + self.target
            out[part] = np.where(np.any(block != 0, axis=1, keepdims=True), moved, 0)

        each_block(len(rows), rotate)
        return out


def procrustes(a: AnyFloats, b: AnyFloats, weights: Doubles) -> Doubles:
    """The orthogonal map (d', d) from b (n, d') to a (n, d) with the least weighted squared error.

    >>> a = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> procrustes(a, a @ quarter, np.ones(2)).round(6).tolist() == quarter.T.tolist()
    True
    """

    def product(part: slice) -> AnyFloats:
        weighted = b[part] * weights[part, None].astype(np.result_type(b, np.float32))
        moment: AnyFloats = weighted.T @ a[part]
        return moment

    return orthogonal_factor(sum_of_blocks((b.shape[1], a.shape[1]), len(a), product))


def fit_rotation(a: Rows, b: Rows, weights: Doubles, *, trim: float = TRIM, centre: bool = False) -> Rotation:
    """Trimmed fit of b's rows (n, d') to a's (n, d), of the same n words, without the share ``trim`` of them.

    Unit vectors are fitted. With ``centre`` the rows are not scaled, and the means of both are aligned first.
    This changes cosines within b; use it if the words of one side share a direction that the other lacks.
    """
    if not 0 <= trim < 0.5:
        raise OptionError(f"is a share from 0 up to a half, not {trim}", field="trim")
    size = len(a) - int(trim * len(a))
    _check_sizes(a, b, size)
    if not centre:
        a = unit_rows(a)
        b = unit_rows(b)
    kept = np.ones(len(a), bool)
    for _ in range(_TRIM_ROUNDS):
        rotation = _fit(a, b, weights, kept, centre)
        away = np.square(rotation.apply(b) - a).sum(axis=1)
        closest = np.zeros(len(a), bool)
        closest[np.argsort(away, kind="stable")[:size]] = True
        if np.array_equal(closest, kept):
            break
        kept = closest
    return rotation


def _check_sizes(a: Rows, b: Rows, fitted: int) -> None:
    if b.shape[1] > a.shape[1]:
        sizes = f"these have {b.shape[1]} and the others {a.shape[1]}"
        rule = f"vectors cannot be rotated into fewer dimensions: {sizes}"
        raise InputError(rule, remedy="swap them, or choose the method relative")
    if fitted < b.shape[1]:
        rule = f"rotating {b.shape[1]} dimensions needs as many shared words, and only {fitted} remain to fit"
        remedy = "choose the method relative, a smaller --min-count, or vectors of fewer dimensions"
        raise InputError(rule, remedy=remedy)


def _fit(a: Rows, b: Rows, weights: Doubles, kept: Mask, centre: bool) -> Rotation:
    one = a[kept]
    other = b[kept]
    shares = weights[kept]
    if not centre:
        return Rotation(procrustes(one, other, shares), kept)
    target, origin = ((shares @ rows) / shares.sum() for rows in (one, other))
    return Rotation(procrustes(one - target, other - origin, shares), kept, origin, target)


# ---- The words that a rotation is fitted by


_EVIDENCE = 20  # occurrences at which a word has half of its full weight


@dataclass(frozen=True, eq=False)
class SharedWords:
    """n words with a vector in both, most frequent first, ties in alphabetical order.

    If counts are unknown, a word's rank is the larger of its two row numbers, because files of vectors are
    usually sorted by frequency.
    """

    words: list[str]
    rows_a: Ints  # (n,), their rows in both
    rows_b: Ints
    counts_a: Ints | None = None  # (n,), their occurrences, if both have counts
    counts_b: Ints | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def weights(self) -> Doubles:
        """Weights in a fit, (n,): m / (m + 20) for the smaller count m, or 1 if counts are unknown."""
        if self.counts_a is None or self.counts_b is None:
            return np.ones(len(self))
        seen = np.minimum(self.counts_a, self.counts_b)
        return np.asarray(seen / (seen + _EVIDENCE), np.float64)


def shared_words(a: Vectors, b: Vectors, min_count: int = 1) -> SharedWords:
    """The words with a vector in both that occur ``min_count`` times in either text."""
    both = [(word, row, b.key_to_index[word]) for word, row in a.key_to_index.items() if word in b]
    rows_a = np.array([row for _, row, _ in both], np.int64)
    rows_b = np.array([row for _, _, row in both], np.int64)
    kept = np.any(a.vectors[rows_a] != 0, axis=1) & np.any(b.vectors[rows_b] != 0, axis=1)
    counts = None if a.counts is None or b.counts is None else (a.counts[rows_a], b.counts[rows_b])
    if min_count > 1:
        if counts is None:
            remedy = "give two run folders, or leave it out"
            raise OptionError("needs vectors with word counts", field="min_count", remedy=remedy)
        kept &= np.minimum(*counts) >= min_count
    if not kept.any():
        often = f" and occurs {min_count} times in both texts" if min_count > 1 else ""
        remedy = "check that both have the same language and casing"
        raise InputError(f"no word has a vector in both{often}", remedy=remedy)
    rarity = np.maximum(rows_a, rows_b) if counts is None else -np.minimum(*counts)
    order = np.array(sorted(np.flatnonzero(kept).tolist(), key=lambda i: (rarity[i], both[i][0])), np.int64)
    words = [both[i][0] for i in order.tolist()]
    known = () if counts is None else (counts[0][order], counts[1][order])
    return SharedWords(words, rows_a[order], rows_b[order], *known)


# ---- Cosines to anchor words


ANCHORS = 300  # the most frequent shared words, by default


def relative_rows(rows: AnyFloats, anchors: AnyFloats) -> Rows:
    """Cosines of rows to anchors, (m, d) and (k, d) -> (m, k) float32; rows of zeros stay zero.

    >>> relative_rows(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]])).astype("f2")
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float16)
    """
    return np.asarray(unit_rows(rows) @ unit_rows(anchors).T, np.float32)


# ---- Self-learning: a dictionary gives a rotation, the rotation gives a larger dictionary, and so on
# A round induces the dictionary of word pairs that are each other's nearest by CSLS and fits the orthogonal
# map again (Conneau et al., 2018).


LEARNING = 10_000  # most frequent words of either side that are paired
ROUNDS = 5  # of induction and fitting, at most
_SAME = 0.999  # share of unchanged pairs after which no further round is made

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


def learn(a: Vectors, b: Vectors, given: Ints, progress: Progress | None = None) -> LearnedDictionary:
    """Learn a dictionary from given pairs of rows, (n, 2), which stay in it.

    Raises `InputError` if b has more dimensions than a.
    """
    if b.vector_size > a.vector_size:
        rule = f"A has {a.vector_size} dimensions and B {b.vector_size}: B cannot be rotated into fewer"
        raise InputError(rule, remedy="swap A and B, and the columns of the dictionary")
    rows = _by_frequency(a), _by_frequency(b)
    unit_a = comparable(a.vectors[rows[0]])
    unit_b = comparable(b.vectors[rows[1]])
    pairs = np.stack([_places(each, wanted) for each, wanted in zip(rows, given.T, strict=True)], axis=1)
    pairs = enlarged(unit_a, unit_b, pairs, progress or Progress())
    return LearnedDictionary((len(a), len(b)), rows, unit_a, unit_b, pairs)


def paired_rows(a: Vectors, b: Vectors, dictionary: Dictionary) -> tuple[Ints, dict[str, Any]]:
    """The rows of the pairs of a dictionary whose words both have a vector, (n, 2); and what is not used.

    A word is looked up as written, then in lower case.
    """
    path = Path(dictionary) if isinstance(dictionary, str | os.PathLike) else None
    words = read_dictionary(path) if path is not None else list(cast("Sequence[tuple[str, str]]", dictionary))
    rows = np.array([(_row(a, one), _row(b, other)) for one, other in words], np.int64).reshape(-1, 2)
    has_row = rows >= 0
    rows = rows[has_row.all(axis=1)]
    if not len(rows):
        rule = "the dictionary has no pair of words that both have a vector"
        remedy = "put words of A into the first column and words of B into the second"
        raise InputError(rule, path=path, remedy=remedy)
    unused = {
        "pairs": len(has_row) - len(rows),
        "without_vector_in_a": int(np.sum(~has_row[:, 0])),
        "without_vector_in_b": int(np.sum(~has_row[:, 1])),
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


def enlarged(a: Rows, b: Rows, given: Ints, progress: Progress) -> Ints:
    """The dictionary after `ROUNDS` rounds, or once few pairs change; the given pairs stay in it."""
    pairs = given
    before = {tuple(pair) for pair in pairs.tolist()}
    with progress.stage("Refining the dictionary", ROUNDS, "rounds") as advance:
        for _ in range(ROUNDS):
            rotated = unit_rows(b[:LEARNING] @ fitted(a, b, pairs).astype(np.float32))
            induced = mutual_best(a[:LEARNING], rotated)
            pairs = np.unique(np.concatenate([given, induced]), axis=0)
            now = {tuple(pair) for pair in induced.tolist()}
            advance(1)
            if len(now & before) >= _SAME * len(now):
                break
            before = now
    return pairs
