"""What does an encoder of a run find, what does it learn, and what does it lose by being one table?

Fills docs/results/encoders.md. Every collection is refined on its own documents, without its queries or
judgements. nDCG@10 by cosine: of encoders of each choice of the run's tables, of the package wordllama as
it is, and of what needs the collection at hand, documents smoothed by those most like them, and BM25.
Learning is also measured where one document is right, and by classes from ten examples each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from time import perf_counter

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, judged, tokens
from benchmarks.page import table
from benchmarks.rankings import by_cosine, differs, estimate, mean_ndcg, wordllama
from benchmarks.refining import refined
from benchmarks.self_retrieval import medical_items, self_retrieval
from selfvec.data.run import Run
from selfvec.lab.evaluation.classification import draw_examples, predicted_labels, read_labelled
from selfvec.lab.evaluation.collection import Collection
from selfvec.lab.evaluation.retrieval import bm25_rankings
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.inverse_cloze import learn
from selfvec.text.document_vectors import inverse_document_frequency, smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing

CHOICES: dict[str, tuple[tuple[str, ...], int | None, bool]] = {
    "original": (("original",), None, False),
    "refined": (("refined",), None, False),
    "topics": (("topics",), None, False),
    "refined, topics: 256 axes": (("refined", "topics"), 256, False),
    "**the same, learned**": (("refined", "topics"), 256, True),
}
GIVEN, DEFAULT = "refined, topics: 256 axes", "**the same, learned**"
DENSE = "the default, documents smoothed"
COMPARED = (GIVEN, "wordllama as it is", "original", DENSE, "BM25, stems")
CLASSES = ("trec", "sst2", "ohsumed")
SHOTS = 10

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


def differences() -> str:
    """The default against others on the same queries."""
    measured = found()
    rows = [[way, *(differs(measured[DEFAULT][n], measured[way][n]) for n in JUDGED)] for way in COMPARED]
    return table(["the default minus", *JUDGED], rows)


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


def classes() -> str:
    """Accuracy from ten examples a class, a row a collection."""
    rows = []
    for name in CLASSES:
        items = read_labelled(SHARED_DATA / "classification" / name, 0)
        count = items.train
        truth = items.labels[count:]
        run = refined(items.texts)
        cells = []
        for encoder in encoders(run):
            vectors = encoder.encode(items.texts)
            right = [
                np.mean(predicted_labels(vectors[d], items.labels[d], vectors[count:]) == truth)
                for d in draw_examples(items.labels[:count], SHOTS, 0)
            ]
            cells.append(f"{np.mean(right):.3f}")
        rows.append([name, *cells, encoder.about["learned"]["steps"]])
    return table(["collection", "not learned", "learned", "steps"], rows)


def times() -> str:
    """Seconds of learning from PubMed abstracts, repeated where there are not enough."""
    rows = []
    batch = tokens()
    for documents in (1_000, 10_000, 100_000):
        numbers = np.arange(documents) % batch.documents
        some = batch.part(numbers)
        weights = inverse_document_frequency(some)
        start = np.random.default_rng(0).standard_normal((len(batch.types), 256)).astype(np.float32)
        began = perf_counter()
        learn(some, unit_rows(start), weights)
        rows.append([f"{documents:,}", f"{len(some) / 1e6:.1f}", f"{perf_counter() - began:.1f}"])
    return table(["documents", "million words", "seconds"], rows)


NEEDS_DATA = True
PAGES = {
    "encoders.md": {
        "quality": quality,
        "differences": differences,
        "one-answer": sources,
        "classes": classes,
        "times": times,
    }
}
