"""Senses of a word as clusters of its occurrences in context, and the number of senses.

A neighbour is weighted by how much more often it occurs near this word than its frequency predicts, because
such words distinguish occurrences. Each occurrence is smoothed by the occurrences most similar to it.
Occurrences are clustered by k-means along their main axes.

The number of senses depends on the directions of the clusters. The means of two clusters with one meaning
share the subject of the word; those of two meanings share no more than any two words do. Their cosine is
computed without the mean of all words and without the effect of chance on the length of means. Clusters are
added as long as all these cosines are below a bound. K-means divides a frequent sense before it finds a rare
one. So if two clusters are not apart, the occurrences are put into six, and the two of the largest cosine are
merged until all cosines are below a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from selfvec.analysis.kernels import sum_windows
from selfvec.analysis.usage.contexts import padded_windows, window_counts
from selfvec.base.arrays import Doubles, Ids, Ints, Rows
from selfvec.base.threads import one_core
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.kmeans import k_means, squared_distances
from selfvec.numerics.rows import sampled, unit_rows
from selfvec.numerics.whitening import spectrum
from selfvec.text.document_vectors import inverse_document_frequency, smooth_by_neighbours

# Chosen on pseudo-words and words of one sense; see docs/results/senses.md.
APART = 0.2  # largest cosine of the means of two senses, lowered for n occurrences
MERGED = 0.03  # the same for senses that were merged from more clusters, which exploits chance more
DOUBT = 1.3  # by this over √n, because k-means exploits chance
LEAST = 20  # fewest occurrences for more than one sense
SMALLEST = 5  # fewest occurrences of a sense, or
SHARE = 0.04  # this share of all occurrences, if that is more
MOST = 6  # senses
PRIOR = 0.5  # added to a neighbour's count and to its expected count
BASE = 0.1  # weight of the rarest word if it is no more frequent here than elsewhere
SAMPLE = 20_000  # tokens that the mean is taken over
LANDMARKS = 1_000  # occurrences that are clustered, and that others are smoothed by
AXES = 16  # main ones, along which occurrences are clustered
STRENGTH = 1.2  # of smoothing: occurrences are few and are expected to form groups
STARTS = 6  # of k-means
TEMPER = 8.0  # divides log-probabilities, because smoothing makes occurrences look more certain


@dataclass(frozen=True)
class SenseSpace:
    """A space in which the occurrences of one word are compared.

    The vector of an occurrence is the sum of the refined vectors around it, which describe the text better
    than the original ones.
    """

    batch: TokenBatch
    rows: Rows  # (V, d), unit rows of its types, zeros for words without a vector
    weights: Rows  # (V,), inverse document frequencies
    centre: Rows  # (d,), mean over the occurrences of all words

    @classmethod
    def of(cls, batch: TokenBatch, rows: Rows, seed: int = 0) -> SenseSpace:
        """The space of a corpus over vectors of its words; ``seed`` draws the tokens for the centre."""
        origin = np.zeros(rows.shape[1], np.float32)
        space = cls(batch, rows, inverse_document_frequency(batch), origin)
        places = sampled(np.arange(len(batch)), SAMPLE, np.random.default_rng(seed))
        occurring = space.occurrence_vectors(padded_windows(batch, places), space.weights)
        occurring = occurring[occurring.any(axis=1)]
        if not len(occurring):
            return space
        return replace(space, centre=occurring.mean(axis=0, dtype=np.float64).astype(np.float32))

    def occurrence_vectors(self, windows: Ids, weights: Rows) -> Rows:
        """Unit vectors of n occurrences, (n, d) float32, by the weight of each word as a neighbour, (V,).

        Rows are zero if no neighbour has a weight and a vector.
        """
        out = np.zeros((len(windows), self.rows.shape[1]), np.float32)
        sum_windows(windows, self.rows, weights, out)
        return unit_rows(out)


def sense_space(run: Run, seed: int = 0) -> SenseSpace:
    """The space of a run's corpus."""
    return SenseSpace.of(run.require_tokens("from which senses are induced"), run.vectors.unit, seed)


@dataclass(frozen=True)
class SenseModel:
    """The K clusters of a word's occurrences, from which the sense of an occurrence is inferred."""

    space: SenseSpace
    weights: Rows  # (V,), weight of each word as a neighbour
    landmarks: Rows  # (m, d), occurrences that others are smoothed by
    mean: Rows  # (d,)
    axes: Rows  # (d, p)
    centres: Doubles  # (K, p), the most frequent sense first
    shares: Doubles  # (K,)
    variance: float  # mean squared distance of an occurrence to the centre of its sense, per axis

    def posterior(self, windows: Ids) -> Doubles:
        """Probabilities of the senses of n occurrences, (n, K); the senses' shares for those without context.

        The nearest sense is the most likely. Clusters are assumed to be equally wide and, given a context,
        equally frequent, so that a rare sense is not lost.
        """
        squares = self.distances(windows)
        logs = -squares / (2 * self.variance * TEMPER)
        logs[~np.isfinite(squares).all(axis=1)] = np.log(self.shares)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def distances(self, windows: Ids) -> Doubles:
        """Squared distances of n occurrences to the centres, (n, K); infinite for those without context."""
        rows = self.space.occurrence_vectors(windows, self.weights)
        own = len(self.landmarks)
        with one_core():
            smoothed: Rows = smooth_by_neighbours(
                np.concatenate([self.landmarks, rows]), own, strength=STRENGTH
            )[own:]
            points = ((smoothed - self.mean) @ self.axes).astype(np.float64)
        squares: Doubles = squared_distances(points, self.centres).astype(np.float64, copy=False)
        squares[~rows.any(axis=1)] = np.inf
        return squares


