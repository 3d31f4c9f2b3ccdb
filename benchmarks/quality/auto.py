"""Does the choice without labels agree with labelled quality?

Fills docs/results/auto.md and a part of gains.md. Twelve collections, two tables, up to three sizes:
texts of five words and of two hundred, 300 documents and 10,000. Each of the four methods refines each
collection. ``auto`` chooses without labels; the quality of its choice is measured on a task that it did
not see: accuracy of labels from ten examples each, nDCG@10 of dense retrieval, or the mean correlation
with human judgements of similarity.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

import selfvec
from benchmarks import datasets
from benchmarks.datasets import JUDGED, SHARED_DATA, SIMILARITY, STARTS
from benchmarks.page import table
from benchmarks.refining import refined_rows
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Classification, Retrieval, Similarity, Task
from selfvec.refinement.inputs import Execution, Inputs, read_inputs
from selfvec.refinement.pipeline import make_plan
from selfvec.refinement.selection import ORIGINAL
from selfvec.text.passages import sentence_spans

METHODS = (ORIGINAL, "paper", "online", "decorrelated")
LABELLED = {"questions": "trec", "film sentences": "sst2", "medical abstracts": "ohsumed"}
SIZES = (300, 3000)
SHUFFLES = 2
DRAWS = 10_000
METRICS = {"ndcg@10", "accuracy", "spearman"}
TASKS = {"labels": "labels, ten examples each", "search": "dense search", "similarity": "similar words"}
Labelled = list[tuple[str, str]]


@dataclass(frozen=True)
class Collection:
    """Texts to refine on, and tasks to measure by."""

    name: str
    kind: str  # of task
    texts: Sequence[str]
    tasks: Sequence[Task]


def collections(folder: Path) -> Iterator[Collection]:
    """The collections, one after the other; files that are made for them go to a folder."""
    parts = {name: labelled(folder_name) for name, folder_name in LABELLED.items()} | {
        "storm reports": noaa()
    }
    for name in ("medical abstracts", "storm reports"):
        parts[f"{name}, first sentences"] = [
            [(label, first_sentence(text)) for label, text in part] for part in parts[name]
        ]
    for name, (train, test) in parts.items():
        place = folder / name.replace(" ", "-")
        place.mkdir()
        for file, rows in (("train", train), ("test", test)):
            lines = "".join(f"{label}\t{' '.join(text.split())}\n" for label, text in rows)
            (place / f"{file}.tsv").write_text(lines, encoding="utf-8")
        texts = [text for _, text in train]
        for size in (*(size for size in SIZES if size < len(texts)), len(texts)):
            yield Collection(name, "labels", datasets.sample(texts, size), [Classification(place, shots=10)])
    for name in JUDGED:
        yield Collection(name, "search", datasets.texts(name), [Retrieval(datasets.path(name))])
    for name in ("Cranfield", "CACM"):
        place = titles(name, folder)
        texts = [row["text"] for row in read_lines(place / "corpus.jsonl")]
        yield Collection(f"{name}, titles", "search", texts, [Retrieval(place)])
    sets = [Similarity(file) for name, file in SIMILARITY.items() if name != "RW"]
    for size in (*SIZES, 10_000):
        texts = datasets.sample(datasets.texts("PubMed"), size)
        yield Collection("PubMed", "similarity", texts, sets)


def labelled(name: str) -> list[Labelled]:
    """The training and test rows of a collection."""
    files = [SHARED_DATA / "classification" / name / f"{part}.tsv" for part in ("train", "test")]
    rows = [[line.partition("\t") for line in file.read_text("utf-8").splitlines()] for file in files]
    return [[(label, text) for label, _, text in part] for part in rows]


def noaa() -> list[Labelled]:
    """Event narratives whose type occurs a hundred times, in two halves."""
    pairs = [
        (row["event_type"], " ".join((row["event_narrative"] or row["episode_narrative"] or "").split()))
        for row in datasets.records("NOAA")
    ]
    common = {kind for kind, number in Counter(kind for kind, _ in pairs).items() if number >= 100}
    pairs = datasets.sample([(kind, text) for kind, text in pairs if kind in common and text], 6000)
    return [pairs[::2], pairs[1::2]]


def first_sentence(text: str) -> str:
    """The first sentence of a text, or all of it."""
    spans = sentence_spans(text)
    return text[slice(*spans[0])].strip() if spans else text


def titles(name: str, folder: Path) -> Path:
    """A retrieval collection whose documents are their titles."""
    source, place = datasets.path(name), folder / f"{name}-titles"
    (place / "qrels").mkdir(parents=True)
    rows = [{"_id": row["_id"], "text": row["title"] or "-"} for row in read_lines(source / "corpus.jsonl")]
    (place / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for file in ("queries.jsonl", "qrels/test.tsv"):
        (place / file).write_bytes((source / file).read_bytes())
    return place


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def quality(inputs: Inputs, rows: np.ndarray, method: str, tasks: Sequence[Task]) -> float:
    """Mean of the tasks' figures for a run with these vectors; of retrieval the dense one only."""
    vectors = Vectors(inputs.original.index_to_key, rows, counts=inputs.batch.counts, normalized=True)
    run = Run(vectors, inputs.original, provenance={"method": method}, tokens=inputs.batch)
    found = [r for r in selfvec.evaluate(run, tasks).rows if r["vectors"] == "refined"]
    return float(np.mean([r["value"] for r in found if r["metric"] in METRICS and r["mode"] != "hybrid"]))


