"""Methods for vectors that were no better than those that users have, for the tables that compare them.

Side by side: a cosine is the mean of the sources' cosines (Yin and Schütze, 2016, *Learning word
meta-embeddings*). Generalised canonical correlation analysis finds the directions in which the sources agree:
with rows X_j whitened to Y_j = X_j C_j^(-1/2), the principal axes of [Y_1 Y_2 ...] (Rastogi, Van Durme and
Arora, 2015, *Multiview LSA*). Soft debiasing (Bolukbasi et al., 2016) is one linear map for all words, which
keeps inner products and makes neutral words nearly orthogonal to the direction. INLP (Ravfogel et al., 2020)
trains linear classifiers of the two sides' words one after the other, by ridge regression, and projects all
words to the complement of each, until it cannot distinguish held-out words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_points, spectrum
from selfvec.transforms.debias import BiasRows, complement
from selfvec.transforms.join import NOWHERE, Map
from selfvec.transforms.knowledge import Knowledge
from selfvec.transforms.retrofit import Retrofit, cosines_of, smoothed

_RIDGE = 1e-2  # of the largest variance of a source; smaller variances are whitened as if they had this size
_LAMBDA = 0.2  # of soft debiasing, as in the paper
_TRAINED = 2500  # words of each side, at most, that INLP classifies
_ROUNDS = 35  # of INLP, as in the paper
_CHANCE = 0.55  # accuracy on held-out words at which INLP ends


def side_by_side(parts: list[Rows], known: Mask) -> list[Map]:
    """Each source in its own columns, (d, sum of d)."""
    del known
    ends = np.cumsum([part.shape[1] for part in parts])
    whole = np.eye(ends[-1], dtype=np.float32)
    return [(NOWHERE, whole[end - part.shape[1] : end]) for part, end in zip(parts, ends, strict=True)]


def canonical(parts: list[Rows], known: Mask, dimensions: int) -> list[Map]:
    """Maps of each source onto the directions in which all agree, (d, dimensions)."""
    shared: Mask = np.all(known, axis=0)
    white: list[Map] = []
    for part in parts:
        axes_of_part = spectrum(part, shared)
        factor = axes_of_part.power(0.5, least=_RIDGE * float(axes_of_part.values[0]))
        white.append((axes_of_part.mean.astype(np.float32), factor))
    among = np.concatenate(
        [(part[shared] - mean) @ whitening for part, (mean, whitening) in zip(parts, white, strict=True)],
        axis=1,
    )
    axes = axes_of_points(among.astype(np.float64), dimensions)[1].astype(np.float32)
    ends = np.cumsum([len(mean) for mean, _ in white])
    pairs = zip(white, ends, strict=True)
    return [(mean, whitening @ axes[end - len(mean) : end]) for (mean, whitening), end in pairs]


def soft(unit: Rows, bias: BiasRows) -> tuple[Rows, Rows]:
    """The map T, (d, d), of Bolukbasi et al., section 6: the least ‖W (X - I) Wᵀ‖² + λ ‖N X b‖², X = T Tᵀ.

    With C = WᵀW and C' = NᵀN, both divided by their numbers of rows, the gradient vanishes at
    X = I - λ/2 · (C⁻¹C'z (C⁻¹b)ᵀ + C⁻¹b (C⁻¹C'z)ᵀ), where z = Xb solves a linear system.
    """
    b = bias.direction.astype(np.float64)
    every, neutral = (rows.T.astype(np.float64) @ rows / len(rows) for rows in (unit, unit[bias.neutral]))
    every += 1e-6 * np.trace(every) / len(b) * np.eye(len(b))
    ratio = np.linalg.solve(every, neutral)
    c = np.linalg.solve(every, b)
    z = np.linalg.solve(np.eye(len(b)) + _LAMBDA / 2 * (c @ b * ratio + np.outer(c, neutral @ c)), b)
    change = np.outer(ratio @ z, c)
    values, axes = np.linalg.eigh(np.eye(len(b)) - _LAMBDA / 2 * (change + change.T))
    mapping = np.asarray((axes * np.sqrt(np.maximum(values, 0))) @ axes.T, np.float32)
    return unit_rows(unit @ mapping), mapping


def inlp(unit: Rows, bias: BiasRows) -> tuple[Rows, Rows]:
    """The projection of iterative nullspace projection, (d, d)."""
    ranked = bias.neutral[np.argsort(unit[bias.neutral] @ bias.direction)]
    size = max(1, min(_TRAINED, len(ranked) // 4))
    rows = unit[np.concatenate([ranked[:size], ranked[len(ranked) - size :]])].astype(np.float64)
    side = np.repeat([-1.0, 1.0], size)
    tested = np.random.default_rng(bias.seed).permutation(2 * size) < 2 * size // 5
    axes: list[Rows] = []
    kept = np.eye(unit.shape[1], dtype=np.float32)
    for _ in range(min(_ROUNDS, unit.shape[1] - 1)):
        given = rows @ kept
        learned = given[~tested]
        mean = learned.mean(axis=0)
        moment = (learned - mean).T @ (learned - mean)
        penalty = np.trace(moment) / len(moment) * np.eye(len(moment))
        axis = kept @ np.linalg.solve(moment + penalty, (learned - mean).T @ side[~tested])
        right = np.sign((given[tested] - mean) @ axis) == side[tested]
        if axes and right.mean() < _CHANCE:
            break
        axes.append((axis / np.linalg.norm(axis)).astype(np.float32))
        kept = complement(*axes)
    return unit_rows(unit @ kept), kept


class Smooth(Retrofit):
    """Average words with their neighbours in a lexicon, over its whole graph: see `smoothed`.

    An edge weighs as much as the cosine of its words, so relations of rare senses count little. A word with a
    row of zeros gets the vector of its neighbours.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
    relations : str or sequence of str
    weight : float, above 0, below 1
        How far a vector spreads.
    """

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str] | None = None
    weight: float = 0.5

    def _fitted(self, unit: Rows, pairs: Ints) -> Rows:
        known = np.any(unit != 0, axis=1)[pairs].all(axis=1)
        return smoothed(unit, pairs, np.where(known, np.maximum(cosines_of(unit, pairs), 0), 1), self.weight)
