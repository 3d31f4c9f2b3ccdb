"""Is refining better than training on with gensim or fastText? Fills parts of docs/results/baselines.md.

The peers are tuned: window, rate and passes are chosen for each collection by the mean nDCG@10 of the other
two, from `GRIDS`, with seed 0, and reported as the mean of `SEEDS`. Selfvec has its defaults. `peers` has the
calls. fastText needs: pip install fasttext-numpy2-wheel.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import selfvec
from benchmarks import datasets
from benchmarks.datasets import JUDGED, SIMILARITY
from benchmarks.harness import command
from benchmarks.page import table
from benchmarks.quality import peers
from benchmarks.refining import refined
from selfvec.apps.run import Run
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Similarity
from selfvec.evaluation.baselines import train
from selfvec.evaluation.compared_vectors import ComparedVectors
from selfvec.evaluation.retrieval import SearchSetting, bm25_rankings, dense_rankings, search_rankings
from selfvec.text.preprocessing import Preprocessing

TOOLS = ("gensim", "fasttext")
GRIDS = {  # window, rate, passes; fastText, which makes its n-grams anew, takes ten times as long
    "gensim": tuple(product((5, 10, 20), (0.025, 0.05), (20, 50))),
    "fasttext": tuple(product((5, 10), (0.05, 0.1), (20,))),
}
SEEDS = {"gensim": (0, 1, 2), "fasttext": (0,)}
SAMPLE = 3_000  # abstracts, after which general similarity is measured
DRAWS = 10_000
OURS = "Selfvec, the words' vectors"
Setting = tuple[int, float, int]
Scores = NDArray[np.float64]


class Trained(NamedTuple):
    """Vectors that a process has made, and its seconds."""

    vectors: Vectors
    seconds: float


@cache
def trained(tool: str, name: str, setting: Setting, seed: int) -> Trained:
    """The vectors of a tool on a collection, in the words of our run."""
    run = source(name)
    with tempfile.TemporaryDirectory() as folder:
        text, start, out = (str(Path(folder, file)) for file in ("text.txt", "start.bin", "out.npz"))
        batch = run.require_tokens()
        words = np.array(batch.types, object)
        parts = np.split(batch.ids, batch.offsets[1:-1])
        lines = (" ".join(words[part].tolist()) for part in parts)
        Path(text).write_text("\n".join(lines) + "\n", encoding="utf-8")
        selfvec.load("default").save(start, format="word2vec")
        call = json.dumps([text, start, out, seed, *setting])
        begun = time.perf_counter()
        subprocess.run([sys.executable, peers.__file__, tool, call], check=True, capture_output=True)
        seconds = time.perf_counter() - begun
        with np.load(out) as found:
            index = dict(zip(found["words"].tolist(), found["rows"], strict=True))
    zeros = np.zeros(run.vectors.vector_size, np.float32)
    rows = np.array([index.get(word, zeros) for word in batch.types], np.float32)
    return Trained(Vectors(batch.types, rows, counts=batch.counts), seconds)


@cache
def source(name: str) -> Run:
    """A collection, or the sample of abstracts, with the tokens that all methods see: no stop words."""
    if name in JUDGED:
        return refined(name, method="original", stop_words="en")
    return refined(datasets.sample(datasets.texts("PubMed"), SAMPLE), method="original")


# ---- What they are worth


@cache
def tuned(tool: str, left_out: str) -> Setting:
    """The setting with the best mean of the collections that are not ``left_out``."""
    others = [name for name in JUDGED if name != left_out]

    def worth(setting: Setting) -> float:
        return float(
            np.mean([dense(name, trained(tool, name, setting, 0).vectors).mean() for name in others])
        )

    return max(GRIDS[tool], key=worth)


def dense(name: str, vectors: Vectors) -> Scores:
    """nDCG@10 of each query by the cosine of idf-weighted sums, smoothed; (Q,)."""
    entry = ComparedVectors("", vectors, Preprocessing.of(source(name).provenance))
    collection = datasets.judged()[name]
    return collection.scores(dense_rankings(collection, entry)[0])["ndcg@10"]


def all_scores() -> dict[str, list[Scores]]:
    """The scores of each method on each of `JUDGED`, the mean of the seeds where it draws."""
    found: dict[str, list[Scores]] = {}
    for name in JUDGED:
        collection, run = datasets.judged()[name], refined(name, method="auto")
        own, cut = ComparedVectors("", run.vectors, run=run, refined=True), Preprocessing.of(run.provenance)
        rankings = {
            "Selfvec, `evaluate` (dense)": dense_rankings(collection, own)[0],
            "Selfvec, `search` (hybrid)": search_rankings(collection, run, {"": SearchSetting()})[""],
            "BM25": bm25_rankings(collection, cut),
            "BM25 with RM3": bm25_rankings(collection, cut, rm3=True),
        }
        svd = train(source(name), ["ppmi-svd"])["ppmi-svd"]
        scores = {
            "initial vectors": dense(name, run.original),
            OURS: dense(name, run.vectors),
            **{label(tool): seeds(tool, name) for tool in TOOLS},
            "PPMI-SVD": dense(name, svd),
        } | {key: collection.scores(ranked)["ndcg@10"] for key, ranked in rankings.items()}
        for key, values in scores.items():
            found.setdefault(key, []).append(values)
    return found


def label(tool: str) -> str:
    return {"gensim": "gensim, trained on", "fasttext": "fastText, trained on"}[tool]


def seeds(tool: str, name: str) -> Scores:
    """The mean over the seeds of each query's score, with the setting of the other collections."""
    setting = tuned(tool, name)
    return np.mean([dense(name, trained(tool, name, setting, seed).vectors) for seed in SEEDS[tool]], axis=0)


