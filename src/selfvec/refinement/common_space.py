"""Ways into a common space: a rotation by shared words or a learned dictionary, and cosines to anchor words.

Orthogonal Procrustes rotates one space onto another by pairs of rows, such as those of shared words:

    R = argmin Σ_w g_w · |b_w R - a_w|²  over R with orthonormal rows  =  U Vᵀ,   U S Vᵀ = Bᵀ G A

(Schönemann, 1966, *A generalized solution of the orthogonal Procrustes problem*). A rotation changes no
cosine within a space. Vectors of fewer dimensions are rotated into a wider space without loss. In least
squares, words that changed affect all others. Therefore the fit is trimmed: the share of words that is
farthest off is left out and the rest is fitted again, until the same words are left out (least trimmed
squares: Rousseeuw, 1984; concentration steps: Rousseeuw and Van Driessen, 2006).

A dictionary that is learned gives a rotation, the rotation gives a larger dictionary, and so on: a round
induces the pairs of words that are each other's nearest by CSLS and fits the rotation again (Conneau et al.,
2018).

Relative representations are each word's cosines to a few anchor words. They are the same in two spaces with
the same distances between words, whatever the axes, scales and dimensions (Moschella et al., 2023, *Relative
representations enable zero-shot latent space communication*). Nothing is fitted, but directions that the
anchors do not span are lost.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import stage
from selfvec.base.threads import sum_of_blocks
from selfvec.data.vectors import Vectors
from selfvec.data.word_lookup import find_rows
from selfvec.numerics.nearest import mutual_best
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.numerics.whitening import orthogonal_factor, whitening_matrix
from selfvec.storage.alignment_files import read_dictionary

TRIM = 0.1  # share of the shared words that is left out of the fit
ANCHORS = 300  # of relative representations: the most frequent shared words, by default
LEARNING = 10_000  # most frequent words of either side that are paired
ROUNDS = 5  # of learning a dictionary, at most

_TRIM_ROUNDS = 50  # of leaving out and fitting again, at most
_EVIDENCE = 20  # occurrences at which a word has half of its full weight
_SAME = 0.999  # share of unchanged pairs after which no further round is made

Dictionary = str | os.PathLike[str] | Sequence[tuple[str, str]]
"""A file of rows word<TAB>word, or pairs of a word of A and a word of B."""


def procrustes(a: AnyFloats, b: AnyFloats, weights: Doubles | None = None) -> Doubles:
    """The orthogonal map (d', d) from b (n, d') to a (n, d) with the least weighted squared error.

    >>> a = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> procrustes(a, a @ quarter).round(6).tolist() == quarter.T.tolist()
    True
    """
    if b.shape[1] > a.shape[1]:
        rule = f"{b.shape[1]} dimensions cannot be rotated into {a.shape[1]}"
        raise InputError(rule, remedy="swap A and B, or choose the method relative")

    def product(part: slice) -> AnyFloats:
        weighted = b[part] if weights is None else b[part] * weights[part, None].astype(a.dtype)
        moment: AnyFloats = weighted.T @ a[part]
        return moment

    return orthogonal_factor(sum_of_blocks((b.shape[1], a.shape[1]), len(a), product))


def fit_rotation(a: Rows, b: Rows, weights: Doubles, trim: float = TRIM) -> tuple[Doubles, Mask]:
    """The map (d', d) from rows b of n words to their rows a, and which of them took part in the fit, (n,).

    The share ``trim`` of the words does not.
    """
    if not 0 <= trim < 0.5:
        raise OptionError(f"is a share from 0 up to a half, not {trim}", field="trim")
    size = len(a) - int(trim * len(a))
    if size < b.shape[1] <= a.shape[1]:
        rule = f"rotating {b.shape[1]} dimensions needs as many shared words, and only {size} remain to fit"
        remedy = "choose the method relative, a smaller --min-count, or vectors of fewer dimensions"
        raise InputError(rule, remedy=remedy)
    kept = np.ones(len(a), bool)
    for _ in range(_TRIM_ROUNDS):
        matrix = procrustes(a[kept], b[kept], weights[kept])
        away = np.square(b @ matrix.astype(b.dtype) - a).sum(axis=1)
        closest = np.zeros(len(a), bool)
        closest[np.argsort(away, kind="stable")[:size]] = True
        if np.array_equal(closest, kept):
            break
        kept = closest
    return matrix, kept


# ---- The words that a rotation is fitted by


class SharedWords(NamedTuple):
    """n words with a vector in both, most frequent first, ties in alphabetical order.

    If counts are unknown, a word's rank is the larger of its two row numbers, because files of vectors are
    usually sorted by frequency.
    """

    words: list[str]
    rows_a: Ints  # (n,), their rows in both
    rows_b: Ints
    weights: Doubles  # (n,), in a fit: m / (m + 20) for the smaller count m, or 1 if counts are unknown


def shared_words(a: Vectors, b: Vectors, min_count: int = 1) -> SharedWords:
    """The words with a vector in both that occur ``min_count`` times in either text."""
    both = [(word, row, b.key_to_index[word]) for word, row in a.key_to_index.items() if word in b]
    rows_a = np.array([row for _, row, _ in both], np.int64)
    rows_b = np.array([row for _, _, row in both], np.int64)
    kept = np.any(a.vectors[rows_a] != 0, axis=1) & np.any(b.vectors[rows_b] != 0, axis=1)
    seen, rarity = None, np.maximum(rows_a, rows_b)
    if a.counts is not None and b.counts is not None:
        seen = np.minimum(a.counts[rows_a], b.counts[rows_b])
        kept &= seen >= min_count
        rarity = -seen
    elif min_count > 1:
        remedy = "give two run folders, or leave it out"
        raise OptionError("needs vectors with word counts", field="min_count", remedy=remedy)
    if not kept.any():
        often = f" and occurs {min_count} times in both texts" if min_count > 1 else ""
        remedy = "check that both have the same language and casing"
        raise InputError(f"no word has a vector in both{often}", remedy=remedy)
    order = sorted(np.flatnonzero(kept).tolist(), key=lambda i: (rarity[i], both[i][0]))
    weights = np.ones(len(order)) if seen is None else seen[order] / (seen[order] + _EVIDENCE)
    return SharedWords([both[i][0] for i in order], rows_a[order], rows_b[order], weights)


# ---- Cosines to anchor words


def relative_rows(rows: AnyFloats, anchors: AnyFloats) -> Rows:
    """Cosines of rows to anchors, (m, d) and (k, d) -> (m, k) float32; rows of zeros stay zero.

    >>> relative_rows(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]])).astype("f2")
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float16)
    """
    return np.asarray(unit_rows(rows) @ unit_rows(anchors).T, np.float32)


# ---- Dictionaries


def paired_rows(a: Vectors, b: Vectors, dictionary: Dictionary) -> tuple[Ints, dict[str, Any]]:
    """The rows of the pairs of a dictionary whose words both have a vector, (n, 2); and what is not used.

    A word is looked up as in `find_rows`.
    """
    path = Path(dictionary) if isinstance(dictionary, str | os.PathLike) else None
    words = read_dictionary(path) if path is not None else list(cast("Sequence[tuple[str, str]]", dictionary))
    rows = np.stack([find_rows(of, map(itemgetter(side), words)) for side, of in enumerate((a, b))], axis=1)
    has_row = rows >= 0
    rows = rows[has_row.all(axis=1)]
    if not len(rows):
        rule = "the dictionary has no pair of words that both have a vector"
        remedy = "put words of A into the first column and words of B into the second"
        raise InputError(rule, path=path, remedy=remedy)
    missing = np.sum(~has_row, axis=0).tolist()
    unused = dict(zip(("without_vector_in_a", "without_vector_in_b"), missing, strict=True))
    unused = {"pairs": len(has_row) - len(rows), **unused}
    return rows, {"unused": unused, "header": getattr(words, "header", None)}


def centred(rows: AnyFloats) -> Rows:
    """Rows less the mean of those that are not zeros, at length 1; zeros stay zeros. (V, h) -> (V, h)."""
    there = filled_rows(rows)
    mean = rows[there].mean(axis=0, dtype=np.float64) if there.any() else 0
    return unit_rows(np.where(there[:, None], rows - mean, 0))


def learned_pairs(a: Vectors, b: Vectors, given: Ints, rows: tuple[Rows, Rows]) -> Ints:
    """A dictionary learned from given pairs of `centred` rows, (n, 2), which stay in it."""
    often = _most_frequent(a), _most_frequent(b)
    pairs, before = given, {tuple(pair) for pair in given.tolist()}
    with stage("Refining the dictionary", ROUNDS, "rounds") as advance:
        for _ in range(ROUNDS):
            matrix = procrustes(*(of[mine] for of, mine in zip(rows, pairs.T, strict=True)))
            best = mutual_best(rows[0][often[0]], unit_rows(rows[1][often[1]] @ matrix.astype(np.float32)))
            induced = np.stack([often[0][best[:, 0]], often[1][best[:, 1]]], axis=1)
            pairs = np.unique(np.concatenate([given, induced]), axis=0)
            now = {tuple(pair) for pair in induced.tolist()}
            advance(1)
            if len(now & before) >= _SAME * len(now):
                break
            before = now
    return pairs


def _most_frequent(vectors: Vectors) -> Ints:
    """`LEARNING` rows that are not zero, most frequent first. Without counts they are in the file's order."""
    rows = np.flatnonzero(np.any(vectors.vectors != 0, axis=1))
    if vectors.counts is not None:
        rows = rows[np.argsort(-vectors.counts[rows], kind="stable")]
    return rows[:LEARNING]


def reweighted(a: Rows, b: Rows, pairs: Ints) -> list[Rows]:
    """Rows of both in one space by whitening, rotation and symmetric re-weighting.

    Directions are weighted by the square root of the correlation of the pairs (Artetxe, Labaka and
    Agirre, 2018, *Generalizing and improving bilingual word embedding mappings*).
    """
    of_pairs = a[pairs[:, 0]], b[pairs[:, 1]]
    whiteners = [
        whitening_matrix(rows.T.astype(np.float64) @ rows / len(rows), 0.5).astype(np.float64)
        for rows in of_pairs
    ]
    white_a, white_b = (rows @ whitener for rows, whitener in zip(of_pairs, whiteners, strict=True))
    axes_a, correlations, axes_b = np.linalg.svd(white_a.T @ white_b / len(pairs), full_matrices=False)
    out = []
    for rows, whitener, axes in zip((a, b), whiteners, (axes_a, axes_b.T), strict=True):
        # Whiten, rotate to common axes, weight each by the root of its correlation, and undo the whitening.
        weighted = whitener @ (axes * np.sqrt(correlations)) @ axes.T @ np.linalg.pinv(whitener) @ axes
        out.append(rows @ weighted.astype(np.float32))
    return out
