"""What does refining give on the development collections? Fills docs/results/gains.md.

Word similarity after PubMed abstracts (over the pairs whose words occur), neighbours that are only spelled
alike, and retrieval with dense vectors alone, from two sets of initial vectors. The constants were chosen on
these collections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks import datasets
from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, STARTS
from benchmarks.page import table
from benchmarks.rankings import SEED, differs, estimate, over
from benchmarks.refining import listed, refined
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.run import Run
from selfvec.data.settings import METHODS
from selfvec.data.vectors import Source
from selfvec.lab.evaluation.classification import read_labelled
from selfvec.lab.evaluation.compared_vectors import open_entries, word_vectors
from selfvec.lab.evaluation.retrieval import dense_rankings
from selfvec.lab.evaluation.words import read_pairs
from selfvec.numerics.rows import top_indices
from selfvec.numerics.statistics import Estimate, spearman
from selfvec.refinement.decorrelation import GAMMA, base_vectors, decorrelate, start_from_neighbours
from selfvec.text.rules import stems

abstracts = cache(lambda: datasets.texts("PubMed"))


def similarity(run: Run, names: Sequence[str]) -> dict[str, dict[str, Estimate]]:
    """Spearman's correlation over the pairs whose words occur, by state and set, if there are three."""
    found: dict[str, dict[str, Estimate]] = {"original": {}, "refined": {}}
    for name in names:
        pairs = read_pairs(SIMILARITY[name])
        occur = listed(run.vectors, pairs.words)[pairs.numbers].all(axis=1)
        if occur.sum() >= 3:
            a, b = pairs.numbers[occur].T
            for state, vectors in (("original", run.original), ("refined", run.vectors)):
                rows = word_vectors(vectors, pairs.words)[0]
                cosines = np.einsum("ij,ij->i", rows[a], rows[b], dtype=np.float64)
                found[state][name] = spearman(cosines, pairs.scores[occur], SEED)
    return found


def ndcg(run: Run, name: str) -> dict[str, Estimate]:
    """nDCG@10 of dense retrieval on one of the judged collections, by state."""
    collection = datasets.judged()[name]
    return {one.name: estimate(collection, dense_rankings(collection, one)[0]) for one in open_entries(run)}


def states(label: str, found: Mapping[str, Mapping[str, Estimate]]) -> list[list[str]]:
    """A row for the original and the refined vectors, and one for their difference with its interval."""
    rows = [
        [label, state, *(f"{one.value:.3f}" for one in found[state].values())]
        for state in ("original", "refined")
    ]
    pairs = zip(found["refined"].values(), found["original"].values(), strict=True)
    return [*rows, [label, "difference", *(differs(*pair) for pair in pairs)]]


def after_pubmed() -> str:
    """Word similarity."""
    rows = []
    for label, start in STARTS.items():
        rows += states(label, similarity(refined(abstracts(), start, min_count=3), list(SIMILARITY)))
    return table(["initial vectors", "state", *SIMILARITY], rows)


def retrieval() -> str:
    """nDCG@10 of dense vectors alone."""
    rows = []
    for label, start in STARTS.items():
        by_state: dict[str, dict[str, Estimate]] = {}
        for name in JUDGED:
            for state, value in ndcg(refined(name, start), name).items():
                by_state.setdefault(state, {})[name] = value
        rows += states(label, {state: {**one, "mean": over(one)} for state, one in by_state.items()})
    return table(["initial vectors", "state", *JUDGED, "mean"], rows)


def by_context(run: Run) -> NDArray[np.float32]:
    """Vectors that know neither spelling nor composition: two passes from whole words alone, (V, d)."""
    assert run.tokens is not None
    whole = run.original.sources == Source.KNOWN
    base = base_vectors(run.original.unit, whole)
    scan = ScanOperator(run.tokens, METHODS["decorrelated"].window, GAMMA)
    rows = start_from_neighbours(base, whole, scan)
    for _ in range(2):
        rows = decorrelate(rows, scan)
    return rows


def composed_texts() -> dict[str, list[str]]:
    """Collections with frequent words that are built from subwords."""
    medical = read_labelled(SHARED_DATA / "classification" / "ohsumed").texts
    small = [text for name in JUDGED for text in datasets.texts(name)]
    storms = datasets.texts("NOAA")
    return {"PubMed": abstracts(), "Ohsumed": medical, "NOAA": storms, "MED, Cranfield, CACM": small}


def spelled_alike() -> str:
    """Neighbours of frequent composed words that are alike in spelling, and in nothing else.

    Of 400 words of letters seen 50 times or more, the ten nearest words seen five times or more. Two words
    are spelled alike if they share their first four letters or a quarter of their trigrams; in nothing else,
    if they also differ in stem, and their contexts are no nearer than those of 95 in 100 random pairs.
    """
    rows = []
    for name, texts in composed_texts().items():
        run = refined(texts, min_count=3 if name == "PubMed" else 1)
        counts, words, contexts = run.vectors.counts, run.vectors.index_to_key, by_context(run)
        assert counts is not None
        stem = stems(words, "en")
        rng = np.random.default_rng(0)
        letters = np.array([word.isalpha() and len(word) > 3 for word in words])
        often = np.flatnonzero((run.original.sources == Source.SUBWORDS) & (counts >= 50) & letters)
        picked = rng.choice(often, min(400, len(often)), replace=False)
        pairs = contexts[rng.choice(often, 20_000)], contexts[rng.choice(often, 20_000)]
        chance = np.percentile(np.einsum("ij,ij->i", *pairs), 95)
        live = np.flatnonzero(counts >= 5)
        for state, table_ in (("original", run.original.unit), ("refined", run.vectors.unit)):
            alike, only = [], []
            for word in picked.tolist():
                cosines = np.where(live == word, -1, table_[live] @ table_[word])
                for other in live[top_indices(cosines, 10)].tolist():
                    alike.append(_alike(words[word], words[other]))
                    apart = stem[word] != stem[other] and contexts[word] @ contexts[other] < chance
                    only.append(alike[-1] and apart)
            rows.append([name, state, f"{np.mean(alike):.1%}", f"{np.mean(only):.1%}"])
    return table(["corpus", "state", "alike in spelling", "only in spelling"], rows)


def _alike(one: str, other: str) -> bool:
    a, b = ({word[i : i + 3] for i in range(len(word) - 2)} for word in (f"<{one}>", f"<{other}>"))
    return one[:4] == other[:4] or 4 * len(a & b) >= len(a | b)


NEEDS_DATA = True
PAGES = {"gains.md": {"similarity": after_pubmed, "alike": spelled_alike, "retrieval": retrieval}}
