"""How the label-free choice relates to labelled quality. Fills docs/selection.md.

Five collections, two tables, thirteen candidates each. The criteria are measured as ``--method auto``
measures them, on held-out documents; the quality is that of the same candidate refined on the whole
collection: nDCG@10 of dense retrieval, accuracy of event types from ten reports a type, or the mean
correlation of word similarity.

    python -m benchmarks.selection      (part of: make quality)
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import selfvec
from benchmarks import datasets
from benchmarks.datasets import JUDGED, SIMILARITY, STARTS
from benchmarks.page import table, update_page
from benchmarks.refining import refined_rows
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Classification, Retrieval, Similarity, Task
from selfvec.numerics.statistics import rank_correlation
from selfvec.refine.inputs import Inputs, read_inputs
from selfvec.refine.resume import Execution
from selfvec.refine.selection import ORIGINAL, choose, chosen_of

SHIPPED = ("original", "paper", "online", "decorrelated")
WINDOWS, ANCHORS = (11, 41, 101), (0.0, 0.5, 2.25)
METRICS = {"ndcg@10", "accuracy", "spearman"}


@dataclass(frozen=True)
class Development:
    """A collection with labels."""

    name: str
    texts: Sequence[str]
    tasks: Sequence[Task[Any]]
    quality: str


def collections(folder: Path) -> Iterator[Development]:
    """The five, one after the other; files that are made for them go to a folder."""
    for name in JUDGED:
        task = Retrieval(datasets.path(name))
        yield Development(name, datasets.texts(name), [task], "nDCG@10")
    yield Development("NOAA", noaa(folder), [Classification(folder, shots=10)], "accuracy")
    abstracts = datasets.sample(datasets.texts("PubMed"), 3000)
    sets = [Similarity(file) for name, file in SIMILARITY.items() if name != "RW"]
    yield Development("PubMed, 3,000", abstracts, sets, "Spearman")


def noaa(folder: Path) -> list[str]:
    """Event narratives whose type occurs a hundred times; half of them to learn from, and to refine on."""
    pairs = [
        (row["event_type"], " ".join((row["event_narrative"] or row["episode_narrative"] or "").split()))
        for row in datasets.records("NOAA")
    ]
    common = {kind for kind, number in Counter(kind for kind, _ in pairs).items() if number >= 100}
    pairs = [(kind, text) for kind, text in pairs if kind in common and text]
    order = np.random.default_rng(0).permutation(len(pairs))[:6000].tolist()
    for name, part in (("train", order[::2]), ("test", order[1::2])):
        lines = "".join(f"{pairs[i][0]}\t{pairs[i][1]}\n" for i in part)
        (folder / f"{name}.tsv").write_text(lines, encoding="utf-8")
    return [pairs[i][1] for i in order[::2]]


def candidates() -> dict[str, Settings]:
    """What is shipped, by name, and the decorrelated update with other windows and anchors."""
    found = {name: Settings(name, history="none") for name in SHIPPED}
    for window in WINDOWS:
        for anchor in ANCHORS:
            name = f"window {window}, anchor {anchor:g}"
            found[name] = Settings("decorrelated", window=window, anchor=anchor, history="none")
    return found


def maker(inputs: Inputs, settings: Settings) -> Callable[[TokenBatch], np.ndarray]:
    """A candidate as `choose` takes it."""
    return lambda batch: refined_rows(batch, inputs.original, settings)


def quality(inputs: Inputs, rows: np.ndarray, method: str, tasks: Sequence[Task[Any]]) -> float:
    """Mean of the tasks' figures for a run with this table."""
    vectors = Vectors(inputs.original.index_to_key, rows, counts=inputs.batch.counts, normalized=True)
    run = Run(vectors, inputs.original, provenance={"method": method}, tokens=inputs.batch)
    found = selfvec.evaluate(run, tasks).rows
    return float(np.mean([r["value"] for r in found if r["metric"] in METRICS and r["vectors"] == "refined"]))


def measured(collection: Development, label: str, start: str) -> list[str]:
    """A row of the summary."""
    corpus = Corpus.from_texts(collection.texts)
    inputs = read_inputs(corpus, start, Settings("decorrelated"), Execution())
    settings = candidates()
    makers = {name: maker(inputs, one) for name, one in settings.items()}
    rows = {row["name"]: row for row in choose(inputs.batch, makers, seed=0).rows}
    worth = {
        name: quality(inputs, make(inputs.batch), settings[name].method, collection.tasks)
        for name, make in makers.items()
    }
    chosen = chosen_of([rows[name] for name in SHIPPED])
    best, best_shipped = max(worth.values()), max(worth[name] for name in SHIPPED)
    names = list(rows)
    relation = [
        rank_correlation(np.array([rows[n][key] for n in names]), np.array([worth[n] for n in names]))
        for key in ("context", "cloze")
    ]
    lost = [f"{100 * (1 - worth[chosen] / other):.1f} %" for other in (best_shipped, best)]
    correlated = [f"{value:.2f}" for value in relation]
    figures = [f"{worth[ORIGINAL]:.3f}", chosen, f"{worth[chosen]:.3f}"]
    return [collection.name, label, collection.quality, *figures, *lost, *correlated]


def summary() -> str:
    """A row for each collection and start."""
    heads = ["collection", "start", "quality", "original", "chosen", "its quality"]
    heads += ["lost against the best of the four", "of all thirteen", "context", "cloze"]
    with tempfile.TemporaryDirectory() as name:
        rows = [measured(c, label, start) for c in collections(Path(name)) for label, start in STARTS.items()]
    return table(heads, rows)


if __name__ == "__main__":
    sys.exit(update_page("selection.md", {"summary": summary}, sys.argv[1:]))