def fit_senses(space: SenseSpace, windows: Ids, number: int | None = None, seed: int = 0) -> SenseModel:
    """Cluster the occurrences of a word; the number of senses is chosen if it is not given.

    ``seed`` draws the first centres, and the occurrences to cluster if there are more than 1,000.
    """
    rng = np.random.default_rng(seed)
    weights = neighbour_weights(space, windows)
    windows = windows[sampled(np.arange(len(windows)), LANDMARKS, rng)]
    rows = space.occurrence_vectors(windows, weights)
    used = rows.any(axis=1)
    landmarks = rows[used]
    plain = space.occurrence_vectors(windows, space.weights)[used] - space.centre
    with one_core():
        mean, axes, points, labels = cluster_occurrences(landmarks, plain, number, rng)
    centres, shares = _centres(points, labels)
    variance = float(squared_distances(points, centres).min(axis=1).sum()) / max(points.size, 1)
    return SenseModel(space, weights, landmarks, mean, axes, centres, shares, max(variance, 1e-9))


def neighbour_weights(space: SenseSpace, windows: Ids) -> Rows:
    """Weight of each word as a neighbour, (V,) float32: its pointwise mutual information, or a small base.

    PMI = log((n + ½) / (m + ½)) for a word that occurs near n occurrences where its frequency predicts m
    (Church and Hanks, 1990, smoothed). The base is up to 0.1 for the rarest words.
    """
    counts = window_counts(windows, len(space.weights)).astype(np.float64)
    frequency = space.batch.counts / max(len(space.batch), 1)
    pmi = np.log((counts + PRIOR) / (counts.sum() * frequency + PRIOR))
    base = BASE * space.weights / max(float(space.weights.max(initial=0)), 1e-9)
    return np.asarray(np.maximum(pmi, base), np.float32)


def cluster_occurrences(
    rows: Rows,  # (n, d), unit rows: occurrences by the neighbours that distinguish them
    plain: Rows,  # (n, d), occurrences by all neighbours, less the mean; they decide the number of clusters
    number: int | None,
    rng: np.random.Generator,
) -> tuple[Rows, Rows, Doubles, Ints]:
    """Cluster occurrences: mean (d,) and axes (d, p) of the smoothed rows, points (n, p), labels (n,)."""
    smoothed = smooth_by_neighbours(rows, len(rows), strength=STRENGTH)
    centre, _, first = spectrum(smoothed, number=min(AXES, smoothed.shape[1]))
    mean = centre.astype(np.float32)
    axes = np.ascontiguousarray(first, np.float32)
    points = ((smoothed - mean) @ axes).astype(np.float64)
    return mean, axes, points, _labels(points, plain, number, rng)


def _labels(points: Doubles, plain: Rows, number: int | None, rng: np.random.Generator) -> Ints:
    """The cluster of each occurrence, (n,)."""
    chosen = np.zeros(len(points), np.int64)
    if number is not None:
        number = min(number, len(points))
        return k_means(points, number, repeat(rng, STARTS))[0] if number > 1 else chosen
    if len(points) < LEAST:
        return chosen
    least = max(SMALLEST, SHARE * len(points))
    bound = APART - DOUBT / np.sqrt(len(points))
    for count in range(2, MOST + 1):
        labels, _ = k_means(points, count, repeat(rng, STARTS))
        if np.bincount(labels, minlength=count).min() < least or cluster_cosines(plain, labels).max() > bound:
            break
        chosen = labels
    if chosen.any():
        return chosen
    many, _ = k_means(points, MOST, repeat(rng, STARTS))
    return _merged(plain, many, least, bound - APART + MERGED)


def _merged(rows: Rows, labels: Ints, least: float, bound: float) -> Ints:
    """Merge clusters until each has ``least`` members and no two have a cosine above ``bound``."""
    while True:
        labels = np.unique(labels, return_inverse=True)[1]
        sizes = np.bincount(labels)
        if len(sizes) == 1:
            return labels
        cosines = cluster_cosines(rows, labels)
        joined = int(np.argmin(sizes))
        if sizes[joined] >= least:
            if cosines.max() <= bound:
                return labels
            joined = int(np.argmax(cosines.max(axis=1)))
        labels[labels == joined] = np.argmax(cosines[joined])


def _centres(points: Doubles, labels: Ints) -> tuple[Doubles, Doubles]:
    """Mean and share of each cluster that is not empty, the largest first; one zero mean without points."""
    if not len(points):
        return np.zeros((1, points.shape[1])), np.ones(1)
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    centres = np.stack([points[labels == label].mean(axis=0) for label in order.tolist()])
    return centres, sizes[order] / len(points)


def cluster_cosines(rows: Rows, labels: Ints) -> Doubles:
    """Cosines of the means of K clusters, (K, K), corrected for chance; -inf on the diagonal.

    The squared length of a mean of n vectors is that of the true mean plus an n-th of their variance; the
    product of two different means has no such term. A single row is its own mean.
    """
    sizes = np.bincount(labels)
    members = (labels == np.arange(len(sizes))[:, None]).astype(np.float64)
    sums = members @ rows.astype(np.float64)
    lengths = np.bincount(labels, np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    means = sums / sizes[:, None]
    pairs = np.einsum("ij,ij->i", sums, sums) - np.where(sizes > 1, lengths, 0)
    norms = np.sqrt(np.maximum(pairs / np.maximum(sizes * (sizes - 1), 1), 1e-9))
    cosines = (means @ means.T) / norms[:, None] / norms
    np.fill_diagonal(cosines, -np.inf)
    return np.asarray(cosines)
