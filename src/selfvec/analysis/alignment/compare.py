"""`compare`: the words that differ between two files of vectors or runs, with a test against chance.

Size and significance are different columns. The vector of a rare word is noisy and may be far off by chance;
a frequent word may move little and yet significantly. Significant words are listed first, by distance. There
are two tests:

* Two runs that kept their corpora are the two slices of one corpus, compared as `selfvec.analysis.word_drift`
  compares slices: if the word's documents were divided at random, how often would it be as far apart? It
  compares occurrences in these documents, so corpora on different topics differ in nearly every word.
* ``by_peers`` tests whether the word moved more than words of similar frequency. It needs only the vectors,
  assumes that most words have not changed, and does not measure how reliable the vectors are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np

from selfvec.analysis.word_drift.permutation_test import permutation_test
from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.declarations import checked
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.base.threads import threads
from selfvec.corpus.slices import slice_counts
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.storage.opened import GivenVectors, opened
from selfvec.usage.occurrence_vectors import occurrence_space, slice_vectors

from .align import vectors_of
from .compass import joined_runs
from .relative import ANCHORS, choose_anchors, relative_rows
from .rotation import fit_rotation, shared_words

__all__ = ["Comparison", "by_peers", "compare"]

MIN_COUNT = 10  # with fewer occurrences in either text a vector is mostly chance
LEVEL = 0.05  # false discovery rate at which words are listed first
NEIGHBOURS = 10
PEERS = 200  # words of about the same frequency
_FOLDS = 5
_LEAST_DOCUMENTS = 10  # on either side; fewer documents can be divided in too few ways
_LEAST = 1e-6  # distance caused by rounding alone

TESTED = {
    "documents": "p: the documents of the word dealt out at random between the two corpora; q: false "
    "discovery rate. The test compares occurrences in these documents, whatever makes them differ",
    "peers": "p: the word moved farther than words of similar frequency; q: false discovery rate. The test "
    "assumes that most words did not change, and does not show whether other texts would give the same",
}


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ResultTable):
    """n words with their vectors in two files or runs, most frequent first.

    Attributes
    ----------
    words : list of n str
    distances, z, p, q : (n,) float64
        Cosine distance in the common space; its deviation from chance in standard deviations; its p; and the
        false discovery rate at which it is significant.
    counts_a, counts_b : (n,) int64 or None
    method : str
        Method of alignment.
    tested : str
        A sentence that explains p and q.
    a, b : (n, d), (n, d') float32
        Unit rows, from which neighbours are computed.
    """

    words: list[str]
    distances: Doubles
    z: Doubles
    p: Doubles
    q: Doubles
    counts_a: Ints | None
    counts_b: Ints | None
    method: str
    tested: str
    a: Rows = field(repr=False)
    b: Rows = field(repr=False)
    fdr: float = LEVEL  # at which words are listed first
    top: int | None = None  # words that are listed; all if None
    neighbours: int = NEIGHBOURS  # nearest words of either side that are compared

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        title = f"Comparison by {self.method}: {len(self):,} words, {self.significant:,} with q ≤ {self.fdr}"
        return short_repr(title, [self.words[i] for i in self._order().tolist()], "see .rows or .to_polars()")

    @property
    def significant(self) -> int:
        """Words with q ≤ ``fdr``."""
        return int(np.sum(self.q <= self.fdr))

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per listed word: those with q ≤ ``fdr`` first, by falling distance."""
        chosen = self._order()
        changes = gained_and_lost(self.a, self.b, chosen, self.neighbours)
        return [
            {
                "word": self.words[i],
                "distance": float(self.distances[i]),
                "z": float(self.z[i]),
                "p": float(self.p[i]),
                "q": float(self.q[i]),
                "count_a": None if self.counts_a is None else int(self.counts_a[i]),
                "count_b": None if self.counts_b is None else int(self.counts_b[i]),
                "gained": [self.words[j] for j in gained],
                "lost": [self.words[j] for j in lost],
            }
            for i, (gained, lost) in zip(chosen.tolist(), changes, strict=True)
        ]

    def _order(self) -> Ints:
        """The rows of the listed words, in their order."""
        return np.lexsort((-self.distances, self.q > self.fdr))[: self.top]

    def select(
        self, top: int | None = None, fdr: float | None = None, neighbours: int | None = None
    ) -> Comparison:
        """The same comparison with only the first ``top`` words listed, another rate or more neighbours."""
        return replace(
            self,
            top=top,
            fdr=self.fdr if fdr is None else fdr,
            neighbours=self.neighbours if neighbours is None else neighbours,
        )

    def as_dict(self) -> dict[str, Any]:
        """The result as ``selfvec run compare --json`` prints it."""
        return {
            "method": self.method,
            "tested": self.tested,
            "words": len(self),
            "significant": self.significant,
            "fdr": self.fdr,
            "rows": self.rows,
        }


@checked
def compare(
    a: GivenVectors,
    b: GivenVectors,
    method: str = "auto",
    *,
    top: int | None = None,
    fdr: float = 0.05,
    neighbours: int = 10,
    min_count: int | None = None,
    permutations: int = 200,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """List the words that differ most between two runs.

    Parameters
    ----------
    a : Vectors, Run or path
        A run folder or vectors file.
    b : Vectors, Run or path
        Another one.
    top : int, at least 1, optional
        Words shown; by default all.
    fdr : float, at least 0, at most 1
        Highest false discovery rate of words that differ. They come first.
    neighbours : int, at least 1
        Nearest neighbours compared.
    method : {"auto", "compass", "procrustes", "relative"}
        How both are brought into one space. auto: compass if both runs kept their tokens and were refined
        from the same vectors, so that documents can be divided at random, else procrustes. With compass,
        occurrences are compared in the space of these vectors. With procrustes, no word is measured by a
        rotation that it helped to fit.
    min_count : int, at least 1, optional
        Leave out words that are rarer in either text; by default 10 if counts are known.
    progress : Progress, optional

    Other Parameters
    ----------------
    permutations : int, at least 20
        Random splits of a word's documents in the first round of the test (compass).
    seed : int, at least 0
    jobs : int, at least 1, optional

    Raises
    ------
    OptionError
        If an option has an invalid value.
    InputError
        If the two cannot be compared by this method.
    """
    first = opened(a, "a")
    second = opened(b, "b")
    counted = all(vectors_of(given).counts is not None for given in (first, second))
    least = min_count if min_count is not None else MIN_COUNT if counted else 1
    found = None
    if method in ("auto", "compass"):
        try:
            found = _compare_texts(first, second, least, permutations, seed, jobs, progress)
        except InputError as reason:
            if method == "compass":
                raise
            as_progress(progress).say(f"compared by vectors only: {reason.rule}")
            method = "procrustes"
    if found is None:
        found = _compare_vectors(vectors_of(first), vectors_of(second), method, least, seed)
    return found.select(top, fdr, neighbours)


def _compare_texts(
    first: Vectors | Run,
    second: Vectors | Run,
    least: int,
    permutations: int,
    seed: int,
    jobs: int | None,
    progress: Progress | None,
) -> Comparison:
    """Compare all words as drift does; `InputError` unless both are runs of the same original vectors."""
    run, slices = joined_runs(first, second)
    fewest = min(int(part.documents.sum()) for part in slices)
    if fewest < _LEAST_DOCUMENTS:
        raise InputError(
            f"dividing documents needs {_LEAST_DOCUMENTS} on either side, and one side has {fewest}",
            remedy="give one document per line or row, or choose the method procrustes",
        )
    counts = slice_counts(run.require_tokens(), slices)
    seen = counts.min(axis=0)
    words = np.argsort(-seen, kind="stable")[: int((seen >= least).sum())]
    if not len(words):
        raise InputError(f"no word occurs {least} times in both texts", remedy="choose a smaller --min-count")
    costs = {"Preparing occurrences": 2, "Splitting": 4, "Splitting again": 1, "Comparing": 1}
    with as_progress(progress).steps("Comparing", costs) as steps:
        space = occurrence_space(run, slices, seed, steps)
        found = permutation_test(
            space, words, permutations=permutations, seed=seed, jobs=threads(jobs), progress=steps
        )
        a, b = slice_vectors(space, words, threads(jobs), progress=steps)
    z = np.array([-NormalDist().inv_cdf(p) for p in np.clip(found.p, 1e-300, 1 - 1e-16).tolist()])
    return Comparison(
        words=[run.vectors.index_to_key[word] for word in words.tolist()],
        distances=found.distance,
        z=z,
        p=found.p,
        q=benjamini_hochberg(found.p),
        counts_a=counts[0, words],
        counts_b=counts[1, words],
        method="compass",
        tested=TESTED["documents"],
        a=a,
        b=b,
    )


def _compare_vectors(first: Vectors, second: Vectors, method: str, least: int, seed: int) -> Comparison:
    """Compare all words without their texts, by procrustes or relative."""
    shared = shared_words(first, second, least)
    a = unit_rows(first.vectors[shared.rows_a])
    b = unit_rows(second.vectors[shared.rows_b])
    if method == "relative":
        chosen = choose_anchors(shared.words, a, min(ANCHORS, len(shared)), seed=seed)
        a, b = (unit_rows(relative_rows(rows, rows[chosen])) for rows in (a, b))
        distances = _distances(a, b)
    else:  # distances are symmetric, so the narrower vectors are rotated onto the wider ones
        wider, narrower = (b, a) if a.shape[1] < b.shape[1] else (a, b)
        distances = _held_out_distances(wider, narrower, shared.weights)
    z, p = by_peers(distances)
    return Comparison(
        words=shared.words,
        distances=distances,
        z=z,
        p=p,
        q=benjamini_hochberg(p),
        counts_a=shared.counts_a,
        counts_b=shared.counts_b,
        method=method,
        tested=TESTED["peers"],
        a=a,
        b=b,
    )


def _held_out_distances(a: Rows, b: Rows, weights: Doubles) -> Doubles:
    """Distances after b is rotated onto a; the rotation for each fifth of the words is fitted to the rest."""
    out = np.empty(len(a))
    for fold in range(_FOLDS):
        inside = np.arange(len(a)) % _FOLDS == fold
        rotation = fit_rotation(a[~inside], b[~inside], weights[~inside])
        out[inside] = _distances(a[inside], unit_rows(rotation.apply(b[inside])))
    return out


def _distances(a: Rows, b: Rows) -> Doubles:
    cosines: Doubles = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return np.maximum(1 - cosines, 0)


def by_peers(distances: Doubles) -> tuple[Doubles, Doubles]:
    """z of the logarithm of each distance among its peers, and the p of this z, (n,) each.

    The distances are in order of falling frequency.

    Centre and scale are the median and the median absolute deviation (times 1.4826), which changed words
    hardly affect, and p is the upper tail of the normal distribution with these: an empirical null (Efron,
    2004, *Large-scale simultaneous hypothesis testing*). The rank among the peers is no valid p, because
    ranks are uniform whether or not words changed.
    """
    logs = np.log(np.maximum(distances, _LEAST))
    width = min(PEERS + 1, len(logs))
    windows = np.lib.stride_tricks.sliding_window_view(logs, width)
    middle = np.median(windows, axis=1)
    scale = 1.4826 * np.median(np.abs(windows - middle[:, None]), axis=1)
    place = np.clip(np.arange(len(logs)) - width // 2, 0, len(windows) - 1)  # the outermost at either end
    away = logs - middle[place]
    z = np.divide(away, scale[place], out=np.copysign(np.inf, away), where=scale[place] > 0)
    z[away == 0] = 0.0
    z = np.clip(z, -38, 38)  # beyond this the tail is 0 in float64
    return z, np.array([math.erfc(value / math.sqrt(2)) / 2 for value in z.tolist()])
