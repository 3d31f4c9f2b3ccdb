"""One comparison as the page shows it: a ranking that can be filtered, and every word's story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .comparison import Changes, Comparison, changes

__all__ = ["MOST", "Filter", "View", "names", "view_of"]

MOST = 10_000  # words that are ranked: the commonest
OFTEN = 20  # occurrences that a change should rest on
_ENOUGH = 100  # words to look at
FIGURES = ("apd", "p", "q", "low", "high", "expected")
"""What a test adds to a row; see `selfvec.drift.drift`."""

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
        Change of company at least.
    q : float, optional
        False discovery rate at most; words that were not tested are left out.
    text : str
        Part of the word.
    sort : str
        "company", "distance", "apd", "q", "count" or "word".
    """

    seen: int | None = None
    size: float = 0.0
    q: float | None = None
    text: str = ""
    sort: str = "company"


@dataclass(frozen=True)
class View:
    """A comparison and what came of it.

    Parameters
    ----------
    comparison : Comparison
    changes : Changes
        Of the m words that are ranked.
    tests : mapping of str to mapping, optional
        Rows of `selfvec.drift.drift` by word, once they are worked out.
    """

    comparison: Comparison
    changes: Changes
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
        """How many ranked words changed company more than each, (m,)."""
        order = np.argsort(-self.changes.company, kind="stable")
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks

    @cached_property
    def tested(self) -> dict[str, Numbers]:
        """Figures of the ranked words by name, (m,) each; NaN for words that were not tested."""
        tests, words = self.tests or {}, self.comparison.words
        found = [tests.get(words[row], {}) for row in self.changes.rows.tolist()]
        return {name: np.array([_float(row.get(name)) for row in found], np.float64) for name in ("q", "apd")}

    def ranking(self, wanted: Filter, offset: int, limit: int) -> dict[str, Any]:
        """Rows of the ranking from ``offset`` on, and how many there are in all."""
        found = self._found(wanted)
        rows = [self.row(int(place)) for place in found[offset : offset + limit]]
        return {"rows": rows, "total": len(found), "ranked": len(self.changes.rows)}

    def _found(self, wanted: Filter) -> Ints:
        made, words = self.changes, self.comparison.words
        seen = self.often if wanted.seen is None else wanted.seen
        kept = (self.comparison.both[made.rows] >= seen) & (made.company >= wanted.size)
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
            return np.nan_to_num(self.tested["q"], nan=2.0) - 1e-6 * made.company
        figures = {"distance": made.distance, "apd": self.tested["apd"]}.get(sort, made.company)
        keys: Numbers = np.nan_to_num(-figures, nan=1.0)
        return keys

    def row(self, place: int) -> dict[str, Any]:
        """A word of the ranking, as ``drift --json`` has it, and its change of company."""
        row, words = int(self.changes.rows[place]), self.comparison.words
        gained, lost = self.changes.gained_and_lost(place)
        test = (self.tests or {}).get(words[row], {})
        before, after = self.comparison.counts[:, row].tolist()
        return {
            "word": words[row],
            "company": round(float(self.changes.company[place]), 4),
            "distance": _number(self.changes.distance[place]),
            **{name: _number(_float(test.get(name))) for name in FIGURES},
            "count_a": before,
            "count_b": after,
            "gained": [words[i] for i in gained],
            "lost": [words[i] for i in lost],
        }


def view_of(comparison: Comparison) -> View:
    """Rank the commonest words of which a change can be told."""
    told = comparison.told & (comparison.both >= comparison.least)
    told &= comparison.before.any(axis=1) & comparison.after.any(axis=1)
    rows = np.flatnonzero(told)
    rows = rows[np.argsort(-comparison.both[rows], kind="stable")][:MOST]
    return View(comparison, changes(comparison, rows))


def names(words: Sequence[str], near: list[tuple[int, float]]) -> list[list[Any]]:
    """Rows with cosines, as words with cosines."""
    return [[words[row], round(cosine, 4)] for row, cosine in near]


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _number(value: float) -> float | None:
    """Rounded to what is shown; None for what is not known."""
    return None if np.isnan(value) else float(f"{value:.4g}")
