"""What does a sentence encoder give a run, with questions by rows of words or by itself?

Fills docs/results/teacher.md. Every collection is refined on its own documents, without its queries or
judgements, with and without the encoder beside the data. Its passages are encoded once. A question then goes
through the encoder, or takes the rows that words have learned from it. The encoder alone and BM25 with it
are what people build without a text's own vectors. The weights of search were chosen on these collections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, judged, path, sample
from benchmarks.datasets import texts as whole
from benchmarks.page import table
from benchmarks.vectors.contextual import x2static_rows
from selfvec import evaluate
from selfvec.apps.functions.refine import refine
from selfvec.base.arrays import Rows
from selfvec.corpus import Corpus
from selfvec.data.vectors import Vectors
from selfvec.encoders import as_sentence_encoder
from selfvec.encoders.run_encoder import passages_of
from selfvec.evaluation import Classification, Retrieval, Similarity, Task
from selfvec.evaluation.classification import read_labelled
from selfvec.evaluation.task import rows as lines_of
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import rank_correlation
from selfvec.storage.formats import load
from selfvec.transforms import transform
from selfvec.transforms.distill import TextWords

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
        run = refine(folder / "corpus.jsonl", **({"encoder": encoder} if encoder else {}))
        for row in evaluate(run, Retrieval(folder)).rows:
            way = _way(row, bool(encoder))
            if row["metric"] == "ndcg@10" and way:
                found.setdefault(way, row)
    return found


def _way(row: Mapping[str, object], with_encoder: bool) -> str:
    """What a row of a report measures; empty if it is not shown."""
    vectors, mode, question = row["vectors"], row["mode"], row.get("question")
    if vectors == "bm25":
        return "BM25"
    if vectors == "refined" and mode == "hybrid":
        return f"**hybrid, questions by {_by(question)}**" if with_encoder else TODAY
    names = {
        "encoder": "the encoder alone",
        "student": "the student alone: texts and questions by rows",
        "bm25+encoder": "BM25 + encoder",
    }
    return names.get(str(vectors), "") if with_encoder else ""


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
        labelled = read_labelled(folder, 0).texts
        cells = []
        for encoder in (None, ENCODER):
            run = refine(labelled, **({"encoder": encoder} if encoder else {}))
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
    texts["TREC"] = (Classification(trec), read_labelled(trec, 0).texts)
    lines: dict[str, list[object]] = {}
    for task, documents in texts.values():
        for way, vectors in _tables(documents).items():
            shots = {"shots": SHOTS} if isinstance(task, Classification) else {}
            cell = next(row for row in evaluate(vectors, task, **shots).rows if row["metric"] in METRICS)
            common = "_common" if isinstance(task, Similarity) else ""  # pairs of words that the text has
            value, low, high = (cell[f"{key}{common}"] for key in ("value", "low", "high"))
            lines.setdefault(way, []).append(f"{value:.3f} ({low:.3f} to {high:.3f})")
    return table(["a table by", *texts], [[way, *cells] for way, cells in lines.items()])


def _tables(documents: Sequence[str]) -> dict[str, Vectors]:
    """Tables of the words of documents by each way, from one encoder."""
    encoder = Remembered()
    corpus = partial(Corpus.from_texts, documents)
    found = {
        "the word alone": transform(encoder, "distill", corpus=corpus(), from_="words"),
        "the mean of its states": transform(ENCODER, "distill", corpus=corpus(), from_="states"),
        "**the student: one linear solve**": transform(encoder, "distill", corpus=corpus()),
    }
    words = TextWords.of(list(passages_of(documents)))
    found["X2Static: CBOW with the encoder's texts"] = Vectors(
        words.batch.types, x2static_rows(words.batch, encoder.encode(words.texts))
    )
    return found


def _pairs(path: Path) -> Iterator[tuple[str, str, float]]:
    for _, (one, other, score) in lines_of(path, ("word", "word", "score")):
        yield one, other, float(score)


NEEDS_DATA = True
PAGES = {"teacher.md": {"search": search, "classes": classes, "words": words, "tables": tables}}
