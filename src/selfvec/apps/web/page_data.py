"""The data of the page of one run: what is computed in the background, of which the answers are views."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from selfvec.analysis.concepts.corpus_topics import topics_as_found
from selfvec.analysis.concepts.subjects import with_names
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.base.answer import Json
from selfvec.base.arrays import Ints
from selfvec.base.compiled import load_compiler
from selfvec.base.errors import InputError, NotFound, SelfvecError
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.data.run import Run
from selfvec.files.memory import return_freed_memory
from selfvec.numerics.pacmap import pacmap
from selfvec.retrieval import Index, run_index
from selfvec.retrieval.segments import SearchedDocuments
from selfvec.storage.cache import cached_result
from selfvec.storage.run_folder import present_state

from .addresses import address
from .comparison import Comparisons
from .work import Busy, Tasks

_LONG_TEXT = 5_000_000  # tokens; for a longer text, words are compared after indexing, to save memory
_MAPPED = 50_000  # documents on the map; of more, as many at regular intervals
_INDEXING = {  # the steps of indexing, and their approximate cost
    "Reading": 2,
    "Counting words": 1,
    "Relating documents": 1,
    "Comparing words and meaning": 1,
}


class PlacedDocuments(NamedTuple):
    """The documents on the map."""

    documents: Ints  # (n,), their numbers
    points: list[list[float]]  # (n, 2), between -1 and 1


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
        self.jobs = jobs or max(1, threads(None) - 1)
        self.first = run.stamp if first is None else first
        self.tasks = tasks = Tasks()
        task = tasks.task
        self.index = task(partial(_indexed, run), label="indexing documents", kind="text")
        self.long = run.tokens is not None and len(run.tokens) > _LONG_TEXT
        self.comparisons = Comparisons(run, self.jobs, tasks, after=[self.index] if self.long else [])
        self.topics = task(partial(_found_topics, run), label="finding topics", kind="text")
        self.map = task(self._placed, [self.index], label="placing documents")

    @property
    def named_topics(self) -> Topics | None:
        """The topics by the names that the run keeps; None if it has too little text."""
        found, names = self.topics.result(), tuple(self.run.topic_names)
        return found and self.run.held("named topics", lambda: with_names(found, names), of=names)

    def _placed(self, progress: Progress) -> PlacedDocuments:
        """The places of the documents on their map."""

        def place() -> Json:
            return _places(self.index.result().documents, progress)

        kept = cached_result(self.run, "page", ["map", _MAPPED], place, progress)
        return PlacedDocuments(np.array(kept["documents"], np.int64), kept["points"])

    def prepare(self) -> None:
        """Begin what the page shows: the overview, and when that is done the other tabs.

        What somebody asks for meanwhile begins at once.
        """
        if not self.topics.begun:
            self.topics.begin().add_done_callback(lambda _: self._begin_others())

    def _begin_others(self) -> None:
        self.index.begin()
        with suppress(Busy):  # others are asked for
            self.comparisons.drift(self.comparisons.default)

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


def _indexed(run: Run, progress: Progress) -> Index:
    """The search index of a run. Its progress counts all steps."""
    with progress.steps("Indexing", _INDEXING) as steps:
        index = run_index(run, progress=steps)
    return_freed_memory()  # that of building, which a server would otherwise hold as long as it runs
    load_compiler()
    return index


def _places(documents: SearchedDocuments, progress: Progress) -> Json:
    """The numbers of the documents that have a vector, and a point for each."""
    numbers = np.unique(np.linspace(0, len(documents) - 1, min(len(documents), _MAPPED)).astype(np.int64))
    rows = documents.vectors(numbers)
    placeable = rows.any(axis=1)
    numbers, rows = numbers[placeable], rows[placeable]
    if not len(rows):
        raise InputError("no document has a vector", remedy="refine with a lower --min-count")
    points = np.zeros((1, 2), np.float32)
    if len(rows) > 1:
        points = pacmap(rows - rows.mean(axis=0), progress=progress)
    # The farthest are pulled to the edge, so that the middle 98 % fill the map.
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    middle, edge = (low + high) / 2, 0.55 * np.maximum(high - low, 1e-9)
    places = np.clip((points - middle) / edge, -1, 1)
    return {"documents": numbers.tolist(), "points": np.round(places.astype(float), 4).tolist()}


def _found_topics(run: Run, progress: Progress) -> Topics | None:
    """The topics of a run's text as they are found; None if it has too little."""
    if run.tokens is None:
        return None
    try:
        return topics_as_found(run, progress)
    except InputError:
        return None


# ---- A run that changes under its page: after an update, answers come from the new state.
# So nothing of withdrawn documents is given out, and new ones are found. The page asks `state` every some
# seconds and says that the run was updated; see static/changed.js.


_TRIES = 3  # of a question whose run changes while it is answered: somebody may update it twice

T = TypeVar("T")


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

    async def answer(self, ask: Callable[[PageData], Awaitable[T]]) -> T:
        """What ``ask`` makes of the data; again if it fails because the run got another state meanwhile."""
        for tried in range(1, _TRIES + 1):
            data = await asyncio.to_thread(self.now)  # opens files, and others are answered meanwhile
            try:
                return await ask(data)
            except SelfvecError:  # as of a file that the update has removed
                if tried == _TRIES or await asyncio.to_thread(self.now) is data:
                    raise
        raise AssertionError


@address("/api/state", threads="state")
def state(page: PageData) -> Json:
    """The state of the run that answers are computed from, and whether it is newer than the first one."""
    return {"newer": page.run.stamp != page.first, "stamp": page.run.stamp}
