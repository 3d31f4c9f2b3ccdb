"""Vectors of the same words before and after, and the ranking of the words that changed.

The page answers while somebody types. Only frequent words are shown as neighbours, and their vectors are
contiguous, so a query is one product of a matrix and a vector. The p and q next to changes are those of
`drift`, which `selfvec.analysis.word_drift.permutation_test` computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from selfvec.analysis.word_drift.compared_slices import without_slices
from selfvec.analysis.word_drift.drift_rows import drift, order_key
from selfvec.analysis.word_drift.word_choice import WordChoice
from selfvec.base.arrays import Array, Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.rare_words import least_count
from selfvec.data.run import Run
from selfvec.numerics.neighbours import nearest, neighbourhood_change, only_in_each
from selfvec.numerics.rows import top_indices, unit_rows

__all__ = [
    "FIGURES",
    "NEIGHBOURS",
    "Filter",
    "PairedVectors",
    "Ranking",
    "Tests",
    "rank",
    "significance_of_refining",
    "significance_of_slices",
]

NEIGHBOURS = 10
MOST = 10_000  # most frequent words, which are ranked
_COSINES = 250_000_000  # cosines of a ranking, at most: some seconds
OFTEN = 20  # occurrences of a listed word, by default
_ENOUGH_LISTED = 100  # words that the first list needs
_BLOCK = 1024  # words compared at a time

FIGURES = ("apd", "p", "q", "low", "high", "expected", "change")  # that a test adds to a word
MARKS = ("kind", "variants")  # the same, in words
Tests = dict[str, dict[str, Any]]
"""`FIGURES`, `MARKS`, distance and ``below`` by word, in the order of `drift`."""

Neighbours = list[tuple[int, float]]
Near = Callable[..., tuple[Neighbours, Neighbours]]


@dataclass(frozen=True, eq=False)
class PairedVectors:
    """The vectors of the same V words before and after."""

    words: Sequence[str]
    before: Rows  # (V, d), unit rows; zeros for a word without a vector
    after: Rows
    counts: Ints  # (2, V), occurrences before and after; equal rows if the text is the same
    names: tuple[str, str]  # of the two states
    comparable: Mask  # (V,), words whose change can be measured
    content: Mask  # (V,), neither stop words nor numbers

    @cached_property
    def both(self) -> Ints:
        """The smaller count of each word, (V,)."""
        rarer: Ints = self.counts.min(axis=0)
        return rarer

    @cached_property
    def least(self) -> int:
        """Occurrences on both sides from which a word can be a neighbour."""
        return least_count(self.both)

    @cached_property
    def shown(self) -> Ints:
        """Rows of the words that may be neighbours, (n,)."""
        return np.flatnonzero(self.both >= self.least)

    @cached_property
    def places(self) -> Ints:
        """The index of each row in `shown`, (V,), or -1."""
        places = np.full(len(self.words), -1, np.int64)
        places[self.shown] = np.arange(len(self.shown))
        return places

    @cached_property
    def compact(self) -> tuple[Rows, Rows]:
        """The rows of `shown`, before and after, (n, d) each."""
        return np.ascontiguousarray(self.before[self.shown]), np.ascontiguousarray(self.after[self.shown])

    @cached_property
    def near(self) -> Near:
        """The nearest rows before and after, with cosines, best first: ``near(row, neighbours)``."""
        return lru_cache(maxsize=256)(self._near)

    def _near(self, row: int, neighbours: int = NEIGHBOURS) -> tuple[Neighbours, Neighbours]:
        sides: list[Neighbours] = []
        for side, compact in zip((self.before, self.after), self.compact, strict=True):
            cosines = compact @ side[row]
            if self.places[row] >= 0:
                cosines[self.places[row]] = -np.inf
            best = top_indices(cosines, neighbours) if side[row].any() else []
            found = [i for i in best if np.isfinite(cosines[i]) and compact[i].any()]
            sides.append([(int(self.shown[i]), float(cosines[i])) for i in found])
        return sides[0], sides[1]


@dataclass(frozen=True)
class Filter:
    """Which changes to list, and in which order."""

    seen: int | None = None  # occurrences at least; by default `Ranking.often`
    size: float = 0.0  # of the change, at least, see `Ranking.size`
    q: float | None = None  # at most; words that were not tested are left out
    text: str = ""  # part of the word
    sort: str = "size"  # or "distance", "apd", "q", "count", "word", "moved" (distance without tests)
    stops: bool = False  # list stop words, numbers and other spellings of a listed word, too
    names: bool = True  # list words that are mostly capitalised, too


@dataclass(frozen=True, eq=False)
class Ranking:
    """The changes of m words; all arrays have one row per word.

    The size of a change is ``neighbourhood_change``, which is easy to read, or the ``change`` of
    `drift`: the distance, until it is computed. Two slices use ``change``, because nearly all neighbours
    differ between slices, and the first measure would not distinguish words.
    """

    vectors: PairedVectors
    rows: Ints  # (m,), of the words
    moved: Doubles  # (m,), 1 - cosine of the word's vectors before and after
    neighbourhood_change: Doubles  # (m,), see `selfvec.numerics.neighbours.neighbourhood_change`
    near_before: Ints  # (m, k), rows of the neighbours before, nearest first, padded with -1
    near_after: Ints  # (m, k), the same after
    measure: str = "neighbourhood_change"  # or "change"
    tests: Tests | None = None  # rows of `drift` by word, once they are computed

    @cached_property
    def place(self) -> dict[int, int]:
        """The index in the ranking of each ranked row of the vectors."""
        return {row: place for place, row in enumerate(self.rows.tolist())}

    @cached_property
    def often(self) -> int:
        """Occurrences of a listed word by default: `OFTEN`, if enough words reach it."""
        seen = self.vectors.both[self.rows]
        return OFTEN if np.count_nonzero(seen >= OFTEN) >= _ENOUGH_LISTED else self.vectors.least

    @cached_property
    def order(self) -> Array:
        """Sort keys, smallest first, (m,): the order of `drift` for slices that were tested, else by size."""
        if self.measure == "neighbourhood_change" or not self.tests:
            keys: Doubles = -self.size
            return keys
        words = self.vectors.words
        places = {word: place for place, word in enumerate(self.tests)}
        found = np.array([places.get(words[row], len(places)) for row in self.rows.tolist()], np.int64)
        ranked: Ints = np.argsort(np.lexsort((-self.moved, found)), kind="stable")
        return ranked

    @cached_property
    def below(self) -> Mask:
        """True for other spellings of a listed word, (m,)."""
        tests = self.tests or {}
        words = self.vectors.words
        return np.array([tests.get(words[row], {}).get("below", False) for row in self.rows.tolist()], bool)

    @cached_property
    def ranks(self) -> Ints:
        """Rank among the listed content words seen `often`, (m,), from 0; -1 for others."""
        often = self.vectors.both[self.rows] >= self.often
        seen = np.flatnonzero(often & self.vectors.content[self.rows] & ~self.below)
        ranks = np.full(len(self.rows), -1, np.int64)
        ranks[seen[np.argsort(self.order[seen], kind="stable")]] = np.arange(len(seen))
        return ranks

    @cached_property
    def tested(self) -> dict[str, Doubles]:
        """Figures of the tests by name, (m,) each; NaN for words that were not tested."""
        tests = self.tests or {}
        words = self.vectors.words
        found = [tests.get(words[row], {}) for row in self.rows.tolist()]
        wanted = ("q", "apd", "change", "distance")
        return {name: np.array([_float(row.get(name)) for row in found], np.float64) for name in wanted}

    @cached_property
    def size(self) -> Doubles:
        """The size of each change by the `measure`, (m,); 0 if it is unknown."""
        if self.measure == "neighbourhood_change":
            return self.neighbourhood_change
        change = self.tested["change"] if self.tests else self.moved
        known: Doubles = np.maximum(np.nan_to_num(change, nan=0.0), 0)
        return known

    @property
    def distance(self) -> Doubles:
        """How far each word moved, (m,): from the test; without a test, 1 - cosine of its vectors."""
        tested = self.tested["distance"]
        return np.where(np.isnan(tested), self.moved, tested)

    def page(self, wanted: Filter, offset: int, limit: int, names: Mask | None = None) -> dict[str, Any]:
        """Rows of the ranking from ``offset`` on, and their total number, without ``names`` (V,)."""
        found = self._filtered(wanted)
        found = found if names is None else found[~names[self.rows[found]]]
        rows = [self.row(int(place)) for place in found[offset : offset + limit]]
        return {"rows": rows, "total": len(found), "ranked": len(self.rows)}

    def _filtered(self, wanted: Filter) -> Ints:
        words = self.vectors.words
        seen = self.often if wanted.seen is None else wanted.seen
        size = self.moved if wanted.sort == "moved" else self.size
        kept = (self.vectors.both[self.rows] >= seen) & (size >= wanted.size)
        if not wanted.stops:
            kept &= self.vectors.content[self.rows] & ~self.below
        if wanted.q is not None and self.tests is not None:
            kept &= np.nan_to_num(self.tested["q"], nan=2.0) <= wanted.q
        places = np.flatnonzero(kept)
        if wanted.text:
            part = wanted.text.lower()
            places = places[[part in words[row].lower() for row in self.rows[places].tolist()]]
        return places[np.argsort(self._keys(wanted.sort)[places], kind="stable")]

    def _keys(self, sort: str) -> Array:
        """Sort keys of the words, smallest first; unknown figures are last."""
        if sort == "word":
            order = np.argsort([self.vectors.words[row] for row in self.rows.tolist()], kind="stable")
            places: Ints = np.argsort(order, kind="stable")
            return places
        if sort == "count":
            return -self.vectors.both[self.rows]
        if sort == "q":
            return np.nan_to_num(self.tested["q"], nan=2.0) - 1e-6 * self.size
        if sort == "size":
            return self.order
        known = {"distance": self.distance, "apd": self.tested["apd"], "moved": self.moved}
        keys: Doubles = np.nan_to_num(-known[sort], nan=1.0)
        return keys

    def gained_and_lost(self, row: int) -> tuple[list[int], list[int]]:
        """Rows that are near a word only after, and only before, nearest first."""
        place = self.place.get(row)
        if place is None:
            before, after = ([other for other, _ in side] for side in self.vectors.near(row))
        else:
            sides = self.near_before[place], self.near_after[place]
            before, after = (side[side >= 0].tolist() for side in sides)
        return only_in_each(before, after)

    def row(self, place: int) -> dict[str, Any]:
        """A word as in ``selfvec drift --json``, with its size and neighbourhood change."""
        row = int(self.rows[place])
        words = self.vectors.words
        gained, lost = self.gained_and_lost(row)
        test = (self.tests or {}).get(words[row], {})
        before, after = self.vectors.counts[:, row].tolist()
        return {
            "word": words[row],
            "size": round(float(self.size[place]), 4),
            "neighbourhood_change": round(float(self.neighbourhood_change[place]), 4),
            "distance": _rounded(self.distance[place]),
            **{name: _rounded(_float(test.get(name))) for name in FIGURES},
            **{name: test.get(name) for name in MARKS},
            "count_a": before,
            "count_b": after,
            "gained": [words[i] for i in gained],
            "lost": [words[i] for i in lost],
        }


def rank(
    vectors: PairedVectors, measure: str = "neighbourhood_change", progress: Progress | None = None
) -> Ranking:
    """Rank the most frequent comparable words: at most `MOST`, fewer in a large vocabulary."""
    comparable = vectors.comparable & (vectors.both >= vectors.least)
    comparable &= vectors.before.any(axis=1) & vectors.after.any(axis=1)
    rows = np.flatnonzero(comparable)
    most = min(MOST, max(1000, _COSINES // max(len(vectors.shown), 1)))
    rows = rows[np.argsort(-vectors.both[rows], kind="stable")][:most]
    places = vectors.places[rows]
    sides = vectors.compact
    centred_before, centred_after = (unit_rows(side - side.mean(axis=0)) for side in sides)
    neighbours = np.full((2, len(rows), NEIGHBOURS), -1, np.int64)
    change = np.zeros(len(rows))
    with (progress or Progress()).stage("Ranking", len(rows), "words") as advance:
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            before, after = (nearest(side, places[part], NEIGHBOURS) for side in sides)
            change[part] = neighbourhood_change(centred_before, centred_after, places[part], before, after)
            for side, found in zip(neighbours, (before, after), strict=True):
                side[part] = np.where(found >= 0, vectors.shown[found], -1)
            advance(len(change[part]))
    moved = 1 - np.einsum("ij,ij->i", vectors.before[rows], vectors.after[rows], dtype=np.float64)
    return Ranking(vectors, rows, moved, change, neighbours[0], neighbours[1], measure)


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _rounded(value: float) -> float | None:
    """The value rounded for display; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.4g}")


def significance_of_refining(run: Run, jobs: int, progress: Progress) -> Tests:
    """Tests of whether the documents of each word agree on where refinement moved it."""
    return {} if run.tokens is None else significance_of_slices(without_slices(run), None, jobs, progress)


def significance_of_slices(run: Run, pair: Sequence[Slice] | None, jobs: int, progress: Progress) -> Tests:
    """Tests of how words changed between two slices, in the order of `drift`.

    q is the false discovery rate among the words that `drift` lists, for other words among all. ``below`` is
    true for other spellings of a listed word.
    """
    try:
        every = drift(run, pair, which=WordChoice(every=True), jobs=jobs, progress=progress)
    except InputError:  # no word is frequent enough on both sides to be tested
        return {}
    listed = {row["word"]: row for row in every.choose(run, WordChoice())}
    rows = ({row["word"]: row for row in every} | listed).values()
    return {
        row["word"]: {name: row[name] for name in ("distance", *FIGURES, *MARKS)}
        | {"below": row["word"] not in listed and not listed.keys().isdisjoint(row["variants"])}
        for row in sorted(rows, key=order_key)
    }
