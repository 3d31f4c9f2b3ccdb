"""Is refining better than training on with gensim or fastText? Fills parts of docs/results/baselines.md.

All begin with the same vectors of the same words, and read the same tokens. The peers are tuned on what is
compared: for search, the setting has the best mean nDCG@10 of those of `CHOSEN_ON` that are not reported; for
words, the best correlation after other abstracts. Selfvec has its defaults. They were chosen on
`CHOSEN_ON`, so `OUTSIDE` is shown apart. `trained_on` trains, and keeps what is trained among the temporary
files. fastText needs: pip install fasttext-numpy2-wheel.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import selfvec
from benchmarks import datasets
from benchmarks.datasets import JUDGED, SIMILARITY
from benchmarks.harness import command
from benchmarks.page import table
from benchmarks.quality.trained_on import (
    CHOSEN_ON,
    COLLECTIONS,
    OTHERS,
    OUTSIDE,
    PUBMED,
    Setting,
    folder,
    ours,
    start,
    train,
    trained,
)
from benchmarks.rankings import SEED, differs, over
from benchmarks.refining import listed, refined
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Retrieval, baselines
from selfvec.lab.evaluation.compared_vectors import ComparedVectors, word_vectors
from selfvec.lab.evaluation.retrieval import Collection, dense_rankings, read_collection
from selfvec.lab.evaluation.words import read_pairs
from selfvec.numerics.statistics import Estimate, mean, spearman
from selfvec.text.preprocessing import Preprocessing

TOOLS = {"gensim": "gensim", "fasttext": "fastText"}
SEARCH, WORDS = "search", "words"
SETS = ("MEN", "SimLex-999")
PURPOSES = (SEARCH, *SETS)  # what a tool is tuned for
# fastText, which makes its n-grams anew, takes five times as long, so fewer of its settings are tried.
GRIDS: dict[tuple[str, str], list[Setting]] = {
    ("gensim", SEARCH): [
        *(Setting(5, *rest) for rest in ((0.005, 5), (0.025, 5), (0.025, 20), (0.05, 20))),
        *(Setting(20, *rest) for rest in ((0.005, 5), (0.025, 20), (0.05, 50))),
    ],
    ("gensim", WORDS): [
        *(Setting(5, *rest) for rest in ((0.005, 5), (0.025, 5), (0.05, 5), (0.025, 20))),
        *(Setting(5, *rest, 1) for rest in ((0.001, 1), (0.001, 5), (0.025, 20))),
        *(Setting(20, *rest) for rest in ((0.005, 5), (0.025, 5), (0.05, 5), (0.001, 1, 1))),
    ],
    ("fasttext", SEARCH): [Setting(5, 0.05, 20), Setting(10, 0.05, 20)],
    ("fasttext", WORDS): [
        *(Setting(5, *rest) for rest in ((0.001, 1), (0.005, 1), (0.05, 1), (0.05, 5))),
        Setting(5, 0.005, 1, 1),
    ],
}
SETTING = ("window", "rate", "passes", "length")
INITIAL, OURS, COUNTED = "initial vectors", "**Selfvec, the words' vectors**", "PPMI-SVD, from the text alone"

Estimates = Mapping[str, Estimate]


def label(tool: str, purpose: str) -> str:
    """The row of a tool that is tuned for search or for words."""
    return f"{TOOLS[tool]}, trained on, tuned for {purpose}"


# ---- What each is worth


@cache
def collection(name: str) -> Collection:
    """Documents and judged queries."""
    return read_collection(folder(name))


def ndcg(name: str, vectors: Vectors) -> Estimate:
    """nDCG@10 by the cosine of idf-weighted sums; documents smoothed."""
    entry = ComparedVectors("", vectors, Preprocessing.of(start(name).run.provenance))
    found = collection(name)
    return mean(found.scores(dense_rankings(found, entry)[0])["ndcg@10"], SEED)


def correlations(name: str, vectors: Vectors) -> dict[str, Estimate]:
    """Spearman's correlation of each of `SETS`, over the pairs that occur in a text."""
    found = {}
    for key in SETS:
        pairs = read_pairs(SIMILARITY[key])
        chosen = comparable(name, key)
        a, b = pairs.numbers[chosen].T
        rows = word_vectors(vectors, pairs.words)[0]
        cosines = np.einsum("ij,ij->i", rows[a], rows[b], dtype=np.float64)
        found[key] = spearman(cosines, pairs.scores[chosen], SEED)
    return found


