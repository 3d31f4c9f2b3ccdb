"""Relative representations: each word's cosines to a few anchor words.

They are the same in two spaces with the same distances between words, whatever the axes, scales and
dimensions (Moschella et al., 2023, *Relative representations enable zero-shot latent space communication*).
Nothing is fitted, but directions that the anchors do not span are lost.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import AnyFloats, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.numerics.kmeans import lloyd
from selfvec.numerics.rows import unit_rows

ANCHORS = 300  # words, by default
_ROUNDS = 50  # of k-means, at most


def relative_rows(rows: AnyFloats, anchors: AnyFloats) -> Rows:
    """Cosines of rows to anchors, (m, d) and (k, d) -> (m, k) float32; rows of zeros stay zero.

    >>> relative_rows(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]])).astype("f2")
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float16)
    """
    return np.asarray(unit_rows(rows) @ unit_rows(anchors).T, np.float32)


def choose_anchors(
    words: list[str],  # n shared words, most frequent first
    rows: Rows,  # (n, d), their unit rows in one space
    number: int = ANCHORS,
    choose: str = "frequency",
    seed: int = 0,
) -> Ints:
    """Choose k anchors among the words: their places, (k,) int64, ascending.

    "frequency" takes the first words; "kmeans" the words nearest to the centres of k clusters, fewer if
    clusters share one; "farthest" words that are each as far as possible from those before (Gonzalez, 1985),
    which span the space but tend to be unusual. The last two do not depend on the order of words.
    """
    if not 1 <= number <= len(words):
        raise OptionError(
            f"there are {len(words):,} shared words to choose {number} anchors from",
            field="anchor_words",
            remedy="choose fewer anchors or a smaller --min-count",
        )
    if choose == "frequency":
        return np.arange(number)
    order = np.array(sorted(range(len(words)), key=words.__getitem__), np.int64)
    pick = _farthest if choose == "farthest" else _kmeans
    return np.unique(order[pick(rows[order], number, np.random.default_rng(seed))])


def _farthest(rows: Rows, number: int, rng: np.random.Generator) -> Ints:
    chosen = [int(rng.integers(len(rows)))]
    nearest = rows @ rows[chosen[0]]
    nearest[chosen[0]] = np.inf
    while len(chosen) < number:
        chosen.append(int(np.argmin(nearest)))
        np.maximum(nearest, rows @ rows[chosen[-1]], out=nearest)
        nearest[chosen[-1]] = np.inf
    return np.array(chosen, np.int64)


def _kmeans(rows: Rows, number: int, rng: np.random.Generator) -> Ints:
    """The row nearest to each centre of a spherical k-means from random rows."""
    first = rows[rng.choice(len(rows), number, replace=False)]
    _, centres, _ = lloyd(rows, first, spherical=True, rounds=_ROUNDS)
    return np.asarray(np.argmax(rows @ centres.T, axis=0), np.int64)
