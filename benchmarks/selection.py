"""How the label-free choice relates to labelled quality: regenerates the figures of docs/selection.md.

Five collections, two tables, thirteen candidates each. The criteria are measured as ``--method auto``
measures them, on held-out documents; the quality is that of the same candidate refined on the whole
collection: nDCG@10 of dense retrieval, accuracy of event types from ten reports a type, or the mean
correlation of word similarity.

    python -m benchmarks.selection      (part of: make quality)
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.common import SHARED_DATA
from benchmarks.paper_report.page import fill
from benchmarks.quality import SIMILARITY, TABLES, start
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Classification, Retrieval, Similarity, Task
from selfvec.refine.inputs import Inputs, read_inputs
from selfvec.refine.plan import make_plan, window_of
from selfvec.refine.resume import Execution
from selfvec.refine.selection import ORIGINAL, choose, chosen_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "selection.md"
SHIPPED = ("original", "paper", "online", "decorrelated")
WINDOWS, ANCHORS = (11, 41, 101), (0.0, 0.5, 2.25)
METRICS = {"ndcg@10", "accuracy", "spearman"}


@dataclass(frozen=True)
class Development:
    """A collection with labels."""

    name: str
    corpus: Corpus
    tasks: Sequence[Task]
    quality: str


def collections(folder: Path) -> Iterator[Development]:
    """The five, one after the other; what is made for them goes to a folder."""
    for name in ("med", "cran", "cacm"):
        path = SHARED_DATA / "retrieval" / name
        yield Development(name, Corpus.open([path]), [Retrieval(path)], "nDCG@10")
    texts, task = noaa(folder)
    yield Development("noaa", Corpus.from_texts(texts), [task], "accuracy")
    abstracts = Corpus.open([SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"])
    texts = [text for batch in abstracts.batches() for text in batch.texts.to_list()]
    chosen = np.sort(np.random.default_rng(0).permutation(len(texts))[:3000]).tolist()
    sets = [Similarity(SHARED_DATA / path) for name, path in SIMILARITY.items() if name != "RW"]
    yield Development("pubmed, 3,000", Corpus.from_texts([texts[i] for i in chosen]), sets, "Spearman")


def noaa(folder: Path) -> tuple[list[str], Task]:
    """Event narratives with their type, the types that occur a hundred times; half to learn from."""
    with gzip.open(SHARED_DATA / "noaa" / "events.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    pairs = [
        (row["event_type"], " ".join((row["event_narrative"] or row["episode_narrative"] or "").split()))
        for row in rows
    ]
    common = {kind for kind, number in Counter(kind for kind, _ in pairs).items() if number >= 100}
    pairs = [(kind, text) for kind, text in pairs if kind in common and text]
    order = np.random.default_rng(0).permutation(len(pairs))[:6000].tolist()
    (folder / "noaa").mkdir(exist_ok=True)
    for name, part in (("train", order[::2]), ("test", order[1::2])):
        lines = "".join(f"{pairs[i][0]}\t{pairs[i][1]}\n" for i in part)
        (folder / "noaa" / f"{name}.tsv").write_text(lines, encoding="utf-8")
    return [pairs[i][1] for i in order[::2]], Classification(folder / "noaa", shots=10)


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

    def made(batch: TokenBatch) -> np.ndarray:
        if settings.method == ORIGINAL:
            return inputs.original.unit
        plan = make_plan(settings, batch, inputs.original)
        return replace(plan, window=window_of(inputs.batch, settings)).refined_table()

    return made


def quality(inputs: Inputs, table: np.ndarray, method: str, tasks: Sequence[Task]) -> float:
    """Mean of the tasks' figures for a run with this table."""
    vectors = Vectors(inputs.original.index_to_key, table, counts=inputs.batch.counts, normalized=True)
    run = Run(vectors, inputs.original, provenance={"method": method}, tokens=inputs.batch)
    rows = selfvec.evaluate(run, tasks).rows
    return float(np.mean([r["value"] for r in rows if r["metric"] in METRICS and r["vectors"] == "refined"]))


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def measured(collection: Development, label: str, file: str) -> tuple[str, str]:
    """A row of the summary, and the collection's own table."""
    inputs = read_inputs(collection.corpus, start(file), Settings("decorrelated"), Execution())
    makers = {name: maker(inputs, settings) for name, settings in candidates().items()}
    choice = choose(inputs.batch, makers, seed=0)
    methods = {name: settings.method for name, settings in candidates().items()}
    worth = {
        name: quality(inputs, make(inputs.batch), methods[name], collection.tasks)
        for name, make in makers.items()
    }
    rows = {row["name"]: row for row in choice.rows}
    chosen = chosen_of([rows[name] for name in SHIPPED])
    best, best_shipped = max(worth.values()), max(worth[name] for name in SHIPPED)
    names = list(rows)
    relation = [
        spearman([rows[n][criterion] for n in names], [worth[n] for n in names])
        for criterion in ("context", "cloze")
    ]
    summary = (
        f"| {collection.name} | {label} | {collection.quality} | {worth[ORIGINAL]:.3f} | {chosen} "
        f"| {worth[chosen]:.3f} | {100 * (1 - worth[chosen] / best_shipped):.1f} % "
        f"| {100 * (1 - worth[chosen] / best):.1f} % | " + " | ".join(f"{r:.2f}" for r in relation) + " |"
    )
    lines = [
        f"| {collection.name} | {label} | {name} | {row['context']:.3f} "
        f"| {row.get('cloze', float('nan')):.3f} | {worth[name]:.3f} |"
        for name, row in rows.items()
    ]
    print(summary, flush=True)
    return summary, "\n".join(lines)


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    summary = [
        "| collection | start | quality | original | chosen | its quality "
        "| lost against the best of the four | of all thirteen | context | cloze |",
        "|---|---|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    table = ["| collection | start | candidate | context | cloze | quality |", "|---|---|---|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as name:
        for collection in collections(Path(name)):
            for label, file in TABLES.items():
                row, rows = measured(collection, label, file)
                summary.append(row)
                table.append(rows)
    parts = {"summary": "\n".join(summary), "candidates": "\n".join(table)}
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
