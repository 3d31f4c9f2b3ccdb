"""The two sides that the page compares, and what `drift` finds between them, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

from selfvec.analysis.comparison.chosen_slices import BY_REFINING, comparable_slices, default_slices
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import OccurrenceSpace, occurrence_space
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice, named_slice
from selfvec.data.run import Run

from .work import BackgroundTask, Busy, Kind, Tasks

BEGUN = 4  # comparisons that run or wait
KEPT = 16  # results; the least recently used is dropped first
REFINED = "refined"  # the key of the comparison before and after refining; the key of two slices is A|B

T = TypeVar("T")


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
        self._tasks: dict[Hashable, BackgroundTask[Any]] = {}  # the least recently used first
        self._background = background or Tasks()
        self._after = after
        self._lock = threading.Lock()

    # Who only searches compares nothing, so the text is divided when somebody looks.

    @cached_property
    def slices(self) -> Sequence[Slice]:
        """The slices of the text that can be compared."""
        return comparable_slices(self.run)

    @cached_property
    def _usual(self) -> Sequence[Slice]:
        return default_slices(self.run).slices if self.slices else []

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

    def pair(self, key: str) -> list[Slice]:
        """The two slices of a key."""
        parts = key.split("|")
        if len(parts) != 2 or not all(parts):
            remedy = f"write {REFINED}, or two slices as A|B"
            raise OptionError(f"{key!r} is not a comparison", field="c", remedy=remedy)
        return [named_slice(self.run.require_tokens(), part) for part in parts]

    def drift(self, key: str, **given: Any) -> BackgroundTask[Drift]:
        """The task of what `drift` finds with these options.

        Raises
        ------
        OptionError, InputError
            If there is no such comparison.
        Busy
            If `BEGUN` others are being computed.
        """
        sides = BY_REFINING if key == REFINED else self.pair(key)
        between = None if key == self.default else sides  # then it says why it compares these

        def find(progress: Progress) -> Drift:
            return drift(self.run, between, jobs=self.jobs, progress=progress, **given)

        return self._task((key, *sorted(given.items())), find, "comparing words", "comparison")

    def occurrences(self, key: str) -> BackgroundTask[OccurrenceSpace]:
        """The task of the space in which the examples of a comparison are chosen; errors as of `drift`."""
        slices = [] if key == REFINED else self.pair(key)

        def make(progress: Progress) -> OccurrenceSpace:
            compared = Comparison.of(self.run.require_tokens(), slices).read
            table = WordTable.of(self.run)
            return occurrence_space(compared, table, progress=progress, refined=bool(slices)).light()

        return self._task(("occurrences", key), make, "reading occurrences", "view")

    def _task(self, of: Hashable, work: Callable[[Progress], T], label: str, kind: Kind) -> BackgroundTask[T]:
        """The task of a result, which begins with the first request."""
        with self._lock:
            task = self._tasks.pop(of, None)
            if task is None:
                if sum(not other.done() for other in self._tasks.values()) >= BEGUN:
                    raise Busy("other comparisons are being computed")
                task = self._background.task(work, self._after, label=label, kind=kind)
            self._tasks[of] = task
            while len(self._tasks) > KEPT:
                self._tasks.pop(next(iter(self._tasks))).drop()
        return task.begin()
