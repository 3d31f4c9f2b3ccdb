"""`compare`: which words differ between two tables or runs, by how much, and whether that could be chance.

Size and significance are different columns: the vector of a rare word is noisy and lies far off by chance,
that of a frequent word moves little and yet significantly. Significant words are listed first, by their
distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.result_table import ResultTable, short_repr
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import benjamini_hochberg

from .align import Given, opened, table_of
from .null_distribution import by_documents, by_peers
from .procrustes import fit_rotation
from .relative import ANCHORS, choose_anchors, relative_rows
from .shared_words import SharedWords, shared_words

__all__ = ["COMPARISONS", "Comparison", "compare"]

COMPARISONS = ("auto", "compass", "procrustes", "relative")
MIN_COUNT = 10  # with fewer occurrences in either text a vector is mostly chance
LEVEL = 0.05  # false discovery rate at which words are listed first
NEIGHBOURS = 10
_FOLDS = 5

TESTED = {
    "documents": "p: documents dealt out at random between the two corpora, {permutations} times; q: false "
    "discovery rate. It tests use in these documents, whatever makes them differ",
    "peers": "p: the word moved farther than words of its frequency do; q: false discovery rate. It takes "
    "for granted that most words did not change, and does not ask whether other texts would say the same",
}

Numbers = NDArray[np.float64]
Table = NDArray[np.float32]
Found = tuple[Numbers, Numbers, Numbers]
"""Distances, z and p, (n,) each."""
Measured = tuple[SharedWords, Table, Table, Found]
"""The words compared, their unit rows in both tables, and the figures."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ResultTable):
    """n words in two tables, most frequent first.

    Attributes
    ----------
    words : list of n str
    distances, z, p, q : (n,) float64
        Cosine distance in the common space; how far it is beyond chance in standard deviations; its p; and
        the false discovery rate at which it is significant.
    counts_a, counts_b : (n,) int64 or None
    method : str
        Of alignment.
    tested : str
        A sentence that says what p and q mean.
    a, b : (n, d), (n, d') float32
        Unit rows in which neighbours are looked up.
    """

    words: list[str]
    distances: Numbers
    z: Numbers
    p: Numbers
    q: Numbers
    counts_a: NDArray[np.int64] | None
    counts_b: NDArray[np.int64] | None
    method: str
    tested: str
    a: Table = field(repr=False)
    b: Table = field(repr=False)

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        significant = int(np.sum(self.q <= LEVEL))
        title = f"Comparison by {self.method}: {len(self):,} words, {significant:,} with q ≤ {LEVEL}"
        first = np.lexsort((-self.distances, self.q > LEVEL))
        return short_repr(title, [self.words[i] for i in first.tolist()], "see .rows or .to_polars()")

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per word, as in ``selfvec compare --json``."""
        return self.top()

    def records(self) -> list[dict[str, Any]]:
        """The rows."""
        return self.rows

    def top(
        self, number: int | None = None, fdr: float = LEVEL, neighbours: int = NEIGHBOURS
    ) -> list[dict[str, Any]]:
        """Rows of the first words: significant ones first, by falling distance.

        Parameters
        ----------
        number : int, optional
            All by default.
        fdr : float
            False discovery rate at which a word is significant.
        neighbours : int
            Nearest words of either side that are compared for gained and lost ones.
        """
        chosen = np.lexsort((-self.distances, self.q > fdr))[:number]
        changes = gained_and_lost(self.a, self.b, chosen, neighbours)
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

    def as_dict(
        self, top: int | None = None, fdr: float = LEVEL, neighbours: int = NEIGHBOURS
    ) -> dict[str, Any]:
        """The result as ``selfvec compare --json`` prints it; parameters as in `top`."""
        return {
            "method": self.method,
            "tested": self.tested,
            "words": len(self),
            "significant": int(np.sum(self.q <= fdr)),
            "fdr": fdr,
            "rows": self.top(top, fdr, neighbours),
        }


def compare(
    a: Given,
    b: Given,
    method: str = "auto",
    *,
    min_count: int | None = None,
    permutations: int = 200,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two tables or runs word by word.

    Parameters
    ----------
    a, b : Vectors, Run or path
    method : "auto", "compass", "procrustes" or "relative"
        "auto" is "compass" for two runs that kept their tokens and were refined from the same vectors, so
        that documents can be permuted, and "procrustes" otherwise. With "procrustes", no word is measured by
        a rotation that it helped to fit.
    min_count : int, optional
        Leave out words that occur less often in either text; 10 by default if counts are known.
    permutations : int
        Permutations of the documents, with a compass.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads; all cores by default.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If an option has an invalid value.
    InputError
        If the two cannot be compared by this method.
    """
    if method not in COMPARISONS:
        raise OptionError(f"is one of {', '.join(COMPARISONS)}, not {method!r}", field="method")
    if permutations < 20:
        raise OptionError(f"is at least 20, not {permutations}", field="permutations")
    first, second = opened(a), opened(b)
    counted = all(table_of(given).counts is not None for given in (first, second))
    least = min_count if min_count is not None else MIN_COUNT if counted else 1
    test = partial(by_documents, permutations=permutations, seed=seed, progress=progress)
    tested = TESTED["documents"].format(permutations=permutations)
    if method in ("auto", "compass"):
        try:
            shared, rows_a, rows_b, found = _by_compass(first, second, least, test, jobs)
        except InputError as reason:
            if method == "compass":
                raise
            (progress or Progress()).say(f"compared by tables only: {reason.rule}")
            method = "procrustes"
        else:
            return _compared(shared, found, "compass", tested, rows_a, rows_b)
    shared, rows_a, rows_b, found = _by_tables(table_of(first), table_of(second), method, least, seed)
    return _compared(shared, found, method, TESTED["peers"], rows_a, rows_b)


