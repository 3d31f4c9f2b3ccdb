"""What the page compares: a run before and after refining, or two slices of its text.

Each comparison has two vectors for each word, and texts to quote from. It is computed in the background when
it is first requested. Then `drift` tests which words changed.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from selfvec.analysis.comparison.chosen_slices import BY_REFINING, comparable_slices, default_slices
from selfvec.analysis.comparison.compared import LikeForLike
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.contexts import NEARBY, context_cosines, padded_windows
from selfvec.analysis.usage.occurrence_vectors import TOKENS, occurrence_space
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import Drift, kind_and_spellings
from selfvec.analysis.word_drift.measures import NEIGHBOURS, possible_neighbours
from selfvec.analysis.word_drift.permutation_test import compared_means
from selfvec.analysis.word_drift.word_choice import NAME, CountedSides
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import AnyFloats, Ints, Mask, Rows
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import Json
from selfvec.corpus.slices import Slice, named_slice, slice_counts
from selfvec.data.queries import MIN_COUNT, least_count
from selfvec.data.run import Run
from selfvec.data.vectors import Source
from selfvec.numerics.nearest import only_in_each
from selfvec.numerics.rows import top_indices
from selfvec.text.document_vectors import inverse_document_frequency

from .addresses import MinCount, Order, PositiveShare, Share, WithNames, WordPart
from .work import BackgroundTask, Busy, Tasks

BEGUN = 4  # comparisons that run or wait
KEPT = 8  # comparisons; the least recently used is dropped first
KEPT_BYTES = 1 << 29  # of the comparisons that are kept
REFINED = "refined"  # the key of the comparison before and after refining; the key of two slices is A|B

Sides = Sequence[str | Slice] | None
Neighbours = list[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class PairedVectors:
    """The vectors of the same V words before and after, for the views of a word.

    The page answers while somebody types, so vectors are contiguous, and a query is one product of a matrix
    and a vector. Which words changed, and how much, is what `drift` says; see `Ranking`.
    """

    words: Sequence[str]
    before: Rows  # (V, d), unit rows; zeros for a word without a vector
    after: Rows
    names: tuple[str, str]  # of the two states
    listed: Mask  # (2, V), words that may be neighbours before, and after

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

    def near_each(self, rows: Sequence[int], side: int, neighbours: int = NEIGHBOURS) -> list[Neighbours]:
        """The nearest rows to each of k, with cosines, best first; ``side`` is 0 before and 1 after."""
        vectors = (self.before, self.after)[side][rows]
        shown = self.shown[side]
        cosines = vectors @ self.compact[side].T  # (k, n)
        cosines[shown == np.array(rows)[:, None]] = -np.inf
        cosines[~vectors.any(axis=1)] = -np.inf  # a zero vector is near nothing
        return [
            [(int(shown[i]), float(own[i])) for i in top_indices(own, neighbours) if np.isfinite(own[i])]
            for own in cosines
        ]

    def near(self, row: int) -> tuple[Neighbours, Neighbours]:
        """The nearest rows before and after, with cosines, best first."""
        before, after = (self.near_each([row], side)[0] for side in (0, 1))
        return before, after

    def gained_and_lost(self, row: int) -> tuple[list[int], list[int]]:
        """Rows that are near a word only after, and only before, nearest first."""
        return rows_of_one_side(*self.near(row))


def rows_of_one_side(before: Neighbours, after: Neighbours) -> tuple[list[int], list[int]]:
    """Rows that are among the neighbours only after, and only before, nearest first."""
    return only_in_each([row for row, _ in before], [row for row, _ in after])


@dataclass(frozen=True)
class QuotedText:
    """A part of the text that sentences are quoted from."""

    name: str
    side: int  # 0 if its sentences show the state before, 1 if after
    documents: Mask | None = None  # (D,), True for documents of the part; all if None


@dataclass(frozen=True)
class StateComparison:
    """A comparison, and the texts that explain it."""

    vectors: PairedVectors
    texts: tuple[QuotedText, ...]
    scores: Callable[
        [int, int, Ints], AnyFloats
    ]  # (row, side, places of n occurrences) -> how typical each is, (n,)
    memory: int  # bytes, without those of the run


def compare_refined(run: Run) -> StateComparison:
    """A run before and after refining. Words built from subwords stood next to their subwords before."""
    counts = counts_of(run)
    before = run.original.unit
    after = run.vectors.unit
    least = least_count(run.vectors.counts)
    vectors = PairedVectors(
        run.vectors.index_to_key,
        before,
        after,
        ("original", "refined"),
        np.stack([(counts >= least) & ~WordTable.of(run).stop_words] * 2),
    )
    batch = run.tokens
    weights = None if batch is None else inverse_document_frequency(batch)

    def scores(row: int, side: int, places: Ints) -> AnyFloats:
        assert batch is not None
        assert weights is not None
        rows = (before, after)[side]
        return context_cosines(padded_windows(batch, places, NEARBY), rows, weights, rows[row])

    texts = () if batch is None else (QuotedText("your text", 1),)
    return StateComparison(vectors, texts, scores, _bytes(vectors.compact))


def compare_slices(run: Run, pair: Sequence[Slice], jobs: int, progress: Progress) -> StateComparison:
    """Two slices of a run's text."""
    batch = run.require_tokens()
    counts = slice_counts(batch, pair)  # (2, V)
    names = (pair[0].name, pair[1].name)
    if not counts.min(axis=0).any():
        raise NotFound(f"no word occurs in both {names[0]} and {names[1]}", remedy="compare larger slices")
    often = np.flatnonzero(counts.min(axis=0) >= MIN_COUNT)
    compared = np.flatnonzero(counts.max(axis=0) >= MIN_COUNT)  # (n,), words that get a vector in each slice
    if not len(compared):
        rule = f"no word occurs {MIN_COUNT} times in {names[0]}, or in {names[1]}"
        raise NotFound(rule, remedy="compare larger slices")
    costs = {"Preparing occurrences": min(len(batch), 4 * TOKENS), "Comparing": len(batch)}
    with progress.steps("Comparing", costs) as steps:
        table = WordTable.of(run)
        space = occurrence_space(Comparison.of(batch, pair), table, progress=steps)
        before, after = sides = np.zeros((2, *space.rows.shape), np.float32)
        sides[:, compared] = compared_means(space, often, compared, jobs, steps)
    space = space.light()  # is kept for the sentences of a word
    vectors = PairedVectors(
        run.vectors.index_to_key,
        before,
        after,
        names,
        possible_neighbours(table, counts, MIN_COUNT),
    )

    def scores(row: int, side: int, places: Ints) -> AnyFloats:
        toward = (after[row] - before[row]) * (1 if side else -1)
        along: AnyFloats = space.directions(places) @ toward
        return along

    texts = tuple(QuotedText(part.name, side, part.documents) for side, part in enumerate(pair))
    written_rows = 8 * len(compared)  # float32, before and after; the rest of their pages is never written
    memory = written_rows * before.shape[1] + _bytes(vectors.compact)
    return StateComparison(vectors, texts, scores, memory)


