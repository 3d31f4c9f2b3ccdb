"""The data of the page of one run: what is computed in the background, of which the answers are views."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import cached_property, partial
from itertools import combinations, pairwise
from typing import Any, TypeVar

import numpy as np

from selfvec.analysis.comparison.chosen_slices import (
    BY_REFINING,
    Chosen,
    asked_slices,
    comparable_slices,
)
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.concepts.corpus_topics import topics_as_found, with_groups
from selfvec.analysis.concepts.events import Event
from selfvec.analysis.concepts.subjects import with_names
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.analysis.usage.occurrence_vectors import OccurrenceSpace, occurrence_space
from selfvec.analysis.views.text_report import TextFindings, opening
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Json
from selfvec.base.compiled import load_compiler
from selfvec.base.errors import InputError, NotFound, OptionError, SelfvecError
from selfvec.base.finding import Finding
from selfvec.base.progress import steps
from selfvec.base.threads import Cancelled, threads
from selfvec.base.view import spoken
from selfvec.corpus.filters import filtered_documents
from selfvec.corpus.slices import Slice, named_slice
from selfvec.data.run import Run
from selfvec.files.memory import return_freed_memory
from selfvec.numerics.pacmap import pacmap
from selfvec.numerics.rows import filled_rows
from selfvec.retrieval import Index, run_index
from selfvec.retrieval.segments import SearchedDocuments
from selfvec.storage.cache import cached_result
from selfvec.storage.run_folder import present_state
from selfvec.text.phrases import LINK

from .addresses import address
from .work import BackgroundTask, Kind, ServerBusy, Tasks, Unwanted

_LONG_TEXT = 5_000_000  # tokens; for a longer text, words are compared after indexing, to save memory
_MAPPED = 50_000  # documents on the map; of more, as many at regular intervals
_INDEXING = {  # the steps of indexing, and their approximate cost
    "Reading": 2,
    "Counting words": 1,
    "Relating documents": 1,
    "Comparing words and meaning": 1,
}
BEGUN = 100  # comparisons that run or wait
ABANDONED = 5.0  # seconds without a question, after which a comparison ends
PATIENCE = 150.0  # the same at most, if it is asked for again: a browser lets hidden pages ask once a minute
KEPT = 16  # results; the least recently used goes first
REFINED = "refined"  # the key of the comparison before and after refining; the key of two slices is A|B

T = TypeVar("T")


class ComparisonTasks:
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
        return asked_slices(self.run).slices if self.slices else []

    @property
    def default(self) -> str:
        """The comparison shown first: that of `drift`."""
        return self.choices()[0]["key"]

    def choices(self) -> list[dict[str, str]]:
        """The comparisons that the page offers: that of `drift`, before and after refining, then others."""
        pairs = [(side[0].name, side[-1].name) for side in (self._usual, self.slices) if side]
        named = [part.name for part in self.slices]
        labels = self.run.tokens is not None and self.run.tokens.slices is not None
        pairs += combinations(named, 2) if labels else pairwise(named)
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
        ServerBusy
            If `BEGUN` others wait.
        """
        sides = BY_REFINING if key == REFINED else self.pair(key)
        between = None if key == self.default else sides  # then it says why it compares these

        def find() -> Drift:
            return drift(self.run, between, jobs=self.jobs, **given)

        label = "before and after refining" if key == REFINED else f"of {' and '.join(key.split('|'))}"
        asked = (key, *sorted(given.items()))
        return self.task(asked, find, spoken(f"comparing words {label}"), "comparison")

    def occurrences(self, key: str) -> BackgroundTask[OccurrenceSpace]:
        """The task of the space in which the examples of a comparison are chosen; errors as of `drift`."""
        slices = [] if key == REFINED else self.pair(key)

        def make() -> OccurrenceSpace:
            compared = Comparison.of(self.run.require_tokens(), slices).measured_sides
            table = WordTable.of(self.run)
            return occurrence_space(compared, table, refined=bool(slices)).light()

        return self.task(("occurrences", key), make, "reading occurrences", "view")

    def task(
        self,
        of: Hashable,
        work: Callable[[], T],
        label: str,
        kind: Kind,
        needs: Sequence[BackgroundTask[Any]] = (),
    ) -> BackgroundTask[T]:
        """The task of a result, which begins with the first request, and ends when nobody asks any more."""
        with self._lock:
            task, now = self._tasks.pop(of, None), time.monotonic()
            if task is None or task.dropped:
                over = [key for key, other in self._tasks.items() if other.done() or other.dropped]
                if len(self._tasks) - len(over) >= BEGUN:
                    raise ServerBusy(f"{BEGUN} other comparisons wait")
                for key in over[: max(0, len(over) - KEPT + 1)]:
                    del self._tasks[key]
                gap = 0.0 if task is None else now - task.unwanted.asked
                task = self._background.task(work, [*self._after, *needs], label=label, kind=kind)
                task.unwanted.patience = min(max(ABANDONED, 2 * gap), PATIENCE)
            self._tasks[of] = task
            task.unwanted.asked = now
        return task.begin()


