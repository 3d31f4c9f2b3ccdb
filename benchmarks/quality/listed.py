"""Are the built-in vectors better with what a sentence encoder knows of words? Fills docs/results/listed.md.

`benchmarks.listed_words` made the list, which is laid over the token rows. Both are compared without a text,
after refining, and as the initial vectors of a search. Map, weights and list were chosen on these figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, sample, texts
from benchmarks.page import table
from benchmarks.quality.gains import similarity
from benchmarks.rankings import SEED, by_index, differs, estimate, over
from benchmarks.refining import refined
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation.collection import Collection, read_collection
from selfvec.lab.evaluation.compared_vectors import word_vectors
from selfvec.lab.evaluation.words import read_pairs
from selfvec.numerics.statistics import Estimate, spearman
from selfvec.retrieval import Index
from selfvec.storage.formats import load

WITHOUT, WITH = "default", "english"
SETS = {
    **SIMILARITY,
    "RG-65": SHARED_DATA / "similarity/rg65.tsv",
    "SimVerb": SHARED_DATA / "similarity/simverb3500.tsv",
}
COLLECTIONS = {**JUDGED, "CISI": "cisi", "CovidFAQ": "covidfaq"}
MODES = ("hybrid", "dense")
ABSTRACTS = 5_000
TOPICS = 16


@cache
def given() -> dict[str, Vectors]:
    """The built-in vectors without and with the list."""
    return {name: load(name) for name in (WITHOUT, WITH)}


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


def after_text() -> str:
    """Similarity after some abstracts, over the pairs whose words occur."""
    some = sample(texts("PubMed"), ABSTRACTS)
    found = {
        way: similarity(refined(some, vectors, min_count=3), list(SIMILARITY))["refined"]
        for way, vectors in given().items()
    }
    return compared(found, [name for name in SIMILARITY if name in found[WITH]])


def compared(
    found: Mapping[str, Mapping[str, Estimate]], names: Sequence[str], heads: str = "vectors"
) -> str:
    """A row each, and one for their difference with its interval."""
    rows = [[way, *(f"{of[name].value:.3f}" for name in names)] for way, of in found.items()]
    pairs = ((found[WITH][name], found[WITHOUT][name]) for name in names)
    return table([heads, *names], [*rows, ["difference", *(differs(*pair) for pair in pairs)]])


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


NEEDS_DATA = True
PAGES = {"listed.md": {"similarity": without_text, "after": after_text, "search": search}}
