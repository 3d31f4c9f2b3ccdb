"""Are vectors learned from a dictionary as good as the built-in ones? Fills docs/results/glosses.md.

`benchmarks.glosses` made them. Both are compared without a text, as the initial vectors of a search, and
in other uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, open_corpus
from benchmarks.page import table
from benchmarks.quality.concepts import document_counts, mean_npmi
from benchmarks.quality.drift import PEOPLE, PERIODS
from benchmarks.rankings import SEED, by_index, differs, estimate, over
from benchmarks.refining import refined
from selfvec import evaluate, refine
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.word_drift.drift import drift
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Classification
from selfvec.lab.evaluation.classification import read_labelled
from selfvec.lab.evaluation.compared_vectors import word_vectors
from selfvec.lab.evaluation.retrieval import Collection, read_collection
from selfvec.lab.evaluation.words import read_pairs
from selfvec.numerics.statistics import Estimate, spearman
from selfvec.retrieval import Index
from selfvec.storage.formats import load

TABLES = "wordllama", "glosses", "default"
SETS = {
    **SIMILARITY,
    "RG-65": SHARED_DATA / "similarity/rg65.tsv",
    "SimVerb": SHARED_DATA / "similarity/simverb3500.tsv",
}
COLLECTIONS = {**JUDGED, "CISI": "cisi", "CovidFAQ": "covidfaq"}
MODES = ("hybrid", "dense")
TOPICS = 16


@cache
def given() -> dict[str, Vectors]:
    """The vectors that come with Selfvec."""
    return {name: load(name) for name in TABLES}


@cache
def judged(name: str) -> Collection:
    """A judged collection."""
    return read_collection(SHARED_DATA / "retrieval" / COLLECTIONS[name])


# ---- Words


def agreement(vectors: Vectors, path: Path) -> Estimate:
    """Spearman's correlation over all pairs of a set."""
    pairs = read_pairs(path)
    rows = word_vectors(vectors, pairs.words)[0]
    cosines = np.einsum("ij,ij->i", *(rows[column] for column in pairs.numbers.T), dtype=np.float64)
    return spearman(cosines, pairs.scores, SEED)


def without_text() -> str:
    """Similarity of words that no text was read for."""
    found = {
        way: {name: agreement(vectors, path) for name, path in SETS.items()}
        for way, vectors in given().items()
    }
    return compared(found, list(SETS))


def compared(
    found: Mapping[str, Mapping[str, Estimate]], names: Sequence[str], heads: str = "vectors"
) -> str:
    """A row each, and one for each difference with its interval."""
    rows = [[way, *(f"{of[name].value:.3f}" for name in names)] for way, of in found.items()]
    for way in TABLES[1:]:
        pairs = ((found[way][name], found[TABLES[0]][name]) for name in names)
        rows.append([f"{way}, difference", *(differs(*pair) for pair in pairs)])
    return table([heads, *names], rows)


# ---- Search


@cache
def searched(vectors: Vectors) -> dict[str, dict[str, Estimate]]:
    """nDCG@10 by mode and collection."""
    found: dict[str, dict[str, Estimate]] = {mode: {} for mode in MODES}
    for name in COLLECTIONS:
        collection = judged(name)
        index = Index.memory(refined(collection.documents, vectors), collection.documents)
        for mode in MODES:
            found[mode][name] = estimate(collection, by_index(collection, index, mode))
    return {mode: {**of, "mean": over(of)} for mode, of in found.items()}


def search() -> str:
    """The vectors as a start of refining, by search."""
    every = {way: searched(vectors) for way, vectors in given().items()}
    parts = [
        compared({way: of[mode] for way, of in every.items()}, [*COLLECTIONS, "mean"], mode) for mode in MODES
    ]
    return "\n\n".join(parts)


# ---- Other uses


def other_uses() -> str:
    """Few labels, topics, and drift in languages that neither source knows."""
    found = {way: dict(_uses(vectors)) for way, vectors in given().items()}
    rows = [[use, *(of[use] for of in found.values())] for use in found["default"]]
    return table(["", *found], rows)


def _uses(vectors: Vectors) -> Any:
    for name in ("trec", "sst2", "ohsumed"):
        folder = SHARED_DATA / "classification" / name
        run = refined(read_labelled(folder).texts, vectors)
        row = evaluate(run, Classification(folder), shots=10).rows[0]
        yield f"ten labels a class, {name}: accuracy", f"{row['value']:.3f}"
    run = refined(open_corpus("NOAA"), vectors)
    words = [row["terms"] for row in topics(run, TOPICS, seed=SEED).rows]
    yield "topics of NOAA: NPMI", f"{mean_npmi(document_counts(run.tokens), run.tokens, words):.3f}"
    for name in PEOPLE:
        yield f"drift, {name}: Spearman with people", f"{changed(name, vectors):.3f}"


def changed(name: str, vectors: Vectors) -> float:
    """Spearman's correlation of drift's distances with the change that people judged."""
    folder = SHARED_DATA / "drift" / name
    lines = (folder / "truth_graded.tsv").read_text("utf-8").splitlines()
    degrees = {word: float(degree) for word, degree in (line.split("\t") for line in lines)}
    options: dict[str, Any] = {"date_field": "date", "min_count": 1, "history": "none"}
    run = refine(folder / "usages.jsonl.gz", vectors, **options)
    rows = {row["word"]: row["distance"] for row in drift(run, PERIODS, all_words=True, seed=SEED)}
    away = np.array([rows.get(word, -1.0) for word in degrees])
    return spearman(away, np.array(list(degrees.values())), SEED).value


NEEDS_DATA = True
PAGES = {
    "glosses.md": {
        "similarity": without_text,
        "search": search,
        "uses": other_uses,
    }
}
