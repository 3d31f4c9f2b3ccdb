"""How far should texts move toward similar texts? Fills a part of docs/results/evaluation.md.

Smoothing helps where a question has many answers, and harms where it has one. So the number of neighbours
and the weight of their mean are compared on judged collections and on those of
`benchmarks.self_retrieval`, with the document vectors that `evaluate` uses, refined and original. Each
source of documents is left out in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, judged
from benchmarks.page import table
from benchmarks.rankings import by_cosine, mean_ndcg
from benchmarks.refining import refined
from benchmarks.self_retrieval import self_retrieval
from selfvec.lab.evaluation.classification import draw_examples, predicted_labels, read_labelled
from selfvec.lab.evaluation.compared_vectors import open_entries
from selfvec.text.document_vectors import NEIGHBOURS, STRENGTH, smooth_by_neighbours

RULES = [(10, 0.0), *((k, s) for k in (5, 10, 20) for s in (0.25, 0.5, 0.75, 1.2))]  # neighbours, strength
CLASSIFICATION = ("trec", "sst2", "ohsumed")
CHOSEN = (NEIGHBOURS, STRENGTH)
SOURCES = [*JUDGED, "PubMed", "NOAA", "Python", "EWT"]


@dataclass(frozen=True)
class Row:
    """nDCG@10 of a collection and a table with every one of `RULES`."""

    source: str
    table: str
    values: list[float]


@cache
def measured() -> list[Row]:
    """Judged collections, then the others."""
    out = []
    for source, collection in [*judged().items(), *((s, c) for _, s, c in self_retrieval() if s != "all")]:
        count, texts = len(collection.documents), collection.documents + collection.queries
        for one in open_entries(refined(collection.documents)):
            rows, _ = one.text_rows(texts, count, questions=True, strength=0)
            values = []
            for neighbours, strength in RULES:
                smoothed = smooth_by_neighbours(rows[:count], count, strength, neighbours)
                values.append(
                    mean_ndcg(collection, by_cosine(collection, np.vstack([smoothed, rows[count:]])))
                )
            out.append(Row(source, one.name, values))
    return out


def by_source(name: str) -> np.ndarray:
    """Means over each source's collections, (rules, sources)."""
    rows = [row for row in measured() if row.table == name]
    means = [np.mean([row.values for row in rows if row.source == source], axis=0) for source in SOURCES]
    return np.array(means).T


def rules() -> str:
    """nDCG@10 by rule, means over the three judged collections and over the four other sources."""
    refined_, original = by_source("refined"), by_source("original")
    rows = []
    for rule, (neighbours, strength) in enumerate(RULES):
        cells = [*refined_[rule], refined_[rule, :3].mean(), refined_[rule, 3:].mean()]
        cells += [original[rule, :3].mean(), original[rule, 3:].mean()]
        label = f"{neighbours}, {strength:g}" if strength else "none"
        rows.append(
            [f"**{label}**" if (neighbours, strength) == CHOSEN else label, *(f"{c:.3f}" for c in cells)]
        )
    both = (refined_ + original) / 2
    held = [both[np.delete(both, i, axis=1).mean(axis=1).argmax(), i] for i in range(len(SOURCES))]
    chosen = {RULES[np.delete(both, i, axis=1).mean(axis=1).argmax()] for i in range(len(SOURCES))}
    picked = "; ".join(f"{k}, {s:g}" for k, s in sorted(chosen))
    heads = ["neighbours, weight", *SOURCES, "judged", "others", "original: judged", "others"]
    return (
        f"{table(heads, rows)}\n\nLeaving each source out in turn chooses {picked}. The mean over\n"
        f"refined and original vectors is {np.mean(held):.3f} "
        f"on what was left out and {both[0].mean():.3f} unsmoothed."
    )


def classification() -> str:
    """Accuracy of the refined vectors, unsmoothed, with the default weight and with more."""
    rows, strengths = [], (0.0, STRENGTH, 1.2)
    for name in CLASSIFICATION:
        items = read_labelled(SHARED_DATA / "classification" / name, 0)
        n, labels = items.train, items.labels
        one = open_entries(refined(items.texts[:n]))[0]
        ways = [one.text_rows(items.texts, n, strength=s)[0] for s in strengths]
        for shots in (10, None):
            cells = []
            for vectors in ways:
                draws = draw_examples(labels[:n], shots, 0)
                found = [predicted_labels(vectors[draw], labels[draw], vectors[n:]) for draw in draws]
                cells.append(f"{np.mean([one == labels[n:] for one in found]):.3f}")
            rows.append([name, shots or "all", *cells])
    return table(["collection", "examples a class", *map(str, strengths)], rows)


NEEDS_DATA = True
PAGES = {"evaluation.md": {"smoothing": rules, "smoothing-classes": classification}}
