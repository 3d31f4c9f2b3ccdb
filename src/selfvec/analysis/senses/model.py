"""Senses of one word as groups of its uses, and how many there are.

A neighbour weighs by how much more often it stands near this word than its frequency lets expect: such words
tell uses apart, the others are noise. Each use moves toward those most like it
(`selfvec.text.document_vectors.smooth_by_neighbours`). The uses are grouped by k-means along their main axes.

How many senses there are is told by how the groups point. The mean uses of two groups of one meaning share
what the word is about; those of two meanings share no more than two words do. Their cosine is taken without
what every use of any word shares, and without the inflation of means by chance. Senses are parted further as
long as all these cosines are below a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.threads import one_core
from selfvec.numerics.principal_axes import axes_of_moment
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.usage.contexts import Contexts

from .space import SenseSpace

__all__ = ["LEAST", "MOST", "SMALLEST", "Model", "association", "closest", "fit", "grouped", "k_means"]

# Chosen on pseudo-words and words of one sense in PubMed abstracts; see docs/senses.md.
APART = 0.25  # cosine of the mean uses of two senses, at most; less, for n uses,
DOUBT = 1.3  # by so much / √n: k-means makes the most of chance
LEAST = 20  # uses from which more than one sense is told
SMALLEST = 5  # uses of a sense, at least; or
SHARE = 0.04  # of the uses, if that is more
MOST = 6  # senses told, at most
PRIOR = 0.5  # occurrences that a neighbour's count and its expectation are both raised by
BASE = 0.1  # weight of the rarest word that is no more frequent here than elsewhere
LANDMARKS = 1_000  # uses that groups are made of and that others are smoothed by
AXES = 16
STARTS, STEPS = 6, 40  # of k-means
TEMPER = 8.0  # of log-probabilities: uses smoothed by one another look surer than they are

Table = NDArray[np.float32]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """What tells the sense of a use.

    Parameters
    ----------
    space : SenseSpace
    weights : (V,) float32
        What a neighbour of this word counts.
    landmarks : (m, d) float32
        Uses that others are smoothed by.
    mean : (d,) float32, axes : (d, p) float32
    centres : (K, p) float64
        Senses, the most frequent first.
    shares : (K,) float64
    spread : float
        Mean squared distance of a use to the centre of its sense, an axis.
    """

    space: SenseSpace
    weights: Table
    landmarks: Table
    mean: Table
    axes: Table
    centres: Numbers
    shares: Numbers
    spread: float

    def posterior(self, contexts: Contexts) -> Numbers:
        """Probabilities of the senses of n uses, (n, K); the shares for a use without a context.

        The nearest sense is the likeliest: groups are taken for equally wide and, given a context, for
        equally frequent, so that a rare sense is not lost.
        """
        rows = self.space.uses(contexts, self.weights)
        own = len(self.landmarks)
        with one_core():
            smoothed: Table = smooth_by_neighbours(np.concatenate([self.landmarks, rows]), own)[own:]
            points = ((smoothed - self.mean) @ self.axes).astype(np.float64)
        logs = -_squares(points, self.centres) / (2 * self.spread * TEMPER)
        logs[~rows.any(axis=1)] = np.log(self.shares)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def association(space: SenseSpace, contexts: Contexts) -> Table:
    """What a neighbour counts, (V,) float32: its pointwise mutual information with the word, if above a base.

    PMI = log((n + ½) / (m + ½)) for a word that stands near n uses where its frequency lets expect m (Church
    and Hanks, 1990, smoothed). The base, up to 0.1 for the rarest words, is what is left of words that are
    not drawn to this one.
    """
    counts = contexts.counts(len(space.weights)).astype(np.float64)
    frequency = space.batch.counts / max(len(space.batch), 1)
    expected = counts.sum() * frequency
    found = np.log((counts + PRIOR) / (expected + PRIOR))
    base = BASE * space.weights / max(float(space.weights.max(initial=0)), 1e-9)
    return np.asarray(np.maximum(found, base), np.float32)


def fit(space: SenseSpace, contexts: Contexts, number: int | None = None, seed: int = 0) -> Model:
    """Group the uses of a word.

    Parameters
    ----------
    space : SenseSpace
    contexts : Contexts
        Of all its uses.
    number : int, optional
        Of senses; told by the uses where not given.
    seed : int
        Draws the uses that groups are made of, where there are more than 1,000, and where groups begin.
    """
    rng = np.random.default_rng(seed)
    weights = association(space, contexts)
    chosen = np.arange(len(contexts))
    if len(chosen) > LANDMARKS:
        chosen = np.sort(rng.choice(len(chosen), LANDMARKS, replace=False))
    drawn = contexts.part(chosen)
    rows = space.uses(drawn, weights)
    used = rows.any(axis=1)
    landmarks, apart = rows[used], space.uses(drawn, space.weights)[used] - space.centre
    with one_core():
        mean, axes, points, groups = grouped(landmarks, apart, number, rng)
    centres, shares = _centres(points, groups)
    spread = float(_squares(points, centres).min(axis=1).sum()) / max(points.size, 1)
    return Model(space, weights, landmarks, mean, axes, centres, shares, max(spread, 1e-9))


def grouped(
    rows: Table, apart: Table, number: int | None, rng: np.random.Generator
) -> tuple[Table, Table, Numbers, NDArray[np.int64]]:
    """Group uses.

    Parameters
    ----------
    rows : (n, d) float32
        Unit rows: uses by what tells them apart.
    apart : (n, d) float32
        The same uses by all that stands around, less what uses of any word share: by these the number of
        groups is told.
    number : int, optional
        Of groups.

    Returns
    -------
    mean, axes : (d,) and (d, p) float32
        Main axes of the rows after smoothing.
    points : (n, p) float64
        Along the axes.
    groups : (n,) int64
    """
    smoothed = smooth_by_neighbours(rows, len(rows))
    mean, axes = _main_axes(smoothed)
    points = ((smoothed - mean) @ axes).astype(np.float64)
    return mean, axes, points, _groups(points, apart, number, rng)


def _centres(points: Numbers, groups: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Mean and share of each group that is not empty, the largest first; one at 0 without points."""
    if not len(points):
        return np.zeros((1, points.shape[1])), np.ones(1)
    sizes = np.bincount(groups)
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    centres = np.stack([points[groups == group].mean(axis=0) for group in order.tolist()])
    return centres, sizes[order] / len(points)


