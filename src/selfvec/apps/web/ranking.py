"""The same words before and after, and the ranking of those that changed.

The page answers while somebody types. So the vectors of frequent words, the only ones shown as neighbours,
are kept together: a question is one product of a matrix and a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress
from selfvec.data.rare_words import least_count
from selfvec.numerics.neighbours import nearest, neighbourhood_change, only_in_each
from selfvec.numerics.rows import top_indices, unit_rows

__all__ = ["NEIGHBOURS", "TESTED", "Filter", "Ranking", "WordTables", "rank"]

NEIGHBOURS = 10
MOST = 10_000  # words ranked, the most frequent ones
_COSINES = 250_000_000  # computed for a ranking, at most: some seconds
OFTEN = 20  # occurrences below which the page lists no change unless asked to
_ENOUGH_LISTED = 100  # words needed for the first list
_BLOCK = 1024  # words compared at a time
FIGURES = ("apd", "p", "q", "low", "high", "expected")  # what a significance test adds to a row
TESTED = ("distance", *FIGURES)  # what is used of it

Table = NDArray[np.float32]
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]
Neighbours = list[tuple[int, float]]
Near = Callable[..., tuple[Neighbours, Neighbours]]


@dataclass(frozen=True, eq=False)
class WordTables:
    """The same V words before and after."""

    words: Sequence[str]
    before: Table  # (V, d), unit rows; zeros for a word without a vector
    after: Table
    counts: Ints  # (2, V), occurrences before and after; the same twice if the text is the same
    names: tuple[str, str]  # of the two states
    comparable: NDArray[np.bool_]  # (V,), words whose change can be measured
    content: NDArray[np.bool_]  # (V,), neither stop words nor numbers

    @cached_property
    def both(self) -> Ints:
        """Occurrences of each word on the side where it is rarer, (V,)."""
        rarer: Ints = self.counts.min(axis=0)
        return rarer

    @cached_property
    def least(self) -> int:
        """Occurrences on both sides that a word needs to be shown as a neighbour."""
        return least_count(self.both)

    @cached_property
    def shown(self) -> Ints:
        """Rows of the words that may be neighbours, (n,)."""
        return np.flatnonzero(self.both >= self.least)

    @cached_property
    def places(self) -> Ints:
        """The place of each row in `shown`, (V,), or -1."""
        places = np.full(len(self.words), -1, np.int64)
        places[self.shown] = np.arange(len(self.shown))
        return places

    @cached_property
    def compact(self) -> tuple[Table, Table]:
        """The rows of `shown`, before and after, (n, d) each."""
        return np.ascontiguousarray(self.before[self.shown]), np.ascontiguousarray(self.after[self.shown])

    @cached_property
    def near(self) -> Near:
        """The nearest rows before and after, with cosines, best first: ``near(row, neighbours)``."""
        return lru_cache(maxsize=256)(self._near)

    def _near(self, row: int, neighbours: int = NEIGHBOURS) -> tuple[Neighbours, Neighbours]:
        sides: list[Neighbours] = []
        for table, compact in zip((self.before, self.after), self.compact, strict=True):
            cosines = compact @ table[row]
            if self.places[row] >= 0:
                cosines[self.places[row]] = -np.inf
            best = top_indices(cosines, neighbours) if table[row].any() else []
            found = [i for i in best if np.isfinite(cosines[i]) and compact[i].any()]
            sides.append([(int(self.shown[i]), float(cosines[i])) for i in found])
        return sides[0], sides[1]


@dataclass(frozen=True)
class Filter:
    """Which changes to list, and in which order."""

    seen: int | None = None  # occurrences at least; by default `Ranking.often`
    size: float = 0.0  # of the change, at least, see `Ranking.size`
    q: float | None = None  # at most; leaves out words that were not tested
    text: str = ""  # part of the word
    sort: str = "size"  # or "distance", "apd", "q", "count", "word", "moved" (which no test changes)
    stops: bool = False  # list stop words and numbers, too
    names: bool = True  # list words that are mostly capitalised, too


@dataclass(frozen=True, eq=False)
class Ranking:
    """The changes of m words; all arrays have one row per word.

    The size of a change is ``neighbourhood_change``, or (``excess``) how much farther the word moved
    than chance moves it. The first says more to a reader. Between two slices hardly any neighbour
    stays, so that it does not tell words apart.
    """

    tables: WordTables
    rows: Ints  # (m,), of the words
    moved: Numbers  # (m,), 1 - cosine of the word's vectors before and after
    neighbourhood_change: Numbers  # (m,), see `selfvec.numerics.neighbours.neighbourhood_change`
    had: Ints  # (m, k), rows of the neighbours before, nearest first; -1 where there are fewer
    has: Ints  # the same after
    measure: str = "neighbourhood_change"
    tests: Mapping[str, Mapping[str, Any]] | None = None  # rows of `drift` by word, once they are computed

    @cached_property
    def place(self) -> dict[int, int]:
        """The place among the ranked words of each ranked row of the tables."""
        return {row: place for place, row in enumerate(self.rows.tolist())}

    @cached_property
    def often(self) -> int:
        """Occurrences needed to be listed by default: `OFTEN`, if enough words have as many."""
        seen = self.tables.both[self.rows]
        return OFTEN if np.count_nonzero(seen >= OFTEN) >= _ENOUGH_LISTED else self.tables.least

    @cached_property
    def ranks(self) -> Ints:
        """Rank by size among the content words seen `often`, (m,), from 0; -1 for others."""
        often = self.tables.both[self.rows] >= self.often
        seen = np.flatnonzero(often & self.tables.content[self.rows])
        ranks = np.full(len(self.rows), -1, np.int64)
        ranks[seen[np.argsort(-self.size[seen], kind="stable")]] = np.arange(len(seen))
        return ranks

    @cached_property
    def tested(self) -> dict[str, Numbers]:
        """Figures of the tests by name, (m,) each; NaN for words that were not tested."""
        tests, words = self.tests or {}, self.tables.words
        found = [tests.get(words[row], {}) for row in self.rows.tolist()]
        wanted = ("q", "apd", "expected", "distance")
        return {name: np.array([_float(row.get(name)) for row in found], np.float64) for name in wanted}

    @cached_property
    def size(self) -> Numbers:
        """The size of each change by the `measure`, (m,); 0 if it is unknown."""
        if self.measure == "neighbourhood_change":
            return self.neighbourhood_change
        excess = self.distance - (self.tested["expected"] if self.tests else 0)
        known: Numbers = np.maximum(np.nan_to_num(excess, nan=0.0), 0)
        return known

    @property
    def distance(self) -> Numbers:
        """How far each word moved, (m,): as tested, otherwise between the tables."""
        tested = self.tested["distance"]
        return np.where(np.isnan(tested), self.moved, tested)

    def page(
        self, wanted: Filter, offset: int, limit: int, names: NDArray[np.bool_] | None = None
    ) -> dict[str, Any]:
        """Rows of the ranking from ``offset`` on, and how many there are, without ``names``, (V,)."""
        found = self._filtered(wanted)
        found = found if names is None else found[~names[self.rows[found]]]
        rows = [self.row(int(place)) for place in found[offset : offset + limit]]
        return {"rows": rows, "total": len(found), "ranked": len(self.rows)}

    def _filtered(self, wanted: Filter) -> Ints:
        words = self.tables.words
        seen = self.often if wanted.seen is None else wanted.seen
        size = self.moved if wanted.sort == "moved" else self.size
        kept = (self.tables.both[self.rows] >= seen) & (size >= wanted.size)
        if not wanted.stops:
            kept &= self.tables.content[self.rows]
        if wanted.q is not None and self.tests is not None:
            kept &= np.nan_to_num(self.tested["q"], nan=2.0) <= wanted.q
        places = np.flatnonzero(kept)
        if wanted.text:
            part = wanted.text.lower()
            places = places[[part in words[row].lower() for row in self.rows[places].tolist()]]
        return places[np.argsort(self._keys(wanted.sort)[places], kind="stable")]

    def _keys(self, sort: str) -> NDArray[Any]:
        """What words are sorted by, smallest first; unknown figures are last."""
        if sort == "word":
            order = np.argsort([self.tables.words[row] for row in self.rows.tolist()], kind="stable")
            places: Ints = np.argsort(order, kind="stable")
            return places
        if sort == "count":
            return -self.tables.both[self.rows]
        if sort == "q":
            return np.nan_to_num(self.tested["q"], nan=2.0) - 1e-6 * self.size
        known = {"distance": self.distance, "apd": self.tested["apd"], "moved": self.moved}
        figures = known.get(sort, self.size)
        keys: Numbers = np.nan_to_num(-figures, nan=1.0)
        return keys

    def gained_and_lost(self, row: int) -> tuple[list[int], list[int]]:
        """Rows that are near a word only after, and only before, nearest first."""
        place = self.place.get(row)
        if place is None:
            had, has = ([other for other, _ in side] for side in self.tables.near(row))
        else:
            had, has = (side[place][side[place] >= 0].tolist() for side in (self.had, self.has))
        return only_in_each(had, has)

    def row(self, place: int) -> dict[str, Any]:
        """A word as in ``selfvec drift --json``, with its size and neighbourhood change."""
        row, words = int(self.rows[place]), self.tables.words
        gained, lost = self.gained_and_lost(row)
        test = (self.tests or {}).get(words[row], {})
        before, after = self.tables.counts[:, row].tolist()
        return {
            "word": words[row],
            "size": round(float(self.size[place]), 4),
            "neighbourhood_change": round(float(self.neighbourhood_change[place]), 4),
            "distance": _rounded(self.distance[place]),
            **{name: _rounded(_float(test.get(name))) for name in FIGURES},
            "count_a": before,
            "count_b": after,
            "gained": [words[i] for i in gained],
            "lost": [words[i] for i in lost],
        }


def rank(
    tables: WordTables, measure: str = "neighbourhood_change", progress: Progress | None = None
) -> Ranking:
    """Rank the most frequent comparable words: at most `MOST`, fewer in a large vocabulary."""
    comparable = tables.comparable & (tables.both >= tables.least)
    comparable &= tables.before.any(axis=1) & tables.after.any(axis=1)
    rows = np.flatnonzero(comparable)
    most = min(MOST, max(1000, _COSINES // max(len(tables.shown), 1)))
    rows = rows[np.argsort(-tables.both[rows], kind="stable")][:most]
    places, sides = tables.places[rows], tables.compact
    centred_before, centred_after = (unit_rows(side - side.mean(axis=0)) for side in sides)
    had, has = np.full((2, len(rows), NEIGHBOURS), -1, np.int64)
    change = np.zeros(len(rows))
    with (progress or Progress()).stage("Ranking", len(rows), "words") as advance:
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            near, then = (nearest(side, places[part], NEIGHBOURS) for side in sides)
            change[part] = neighbourhood_change(centred_before, centred_after, places[part], near, then)
            had[part], has[part] = (np.where(side >= 0, tables.shown[side], -1) for side in (near, then))
            advance(len(change[part]))
    moved = 1 - np.einsum("ij,ij->i", tables.before[rows], tables.after[rows], dtype=np.float64)
    return Ranking(tables, rows, moved, change, had, has, measure)


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _rounded(value: float) -> float | None:
    """Rounded to what is shown; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.4g}")