class PageData:
    """What the page of one state of a run computes in the background, and what each task needs.

    Nothing is computed before somebody asks for it: a program that only searches needs the index alone. Who
    opens the page gets what it shows by `prepare`, which asks in the order that suits most::

        topics              index ─▶ map of documents
        (index of a long text ─▶) drift

    The functions that `address` marks answer from it. They raise `InputError` for what the run does not have.
    """

    def __init__(
        self,
        run: Run,
        jobs: int | None = None,  # threads for background tasks; by default all cores but one
        first: str | None = None,  # the stamp of the state that was served first, if it was another
        *,
        writes: bool = False,  # whether those who have a token may write the run
    ) -> None:
        self.run = run
        self.writes = writes
        self.jobs = jobs or max(1, threads() - 1)
        self.first = run.stamp if first is None else first
        self.tasks = tasks = Tasks()
        task = tasks.task
        self.index = task(partial(_indexed, run), label="indexing documents", kind="text")
        # It is finished though the next state has come: a run that is always written would have none.
        self.index.unwanted = Unwanted(Cancelled())
        long = run.tokens is not None and len(run.tokens) > _LONG_TEXT
        self.comparisons = ComparisonTasks(run, self.jobs, tasks, after=[self.index] if long else [])
        self.topics = task(partial(_found_topics, run), label="finding topics", kind="text")
        placed = partial(_placed, run, self.index)
        self.map = task(placed, [self.index], label="placing documents", kind="map")

    @property
    def named_topics(self) -> Topics | None:
        """The topics by the names that the run keeps; None if it has too little text."""
        found, names = self.topics.result(), tuple(self.run.topic_names)
        return found and self.run.held("named topics", lambda: with_names(found, names), of=names)

    def sides(self, key: str, filters: Sequence[str] = ()) -> Chosen:
        """The two parts of the text that are compared, with their documents that pass, if there are two.

        Where words before and after refining are compared, these are those of `drift`.
        """
        between = None if key in (REFINED, self.comparisons.default) else key.split("|")
        try:
            return asked_slices(self.run, between, filters=filters)
        except NotFound:
            raise
        except InputError as error:
            among = filtered_documents(self.run, filters)
            return Chosen([], f"Nothing is compared: {error.rule}.", among=among)

    def grown(self, key: str, filters: tuple[str, ...] = ()) -> tuple[Topics, Topics] | None:
        """The topics as found and by a person's names, of the documents that pass, with their growth."""
        found, named = self.topics.result(), self.named_topics

        def grow() -> tuple[Topics, Topics] | None:
            if not found or not named:
                return None
            sides = self.sides(key, filters)
            shown = with_groups(self.run, named, (), sides)
            return (shown if named is found else with_groups(self.run, found, (), sides)), shown

        return self.run.held("growth", grow, of=(key, filters, tuple(self.run.topic_names)), most=KEPT)

    def report(self, key: str, filters: tuple[str, ...] = ()) -> BackgroundTask[Json]:
        """The task of how a report of the documents that pass begins; it raises what that of drift does."""
        if filters:
            filtered_documents(self.run, filters)  # that none passes is said before anything is computed
        key = self.comparisons.default if key == REFINED else key
        asked = {"filter": filters} if filters else {}
        drifts = [] if key == REFINED else [self.comparisons.drift(key, **asked)]

        def find() -> Json:
            run, sides, topics = self.run, self.sides(key, filters), self.grown(key, filters)
            compared = next((task.result() for task in drifts if not task.exception()), None)
            missing = [sides.why] if filters and not sides.slices else []
            found = TextFindings(run, topics and topics[1], compared, filters=filters)
            about, lines = opening(found)
            # Words of passages, and values of fields, are no words of the text.
            others = {"passage", "mix", "field"}
            rows = [row for row in found.findings if not others & {row.kind, getattr(row, "unit", "")}]
            named = dict.fromkeys(word for row in rows for word in row.words)
            words = [word for word in named if word in run.vectors.key_to_index]
            read = [_where_to_read(finding, filters) for finding, _ in lines]
            told = [line for _, line in lines]
            return {"about": about, "lines": told, "read": read, "missing": missing, "words": words}

        of = ("report", key, filters, tuple(self.run.topic_names))
        return self.comparisons.task(of, find, "comparing", "comparison", [self.topics, *drifts])

    def prepare(self) -> None:
        """Begin what the page shows: the overview, and when that is done the index, which other tabs need.

        What somebody asks for meanwhile begins at once.
        """
        if not self.topics.begun:
            self.topics.begin().add_done_callback(lambda _: self.index.begin())

    @property
    def ready(self) -> bool:
        """Whether questions are answered at once; begins what they wait for, if nobody has asked yet."""
        return self.run.text is None or (self.index.begin().done() and self.index.exception() is None)

    def row(self, word: str) -> int:
        """The row of a word, also if it was typed with signs around it: *thunder?*."""
        try:
            return self.run.index(word)
        except NotFound:
            bare = re.sub(r"^\W+|\W+$", "", word)
            if bare in ("", word):
                raise
            return self.run.index(bare)