@cache
def comparable(name: str, key: str) -> np.ndarray:
    """Which pairs of a set count."""
    initial = start(name).initial
    pairs = read_pairs(SIMILARITY[key])
    chosen: np.ndarray = np.all(listed(initial, pairs.words)[pairs.numbers], axis=1)
    return chosen


def grid(tool: str, purpose: str) -> list[Setting]:
    """The settings of a tool that are tried for a purpose."""
    return GRIDS[tool, SEARCH if purpose == SEARCH else WORDS]


@cache
def tuned(tool: str, purpose: str, left_out: str = "") -> Setting:
    """The best setting for a set of words in other text, or for search in `CHOSEN_ON` without ``left_out``.

    These are of one kind. A small collection of another kind would choose what is bad for them.
    """

    def worth(setting: Setting) -> float:
        if purpose in SETS:
            return correlations(OTHERS, trained(tool, OTHERS, setting))[purpose].value
        others = [name for name in CHOSEN_ON if name != left_out]
        return statistics.mean(ndcg(name, trained(tool, name, setting)).value for name in others)

    return max(grid(tool, purpose), key=worth)


def best(tool: str, purpose: str, name: str) -> Vectors:
    """A tool's vectors on a text, with the setting that is chosen without it."""
    setting = tuned(tool, purpose, name if purpose == SEARCH else "")
    return trained(tool, name, setting)


@cache
def counted(name: str) -> Vectors:
    """PPMI-SVD of a text."""
    (found,) = baselines.train(start(name).run.present, ["ppmi-svd"]).values()
    return found


def methods(name: str) -> dict[str, Vectors]:
    """The vectors of every method on a text."""
    peers = {label(tool, purpose): best(tool, purpose, name) for tool in TOOLS for purpose in purposes(name)}
    return {INITIAL: start(name).initial, OURS: ours(name).vectors, **peers, COUNTED: counted(name)}


def purposes(name: str) -> tuple[str, ...]:
    """What is measured on a text."""
    return (SEARCH,) if name in COLLECTIONS else SETS


# ---- Tables


@cache
def searched() -> dict[str, dict[str, Estimate]]:
    """nDCG@10 by method and collection."""
    found: dict[str, dict[str, Estimate]] = {}
    for name in COLLECTIONS:
        for method, vectors in methods(name).items():
            found.setdefault(method, {})[name] = ndcg(name, vectors)
    return found


def search_rows(found: Mapping[str, Estimates], reference: str) -> list[list[str]]:
    """A row a method: the collections, their mean, and the reference minus the method; then those outside."""
    rows = []
    for method, values in found.items():
        row = [method]
        for names in (CHOSEN_ON, OUTSIDE):
            row += [f"{values[name].value:.3f}" for name in names]
            own, other = (over({name: one[name] for name in names}) for one in (found[reference], values))
            row += [f"{other.value:.3f}"] if len(names) > 1 else []
            row.append("" if method == reference else differs(own, other))
        rows.append(row)
    return rows


def search_heads(first: str, reference: str) -> list[str]:
    """The heads of `search_rows`; an asterisk marks the collections that constants were chosen on."""
    apart = f"{reference} minus this"
    marked = [f"{name}*" for name in CHOSEN_ON]
    return [first, *marked, "mean", apart, *OUTSIDE, f"the same, {', '.join(OUTSIDE)}"]


def search_table() -> str:
    """Search by words' vectors alone."""
    rows = search_rows(searched(), OURS)
    return table(search_heads("nDCG@10 by vectors alone", "Selfvec"), rows)


def words_rows(found: Mapping[str, Estimates]) -> list[list[str]]:
    """A row a method: each set, and Selfvec minus the method."""
    rows = []
    for method, values in found.items():
        row = [method]
        for key in SETS:
            apart = "" if method == OURS else differs(found[OURS][key], values[key])
            row += [f"{values[key].value:.3f}", apart]
        rows.append(row)
    return rows


