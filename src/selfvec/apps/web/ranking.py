"""Vectors of the same words before and after, and the ranking of the words that changed.

The page answers while somebody types. Only words that may be neighbours are compared, and their vectors are
contiguous, so a query is one product of a matrix and a vector. The order, the figures and the neighbours of a
tested word are those of `drift`, which `selfvec.analysis.word_drift` computes. Until it is tested, the words
that moved farthest come first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from selfvec.analysis.word_drift import drift
from selfvec.analysis.word_drift.changed_neighbours import NEIGHBOURS
from selfvec.analysis.word_drift.compared_slices import BY_REFINING
from selfvec.analysis.word_drift.word_choice import order_key
from selfvec.base.arrays import Array, Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.queries import MIN_COUNT
from selfvec.data.run import Run
from selfvec.numerics.nearest import only_in_each
from selfvec.numerics.rows import top_indices

from .views import MinCount, Order, PositiveShare, Share, WithNames, WordPart

MOST = 10_000  # most frequent words, which are ranked
OFTEN = 20  # occurrences of the first words of a ranking that is not tested yet

FIGURES = ("apd", "p", "q", "low", "high", "expected", "change")  # that a test adds to a word
MARKS = ("kind", "variants", "gained", "lost")  # the same, in words
Tests = dict[str, dict[str, Any]]
"""`FIGURES`, `MARKS`, distance and ``listed`` by word, in the order of `drift`."""

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
    content: Mask  # (V,), neither stop words nor numbers
    listed: Mask  # (2, V), words that may be neighbours before, and after
    built: Mask  # (V,), words whose vector before is built from subwords
    least: int = MIN_COUNT  # occurrences on both sides of a word that is ranked

    @cached_property
    def both(self) -> Ints:
        """The smaller count of each word, (V,)."""
        rarer: Ints = self.counts.min(axis=0)
        return rarer

    @cached_property
    def shown(self) -> tuple[Ints, Ints]:
        """Rows of the words that may be neighbours, before and after, (n,) each."""
        sides = zip(self.listed, (self.before, self.after), strict=True)
        before, after = (np.flatnonzero(listed & rows.any(axis=1)) for listed, rows in sides)
        return before, after

    @cached_property
    def compact(self) -> tuple[Rows, Rows]:
        """The vectors of `shown`, (n, d) each."""
        before, after = self.shown
        return np.ascontiguousarray(self.before[before]), np.ascontiguousarray(self.after[after])

    @cached_property
    def near(self) -> Near:
        """The nearest rows before and after, with cosines, best first: ``near(row, neighbours)``."""
        return lru_cache(maxsize=4096)(self._near)

    def _near(self, row: int, neighbours: int = NEIGHBOURS) -> tuple[Neighbours, Neighbours]:
        sides: list[Neighbours] = []
        for vectors, shown, compact in zip((self.before, self.after), self.shown, self.compact, strict=True):
            cosines = compact @ vectors[row]
            cosines[(shown == row) | (not vectors[row].any())] = -np.inf  # a zero vector is near nothing
            best = top_indices(cosines, neighbours)
            sides.append([(int(shown[i]), float(cosines[i])) for i in best if np.isfinite(cosines[i])])
        return sides[0], sides[1]


@dataclass(frozen=True)
class Filter:
    """Which changes to list, and in which order."""

    seen: MinCount | None = None  # occurrences at least; by default those that `drift` needs
    size: Share = 0.0  # of the change, at least, see `Ranking.size`
    q: PositiveShare | None = None  # at most; words that were not tested are left out
    text: WordPart = ""
    sort: Order = "size"  # "moved" is the order without tests
    stops: bool = False  # list what `drift` leaves out, too: stop words, numbers, other spellings of a word
    names: WithNames = True


Filter.__signature__ = inspect.signature(Filter, eval_str=True)  # type: ignore[attr-defined] # for FastAPI


@dataclass(frozen=True, eq=False)
class Ranking:
    """The changes of m words; all arrays have one row per word.

    The size of a change is the ``change`` of `drift`: the distance, until it is computed.
    """

    vectors: PairedVectors
    rows: Ints  # (m,), of the words
    moved: Doubles  # (m,), 1 - cosine of the word's vectors before and after
    tests: Tests | None = None  # rows of `drift` by word, once they are computed

    @cached_property
    def place(self) -> dict[int, int]:
        """The index in the ranking of each ranked row of the vectors."""
        return {row: place for place, row in enumerate(self.rows.tolist())}

    @cached_property
    def moved_order(self) -> Ints:
        """The place of each word in the order without tests, (m,): far moves of rare words mean little."""
        often = np.minimum(self.vectors.both[self.rows], OFTEN)
        return np.argsort(np.lexsort((-self.moved, -often)), kind="stable")

    @cached_property
    def order(self) -> Array:
        """The place of each word in the order of `drift`, (m,); words that were not tested come last."""
        if not self.tests:
            return self.moved_order
        words = self.vectors.words
        places = {word: place for place, word in enumerate(self.tests)}
        found = np.array([places.get(words[row], len(places)) for row in self.rows.tolist()], np.int64)
        ranked: Ints = np.argsort(np.lexsort((-self.moved, found)), kind="stable")
        return ranked

    @cached_property
    def listed(self) -> Mask:
        """True for the words that `drift` lists, (m,); without tests, for content words."""
        if not self.tests:
            content: Mask = self.vectors.content[self.rows]
            return content
        listed = {word for word, test in self.tests.items() if test["listed"]}
        return np.array([self.vectors.words[row] in listed for row in self.rows.tolist()], bool)

    @cached_property
    def ranks(self) -> Ints:
        """Rank among the listed words, (m,), from 0; -1 for others."""
        seen = np.flatnonzero(self.listed)
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
        """The size of each change, (m,); 0 if it is unknown."""
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
        seen = self.vectors.least if wanted.seen is None else wanted.seen
        size = self.moved if wanted.sort == "moved" else self.size
        kept = (self.vectors.both[self.rows] >= seen) & (size >= wanted.size)
        if not wanted.stops:
            kept &= self.listed
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
        if sort in ("size", "moved"):
            return self.order if sort == "size" else self.moved_order
        known = {"distance": self.distance, "apd": self.tested["apd"]}
        keys: Doubles = np.nan_to_num(-known[sort], nan=1.0)
        return keys

    def gained_and_lost(self, row: int) -> tuple[list[int], list[int]]:
        """Rows that are near a word only after, and only before, nearest first."""
        before, after = ([other for other, _ in side] for side in self.vectors.near(row))
        return only_in_each(before, after)

    def row(self, place: int) -> dict[str, Any]:
        """A word as in ``selfvec drift --json``, with the size of its change."""
        row = int(self.rows[place])
        words = self.vectors.words
        test = (self.tests or {}).get(words[row], {})
        before, after = self.vectors.counts[:, row].tolist()
        found = {
            "word": words[row],
            "size": round(float(self.size[place]), 4),
            "distance": _rounded(self.distance[place]),
            **{name: _rounded(_float(test.get(name))) for name in FIGURES},
            **{name: test.get(name) for name in MARKS},
            "count_a": before,
            "count_b": after,
            "subwords": bool(self.vectors.built[row]),
        }
        if found["gained"] is None:  # it was not tested
            gained, lost = self.gained_and_lost(row)
            found |= {"gained": [words[i] for i in gained], "lost": [words[i] for i in lost]}
        return found


def rank(vectors: PairedVectors) -> Ranking:
    """Rank the `MOST` most frequent words that occur often enough on both sides and have a vector there."""
    comparable = vectors.before.any(axis=1) & vectors.after.any(axis=1)
    rows = np.flatnonzero(comparable & (vectors.both >= vectors.least))
    rows = rows[np.argsort(-vectors.both[rows], kind="stable")][:MOST]
    moved = 1 - np.einsum("ij,ij->i", vectors.before[rows], vectors.after[rows], dtype=np.float64)
    return Ranking(vectors, rows, moved)


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _rounded(value: float) -> float | None:
    """The value rounded for display; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.4g}")


def significance(run: Run, pair: Sequence[Slice] | None, jobs: int, progress: Progress) -> Tests:
    """Tests of how words changed between two slices or, without these, by refining; in the order of `drift`.

    q is the false discovery rate among the words that `drift` tests, for other words among all. ``listed`` is
    true for the words that `drift` lists.
    """
    if run.tokens is None:
        return {}
    sides: Sequence[str | Slice] = BY_REFINING if pair is None else pair
    try:
        every = drift(run, sides, all_words=True, jobs=jobs, progress=progress)
    except InputError:  # no word is frequent enough on both sides to be tested
        return {}
    listed = {row["word"]: row for row in drift(run, sides)}
    rows = ({row["word"]: row for row in every} | listed).values()
    return {
        row["word"]: {name: row[name] for name in ("distance", *FIGURES, *MARKS)}
        | {"listed": row["word"] in listed}
        for row in sorted(rows, key=order_key)
    }
