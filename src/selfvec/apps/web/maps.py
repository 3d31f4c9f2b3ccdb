"""The maps of the page: of all words, of a word and its neighbours, and of documents; and their colours.

A colour has a name, its values, and the value of each point, -1 for none. A word has its nearest topic, the
size of its change, and the part of the text that it is typical of. A document has its topic, its part of the
text and its fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.concepts import Topics, topics
from selfvec.base.arrays import Ints
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.files.memory import release
from selfvec.numerics.nearest import only_in_each
from selfvec.retrieval import Index
from selfvec.retrieval.indexed_documents import IndexedDocuments

from .addresses import ComparisonKey, Layout, MapOf, OptionalWord, address
from .comparison import Comparisons
from .ranking import Ranking
from .word_map import FEWEST, FITTED, WordMap, arrange, draw_map, kept_map, vectors_state
from .work import BackgroundTask, Tasks

KEPT = 4  # maps of all words
LAYOUTS = ("pca", "pacmap")
_LARGEST = 100_000  # words on the plane of all words
_DOCUMENTS = 50_000  # on a map; of more documents, as many at regular intervals
_AROUND = 14  # neighbours before and after on the map of one word
_LABEL = 60  # characters of a document

_VALUES = 9  # most frequent values of a field, which have a colour
_RESIDUAL = 2.0  # standard deviations from which a word is typical of a part of the text

Json = dict[str, Any]
Colour = dict[str, Any]
Parts = Mapping[str, Sequence[Slice]]  # parts of the text by the name of a colour
Points = NDArray[np.int16]
_POINTS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def _described(maps: Maps, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    """The task of a map: it is drawn when the words are compared, or the documents are indexed."""
    drawn = None if asked.get("word") else maps.task(asked["of"], asked["layout"], asked["key"])
    yield drawn or maps.comparisons.tasks(asked["key"]).comparison


def _coloured(maps: Maps, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    yield from _described(maps, asked)
    yield from (maps.topics, maps.index)
    if asked["of"] == "words":
        yield maps.comparisons.tasks(asked["key"]).tested


def _placed(maps: Maps, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    yield from _described(maps, asked)
    plane = asked["of"] == "words" and asked["layout"] == "pca"
    if asked["whole"] and (plane or asked["word"]):
        yield maps.comparisons.tasks(asked["key"]).states


class Maps:
    """The maps of a run. Slow maps are drawn in the background."""

    def __init__(
        self,
        run: Run,
        tasks: Tasks,
        comparisons: Comparisons,
        index: BackgroundTask[Index],
    ) -> None:
        self.run = run
        self.comparisons = comparisons
        self.index = index
        self.topics = tasks.task(self._find_topics, kind="text")  # None if the run has too little text
        self._documents = {
            layout: tasks.task(partial(self._draw_documents, layout), [index]) for layout in LAYOUTS
        }
        self._all = lru_cache(maxsize=KEPT)(self._draw)
        self.colours = lru_cache(maxsize=KEPT)(self._colours)

    @address("/api/map", _described)
    def description(
        self, key: ComparisonKey, word: OptionalWord = None, of: MapOf = "words", layout: Layout = "pca"
    ) -> Json:
        """The words or documents on a map, the names of its states, and its size."""
        return self.drawn(key, word, None, of, layout)[0]

    @address("/api/map/points", _placed, content=_POINTS)
    def points(
        self,
        key: ComparisonKey,
        word: OptionalWord = None,
        whole: bool = True,
        of: MapOf = "words",
        layout: Layout = "pca",
    ) -> Points:
        """Points of all words or documents in every state: (F, n, 2) 16-bit integers, the low byte first."""
        return self.drawn(key, word, whole, of, layout)[1]

    @address("/api/map/colours", _coloured)
    def colouring(self, key: ComparisonKey, of: MapOf = "words", layout: Layout = "pca") -> Json:
        """The colours of the points: by topic, change, date and fields."""
        return {"colours": self.colours(of, layout, key)}

    def task(self, of: str, layout: str, key: str) -> BackgroundTask[WordMap] | None:
        """The task that draws a map of all words or of the documents; None if the map needs no task."""
        if of == "documents":
            return self._documents[layout]
        return self.comparisons.tasks(key).arranged if layout == "pacmap" else None

    def drawn(
        self,
        key: str,
        word: str | None = None,
        whole: bool | None = None,  # waits for all states (true), or uses the first and the last (false)
        of: str = "words",
        layout: str = "pca",
    ) -> tuple[Json, Points]:
        """A description of a map, and its points.

        It is the map of a word and its neighbours, of the documents, or of the most frequent words. At first
        a plane of words has only the first and the last state: ``whole`` is false in the description.
        """
        task = None if word else self.task(of, layout, key)
        if task is None:
            row = self.run.index(word) if word else None
            whole = self.comparisons.states(key, whole)[1]
            plane, marks = (self._all if row is None else self._draw)(key, row, whole)
            return self._described(plane) | {"marks": marks, "whole": whole}, plane.points
        arranged = task.result()
        told: Json = {"marks": [], "whole": True}
        if of == "words":
            return self._described(arranged) | told, arranged.points
        documents = self.index.result().documents
        numbers = arranged.words.tolist()
        labels = [_label(documents.text(number)) for number in numbers]
        release(documents.arrays["texts"])
        told |= {"ids": [documents.ids[number] for number in numbers], "documents": len(documents)}
        return self._described(arranged, labels) | told, arranged.points

    def _described(self, drawn: WordMap, labels: list[str] | None = None) -> Json:
        words = self.run.vectors.index_to_key
        return {
            "words": [words[i] for i in drawn.words.tolist()] if labels is None else labels,
            "frames": drawn.frames,
            "edges": drawn.edges,
            "explained": None if drawn.explained is None else [round(share, 4) for share in drawn.explained],
        }

    def _colours(self, of: str, layout: str, key: str) -> list[Colour]:
        """The colours of the points of a map; without topics if these cannot be found.

        Each is found for all words or documents, then taken for the points.
        """
        run = self.run
        found = None if self.topics.exception() else self.topics.result()
        task = self.task(of, layout, key)
        points = self.comparisons.get(key).frequent(_LARGEST) if task is None else task.result().words
        documents = None if run.tokens is None else self.index.result().documents
        parts = {} if documents is None else text_parts(run, documents, self.comparisons.slices)
        words = of == "words"
        colours: list[Colour] = []

        def add(name: str, values: list[str], codes: Ints, ordered: bool = False) -> None:
            shown = codes[points].tolist()
            colours.append({"name": name, "values": values, "codes": shown, "ordered": ordered})

        if found is not None and (words or len(found.of_documents) == len(documents or ())):
            labels = found.labels if words else found.of_documents
            add("topic", [row.name for row in found.topics], labels)
        if words:
            add("change", *_changes(run, self.comparisons.tasks(key).tested.result()), ordered=True)
        for name, slices in parts.items():
            codes = _typical(slice_counts(run.require_tokens(), slices)) if words else _assigned(slices)
            add(name, [part.name for part in slices], codes, ordered=name == "date")
        return colours

    def _find_topics(self, progress: Progress) -> Topics | None:
        if self.run.tokens is None:
            return None
        try:
            return topics(self.run, progress=progress)
        except InputError:
            return None

    def _draw(self, key: str, row: int | None, whole: bool) -> tuple[WordMap, list[str]]:
        states, _ = self.comparisons.states(key, whole)
        if row is None:
            order = self.comparisons.get(key).frequent(_LARGEST)
            return draw_map(order, states, order[:FITTED]), []
        vectors = self.comparisons.get(key).vectors
        before, after = ([i for i, _ in side] for side in vectors.near(row, _AROUND))
        gained, lost = only_in_each(before, after)
        marks = dict.fromkeys([row, *before, *after], "stayed")
        marks |= {**dict.fromkeys(lost, "went"), **dict.fromkeys(gained, "came"), row: "self"}
        return draw_map(np.array(list(marks)), states), list(marks.values())

    def _draw_documents(self, layout: str, progress: Progress) -> WordMap:
        documents = self.index.result().documents

        def draw() -> WordMap:
            most = min(len(documents), _DOCUMENTS)
            numbers = np.unique(np.linspace(0, len(documents) - 1, most).astype(np.int64))
            rows = documents.vectors(numbers)
            known = rows.any(axis=1)
            numbers, rows = numbers[known], rows[known]
            every = np.arange(len(rows))
            fitted = every[:: -(-len(rows) // FITTED) or 1]
            state = vectors_state("documents", rows, fitted)
            near = layout == "pacmap" and len(rows) >= FEWEST
            drawn = arrange(every, [state], progress) if near else draw_map(every, [state], fitted)
            return WordMap(numbers, drawn.frames, drawn.points, drawn.edges, drawn.explained)

        return kept_map(self.run, ["documents", layout, _DOCUMENTS], draw, progress)


def _label(text: str) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[: 2 * _LABEL].split())[:_LABEL]


def text_parts(run: Run, documents: IndexedDocuments, slices: Sequence[Slice]) -> Parts:
    """The parts of the text by date or label, and by each field with few values."""
    parts = {"date": list(slices)} if slices else {}
    if run.tokens is None or run.tokens.documents != len(documents):
        return parts
    for name in documents.fields:
        codes, values = documents.field(name)
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        often = np.argsort(-counts, kind="stable")[:_VALUES]
        if len(values) > 1 and counts[often].sum() > 0.3 * len(codes):
            parts[name] = [Slice(values[i], codes == i) for i in often.tolist()]
    return parts


def _changes(run: Run, ranking: Ranking) -> tuple[list[str], Ints]:
    """The quintile of each listed word, by its change; -1 for others."""
    rows = ranking.found.rows
    changes = np.maximum([row["change"] for row in rows], 0)
    edges = np.quantile(changes, [0.2, 0.4, 0.6, 0.8]) if rows else np.zeros(4)
    bounds = ["0", *(f"{edge:.2f}" for edge in edges.tolist()), "more"]
    codes = np.full(len(run.vectors), -1)
    codes[[run.vectors.key_to_index[row["word"]] for row in rows]] = np.searchsorted(edges, changes)
    return [f"{a} to {b}" for a, b in pairwise(bounds)], codes


def _assigned(slices: Sequence[Slice]) -> Ints:
    """The slice of each document, (D,); -1 for none."""
    codes = np.full(len(slices[0].documents), -1)
    for code, part in enumerate(slices):
        codes[part.documents] = code
    return codes


def _typical(counts: Ints) -> Ints:
    """The part of the text in which each word is most over-represented by Pearson's residual, (V,).

    -1 if no part reaches `_RESIDUAL`; ``counts`` is (S, V).

    >>> _typical(np.array([[40, 50, 0], [0, 500, 0]])).tolist()
    [0, -1, -1]
    """
    sums = counts.sum(axis=1, keepdims=True) / max(int(counts.sum()), 1)
    expected = sums * counts.sum(axis=0)
    residual = (counts - expected) / np.sqrt(np.maximum(expected, 1e-9))
    best: Ints = np.where(residual.max(axis=0) >= _RESIDUAL, residual.argmax(axis=0), -1)
    return best
