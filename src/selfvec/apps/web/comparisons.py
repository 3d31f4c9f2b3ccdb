"""The comparisons of a run, each made when it is first asked for, and tested while it is being looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from selfvec.analysis.drift.comparable_slices import parts_of
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice, named_slice
from selfvec.data.run import Run

from .atlas import State
from .later import Later
from .subjects import Subject, refined, sliced

__all__ = ["REFINED", "Comparisons"]

REFINED = "refined"
"""The comparison of the vectors before and after refining; one of two slices is written ``A|B``."""

_KEPT = 8  # comparisons kept; the one asked for longest ago goes

Tests = Mapping[str, Mapping[str, Any]]


@dataclass
class _Entry:
    subject: Later[Subject]
    tests: Later[Tests]
    states: Later[list[State]]
    tested: Subject | None = None


def _entry(make: Callable[[Progress], Subject], test: Callable[[Progress], Tests]) -> _Entry:
    subject = Later(make)
    return _Entry(subject, Later(test), Later(lambda progress: subject.wait().states(progress)))


class Comparisons:
    """Comparisons by key: `REFINED`, or two slices as ``A|B``.

    Parameters
    ----------
    run : Run
    jobs : int
        Threads for what is made in the background.
    """

    def __init__(self, run: Run, jobs: int) -> None:
        self.run, self.jobs, self.slices = run, jobs, parts_of(run)
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    @property
    def default(self) -> str:
        """What is shown first: both ends of the text, where the run was made with slices."""
        asked = self.run.provenance.get("options", {}).get("slice")
        labelled = self.run.tokens is not None and self.run.tokens.slices is not None
        return self.named()[0]["key"] if self.slices and (asked or labelled) else REFINED

    def named(self) -> list[dict[str, str]]:
        """Comparisons to choose from: key and name."""
        pairs = [(self.slices[0].name, self.slices[-1].name)] if self.slices else []
        pairs += pairwise([part.name for part in self.slices])
        return [{"key": f"{a}|{b}", "a": a, "b": b} for a, b in dict.fromkeys(pairs)] + [
            {"key": REFINED, "a": "original", "b": "refined"}
        ]

    def start(self, key: str) -> None:
        """Begin a comparison, without waiting for it.

        Raises
        ------
        InputError
            If it names no slices of the run.
        """
        self._entry(key).subject.start()

    def subject(self, key: str) -> Subject:
        """A comparison, waited for, and its tests where they are done."""
        entry = self._entry(key)
        if entry.tested is not None:
            return entry.tested
        subject = entry.subject.wait()
        tests = entry.tests.peek()
        if tests is None:
            return subject
        entry.tested = replace(subject, view=replace(subject.view, tests=tests))
        return entry.tested

    def making(self, key: str) -> float | None:
        """How far a comparison has come that is not made yet, 0 to 1; None when it is."""
        subject = self._entry(key).subject
        return subject.share if subject.peek() is None else None

    def states(self, key: str) -> tuple[list[State], bool]:
        """The states of the map, and whether these are all: at first there are but the first and the last."""
        entry = self._entry(key)
        subject = entry.subject.wait()
        states = entry.states.peek()
        return (subject.ends, False) if states is None else (states, True)

    def all_states(self, key: str) -> list[State]:
        """Every state of the map; waits until they are ready."""
        return self._entry(key).states.wait()

    def ends(self, key: str) -> list[State]:
        """The first and the last state."""
        return self._entry(key).subject.wait().ends

    def testing(self, key: str) -> float | None:
        """How far the tests of a comparison have come, 0 to 1; None when they are done."""
        tests = self._entry(key).tests
        return tests.share if tests.peek() is None else None

    def _entry(self, key: str) -> _Entry:
        with self._lock:
            entry = self._entries.pop(key, None) or self._new(key)
            self._entries[key] = entry
            while len(self._entries) > _KEPT:
                del self._entries[next(iter(self._entries))]
            return entry

    def _new(self, key: str) -> _Entry:
        if key == REFINED:
            return _entry(lambda progress: refined(self.run, progress), self._test_refined)
        parts = key.split("|")
        if len(parts) != 2 or not all(parts):
            raise OptionError(
                f"{key!r} is no comparison", field="c", remedy=f"write {REFINED}, or two slices as A|B"
            )
        pair = [named_slice(self.run.require_tokens(), part) for part in parts]
        every = self.slices if len(self.slices) > 2 else pair
        return _entry(
            lambda progress: sliced(self.run, pair, every, self.jobs, progress),
            lambda progress: self._test(pair, progress),
        )

    def _test_refined(self, progress: Progress) -> Tests:
        """How surely the uses of each word agree on where refining took it."""
        batch = self.run.tokens
        if batch is None:
            return {}
        options = {**self.run.provenance.get("options", {}), "slice": None}
        whole = self.run.replace(
            provenance={**self.run.provenance, "options": options},
            tokens=replace(batch, slices=None, slice_names=()),
        )
        return self._test(None, progress, whole)

    def _test(self, pair: list[Slice] | None, progress: Progress, run: Run | None = None) -> Tests:
        from selfvec.analysis.drift.drift_rows import drift

        try:
            found = drift(run or self.run, pair, jobs=self.jobs, progress=progress)
        except InputError:  # no word is common enough in both to be tested
            return {}
        return {row["word"]: row for row in found.rows}
