"""From contextual to static: word tables from one sentence encoder.

ENCODER names the encoder or its folder; the figures are those of all-MiniLM-L6-v2 in int8. Every collection
is its own corpus; its queries and judgements are not learned from. X2Static (Gupta and Jaggi, 2021) is here
for comparison: CBOW with the encoder's vector of the text in place of the sum of context vectors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from benchmarks.datasets import JUDGED, judged
from benchmarks.rankings import by_cosine, estimate, over
from benchmarks.refining import refined
from benchmarks.vectors import Row, compared
from selfvec.base.arrays import Rows
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.encoders import SentenceEncoder, as_sentence_encoder
from selfvec.lab.transforms import transform
from selfvec.lab.transforms.distill import TextWords
from selfvec.numerics.statistics import Estimate
from selfvec.refinement.derived_vectors import run_topics
from selfvec.text.document_vectors import embed
from selfvec.text.preprocessing import Preprocessing

NEEDS = "ENCODER"  # this environment variable
NEGATIVES = 10
PASSES = 20
BATCH = 256  # texts of a step

Way = Callable[[str], Estimate]
"""nDCG@10 of a way to search, on a collection of this name."""


def rows() -> Iterator[Row]:
    """All rows of the item."""
    ours = "the run's own vectors and topic vectors"
    solve = "one linear solve"
    yield _row("Words alone", "Tulkens and van Dongen 2024", "words", ours, own)
    yield _row("States", "Bommasani et al. 2020", "states", ours, own)
    for baseline, other in (
        ("words alone", way("words")),
        ("states", way("states")),
        ("X2Static", x2static),
        ("the encoder itself, slower", teacher),
        (ours, own),
    ):
        yield _row("Student", solve, "student", baseline, other)
    again = "selfvec refine texts.jsonl -o run --vectors out.safetensors"
    yield _row("Student, then refined", solve, again, "the student only", way("student"), student_refined)


def _row(item: str, source: str, by: str, baseline: str, other: Way, ours: Way | None = None) -> Row:
    """A way to make a table, or a command, against another, in the mean over collections."""
    known = f"selfvec vectors distill minilm -o out.safetensors --corpus texts.jsonl --from {by}"
    ours = ours or way(by)
    a, b = (over({name: one(name) for name in JUDGED}) for one in (ours, other))
    each = ", ".join(f"{name} {other(name).value:.3f} → {ours(name).value:.3f}" for name in JUDGED)
    return compared(
        item,
        source,
        by if " " in by else known,
        f"nDCG@10, {', '.join(JUDGED)}",
        baseline,
        b,
        a,
        verdicts=("", "", ""),
        note=each,
    )


# ---- Ways to search a collection


@cache
def run_of(name: str) -> Run:
    """A collection, refined from the built-in vectors."""
    return refined(name)


@cache
def own(name: str) -> Estimate:
    """By a run's vectors and topic vectors."""
    return _of_run(name, run_of(name))


@cache
def teacher(name: str) -> Estimate:
    """By the encoder."""
    collection = judged()[name]
    questions = encoder().encode(collection.queries, question=True)
    return estimate(collection, by_cosine(collection, np.vstack([taught(name), questions])))


@cache
def way(by: str) -> Way:
    """By a table that `selfvec.lab.transforms.distill` makes in this way."""
    return cache(lambda name: _searched(name, [table(name, by)]))


@cache
def student_refined(name: str) -> Estimate:
    """By a run that starts from the student's rows."""
    return _of_run(name, refined(name, table(name, "student")))  # type: ignore[arg-type]


@cache
def x2static(name: str) -> Estimate:
    """By X2Static, with centred vectors of texts, which is better than as published."""
    words = TextWords.of(judged()[name].documents)
    return _searched(name, [Vectors(words.batch.types, x2static_rows(words.batch, taught(name)))])


def _of_run(name: str, run: Run) -> Estimate:
    topics = run_topics(run)
    tables = [run.vectors] if topics is None else [run.vectors, topics]
    return _searched(name, tables, Preprocessing.of(run.provenance))


def _searched(name: str, tables: list[Vectors], preprocessing: Preprocessing | None = None) -> Estimate:
    collection = judged()[name]
    texts, count = collection.documents + collection.queries, len(collection.documents)
    found, _ = embed(texts, tables, preprocessing or Preprocessing(), count, questions=True)
    return estimate(collection, by_cosine(collection, found))


# ---- Tables


@cache
def encoder() -> SentenceEncoder:
    """The encoder."""
    return as_sentence_encoder(os.environ[NEEDS])


@cache
def taught(name: str) -> Rows:
    """The encoder's vectors of the documents of a collection, (D, h)."""
    return encoder().encode(judged()[name].documents)


@cache
def table(name: str, by: str) -> Vectors:
    """Vectors of the words of a collection."""
    return transform(encoder(), "distill", corpus=Corpus.from_texts(judged()[name].documents), from_=by)  # type: ignore[arg-type]


def x2static_rows(batch: TokenBatch, teacher: Rows) -> Rows:
    """X2Static's rows of words, (V, h), by Adam.

    The loss of a use of word w in a text with vector e is -log σ(v_w · e) - Σ_n log σ(-v_n · e), with 10
    negatives n drawn by the root of counts. Their expectation takes the place of drawing them.
    """
    rng = np.random.default_rng(0)
    teacher = teacher - teacher.mean(axis=0)
    size, width = len(batch.types), teacher.shape[1]
    rows = rng.uniform(-1 / width, 1 / width, (size, width)).astype(np.float32)
    noise = (NEGATIVES * np.sqrt(batch.counts) / np.sqrt(batch.counts).sum()).astype(np.float32)
    mean, square = np.zeros_like(rows), np.zeros_like(rows)
    steps = 0
    for _ in range(PASSES):
        order = rng.permutation(batch.documents)
        for start in range(0, len(order), BATCH):
            steps += 1
            texts = order[start : start + BATCH]
            uses = np.zeros((len(texts), size), np.float32)
            for row, text in zip(uses, texts.tolist(), strict=True):
                np.add.at(row, batch.ids[batch.offsets[text] : batch.offsets[text + 1]], 1)
            chance = 1 / (1 + np.exp(-np.clip(teacher[texts] @ rows.T, -20, 20)))
            slope = uses.sum(axis=1, keepdims=True) * noise * chance - uses * (1 - chance)
            gradient = slope.T @ teacher[texts] / max(float(uses.sum()), 1)
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            rows -= 0.01 * (mean / (1 - 0.9**steps)) / (np.sqrt(square / (1 - 0.999**steps)) + 1e-8)
    return rows
