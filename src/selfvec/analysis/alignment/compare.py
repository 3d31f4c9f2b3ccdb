"""`compare`: the words that differ between two files of vectors or runs, with a test against chance.

Size and significance are different columns. The vector of a rare word is noisy and may be far off by chance;
a frequent word may move little and yet significantly. Significant words are listed first, by distance. There
are two tests:

* ``by_documents`` tests whether both corpora could be parts of one: if the documents were divided at random,
  how often would the word be as far apart? It needs both corpora. It compares occurrences in these documents,
  so corpora on different topics differ significantly in nearly every word.
* ``by_peers`` tests whether the word moved more than words of similar frequency. It needs only the vectors,
  assumes that most words have not changed, and does not measure how reliable the vectors are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ints, Rows
from selfvec.base.declarations import checked
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import benjamini_hochberg, empirical_p, tail_p
from selfvec.storage.opened import GivenVectors, opened

from .align import vectors_of
from .compass import Compass, compass_of
from .relative import ANCHORS, choose_anchors, relative_rows
from .rotation import fit_rotation
from .shared_words import SharedWords, shared_words

__all__ = ["COMPARISONS", "Comparison", "by_documents", "by_peers", "compare"]

COMPARISONS = ("auto", "compass", "procrustes", "relative")
MIN_COUNT = 10  # with fewer occurrences in either text a vector is mostly chance
LEVEL = 0.05  # false discovery rate at which words are listed first
NEIGHBOURS = 10
PEERS = 200  # words of about the same frequency
_FOLDS = 5
_LEAST_DOCUMENTS = 10  # on either side; fewer documents have too few permutations
_LEAST = 1e-6  # distance caused by rounding alone

TESTED = {
    "documents": "p: documents dealt out at random between the two corpora, {permutations} times; q: false "
    "discovery rate. The test compares occurrences in these documents, whatever makes them differ",
    "peers": "p: the word moved farther than words of similar frequency; q: false discovery rate. The test "
    "assumes that most words did not change, and does not show whether other texts would give the same",
}


class WordTests(NamedTuple):
    """n words between two files or runs."""

    distances: Doubles  # (n,), cosine distance in the common space
    z: Doubles  # (n,), its deviation from chance in standard deviations
    p: Doubles  # (n,)


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
        from the same vectors, so that documents can be permuted, else procrustes. With procrustes, no word
        is measured by a rotation that it helped to fit.
    min_count : int, at least 1, optional
        Leave out words that are rarer in either text; by default 10 if counts are known.
    progress : Progress, optional

    Other Parameters
    ----------------
    permutations : int, at least 20
        Random splits in the significance test (compass).
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
    """Compare all words by a compass; `InputError` unless both are runs that it can be made of."""
    compass = compass_of(first, second, jobs=jobs)
    one, other = compass.vectors()
    shared = shared_words(one, other, least)
    tested = by_documents(compass, shared.rows_a, permutations, seed, progress)
    about = TESTED["documents"].format(permutations=permutations)
    a = one.vectors[shared.rows_a]
    b = other.vectors[shared.rows_b]
    return _comparison(shared, tested, "compass", about, a, b)


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
    return _comparison(shared, WordTests(distances, z, p), method, TESTED["peers"], a, b)


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


def _comparison(
    shared: SharedWords, tested: WordTests, method: str, about: str, a: Rows, b: Rows
) -> Comparison:
    return Comparison(
        words=shared.words,
        distances=tested.distances,
        z=tested.z,
        p=tested.p,
        q=benjamini_hochberg(tested.p),
        counts_a=shared.counts_a,
        counts_b=shared.counts_b,
        method=method,
        tested=about,
        a=a,
        b=b,
    )


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


def by_documents(
    compass: Compass,
    words: Ints,  # (n,), rows of the compass, in order of falling frequency
    permutations: int,
    seed: int = 0,
    progress: Progress | None = None,
) -> WordTests:
    """Distances of words between the two corpora, and their z and p under permutations of the documents.

    Every permutation keeps the number of documents on each side and uses the same compass. The test
    statistic is the length of the difference between the word's two rows before they are normalised, which
    are its average contexts on either side. The cosine distance measures the size of a change but would be
    a poor statistic: if a word's meanings cancel, random halves are as far apart as the corpora.

    z compares this length with its mean and standard deviation under permutation. p is the larger of two:
    the share of permutations that move the word itself as far, and the share of z as large among the
    permuted z of the word and its peers in frequency. The first cannot be below 1 / P, so if no permutation
    moves the word as far, only the second is used: 200 permutations of 200 words resolve p down to 1 /
    40,000, assuming that words of similar frequency have similarly distributed z.
    """
    documents = int(compass.second.sum())
    fewest = min(documents, len(compass.second) - documents)
    if fewest < _LEAST_DOCUMENTS:
        raise InputError(
            f"permuting documents needs {_LEAST_DOCUMENTS} on either side, and one side has {fewest}",
            remedy="give one document per line or row, or choose the method procrustes",
        )
    rng = np.random.default_rng(seed)
    null = np.empty((permutations, len(words)))
    with as_progress(progress).stage("Permuting", permutations, "permutations") as advance:
        for draw in null:
            draw[:] = _difference(*compass.sides(rng.permutation(compass.second), words))
            advance(1)
    sides = compass.sides(compass.second, words)
    observed = _difference(*sides)
    middle = null.mean(axis=0)
    scale = null.std(axis=0, ddof=1)
    known = scale > 0
    drawn = np.divide(null - middle, scale, out=np.zeros_like(null), where=known)
    # The permuted values are part of their own mean; the observed one is not, so it varies more.
    fair = math.sqrt((permutations - 1) / (permutations + 1))
    z = np.divide(observed - middle, scale / fair, out=np.zeros(len(words)), where=known)
    beyond = np.sum(null >= observed, axis=0)
    p = np.where(beyond, empirical_p(beyond, permutations), 0.0)
    for peers in np.array_split(np.arange(len(words)), max(1, len(words) // PEERS)):
        p[peers] = np.maximum(p[peers], tail_p(z[peers], drawn[:, peers].ravel()))
    cosines: Doubles = np.einsum("ij,ij->i", *map(unit_rows, sides), dtype=np.float64)
    return WordTests(1 - cosines, z, np.where(known, p, 1.0))


def _difference(one: Floats, other: Floats) -> Doubles:
    """Lengths of the differences between rows, (n,)."""
    return np.asarray(np.linalg.norm(one - other, axis=1), np.float64)