def words_table() -> str:
    """Word similarity after the abstracts."""
    found = {method: correlations(PUBMED, vectors) for method, vectors in methods(PUBMED).items()}
    numbers = (f"{comparable(PUBMED, key).sum():,} of {key}" for key in SETS)
    heads = ["Spearman's correlation", *(h for key in SETS for h in (key, f"Selfvec minus this, {key}"))]
    return f"Pairs: {', '.join(numbers)}.\n\n{table(heads, words_rows(found))}"


def settings_table() -> str:
    """What was chosen for each text."""
    rows = []
    for tool in TOOLS:
        for name in COLLECTIONS:
            rows.append([f"{TOOLS[tool]}, {SEARCH}", name, *tuned(tool, SEARCH, name)])
        rows += [[f"{TOOLS[tool]}, {key}", "abstracts", *tuned(tool, key)] for key in SETS]
    return table(["tuned for", "reported on", *SETTING], rows)


def grid_table() -> str:
    """What every setting that was tried gives, on the texts on which it was tried."""

    def searching(vectors: Callable[[str], Vectors]) -> list[str]:
        groups = ([ndcg(name, vectors(name)).value for name in names] for names in (CHOSEN_ON, OUTSIDE))
        return [f"{statistics.mean(one):.3f}" for one in groups]

    def words(vectors: Callable[[str], Vectors]) -> list[str]:
        return [f"{one.value:.3f}" for one in correlations(OTHERS, vectors(OTHERS)).values()]

    def initial(name: str) -> Vectors:
        return start(name).initial

    def own(name: str) -> Vectors:
        return ours(name).vectors

    rows = [
        [kind, "", "", "", "", *searching(of), *words(of)] for kind, of in ((INITIAL, initial), (OURS, own))
    ]
    for tool in TOOLS:
        for_search, for_words = GRIDS[tool, SEARCH], GRIDS[tool, WORDS]
        for setting in sorted({*for_search, *for_words}):
            made = partial(trained, tool, setting=setting)
            row = [TOOLS[tool], *map(str, setting)]
            row += searching(made) if setting in for_search else ["", ""]
            row += words(made) if setting in for_words else ["", ""]
            rows.append(row)
    return table(["method", *SETTING, "search, mean*", *OUTSIDE, *SETS], rows)


def seconds_table(name: str = "CACM") -> str:
    """Seconds of the whole command with the setting for search, on the largest collection."""
    with tempfile.TemporaryDirectory() as place:
        for number in ("first", "second"):  # the first compiles kernels
            begun = time.perf_counter()
            call = command("refine", folder(name) / "corpus.jsonl", "-o", Path(place, number))
            subprocess.run(call, check=True, capture_output=True)
            own = time.perf_counter() - begun
    rows = [["Selfvec, `refine`", f"{own:.0f}"]]
    for tool in TOOLS:
        spent = train(tool, name, tuned(tool, SEARCH, name)).seconds
        rows.append([label(tool, SEARCH), f"{spent:.0f}"])
    return table(["one run on CACM", "seconds"], rows)


def untuned_table() -> str:
    """nDCG@10 with 95 % intervals of all baselines as `selfvec.lab.evaluation.baselines` describes them.

    Seconds are those of the largest collection.
    """
    values: dict[str, list[dict[str, Any]]] = {}
    for name in JUDGED:
        run = refined(name, method="original", stop_words="en")
        trained = baselines.train(run, list(baselines.BASELINES))
        report = selfvec.evaluate({"original": run.original, **trained}, [Retrieval(datasets.path(name))])
        for row in report.rows:
            if row["metric"] == "ndcg@10":
                values.setdefault(row["vectors"], []).append(row)
    rows = []
    for name, found in values.items():
        cells = [f"{row['value']:.3f} ({row['low']:.2f}–{row['high']:.2f})" for row in found]
        mean = f"{np.mean([row['value'] for row in found]):.3f}"
        seconds = f"{trained[name].provenance['seconds']:,.1f}" if name in trained else ""
        rows.append([name, *cells, mean, seconds])
    return table(["vectors", *JUDGED, "mean", "seconds"], rows)


NEEDS_DATA = True
PAGES = {
    "baselines.md": {
        "tuned": search_table,
        "words": words_table,
        "settings": settings_table,
        "grid": grid_table,
        "seconds": seconds_table,
        "retrieval": untuned_table,
    }
}
