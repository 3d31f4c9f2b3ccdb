"""Two ways into a common space: a rotation fitted by shared words, and cosines to anchor words.

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

from collections import deque
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.base.threads import by_blocks, sum_of_blocks
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import orthogonal_factor

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

        deque(by_blocks(len(rows), rotate), maxlen=0)
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
        raise InputError(
            f"vectors cannot be rotated into fewer dimensions: these have {b.shape[1]} and the others "
            f"{a.shape[1]}",
            remedy="swap them, or choose the method relative",
        )
    if fitted < b.shape[1]:
        raise InputError(
            f"rotating {b.shape[1]} dimensions needs as many shared words, and only {fitted} remain to fit",
            remedy="choose the method relative, a smaller --min-count, or vectors of fewer dimensions",
        )


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
            raise OptionError(
                "needs vectors with word counts",
                field="min_count",
                remedy="give two run folders, or leave it out",
            )
        kept &= np.minimum(*counts) >= min_count
    if not kept.any():
        often = f" and occurs {min_count} times in both texts" if min_count > 1 else ""
        raise InputError(
            f"no word has a vector in both{often}",
            remedy="check that both have the same language and casing",
        )
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
