"""One comparison as the page shows it: a ranking that can be filtered, and every word's story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.progress import Progress

from .comparison import Changes, Comparison, changes

__all__ = ["MOST", "Filter", "View", "names", "view_of"]

MOST = 10_000  # words that are ranked: the commonest
COSINES = 250_000_000  # worked out for a ranking, at most: some seconds
OFTEN = 20  # occurrences that a change should rest on
_ENOUGH = 100  # words to look at
FIGURES = ("apd", "p", "q", "low", "high", "expected")
"""What a test adds to a row; see `selfvec.analysis.drift.drift`."""

Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Filter:
    """Which changes to list, and in which order.

    Parameters
    ----------
    seen : int, optional
        Occurrences at least; as the view thinks best where not given.
    size : float
        Size of the change at least, see `View.size`.
    q : float, optional
        False discovery rate at most; words that were not tested are left out.
    text : str
        Part of the word.
    sort : str
        "size", "distance", "apd", "q", "count" or "word".
    """

    seen: int | None = None
    size: float = 0.0
    q: float | None = None
    text: str = ""
    sort: str = "size"


@dataclass(frozen=True)
class View:
    """A comparison and what came of it.

    Parameters
    ----------
    comparison : Comparison
    changes : Changes
        Of the m words that are ranked.
    measure : "company" or "excess"
        What the size of a change is: the change of company, or how much farther the word moved than chance
        would move it. Company says more to a reader; between two slices hardly a neighbour stays, and it
        does not tell words apart.
    tests : mapping of str to mapping, optional
        Rows of `selfvec.analysis.drift.drift` by word, once they are worked out.
    """

    comparison: Comparison
    changes: Changes
    measure: str = "company"
    tests: Mapping[str, Mapping[str, Any]] | None = None

    @cached_property
    def place(self) -> dict[int, int]:
        """Where a row of the table stands among the ranked words."""
        return {row: place for place, row in enumerate(self.changes.rows.tolist())}

    @cached_property
    def often(self) -> int:
        """Occurrences from which on a change is worth a look: 20, where enough words have as many."""
        seen = self.comparison.both[self.changes.rows]
        return OFTEN if np.count_nonzero(seen >= OFTEN) >= _ENOUGH else self.comparison.least

    @cached_property
    def ranks(self) -> Ints:
        """Place of each ranked word among those seen `often` by the size of their change, (m,); else -1."""
        seen = np.flatnonzero(self.comparison.both[self.changes.rows] >= self.often)
        ranks = np.full(len(self.changes.rows), -1, np.int64)
        ranks[seen[np.argsort(-self.size[seen], kind="stable")]] = np.arange(len(seen))
        return ranks

    @cached_property
    def tested(self) -> dict[str, Numbers]:
        """Figures of the ranked words by name, (m,) each; NaN for words that were not tested."""
        tests, words = self.tests or {}, self.comparison.words
        found = [tests.get(words[row], {}) for row in self.changes.rows.tolist()]
        wanted = ("q", "apd", "expected", "distance")
        return {name: np.array([_float(row.get(name)) for row in found], np.float64) for name in wanted}

    @cached_property
    def size(self) -> Numbers:
        """How much each ranked word changed, by the `measure`, (m,); 0 where that is not known."""
        if self.measure == "company":
            return self.changes.company
        excess = self.distance - (self.tested["expected"] if self.tests else 0)
        known: Numbers = np.maximum(np.nan_to_num(excess, nan=0.0), 0)
        return known

    @property
    def distance(self) -> Numbers:
        """How far each ranked word moved, (m,): as it was tested, or between the tables."""
        tested = self.tested["distance"]
        return np.where(np.isnan(tested), self.changes.distance, tested)

    def ranking(self, wanted: Filter, offset: int, limit: int) -> dict[str, Any]:
        """Rows of the ranking from ``offset`` on, and how many there are in all."""
        found = self._found(wanted)
        rows = [self.row(int(place)) for place in found[offset : offset + limit]]
        return {"rows": rows, "total": len(found), "ranked": len(self.changes.rows)}

    def _found(self, wanted: Filter) -> Ints:
        made, words = self.changes, self.comparison.words
        seen = self.often if wanted.seen is None else wanted.seen
        kept = (self.comparison.both[made.rows] >= seen) & (self.size >= wanted.size)
        if wanted.q is not None and self.tests is not None:
            kept &= np.nan_to_num(self.tested["q"], nan=2.0) <= wanted.q
        places = np.flatnonzero(kept)
        if wanted.text:
            part = wanted.text.lower()
            places = places[[part in words[row].lower() for row in made.rows[places].tolist()]]
        return places[np.argsort(self._keys(wanted.sort)[places], kind="stable")]

    def _keys(self, sort: str) -> NDArray[Any]:
        """What ranked words are sorted by, least first; unknown figures last."""
        made = self.changes
        if sort == "word":
            order = np.argsort([self.comparison.words[row] for row in made.rows.tolist()], kind="stable")
            places: Ints = np.argsort(order, kind="stable")
            return places
        if sort == "count":
            return -self.comparison.both[made.rows]
        if sort == "q":
            return np.nan_to_num(self.tested["q"], nan=2.0) - 1e-6 * self.size
        figures = {"distance": self.distance, "apd": self.tested["apd"]}.get(sort, self.size)
        keys: Numbers = np.nan_to_num(-figures, nan=1.0)
        return keys

    def row(self, place: int) -> dict[str, Any]:
        """A word of the ranking, as ``drift --json`` has it, with its change of company and its size."""
        row, words = int(self.changes.rows[place]), self.comparison.words
        gained, lost = self.changes.gained_and_lost(place)
        test = (self.tests or {}).get(words[row], {})
        before, after = self.comparison.counts[:, row].tolist()
        return {
            "word": words[row],
            "size": round(float(self.size[place]), 4),
            "company": round(float(self.changes.company[place]), 4),
            "distance": _number(self.distance[place]),
            **{name: _number(_float(test.get(name))) for name in FIGURES},
            "count_a": before,
            "count_b": after,
            "gained": [words[i] for i in gained],
            "lost": [words[i] for i in lost],
        }


def view_of(comparison: Comparison, measure: str = "company", progress: Progress | None = None) -> View:
    """Rank the commonest words of which a change can be told: at most `MOST`, fewer of a large vocabulary."""
    told = comparison.told & (comparison.both >= comparison.least)
    told &= comparison.before.any(axis=1) & comparison.after.any(axis=1)
    rows = np.flatnonzero(told)
    most = min(MOST, max(1000, COSINES // max(len(comparison.shown), 1)))
    rows = rows[np.argsort(-comparison.both[rows], kind="stable")][:most]
    return View(comparison, changes(comparison, rows, progress=progress), measure)


def names(words: Sequence[str], near: list[tuple[int, float]]) -> list[list[Any]]:
    """Rows with cosines, as words with cosines."""
    return [[words[row], round(cosine, 4)] for row, cosine in near]


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _number(value: float) -> float | None:
    """Rounded to what is shown; None for what is not known."""
    return None if np.isnan(value) else float(f"{value:.4g}")
