"""`compare`: which words differ between two tables or runs, by how much, and whether that could be chance.

How far and how surely are different things, and stand in different columns: a rare word's vector is noisy and
lies far off by itself, a frequent word's hardly moves and yet surely. So words that pass are listed by how
far they moved, and before those that do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.significance import benjamini_hochberg

from .align import Given, opened, table_of
from .null_distribution import by_documents, by_peers
from .procrustes import fit_turn
from .relative import ANCHORS, choose_anchors, relative_rows
from .shared_words import Shared, share

__all__ = ["COMPARISONS", "Comparison", "compare"]

COMPARISONS = ("auto", "compass", "procrustes", "relative")
MIN_COUNT = 10  # occurrences in either text below which a vector says more about chance than about the word
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
Measured = tuple[Shared, Table, Table, Found]
"""The words compared, their unit rows in either table, and what was found."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """n words in two tables, most frequent first.

    Attributes
    ----------
    words : list of n str
    distances, z, p, q : (n,) float64
        Cosine distance in the common space; how far that is beyond chance in standard deviations, the
        probability of it, and the false discovery rate at which it passes.
    counts_a, counts_b : (n,) int64 or None
    method : str
        Of alignment.
    tested : str
        What p and q are about, in words.
    a, b : (n, d), (n, d') float32
        Unit rows that neighbours are looked up in.
    neighbours : int
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
    neighbours: int = 10

    def __len__(self) -> int:
        return len(self.words)

    def order(self, fdr: float = 0.05) -> NDArray[np.int64]:
        """Words that pass at a false discovery rate first, either part by falling distance, (n,)."""
        return np.lexsort((-self.distances, self.q > fdr))

    def rows(self, top: int | None = None, fdr: float = 0.05) -> list[dict[str, Any]]:
        """The first ``top`` words in `order`, as ``selfvec compare --json`` prints them."""
        chosen = self.order(fdr)[:top]
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

    def as_dict(self, top: int | None = None, fdr: float = 0.05) -> dict[str, Any]:
        """JSON-serialisable."""
        return {
            "method": self.method,
            "tested": self.tested,
            "words": len(self),
            "significant": int(np.sum(self.q <= fdr)),
            "fdr": fdr,
            "rows": self.rows(top, fdr),
        }


def compare(
    a: Given,
    b: Given,
    method: str = "auto",
    *,
    min_count: int | None = None,
    neighbours: int = 10,
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
        "auto" takes a compass where both are runs that kept their tokens and began from the same vectors, so
        that chance can be asked of the documents; procrustes otherwise. With procrustes no word is measured
        by a turn that it helped to fit.
    min_count : int, optional
        Words that occur less often in either text are left out; 10 where counts are known.
    neighbours : int
        How many nearest words are compared for what came and went.
    permutations : int
        With a compass, how often documents are dealt out again.
    seed : int
    jobs : int, optional
        Threads.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If an option has a value it cannot have.
    InputError
        If the two cannot be compared in this way.
    """
    if method not in COMPARISONS:
        raise OptionError(f"is one of {', '.join(COMPARISONS)}, not {method!r}", field="method")
    if permutations < 20:
        raise OptionError(f"is at least 20, not {permutations}", field="permutations")
    first, second = opened(a), opened(b)
    counted = all(table_of(given).counts is not None for given in (first, second))
    least = min_count if min_count is not None else MIN_COUNT if counted else 1
    chance = partial(by_documents, permutations=permutations, seed=seed, progress=progress)
    tested = TESTED["documents"].format(permutations=permutations)
    if method in ("auto", "compass"):
        try:
            shared, rows_a, rows_b, found = _by_compass(first, second, least, chance, jobs)
        except InputError as reason:
            if method == "compass":
                raise
            (progress or Progress()).say(f"compared by tables only: {reason.rule}")
            method = "procrustes"
        else:
            return _compared(shared, found, "compass", tested, rows_a, rows_b, neighbours)
    shared, rows_a, rows_b, found = _by_tables(table_of(first), table_of(second), method, least, seed)
    return _compared(shared, found, method, TESTED["peers"], rows_a, rows_b, neighbours)


def _by_compass(
    first: Vectors | Run, second: Vectors | Run, least: int, chance: Callable[..., Found], jobs: int | None
) -> Measured:
    from .compass import compass_of

    compass = compass_of(first, second, jobs=jobs)
    one, other = compass.tables()
    shared = share(one, other, least)
    found = chance(compass, shared.rows_a)
    return shared, one.vectors[shared.rows_a], other.vectors[shared.rows_b], found


def _by_tables(first: Vectors, second: Vectors, method: str, least: int, seed: int) -> Measured:
    shared = share(first, second, least)
    a, b = unit_rows(first.vectors[shared.rows_a]), unit_rows(second.vectors[shared.rows_b])
    if method == "relative":
        chosen = choose_anchors(shared.words, a, min(ANCHORS, len(shared)), seed=seed)
        a, b = (unit_rows(relative_rows(rows, rows[chosen])) for rows in (a, b))
        distances = _distances(a, b)
    else:  # a distance has no direction: the narrower table is turned upon the wider one
        wider, narrower = (b, a) if a.shape[1] < b.shape[1] else (a, b)
        distances = _turned_distances(wider, narrower, shared.weights)
    return shared, a, b, (distances, *by_peers(distances))


def _turned_distances(a: Table, b: Table, weights: Numbers) -> Numbers:
    """After b is turned upon a: each fifth of the words is measured with the turn that the rest fitted."""
    out = np.empty(len(a))
    for fold in range(_FOLDS):
        inside = np.arange(len(a)) % _FOLDS == fold
        turn = fit_turn(a[~inside], b[~inside], weights[~inside])
        out[inside] = _distances(a[inside], unit_rows(turn.apply(b[inside])))
    return out


def _distances(a: Table, b: Table) -> Numbers:
    cosines: Numbers = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return np.maximum(1 - cosines, 0)


def _compared(
    shared: Shared, found: Found, method: str, tested: str, a: Table, b: Table, neighbours: int
) -> Comparison:
    counts = shared.counts_a, shared.counts_b
    return Comparison(
        shared.words, *found, benjamini_hochberg(found[-1]), *counts, method, tested, a, b, neighbours
    )
