"""The maps of the page: of all words, of a word and its neighbours, and of documents; and their colours.

A colour has a name, its values, and the value of each point, -1 for none. A word has its nearest topic, the
size of its change, and the part of the text that it is typical of. A document has its topic, its part of the
text and its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import AnyInts, Ints
from selfvec.base.result_table import Json
from selfvec.corpus.slices import Slice, slice_counts, slice_of_each
from selfvec.data.run import Run
from selfvec.retrieval.segments import SearchedDocuments

from .addresses import ComparisonKey, Layout, MapOf, OptionalWord, address
from .comparison import Ranking, rows_of_one_side
from .page_data import PageData
from .word_map import FITTED, WordMap, draw_map
from .work import BackgroundTask, need

KEPT = 4  # maps of all words, and colours of maps
_LARGEST = 100_000  # words on the plane of all words
_AROUND = 14  # neighbours before and after on the map of one word
_LABEL = 60  # characters of a document

_VALUES = 9  # most frequent values of a field, which have a colour
_RESIDUAL = 2.0  # standard deviations from which a word is typical of a part of the text

Parts = Mapping[str, Sequence[Slice]]  # parts of the text by the name of a colour
Points = NDArray[np.int16]
_POINTS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@address("/api/map")
def description(
    page: PageData,
    key: ComparisonKey,
    word: OptionalWord = None,
    of: MapOf = "words",
    layout: Layout = "pca",
) -> Json:
    """The words or documents on a map, the names of its states, and its size."""
    return drawn(page, key, word, None, of, layout)[0]


@address("/api/map/points", waits=True, content=_POINTS)
def points(
    page: PageData,
    key: ComparisonKey,
    word: OptionalWord = None,
    whole: bool = True,
    of: MapOf = "words",
    layout: Layout = "pca",
) -> Points:
    """Points of all words or documents in every state: (F, n, 2) 16-bit integers, the low byte first."""
    return drawn(page, key, word, whole, of, layout)[1]


@address("/api/map/colours")
def colours(page: PageData, key: ComparisonKey, of: MapOf = "words", layout: Layout = "pca") -> Json:
    """The colours of the points: by topic, change, date and fields."""
    asked = (key, of, layout)
    return {"colours": page.run.held("colours", lambda: _colours(page, *asked), of=asked, most=KEPT)}


def arranging(page: PageData, key: str, of: str, layout: str) -> BackgroundTask[WordMap] | None:
    """The task that draws a map of all words or of the documents; None if the map needs no task."""
    if of == "documents":
        return page.document_maps[layout]
    return page.comparisons.tasks(key).arranged if layout == "pacmap" else None


def shown_on(page: PageData, key: str, of: str, layout: str) -> Ints:
    """The rows of the words on a map of all, or the numbers of the documents."""
    task = arranging(page, key, of, layout)
    return page.comparisons.get(key).frequent(_LARGEST) if task is None else task.result().words


def drawn(
    page: PageData,
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
    task = None if word else arranging(page, key, of, layout)
    words = page.run.vectors.index_to_key
    if task is None:
        row = page.run.index(word) if word else None
        whole = page.comparisons.states(key, whole)[1]
        plane, marks = _plane(page, key, whole) if row is None else _around(page, key, row, whole)
        return _described(plane, words) | {"marks": marks, "whole": whole}, plane.points
    arranged = task.result()
    told: Json = {"marks": [], "whole": True}
    if of == "words":
        return _described(arranged, words) | told, arranged.points
    documents = page.index.result().documents
    numbers = arranged.words.tolist()
    texts = {number: documents.text(number)[: 2 * _LABEL] for number in numbers}
    labels = {number: " ".join(text.split())[:_LABEL] for number, text in texts.items()}
    documents.release_texts()  # only their first letters were needed, and 50,000 were read for them
    told |= {"ids": list(map(documents.name, numbers)), "documents": len(documents)}
    return _described(arranged, labels) | told, arranged.points


def _described(drawn: WordMap, names: Mapping[int, str] | Sequence[str]) -> Json:
    return {
        "words": [names[i] for i in drawn.words.tolist()],
        "frames": drawn.frames,
        "edges": drawn.edges,
        "explained": None if drawn.explained is None else [round(share, 4) for share in drawn.explained],
    }


def _plane(page: PageData, key: str, whole: bool) -> tuple[WordMap, list[str]]:
    """The map of the most frequent words on one plane, without marks."""

    def draw() -> WordMap:
        order = page.comparisons.get(key).frequent(_LARGEST)
        return draw_map(order, page.comparisons.states(key, whole)[0], order[:FITTED])

    return page.run.held("plane of words", draw, of=(key, whole), most=KEPT), []


def _around(page: PageData, key: str, row: int, whole: bool) -> tuple[WordMap, list[str]]:
    """The map of a word and its neighbours, and a mark for each."""
    sides = page.comparisons.get(key).vectors.near(row, _AROUND)
    gained, lost = rows_of_one_side(*sides)
    marks = dict.fromkeys([row, *(other for side in sides for other, _ in side)], "stayed")
    marks |= {**dict.fromkeys(lost, "went"), **dict.fromkeys(gained, "came"), row: "self"}
    return draw_map(np.array(list(marks)), page.comparisons.states(key, whole)[0]), list(marks.values())


def _colours(page: PageData, key: str, of: str, layout: str) -> list[Json]:
    """The colours of the points of a map; without topics if these cannot be found.

    Each is found for all words or documents, then taken for the points.
    """
    run, words = page.run, of == "words"
    compared = page.comparisons.tasks(key)
    task = arranging(page, key, of, layout)
    has_text = run.text is not None
    need(task or compared.comparison, page.topics, *[page.index] * has_text, *[compared.tested] * words)
    topics = None if page.topics.exception() else page.named_topics
    shown = shown_on(page, key, of, layout)
    documents = page.index.result().documents if has_text else None
    parts = {} if run.tokens is None else text_parts(run, documents, page.comparisons.slices)
    colours: list[Json] = []

    def add(name: str, values: list[str], codes: AnyInts, ordered: bool = False) -> None:
        colours.append({"name": name, "values": values, "codes": codes[shown].tolist(), "ordered": ordered})

    if topics is not None and (words or len(topics.of_documents) == len(documents or ())):
        labels = topics.labels if words else topics.of_documents
        add("topic", [topic.name for topic in topics.topics], labels)
    if words:
        add("change", *_changes(run, compared.tested.result()), ordered=True)
    for name, slices in parts.items():
        codes: AnyInts = slice_of_each(slices)
        if words:
            codes = _typical(slice_counts(run.require_tokens(), slices))
        add(name, [part.name for part in slices], codes, ordered=name == "date")
    return colours


def text_parts(run: Run, documents: SearchedDocuments | None, slices: Sequence[Slice]) -> Parts:
    """The parts of the text by date or label, and with its documents by each field with few values."""
    parts = {"date": list(slices)} if slices else {}
    if run.tokens is None or documents is None or run.tokens.documents != len(documents):
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
    rows = ranking.changes.rows
    changes = np.maximum([row["change"] for row in rows], 0)
    edges = np.quantile(changes, [0.2, 0.4, 0.6, 0.8]) if rows else np.zeros(4)
    bounds = ["0", *(f"{edge:.2f}" for edge in edges.tolist()), "more"]
    codes = np.full(len(run.vectors), -1)
    codes[[run.vectors.key_to_index[row["word"]] for row in rows]] = np.searchsorted(edges, changes)
    return [f"{a} to {b}" for a, b in pairwise(bounds)], codes


def _typical(counts: Ints) -> Ints:
    """The part of the text in which each word is most over-represented by Pearson's residual, (V,).

    -1 if no part reaches `_RESIDUAL`; ``counts`` is (S, V).

    >>> _typical(np.array([[40, 50, 0], [0, 500, 0]])).tolist()
    [0, -1, -1]
    """
    sums = counts.sum(axis=1, keepdims=True) / max(int(counts.sum()), 1)
    expected = sums * counts.sum(axis=0)
    residual = (counts - expected) / np.sqrt(np.maximum(expected, 1e-9))
    return np.where(residual.max(axis=0) >= _RESIDUAL, residual.argmax(axis=0), -1)