def _groups(points: Numbers, apart: Table, number: int | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """The group of each use, (n,)."""
    found = np.zeros(len(points), np.int64)
    if number is not None:
        number = min(number, len(points))
        return k_means(points, number, rng) if number > 1 else found
    if len(points) < LEAST:
        return found
    least, bound = max(SMALLEST, SHARE * len(points)), APART - DOUBT / np.sqrt(len(points))
    for count in range(2, MOST + 1):
        groups = k_means(points, count, rng)
        sizes = np.bincount(groups, minlength=count)
        if sizes.min() < least or closest(apart, groups) > bound:
            break
        found = groups
    return found


def closest(uses: Table, groups: NDArray[np.int64]) -> float:
    """The largest cosine of two groups' mean uses, without the inflation of their lengths by chance.

    The squared length of a mean of n vectors is that of the true mean and an n-th of their variance; the
    product of two different ones is that of the true means.

    Parameters
    ----------
    uses : (n, d) float32
    groups : (n,) int64
        From 0 to K - 1, each with two uses or more.
    """
    sums, sizes = _sums(uses.astype(np.float64), groups, int(groups.max()) + 1)
    lengths = np.bincount(groups, np.einsum("ij,ij->i", uses, uses, dtype=np.float64))
    means = sums / sizes[:, None]
    squares = (np.einsum("ij,ij->i", sums, sums) - lengths) / (sizes * (sizes - 1))
    norms = np.sqrt(np.maximum(squares, 1e-9))
    cosines = (means @ means.T) / norms[:, None] / norms
    np.fill_diagonal(cosines, -np.inf)
    return float(cosines.max())


def _main_axes(rows: Table) -> tuple[Table, Table]:
    """Mean, (d,), and the directions in which rows vary most, (d, p)."""
    width = rows.shape[1]
    if not len(rows):
        return np.zeros(width, np.float32), np.zeros((width, 1), np.float32)
    mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = (rows - mean).astype(np.float64)
    _, axes = axes_of_moment(centred.T @ centred)
    return mean, np.ascontiguousarray(axes[:, :AXES], np.float32)


def _squares(points: Numbers, centres: Numbers) -> Numbers:
    """Squared distances, (n, K)."""
    cross = points @ centres.T
    found = (points**2).sum(axis=1)[:, None] - 2 * cross + (centres**2).sum(axis=1)
    return np.asarray(np.maximum(found, 0))


def k_means(points: Numbers, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The best of some groupings by k-means, from centres far apart (Arthur and Vassilvitskii, 2007)."""
    best, least = np.zeros(len(points), np.int64), np.inf
    for _ in range(STARTS):
        groups, cost = _lloyd(points, _far_apart(points, number, rng))
        if cost < least:
            best, least = groups, cost
    return best


def _sums(points: Numbers, groups: NDArray[np.int64], number: int) -> tuple[Numbers, Numbers]:
    """Sum, (K, p), and size, (K,), of each group."""
    members = (groups == np.arange(number)[:, None]).astype(np.float64)
    return members @ points, members.sum(axis=1)


def _far_apart(points: Numbers, number: int, rng: np.random.Generator) -> Numbers:
    centres = points[rng.integers(len(points), size=1)]
    while len(centres) < number:
        squares = _squares(points, centres).min(axis=1)
        total = squares.sum()
        place = rng.choice(len(points), p=squares / total if total > 0 else None)
        centres = np.concatenate([centres, points[place][None]])
    return centres


def _lloyd(points: Numbers, centres: Numbers) -> tuple[NDArray[np.int64], float]:
    groups = np.full(len(points), -1)
    for _ in range(STEPS):
        squares = _squares(points, centres)
        nearest = squares.argmin(axis=1)
        if np.array_equal(nearest, groups):
            break
        groups = nearest
        sums, sizes = _sums(points, groups, len(centres))
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres)
    return groups, float(squares.min(axis=1).sum())
