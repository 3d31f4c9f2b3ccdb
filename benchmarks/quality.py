"""What refining gives on the development collections. Fills docs/decorrelated.md.

Word similarity after PubMed abstracts (over the pairs whose words occur), small samples of them, and
retrieval with dense vectors alone, from two tables. The constants were chosen on these collections.

    python -m benchmarks.quality [PART...]      (part of: make quality)
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

import numpy as np

import selfvec
from benchmarks import datasets
from benchmarks.datasets import JUDGED, SIMILARITY, STARTS
from benchmarks.page import table, update_page
from benchmarks.refining import refined
from selfvec.data.run import Run
from selfvec.evaluation import Retrieval, Similarity

SIZES, SEEDS = (100, 300, 1000, 3000, 10_000), (0, 1)

abstracts = cache(lambda: datasets.texts("PubMed"))


def similarity(run: Run, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Spearman's correlation over the pairs whose words occur, by state and set, if there are three."""
    found: dict[str, dict[str, float]] = {"original": {}, "refined": {}}
    for row in selfvec.evaluate(run, [Similarity(SIMILARITY[name]) for name in names]).rows:
        name = next(name for name in names if SIMILARITY[name].stem == row["task"])
        if row["occurring"] >= 3:
            found[row["vectors"]][name] = row["spearman_occurring"]
    return found


def ndcg(run: Run, name: str) -> dict[str, float]:
    """nDCG@10 of dense retrieval on one of the judged collections, by table."""
    rows = selfvec.evaluate(run, [Retrieval(datasets.path(name))]).rows
    return {r["vectors"]: r["value"] for r in rows if (r["metric"], r["mode"]) == ("ndcg@10", "dense")}


def after_pubmed() -> str:
    """Word similarity."""
    rows = []
    for label, start in STARTS.items():
        for state, values in similarity(refined(abstracts(), start, min_count=3), list(SIMILARITY)).items():
            rows.append([label, state, *(f"{values[name]:.3f}" for name in SIMILARITY)])
    return table(["start", "table", *SIMILARITY], rows)


def small_samples() -> str:
    """Refined minus original, from the embedded table, by size of the sample; the mean of two draws."""
    names = [name for name in SIMILARITY if name != "RW"]
    rows = []
    for size in SIZES:
        gains: dict[str, list[float]] = {}
        for seed in SEEDS:
            values = similarity(refined(datasets.sample(abstracts(), size, seed)), names)
            for name, value in values["refined"].items():
                gains.setdefault(name, []).append(value - values["original"][name])
        rows.append([size, *(f"{np.mean(gains[n]):+.3f}" if n in gains else "–" for n in names)])
    return table(["abstracts", *names], rows)


def retrieval() -> str:
    """nDCG@10 of dense vectors alone."""
    rows = []
    for label, start in STARTS.items():
        by_state: dict[str, list[float]] = {}
        for name in JUDGED:
            for state, value in ndcg(refined(name, start, stop_words="en"), name).items():
                by_state.setdefault(state, []).append(value)
        for state, values in sorted(by_state.items()):
            rows.append([label, state, *(f"{value:.3f}" for value in (*values, float(np.mean(values))))])
    return table(["start", "table", *JUDGED, "mean"], rows)


PARTS = {"similarity": after_pubmed, "samples": small_samples, "retrieval": retrieval}

if __name__ == "__main__":
    sys.exit(update_page("decorrelated.md", PARTS, sys.argv[1:]))