def _by_compass(
    first: Vectors | Run, second: Vectors | Run, least: int, test: Callable[..., Found], jobs: int | None
) -> Measured:
    from .compass import compass_of

    compass = compass_of(first, second, jobs=jobs)
    one, other = compass.tables()
    shared = shared_words(one, other, least)
    found = test(compass, shared.rows_a)
    return shared, one.vectors[shared.rows_a], other.vectors[shared.rows_b], found


def _by_tables(first: Vectors, second: Vectors, method: str, least: int, seed: int) -> Measured:
    shared = shared_words(first, second, least)
    a, b = unit_rows(first.vectors[shared.rows_a]), unit_rows(second.vectors[shared.rows_b])
    if method == "relative":
        chosen = choose_anchors(shared.words, a, min(ANCHORS, len(shared)), seed=seed)
        a, b = (unit_rows(relative_rows(rows, rows[chosen])) for rows in (a, b))
        distances = _distances(a, b)
    else:  # distances are symmetric, so the narrower table is rotated onto the wider one
        wider, narrower = (b, a) if a.shape[1] < b.shape[1] else (a, b)
        distances = _held_out_distances(wider, narrower, shared.weights)
    return shared, a, b, (distances, *by_peers(distances))


def _held_out_distances(a: Table, b: Table, weights: Numbers) -> Numbers:
    """Distances after b is rotated onto a; each fifth of the words by the rotation fitted to the others."""
    out = np.empty(len(a))
    for fold in range(_FOLDS):
        inside = np.arange(len(a)) % _FOLDS == fold
        rotation = fit_rotation(a[~inside], b[~inside], weights[~inside])
        out[inside] = _distances(a[inside], unit_rows(rotation.apply(b[inside])))
    return out


def _distances(a: Table, b: Table) -> Numbers:
    cosines: Numbers = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return np.maximum(1 - cosines, 0)


def _compared(shared: SharedWords, found: Found, method: str, tested: str, a: Table, b: Table) -> Comparison:
    counts = shared.counts_a, shared.counts_b
    return Comparison(shared.words, *found, benjamini_hochberg(found[-1]), *counts, method, tested, a, b)