def measured(collection: Collection, start: str) -> dict[str, Any]:
    """What auto chose for a collection, and the quality of every method."""
    settings = Settings("auto", history="none")
    inputs = read_inputs(Corpus.from_texts(collection.texts), start, settings, Execution())
    chosen = make_plan(settings, inputs).method
    worth = {}
    for method in METHODS:
        rows = refined_rows(inputs.batch, inputs.original, Settings(method, history="none"))
        worth[method] = quality(inputs, rows, method, collection.tasks)
    print(collection.name, len(collection.texts), chosen, worth, file=sys.stderr)
    return {"collection": collection, "chosen": chosen, "worth": worth}


@cache
def results() -> list[dict[str, Any]]:
    """All collections, sizes and tables."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            {"start": label.split(",")[0]} | measured(collection, start)
            for collection in collections(Path(folder))
            for label, start in STARTS.items()
        ]


def summary() -> str:
    """A row for each collection, size and table."""
    heads = ["collection", "documents", "initial vectors", "chosen", *METHODS, "lost against the best"]
    rows, lost, gained = [], [], []
    for found in results():
        collection, worth, chosen = found["collection"], found["worth"], found["chosen"]
        lost.append(1 - worth[chosen] / max(worth.values()))
        gained.append(worth[chosen] - worth[ORIGINAL])
        figures = [f"**{v:.3f}**" if m == chosen else f"{v:.3f}" for m, v in worth.items()]
        name, size = collection.name, f"{len(collection.texts):,}"
        rows.append([name, size, found["start"], chosen, *figures, f"{100 * lost[-1]:.1f} %"])
    said = (
        f"{len(rows)} cases: {share_lost([row[0] for row in rows], lost)} lost in the mean against the best "
        f"method, {100 * np.max(lost):.1f} % at most; {sum(g > 0 for g in gained)} cases better than the "
        f"original, {sum(g < 0 for g in gained)} worse, by {-min(0.0, *gained):.3f} at most.\n\n"
    )
    return said + table(heads, rows)


def share_lost(names: Sequence[str], lost: Sequence[float]) -> str:
    """The mean of the cases, with a 95 % interval: collections are resampled, as their cases are alike."""
    parts = [100 * np.array(lost)[np.array(names) == name] for name in dict.fromkeys(names)]
    drawn = np.random.default_rng(0).integers(len(parts), size=(DRAWS, len(parts)))
    sums = np.array([part.sum() for part in parts])[drawn].sum(axis=1)
    low, high = np.quantile(sums / np.array([len(part) for part in parts])[drawn].sum(axis=1), (0.025, 0.975))
    return f"{100 * np.mean(lost):.1f} % ({low:.1f} to {high:.1f} %)"


def shuffled() -> str:
    """How often a method replaces the initial vectors where there is nothing to learn."""
    chosen = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for collection in collections(Path(folder)):
            texts = datasets.sample(collection.texts, SIZES[0], seed=1)
            for seed in range(SHUFFLES):
                corpus = Corpus.from_texts(with_words_shuffled(texts, seed))
                settings = Settings("auto", history="none", seed=seed)
                chosen[make_plan(settings, read_inputs(corpus, "default", settings, Execution())).method] += 1
    adopted = ", ".join(f"{method} {chosen[method]}" for method in METHODS[1:])
    replaced = binomtest(chosen.total() - chosen[ORIGINAL], chosen.total()).proportion_ci()
    return (
        f"{chosen.total()} texts, of which {chosen[ORIGINAL]} kept the initial vectors ({adopted}). "
        f"The share that did not is {100 * replaced.low:.0f} to {100 * replaced.high:.0f} % (95 % interval)."
    )


def with_words_shuffled(texts: Sequence[str], seed: int) -> list[str]:
    """Texts of the same lengths, with all words of all texts in random order."""
    words = np.random.default_rng(seed).permutation([word for text in texts for word in text.split()])
    ends = np.cumsum([len(text.split()) for text in texts])
    return [" ".join(part) for part in np.split(words, ends[:-1])]


def expected() -> str:
    """Original and refined figures of each collection, of 300 documents and of all."""
    cases: dict[tuple[str, str], dict[tuple[str, bool], tuple[float, float]]] = {}
    for found in results():
        collection, worth = found["collection"], found["worth"]
        few = len(collection.texts) == SIZES[0]
        pair = worth[ORIGINAL], worth[found["chosen"]]
        cases.setdefault((collection.name, collection.kind), {})[found["start"], few] = pair
    heads = ["text", "task"]
    columns = [(start.split(",")[0], few) for start in STARTS for few in (True, False)]
    heads += [f"{start}, {'300 documents' if few else 'all'}" for start, few in columns]
    rows = []
    for (name, kind), values in cases.items():
        figures = [values.get(column) for column in columns]
        shown = ["" if pair is None else f"{pair[0]:.2f} → {pair[1]:.2f}" for pair in figures]
        rows.append([name, TASKS[kind], *shown])
    return table(heads, rows)


NEEDS_DATA = True
PAGES = {"auto.md": {"summary": summary, "shuffled": shuffled}, "gains.md": {"expected": expected}}
