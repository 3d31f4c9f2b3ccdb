"""What does an encoder of a run find, and what does it lose by being one table?

Fills docs/results/encoders.md. Every collection is refined on its own documents, without its queries or
judgements. nDCG@10 by cosine: of encoders of each choice of the run's tables, of the package wordllama as
it is, and of what needs the collection at hand, documents smoothed by those most like them, and BM25.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from benchmarks.datasets import JUDGED, judged
from benchmarks.page import table
from benchmarks.rankings import by_cosine, differs, estimate, wordllama
from benchmarks.refining import refined
from selfvec.data.run import Run
from selfvec.evaluation.compared_vectors import ComparedVectors
from selfvec.evaluation.retrieval import Collection, bm25_rankings, dense_rankings
from selfvec.numerics.statistics import Estimate
from selfvec.retrieval.encoder import Encoder
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing

CHOICES: dict[str, tuple[tuple[str, ...], int | None]] = {
    "original": (("original",), None),
    "refined": (("refined",), None),
    "topics": (("topics",), None),
    "**refined, topics: 256 axes**": (("refined", "topics"), 256),
}
DEFAULT, DENSE = "**refined, topics: 256 axes**", "`evaluate`, mode dense (smoothed)"
COMPARED = ("wordllama as it is", "original", DENSE, "BM25, stems")

Found = dict[str, dict[str, Estimate]]


def ways(collection: Collection, run: Run) -> Iterator[tuple[str, Estimate]]:
    """Every way of comparing the texts of a collection, by name."""
    count, texts = len(collection.documents), collection.documents + collection.queries

    def encoded(rows: np.ndarray) -> Estimate:
        return estimate(collection, by_cosine(collection, rows))

    for name, (tables, dimensions) in CHOICES.items():
        rows = Encoder.of(run, tables=tables, dimensions=dimensions).encode(texts)
        yield name, encoded(rows)
        if name == DEFAULT:
            smoothed = np.vstack([smooth_by_neighbours(rows, count)[:count], rows[count:]])
    yield "the default, documents smoothed", encoded(smoothed)
    preprocessing = Preprocessing.of(run.provenance)
    whole = ComparedVectors("refined", run.vectors, preprocessing, run=run, refined=True)
    yield DENSE, estimate(collection, dense_rankings(collection, whole)[0])
    yield "wordllama as it is", encoded(wordllama(texts))
    yield "BM25, stems", estimate(collection, bm25_rankings(collection, preprocessing))


@cache
def found() -> Found:
    """nDCG@10 by way and collection."""
    out: Found = {}
    for name, collection in judged().items():
        for way, value in ways(collection, refined(name)):
            out.setdefault(way, {})[name] = value
    return out


def quality() -> str:
    """A row a way, a column a collection, and the mean."""
    rows = []
    for way, by_name in found().items():
        values = [one.value for one in by_name.values()]
        rows.append([way, *(f"{value:.3f}" for value in (*values, np.mean(values)))])
    return table(["", *JUDGED, "mean"], rows)


def differences() -> str:
    """The default against others on the same queries."""
    measured = found()
    rows = [[way, *(differs(measured[DEFAULT][n], measured[way][n]) for n in JUDGED)] for way in COMPARED]
    return table(["the default minus", *JUDGED], rows)


NEEDS_DATA = True
PAGES = {
    "encoders.md": {
        "quality": quality,
        "differences": differences,
    }
}
