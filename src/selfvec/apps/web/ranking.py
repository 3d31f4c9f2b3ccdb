"""The words that changed, as `drift` lists them: filtered and sorted for the page, and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from selfvec.analysis.sides.written import LikeForLike
from selfvec.analysis.word_drift import Drift, drift
from selfvec.analysis.word_drift.compared_slices import BY_REFINING
from selfvec.analysis.word_drift.drift_result import kind_and_spellings
from selfvec.analysis.word_drift.word_choice import NAME
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.queries import MIN_COUNT
from selfvec.data.run import Run
from selfvec.data.vectors import Source

from .addresses import MinCount, Order, PositiveShare, Share, WithNames, WordPart

_CAME = 50  # words that came, and that went

Json = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """Which changes to list, and in which order."""

    seen: MinCount = MIN_COUNT  # occurrences on both sides, at least
    size: Share = 0.0  # of the change, at least
    q: PositiveShare | None = None  # at most; words that were not tested are left out
    text: WordPart = ""
    sort: Order = "size"  # the order of `drift`
    stops: bool = False  # list what `drift` leaves out, too: stop words, numbers, other spellings of a word
    names: WithNames = True


Filter.__signature__ = inspect.signature(Filter, eval_str=True)  # type: ignore[attr-defined] # for FastAPI

_ORDERS: dict[str, Callable[[Json], Any]] = {  # unknown figures are last
    "q": lambda row: (2.0 if row["q"] is None else row["q"], -row["change"]),
    "distance": lambda row: -row["distance"],
    "apd": lambda row: 1.0 if row["apd"] is None else -row["apd"],
    "count": lambda row: -min(row["count_a"], row["count_b"]),
    "word": lambda row: row["word"],
}


@dataclass(frozen=True, eq=False)
class Ranking:
    """The drift between two states of a run."""

    run: Run
    sides: Sequence[str | Slice] | None  # as `drift` takes them
    changes: Drift
    given: LikeForLike = field(default_factory=LikeForLike)

    @classmethod
    def of(
        cls,
        run: Run,
        sides: Sequence[str | Slice] | None,
        jobs: int,
        progress: Progress,
        given: LikeForLike | None = None,
    ) -> Ranking:
        """The drift between two sides; empty if no word can be compared."""
        given = given or {}
        try:
            return cls(run, sides, drift(run, sides, jobs=jobs, progress=progress, **given), given)
        except InputError:  # no word is frequent enough on both sides
            names = [side if isinstance(side, str) else side.name for side in sides or ("", "")]
            return cls(run, sides, Drift(names[0], names[1], []))

    @cached_property
    def every(self) -> Drift:
        """The same with stop words, numbers and all spellings."""
        return (
            drift(self.run, self.sides, all_words=True, **self.given) if self.changes.tested else self.changes
        )

    def page(self, wanted: Filter, offset: int, limit: int) -> Json:
        """Rows of ``selfvec drift --json`` from ``offset`` on, their total number, and what else it says."""
        changes = self.changes
        rows = self._filtered(wanted)
        return {
            "names": (changes.a, changes.b),
            "least": MIN_COUNT,
            "rows": [self.row(row) for row in rows[offset : offset + limit]],
            "columns": [column.as_dict() for column in changes.columns],
            "total": len(rows),
            "ranked": changes.tested,
            "tested": any(row["q"] is not None for row in changes.rows),
            "summary": changes.summary,
            "first": changes.first,
            "notes": [changes.why] * bool(changes.why),
            "new": changes.new[:_CAME],
            "gone": changes.gone[:_CAME],
        }

    def _filtered(self, wanted: Filter) -> list[Json]:
        part = wanted.text.lower()
        rows = [
            row
            for row in (self.every if wanted.stops else self.changes).rows
            if min(row["count_a"], row["count_b"]) >= wanted.seen
            and (row["change"] >= wanted.size or not wanted.size)
            and (wanted.q is None or (row["q"] is not None and row["q"] <= wanted.q))
            and (wanted.names or row["kind"] != NAME)
            and part in row["word"].lower()
        ]
        return sorted(rows, key=_ORDERS[wanted.sort]) if wanted.sort in _ORDERS else rows

    def row(self, row: Json) -> Json:
        """A row with what it is if not a word, and whether its vector before was built from subwords."""
        before = self.run.original.sources[self.run.vectors.key_to_index[row["word"]]]
        subwords = self.changes.a == BY_REFINING[0] and bool(before == Source.SUBWORDS)
        return {**row, "mark": kind_and_spellings(row), "subwords": subwords}

    def of_word(self, word: str) -> tuple[int | None, Json | None]:
        """The rank of a word among those listed, from 1, and its row; None for a word without."""
        for rank, row in enumerate(self.changes.rows, 1):
            if row["word"] == word:
                return rank, self.row(row)
        return None, next((self.row(row) for row in self.every.rows if row["word"] == word), None)
