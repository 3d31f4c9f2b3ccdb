"""What does an encoder of a run find, what does it learn, and what does it lose by being one table?

Fills docs/results/encoders.md. Every collection is refined on its own documents, without its queries or
judgements. nDCG@10 by cosine: of encoders of each choice of the run's tables, of the package wordllama as
it is, and of what needs the collection at hand, documents smoothed by those most like them, and BM25.
Learning is also measured where one document is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from benchmarks.datasets import JUDGED, judged
from benchmarks.page import table
from benchmarks.rankings import by_cosine, estimate, mean_ndcg, wordllama
from benchmarks.refining import refined
from benchmarks.self_retrieval import medical_items, self_retrieval
from selfvec.data.run import Run
from selfvec.lab.evaluation.retrieval import Collection, bm25_rankings
from selfvec.numerics.statistics import Estimate
from selfvec.retrieval.encoder import Encoder
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing

CHOICES: dict[str, tuple[tuple[str, ...], int | None, bool]] = {
    "original": (("original",), None, False),
    "refined": (("refined",), None, False),
    "topics": (("topics",), None, False),
    "refined, topics: 256 axes": (("refined", "topics"), 256, False),
    "**the same, learned**": (("refined", "topics"), 256, True),
}
GIVEN = "refined, topics: 256 axes"
DENSE = "the default, documents smoothed"

Found = dict[str, dict[str, Estimate]]


def ways(collection: Collection, run: Run) -> Iterator[tuple[str, Estimate]]:
    """Every way of comparing the texts of a collection, by name."""
    count, texts = len(collection.documents), collection.documents + collection.queries

    def encoded(rows: np.ndarray) -> Estimate:
        return estimate(collection, by_cosine(collection, rows))

    for name, (tables, dimensions, learned) in CHOICES.items():
        rows = Encoder.of(run, tables=tables, dimensions=dimensions, learned=learned).encode(texts)
        yield name, encoded(rows)
        smoothed = np.vstack([smooth_by_neighbours(rows[:count], count), rows[count:]])
        if name == GIVEN:
            yield "not learned, documents smoothed", encoded(smoothed)
    yield DENSE, encoded(smoothed)
    preprocessing = Preprocessing.of(run.provenance)
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


def encoders(run: Run) -> tuple[Encoder, Encoder]:
    """The encoder of a run before and after learning."""
    return Encoder.of(run, learned=False), Encoder.of(run)


@cache
def one_answer() -> dict[str, list[tuple[float, float, int]]]:
    """nDCG@10 before and after learning, and steps, of each collection of a source."""
    out: dict[str, list[tuple[float, float, int]]] = {}
    for _, source, collection in [*self_retrieval(), *medical_items()]:
        if source == "all":
            continue
        both = encoders(refined(collection.documents))
        texts = collection.documents + collection.queries
        values = [mean_ndcg(collection, by_cosine(collection, one.encode(texts))) for one in both]
        out.setdefault(source, []).append((values[0], values[1], both[1].about["learned"]["steps"]))
    return out


def sources() -> str:
    """A row a source of documents."""
    rows = []
    for source, values in one_answer().items():
        before, after, _ = np.mean(values, axis=0)
        steps = ", ".join(str(one[2]) for one in values)
        rows.append([source, f"{before:.3f}", f"{after:.3f}", steps])
    means = [np.mean([np.mean([v[i] for v in values]) for values in one_answer().values()]) for i in (0, 1)]
    rows.append(["mean", *(f"{value:.3f}" for value in means), ""])
    return table(["documents", "not learned", "learned", "steps"], rows)


NEEDS_DATA = True
PAGES = {"encoders.md": {"quality": quality, "one-answer": sources}}