def difference(ours: list[Scores], other: list[Scores]) -> tuple[float, float, float]:
    """The mean of the collections' differences, and its 95 % interval over queries of each collection."""
    rng = np.random.default_rng(0)
    apart = [a - b for a, b in zip(ours, other, strict=True)]
    drawn = np.mean([rng.choice(one, (DRAWS, len(one))).mean(axis=1) for one in apart], axis=0)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.mean([one.mean() for one in apart])), float(low), float(high)


def general() -> dict[str, float]:
    """MEN over occurring pairs after the abstracts, with seed 0."""
    run, name = refined(datasets.sample(datasets.texts("PubMed"), SAMPLE), method="auto"), "PubMed"
    found = {"initial vectors": run.original, OURS: run.vectors}
    for tool in TOOLS:
        found[label(tool)] = trained(tool, name, tuned(tool, ""), 0).vectors
    found["PPMI-SVD"] = train(source(name), ["ppmi-svd"])["ppmi-svd"]
    report = selfvec.evaluate(found, [Similarity(SIMILARITY["MEN"])])
    return {row["vectors"]: row["spearman_occurring"] for row in report.rows}


def seconds(name: str = "CACM") -> dict[str, float]:
    """Seconds of the whole command on the largest collection, ours with compiled kernels."""
    found = {label(tool): trained(tool, name, tuned(tool, name), 0).seconds for tool in TOOLS}
    with tempfile.TemporaryDirectory() as folder:
        corpus = datasets.path(name) / "corpus.jsonl"
        for place in ("first", "second"):
            begun = time.perf_counter()
            subprocess.run(
                command("refine", corpus, "-o", f"{folder}/{place}"), check=True, capture_output=True
            )
            found[OURS] = time.perf_counter() - begun
    return found


def tuned_table() -> str:
    """All methods: search, general similarity, seconds."""
    scores, men, spent = all_scores(), general(), seconds()
    rows = []
    for name, values in scores.items():
        means = [one.mean() for one in values]
        cells = [f"{value:.3f}" for value in (*means, np.mean(means))]
        apart = ""
        if name != OURS:
            middle, low, high = difference(scores[OURS], values)
            apart = f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"
        after = f"{men[name]:.3f}" if name in men else ""
        rows.append([name, *cells, apart, after, f"{spent[name]:.0f}" if name in spent else ""])
    heads = ["method", *JUDGED, "mean", "words' vectors minus this", "MEN after PubMed", "seconds"]
    return table(heads, rows)


def settings_table() -> str:
    """What was chosen for each collection."""
    rows = []
    for tool in TOOLS:
        for name in (*JUDGED, ""):
            window, rate, passes = tuned(tool, name)
            rows.append([label(tool), name or "PubMed", window, rate, passes])
    return table(["tool", "for", "window", "rate", "passes"], rows)


NEEDS_DATA = True
PAGES = {"baselines.md": {"tuned": tuned_table, "settings": settings_table}}
