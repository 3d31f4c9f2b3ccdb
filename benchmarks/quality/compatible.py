"""What does a map from new questions to stored vectors keep? Fills docs/results/compatible.md.

Recall@10 of self-retrieval in documents that no map was fitted on: twelve words cut from a text, the
title of an abstract, the report of a storm's event. Documents are smoothed as in a store.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.datasets import GOOGLENEWS, records
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.base.threads import one_core
from selfvec.lab.evaluation.retrieval import Collection
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.adapter import POOL, QUESTIONS, fit_and_measure
from selfvec.text.document_vectors import smooth_by_neighbours

CHANGES = {
    "1 % more text": 0.99,
    "10 % more text": 0.9,
    "twice the text": 0.5,
    "unrefined → refined": "original",
    "another method (online → decorrelated)": "online",
    "other vectors (GoogleNews → built-in)": "google",
}
"""Old encoders: of a share of the documents, or of all of them by another method or table."""


@cache
def texts(name: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Documents in a random order, and for each a question and the text that it should find."""
    rows, pairs = records(name), []
    fields = ("title", "text") if name == "PubMed" else ("event_narrative", "episode_narrative")
    for place in np.random.default_rng(1).permutation(len(rows)).tolist():
        question, text = ((rows[place].get(field) or "").strip() for field in fields)
        pairs.append((question, text))
    return [f"{question}\n\n{text}" for question, text in pairs], pairs


@cache
def encoder(name: str, change: float | str) -> Encoder:
    """The encoder of a collection after a change; 1 is that of all documents."""
    documents, _ = texts(name)
    if not isinstance(change, str):
        return Encoder.of(refined(documents[: round(change * len(documents))]))
    if change == "google":
        return Encoder.of(refined(documents, GOOGLENEWS))
    return Encoder.of(refined(documents, method=change))


def natural(name: str) -> Collection:
    """Questions in other words than their answers, among documents that `fit_and_measure` holds out."""
    _, pairs = texts(name)
    order = np.random.default_rng(0).permutation(len(pairs))[: min(POOL, len(pairs) // 4)]
    chosen = [pairs[i] for i in order.tolist()]
    chosen = [(q, text) for q, text in chosen if len(q) > 30 and len(text) > 150 and q not in text]
    places: dict[str, int] = {}
    found: dict[str, dict[int, float]] = {}
    for question, text in chosen:
        found.setdefault(question, {})[places.setdefault(text, len(places))] = 1.0
    questions = list(found)[:QUESTIONS]
    return Collection(list(places), questions, [found[question] for question in questions])


def recall(collection: Collection, questions: np.ndarray, documents: np.ndarray) -> float:
    """Recall@10 by cosine."""
    with one_core():
        top = np.argpartition(-(questions @ documents.T), 10, axis=1)[:, :10].tolist()
    pairs = zip(top, collection.relevant, strict=True)
    return float(np.mean([len({*found} & {*gold}) / min(len(gold), 10) for found, gold in pairs]))


def smoothed(encoder: Encoder, documents: list[str]) -> np.ndarray:
    """Document vectors as a store has them."""
    rows = encoder.encode(documents)
    return smooth_by_neighbours(rows, len(rows))


def known() -> str:
    """Recall in all ways, for each change."""
    rows = []
    for name in ("PubMed", "NOAA"):
        documents, _ = texts(name)
        new, asked = encoder(name, 1.0), natural(name)
        fresh, questions = smoothed(new, asked.documents), new.encode(asked.queries)
        best = recall(asked, questions, fresh)
        for label, change in CHANGES.items():
            old = encoder(name, change)
            adapter, loss = fit_and_measure(new, old, documents)
            stored = smoothed(old, asked.documents)
            mapped = recall(asked, adapter.transform(questions), stored)
            own = recall(asked, old.encode(asked.queries), stored)
            figures = [loss.new_new, loss.new_old, loss.old_old, loss.unmapped]
            cells = [f"{value:.3f}" for value in figures] + [_kept(loss.kept, loss.low, loss.high)]
            cells += [f"{100 * loss.nearest_kept:.1f} %", adapter.about["power"]]
            cells += [f"{best:.3f}", f"{mapped:.3f}", f"{own:.3f}", f"{100 * mapped / best:.1f} %"]
            rows.append([name, label, *cells])
    heads = [
        "text",
        "change",
        "new → new",
        "new → old",
        "old → old",
        "without a map",
        "kept",
        "ten nearest",
        "p",
    ]
    return table(
        [*heads, *(f"in other words: {head}" for head in ("new → new", "new → old", "old → old", "kept"))],
        rows,
    )


def _kept(value: float, low: float, high: float) -> str:
    return f"{100 * value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


NEEDS_DATA = True
PAGES = {"compatible.md": {"recall": known}}
