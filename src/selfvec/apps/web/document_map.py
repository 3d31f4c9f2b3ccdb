"""The map of the documents: a point in the plane for each, and colours of the points.

PaCMAP places them: documents that are near on the map are alike, and large distances say little. A colour has
a name, its values, and the value of each point, -1 for none: the document's topic, its part of the text, and
its fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.arrays import AnyInts
from selfvec.corpus.filters import allowed
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.run import Run
from selfvec.retrieval.segments import SearchedDocuments

from .addresses import Filters, address
from .page_data import PageData
from .work import need

_LABEL = 60  # characters of a document
_VALUES = 9  # most frequent values of a field, which have a colour


@address("/api/map")
def points(page: PageData) -> Json:
    """The ids and first words of the documents on the map, their points, and how many documents there are.

    Both coordinates of a point are between -1 and 1. Of more than 50,000 documents as many are on the map, at
    regular intervals.
    """
    placed, documents = page.map.result(), page.index.result().documents
    numbers = placed.documents.tolist()
    texts = [" ".join(documents.text(number)[: 2 * _LABEL].split())[:_LABEL] for number in numbers]
    documents.release_texts()  # only their first letters were needed, and 50,000 were read for them
    return {
        "ids": [documents.name(number) for number in numbers],
        "texts": texts,
        "points": placed.points,
        "documents": len(documents),
    }


@address("/api/map/colours")
def colours(page: PageData) -> Json:
    """The colours of the points: by subject, date and fields."""
    names = tuple(page.run.topic_names)
    return {"colours": page.run.held("colours", lambda: list(_colours(page)), of=names)}


@address("/api/map/passing")
def passing(page: PageData, filter: Filters = None) -> Json:
    """Which points pass the filters, by their places."""
    shown = page.map.result().documents
    return {"places": np.flatnonzero(allowed(page.index.result().documents, filter or ())[shown]).tolist()}


def _colours(page: PageData) -> Iterator[Json]:
    """The colours of the points; without subjects if these cannot be found."""
    need(page.map, page.topics)
    shown, documents = page.map.result().documents, page.index.result().documents

    def colour(name: str, values: list[str], codes: AnyInts, ordered: bool = False) -> Json:
        return {"name": name, "values": values, "codes": codes[shown].tolist(), "ordered": ordered}

    topics = None if page.topics.exception() else page.named_topics
    subjects = topics and topics.subjects
    if subjects and len(subjects.of_documents) == len(documents):
        yield colour("subject", [row.name for row in subjects.topics], subjects.of_documents)
    for name, slices in _parts(page.run, documents, page.comparisons.slices).items():
        yield colour(name, [part.name for part in slices], slice_of_each(slices), ordered=name == "date")


def _parts(run: Run, documents: SearchedDocuments, slices: Sequence[Slice]) -> dict[str, Sequence[Slice]]:
    """The parts of the text by date, and by each field with few values."""
    if run.tokens is None or run.tokens.documents != len(documents):
        return {}
    parts = {"date": slices} if slices else {}
    for name in documents.fields:
        codes, values = documents.field(name)
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        often = np.argsort(-counts, kind="stable")[:_VALUES]
        if len(values) > 1 and counts[often].sum() > 0.3 * len(codes):
            parts[name] = [Slice(values[i], codes == i) for i in often.tolist()]
    return parts
