"""Relative representations: each word by its cosines to a few anchor words.

Two spaces in which words are equally near to one another agree on these cosines, whatever their axes,
scales and dimensions (Moschella et al., 2023, *Relative representations enable zero-shot latent space
communication*). Nothing is fitted. Directions that the anchors do not span are lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.numerics.kmeans import lloyd
from selfvec.numerics.rows import unit_rows

__all__ = ["ANCHORS", "CHOICES", "choose_anchors", "relative_rows"]

ANCHORS = 300
CHOICES = ("frequency", "kmeans", "farthest")
_ROUNDS = 50  # of k-means at most

Table = NDArray[np.float32]


def relative_rows(rows: NDArray[np.floating[Any]], anchors: NDArray[np.floating[Any]]) -> Table:
    """Cosines of rows to anchors, (m, d) and (k, d) -> (m, k) float32; rows of zeros stay zero.

    Examples
    --------
    >>> relative_rows(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]])).astype("f2")
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float16)
    """
    return np.asarray(unit_rows(rows) @ unit_rows(anchors).T, np.float32)


def choose_anchors(
    words: list[str], rows: Table, number: int = ANCHORS, choose: str = "frequency", seed: int = 0
) -> NDArray[np.int64]:
    """Choose anchors among n shared words.

    Parameters
    ----------
    words : list of n str
        Most frequent first.
    rows : (n, d) float32
        Unit rows in one of the tables.
    number : int
        k.
    choose : "frequency", "kmeans" or "farthest"
        The first words; the words nearest to the centres of k clusters; or words that are each as far as
        possible from those before (Gonzalez, 1985), which span the space but tend to be unusual.
    seed : int
        For the start of the last two, which do not depend on the order of words.

    Returns
    -------
    (k,) int64
        In ascending order. Fewer than k if clusters share a nearest word.

    Raises
    ------
    OptionError
        If there are fewer words than anchors, or ``choose`` is unknown.
    """
    if choose not in CHOICES:
        raise OptionError(f"is one of {', '.join(CHOICES)}, not {choose!r}", field="choose")
    if not 1 <= number <= len(words):
        raise OptionError(
            f"there are {len(words):,} shared words to choose {number} anchors from",
            field="anchors",
            remedy="choose fewer anchors or a smaller least count",
        )
    if choose == "frequency":
        return np.arange(number)
    order = np.array(sorted(range(len(words)), key=words.__getitem__), np.int64)
    pick = _farthest if choose == "farthest" else _kmeans
    return np.unique(order[pick(rows[order], number, np.random.default_rng(seed))])


def _farthest(rows: Table, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    chosen = [int(rng.integers(len(rows)))]
    nearest = rows @ rows[chosen[0]]
    nearest[chosen[0]] = np.inf
    while len(chosen) < number:
        chosen.append(int(np.argmin(nearest)))
        np.maximum(nearest, rows @ rows[chosen[-1]], out=nearest)
        nearest[chosen[-1]] = np.inf
    return np.array(chosen, np.int64)


def _kmeans(rows: Table, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The row nearest to each centre of a spherical k-means from random rows."""
    first = rows[rng.choice(len(rows), number, replace=False)]
    _, centres, _ = lloyd(rows, first, spherical=True, rounds=_ROUNDS)
    return np.asarray(np.argmax(rows @ centres.T, axis=0), np.int64)