def _where_to_read(finding: Finding, filters: Sequence[str]) -> Json | None:
    """The search that lists the documents of a finding, as the page's address has it; None without words."""
    if not finding.words or finding.kind == "mix":
        return None
    words = finding.words[0].replace(LINK, " ")
    if not isinstance(finding, Event):
        return {"ask": words, "filter": "; ".join(filters)}
    ask = {"field": "", "passage": f'"{" ".join(finding.words)}"'}.get(finding.unit, words)
    more = [f"date={'..'.join(dict.fromkeys((finding.begins, finding.ends)))}"]
    more += [finding.within] * bool(finding.within)
    return {"ask": ask, "filter": "; ".join([*filters, *more])}


def _indexed(run: Run) -> Index:
    """The search index of a run. Its progress counts all steps."""
    with steps("Indexing", _INDEXING):
        index = run_index(run)
    return_freed_memory()  # that of building, which a server would otherwise hold as long as it runs
    load_compiler()
    return index


def _placed(run: Run, index: BackgroundTask[Index]) -> Json:
    """The documents on the map: their numbers, ``documents``, and ``points`` between -1 and 1."""

    def place() -> Json:
        return _places(index.result().documents)

    return cached_result(run, "page", ["map", _MAPPED], place)


def _places(documents: SearchedDocuments) -> Json:
    """The numbers of the documents that have a vector, and a point for each."""
    numbers = np.unique(np.linspace(0, len(documents) - 1, min(len(documents), _MAPPED)).astype(np.int64))
    rows = documents.dense.at(numbers)
    placeable = filled_rows(rows)
    numbers, rows = numbers[placeable], rows[placeable]
    if not len(rows):
        raise InputError("no document has a vector", remedy="refine with a lower --min-count")
    points = np.zeros((1, 2), np.float32)
    if len(rows) > 1:
        points = pacmap(rows - rows.mean(axis=0))
    # The farthest are pulled to the edge, so that the middle 98 % fill the map.
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    middle, edge = (low + high) / 2, 0.55 * np.maximum(high - low, 1e-9)
    places = np.clip((points - middle) / edge, -1, 1)
    return {"documents": numbers.tolist(), "points": np.round(places.astype(float), 4).tolist()}


def _found_topics(run: Run) -> Topics | None:
    """The topics of a run's text as they are found; None if it has too little."""
    if run.tokens is None:
        return None
    try:
        return topics_as_found(run)
    except InputError:
        return None


# ---- A run that changes under its page: after an update, answers come from the new state.
# So nothing of withdrawn documents is given out, and new ones are found. The page asks `state` every some
# seconds and says that the run was updated; see static/changed.js.


_TRIES = 5  # of a question whose run gets another state while it is answered, as one that is always written


class PresentPage:
    """The data of the page. They belong to one state of the run, and give way to those of the next."""

    def __init__(self, data: PageData) -> None:
        self._data = data
        self._lock = threading.Lock()

    def now(self) -> PageData:
        """The data of the page; `SelfvecError` if the folder of the run is gone or damaged."""
        with self._lock:
            run = present_state(self._data.run)
            if run is not self._data.run:
                _ = run.tokens  # damaged ones are an error here, before threads are started
                fresh = PageData(run, self._data.jobs, self._data.first, writes=self._data.writes)
                fresh.index.begin()
                self._data.tasks.close()  # nothing more will be asked of the state before
                self._data = fresh
            return self._data

    async def answer(self, ask: Callable[[PageData], Awaitable[T | SelfvecError]]) -> T | SelfvecError:
        """What ``ask`` makes of the data; again if it fails because the run got another state meanwhile."""
        for _ in range(_TRIES):
            data = await asyncio.to_thread(self.now)  # opens files, and others are answered meanwhile
            answer = await ask(data)
            # An error may be that of a file that the update has removed.
            if not isinstance(answer, SelfvecError) or await asyncio.to_thread(self.now) is data:
                return answer
        return ServerBusy("the run got another state whenever this was read")


@address("/api/state", threads="state")
def state(page: PageData) -> Json:
    """The state of the run that answers are computed from, and whether it is newer than the first one."""
    return {"newer": page.run.stamp != page.first, "stamp": page.run.stamp}