def counts_of(run: Run) -> Ints:
    """Occurrences of each word of a run, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


def _bytes(arrays: Iterable[AnyFloats]) -> int:
    return sum(array.nbytes for array in arrays)


def _usual_pair(run: Run) -> list[Slice]:
    """The slices that `drift` compares; none if the run has fewer than two, or these are too small."""
    try:
        slices = default_slices(run).slices
        CountedSides.of(
            Comparison.of(run.require_tokens(), slices), WordTable.of(run), MIN_COUNT
        )  # an error if drift can test no word between them
    except InputError:
        return []
    return slices


class ComparisonTasks(NamedTuple):
    """The background tasks of a comparison: itself, and its drift."""

    comparison: BackgroundTask[StateComparison]
    tested: BackgroundTask[Ranking]

    @property
    def memory(self) -> int:
        """Bytes of the comparison when it is done; 0 before."""
        made = self.comparison.done() and self.comparison.exception() is None
        return self.comparison.result().memory if made else 0


class Comparisons:
    """The comparisons of a run by key: `REFINED`, or two slices as ``A|B``."""

    def __init__(
        self,
        run: Run,
        jobs: int,
        background: Tasks | None = None,
        after: Sequence[BackgroundTask[Any]] = (),  # tasks that come first, whether they fail or not
    ) -> None:
        self.run = run
        self.jobs = jobs
        self._tasks: dict[str, ComparisonTasks] = {}  # the least recently used first
        self._tested: dict[Hashable, BackgroundTask[Ranking]] = {}  # by other than usual options, likewise
        self._background = background or Tasks()
        self._after = after
        self._lock = threading.Lock()

    # Who only searches compares nothing, so the text is divided when somebody looks.

    @cached_property
    def slices(self) -> Sequence[Slice]:
        """The slices of the text that can be compared."""
        return comparable_slices(self.run)

    @cached_property
    def _usual(self) -> list[Slice]:
        return _usual_pair(self.run) if self.slices else []

    @property
    def default(self) -> str:
        """The comparison shown first: that of `drift`."""
        return self.choices()[0]["key"]

    def choices(self) -> list[dict[str, str]]:
        """The comparisons that the page offers: that of `drift`, before and after refining, then others."""
        pairs = [(side[0].name, side[-1].name) for side in (self._usual, self.slices) if side]
        pairs += pairwise([part.name for part in self.slices])
        offered = [{"key": f"{a}|{b}", "a": a, "b": b} for a, b in dict.fromkeys(pairs)]
        a, b = BY_REFINING
        offered.insert(1 if self._usual else 0, {"key": REFINED, "a": a, "b": b})
        return offered

    def tasks(self, key: str) -> ComparisonTasks:
        """The tasks of a comparison, which start with the first request.

        Raises
        ------
        OptionError, InputError
            If there is no such comparison.
        Busy
            If `BEGUN` others are being computed.
        """
        with self._lock:
            tasks = self._tasks.pop(key, None) or self._made(key)
            self._tasks[key] = tasks
            while len(self._tasks) > 1 and self._too_many():
                for task in self._tasks.pop(next(iter(self._tasks))):
                    task.drop()
        for task in tasks:
            task.begin()
        return tasks

    def tested(self, key: str, given: LikeForLike) -> BackgroundTask[Ranking]:
        """The task of the drift of a comparison, as it is usual or with other options.

        Errors are those of `tasks`.
        """
        if not given:
            return self.tasks(key).tested
        of = (key, *sorted(given.items()))
        with self._lock:
            task = self._tested.pop(of, None)
            if task is None:
                _, sides = self._compare(key)
                self._check_busy(self._tested.values())
                test = partial(Ranking.of, self.run, sides, self.jobs, given=given)
                task = self._background.task(test, label="testing significance", kind="text", later=True)
            self._tested[of] = task
            while len(self._tested) > KEPT:
                self._tested.pop(next(iter(self._tested))).drop()
        task.begin()
        return task

    @staticmethod
    def _check_busy(tasks: Iterable[BackgroundTask[Any]]) -> None:
        if sum(not task.done() for task in tasks) >= BEGUN:
            raise Busy("other comparisons are being computed")

    def _too_many(self) -> bool:
        memory = sum(tasks.memory for tasks in self._tasks.values())
        return len(self._tasks) > KEPT or memory > KEPT_BYTES

    def get(self, key: str) -> StateComparison:
        """A comparison, which is waited for."""
        return self.tasks(key).comparison.result()

    def pair(self, key: str) -> list[Slice]:
        """The two slices of a key."""
        parts = key.split("|")
        if len(parts) != 2 or not all(parts):
            remedy = f"write {REFINED}, or two slices as A|B"
            raise OptionError(f"{key!r} is not a comparison", field="c", remedy=remedy)
        return [named_slice(self.run.require_tokens(), part) for part in parts]

    def _compare(self, key: str) -> tuple[Callable[[Progress], StateComparison], Sides]:
        """What makes a comparison, and the sides that `drift` compares."""
        usual = key == self.default  # then drift says why it compares these
        if key == REFINED:
            return lambda _: compare_refined(self.run), None if usual else BY_REFINING
        pair = self.pair(key)
        sides = None if usual else pair
        return lambda progress: compare_slices(self.run, pair, self.jobs, progress), sides

    def _made(self, key: str) -> ComparisonTasks:
        compare, sides = self._compare(key)
        self._check_busy(tasks.comparison for tasks in self._tasks.values())

        def test(progress: Progress) -> Ranking:
            return Ranking.of(self.run, sides, self.jobs, progress)

        task = self._background.task
        made = task(compare, self._after, label="comparing words", kind="comparison")
        return ComparisonTasks(
            made,
            task(test, [made], label="testing significance", kind="text", later=True),
        )


# ---- The words that changed, as `drift` lists them: filtered and sorted for the page, and nothing else


_CAME = 50  # words that came, and that went


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
            names = [side if isinstance(side, str) else side.name for side in sides or BY_REFINING]
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
            "findings": [finding.as_dict() for finding in changes.findings],
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
