"""The maps of the page: of all words, of a word and its neighbours, and of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.concepts import Topics, topics
from selfvec.analysis.concepts.topic_clusters import Topic
from selfvec.base.arrays import Ints
from selfvec.base.errors import InputError
from selfvec.base.memory import release
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.neighbours import only_in_each
from selfvec.retrieval import Index
from selfvec.storage.cache import cached, read_result, write_result

from . import limits
from .comparison import Comparisons
from .map_colours import document_colours, text_parts, word_colours
from .word_map import FITTED, WordMap, arrange, draw_map, vectors_state
from .work import BackgroundTask, Busy, Lane

__all__ = ["LAYOUTS", "Maps"]

LAYOUTS = ("pca", "pacmap")
_LARGEST = 100_000  # words on the plane of all words
_ARRANGED = 4_000  # words that PaCMAP arranges in some seconds
_DOCUMENTS = 50_000  # on a map; of more documents, as many at regular intervals
_FEWEST = 5  # points that PaCMAP needs
_AROUND = 14  # neighbours before and after on the map of one word
_TOPICS = 12  # colours that are distinguishable with names on the map
_LABEL = 60  # characters of a document

Json = dict[str, Any]
Points = NDArray[np.int16]


class Maps:
    """The maps of a run. Slow maps are drawn in the background."""

    def __init__(
        self, run: Run, comparisons: Comparisons, index: Callable[[], BackgroundTask[Index]]
    ) -> None:
        self.run = run
        self.comparisons = comparisons
        self._index = index
        self._lane = Lane()
        self._one = lru_cache(maxsize=128)(self._draw)
        self._all = lru_cache(maxsize=limits.MAPS_KEPT)(self._draw)
        self._arranged = lru_cache(maxsize=limits.MAPS_KEPT)(self._arrange)
        self.colours = lru_cache(maxsize=limits.MAPS_KEPT)(self._colours)
        self._documents = lru_cache(maxsize=len(LAYOUTS))(self._draw_documents)

    @cached_property
    def topics(self) -> BackgroundTask[Topics | None]:
        """The topics of the run; None if it has too little text."""
        return self._lane.submit(self._find_topics)

    def task(self, of: str, layout: str, key: str) -> BackgroundTask[WordMap] | None:
        """The task that draws a map of all words or of the documents; None if the map needs no task."""
        if of == "documents":
            return self._documents(layout)
        return self._arranged(key) if layout == "pacmap" else None

    def words(self, key: str, word: str | None = None, whole: bool | None = None) -> tuple[Json, Points]:
        """The plane of the most frequent words, or of a word and its neighbours: a description, and points.

        At first only the first and the last state exist (``whole`` is false in the description).
        The argument ``whole`` waits for all states (true), or uses the first and the last (false).
        """
        row = None if word is None else self.run.index(word)
        whole = self.comparisons.states(key, whole)[1]
        drawn, marks = (self._all if row is None else self._one)(key, row, whole)
        return {**self._described(drawn), "marks": marks, "whole": whole}, drawn.points

    def arranged(self, of: str, layout: str, key: str) -> tuple[Json, Points]:
        """A map that was drawn in the background; see `task`."""
        task = self.task(of, layout, key)
        assert task is not None
        drawn = task.result()
        if of == "words":
            return {**self._described(drawn), "marks": [], "whole": True}, drawn.points
        documents = self._index().result().documents
        numbers = drawn.words.tolist()
        labels = [" ".join(documents.text(number)[: 2 * _LABEL].split())[:_LABEL] for number in numbers]
        release(documents.arrays["texts"])
        described = self._described(drawn, labels)
        ids = [documents.ids[number] for number in numbers]
        return {
            **described,
            "marks": [],
            "whole": True,
            "ids": ids,
            "documents": len(documents),
        }, drawn.points

    def _described(self, drawn: WordMap, labels: list[str] | None = None) -> Json:
        words = self.run.vectors.index_to_key
        return {
            "words": [words[i] for i in drawn.words.tolist()] if labels is None else labels,
            "frames": drawn.frames,
            "edges": drawn.edges,
            "explained": None if drawn.explained is None else [round(share, 4) for share in drawn.explained],
        }

    def _colours(self, of: str, layout: str, key: str) -> list[dict[str, Any]]:
        """The colours of the points of a map; waits for the map, the topics and the index."""
        topics_found = self.topics.result()
        if of == "documents":
            numbers = self._documents(layout).result().words
            return document_colours(numbers, topics_found, self._parts(), len(self._index().result()))
        task = self.task(of, layout, key)
        drawn = self._all(key, None, True)[0] if task is None else task.result()
        parts = {} if self.run.tokens is None else self._parts()
        return word_colours(self.run, drawn.words, topics_found, parts, self.comparisons.get(key).ranking)

    def _parts(self) -> Mapping[str, Sequence[Slice]]:
        return text_parts(self.run, self._index().result().documents, self.comparisons.slices)

    def _find_topics(self, progress: Progress) -> Topics | None:
        if self.run.tokens is None:
            return None

        def find() -> Json:
            found = topics(self.run, progress=progress)
            found = found if len(found) <= _TOPICS else topics(self.run, _TOPICS, progress=progress)
            return found.as_dict() | {
                "labels": found.labels.tolist(),
                "of_documents": found.of_documents.tolist(),
            }

        try:
            found = cached(self.run, "page", ["topics", _TOPICS], find, write_result, read_result, progress)
        except InputError:
            return None
        rows = [Topic(**{name: row[name] for name in row if name != "topic"}) for row in found["rows"]]
        labels = np.array(found["labels"])
        of_documents = np.array(found["of_documents"])
        return Topics(rows, found["documents"], found["silhouette"], labels=labels, of_documents=of_documents)

    def _frequent(self, key: str, most: int) -> Ints:
        """Rows of the most frequent content words that occur on both sides."""
        vectors = self.comparisons.get(key).ranking.vectors
        usable = (vectors.both > 0) & vectors.content
        usable = usable if usable.any() else vectors.both > 0
        order = np.argsort(-vectors.both, kind="stable")
        rows: Ints = order[usable[order]][:most]
        return rows

    def _draw(self, key: str, row: int | None, whole: bool) -> tuple[WordMap, list[str]]:
        states, _ = self.comparisons.states(key, whole)
        if row is None:
            order = self._frequent(key, _LARGEST)
            return draw_map(order, states, order[:FITTED]), []
        vectors = self.comparisons.get(key).ranking.vectors
        before, after = ([i for i, _ in side] for side in vectors.near(row, _AROUND))
        gained, lost = only_in_each(before, after)
        marks = dict.fromkeys([row, *before, *after], "stayed")
        marks |= {**dict.fromkeys(lost, "went"), **dict.fromkeys(gained, "came"), row: "self"}
        return draw_map(np.array(list(marks)), states), list(marks.values())

    def _arrange(self, key: str) -> BackgroundTask[WordMap]:
        if self._lane.waiting >= limits.MAPS_WAITING:
            raise Busy("other maps are being drawn")

        def draw(progress: Progress) -> WordMap:
            states, _ = self.comparisons.states(key, False)
            words = self._frequent(key, _ARRANGED)
            known = np.any([np.any(state.rows(words) != 0, axis=1) for state in states], axis=0)
            if np.count_nonzero(known) < _FEWEST:
                return draw_map(words, states)
            return arrange(words[known], states, progress)

        return self._lane.submit(self._cached(["words", key, _ARRANGED], draw))

    def _cached(
        self, asked: list[str | int], draw: Callable[[Progress], WordMap]
    ) -> Callable[[Progress], WordMap]:
        """A function that draws a map, or reads it from the run's cache."""

        def drawn(progress: Progress) -> WordMap:
            def make() -> Json:
                return draw(progress).as_dict()

            return WordMap.of(cached(self.run, "page", asked, make, write_result, read_result, progress))

        return drawn

    def _draw_documents(self, layout: str) -> BackgroundTask[WordMap]:
        def draw(progress: Progress) -> WordMap:
            documents = self._index().result().documents
            most = min(len(documents), _DOCUMENTS)
            numbers = np.unique(np.linspace(0, len(documents) - 1, most).astype(np.int64))
            rows = documents.vectors(numbers)
            known = rows.any(axis=1)
            if not known.all():
                numbers = numbers[known]
                rows = rows[known]
            every = np.arange(len(rows))
            fitted = every[:: -(-len(rows) // FITTED) or 1]
            state = vectors_state("documents", rows, fitted)
            near = layout == "pacmap" and len(rows) >= _FEWEST
            drawn = arrange(every, [state], progress) if near else draw_map(every, [state], fitted)
            return WordMap(numbers, drawn.frames, drawn.points, drawn.edges, drawn.explained)

        return self._lane.submit(self._cached(["documents", layout, _DOCUMENTS], draw), 1)
