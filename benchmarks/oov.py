"""Words without a vector: what inducing one gives. Fills docs/oov.md.

Hidden words found again on five collections, and how far meaning travels through words that are themselves
unknown. Constants were chosen on PubMed and samples of it.

    python -m benchmarks.oov [PART...]      (part of: make quality)
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, STARTS
from benchmarks.page import table, update_page
from benchmarks.refining import refined, refined_rows
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.evaluation import HiddenWords
from selfvec.numerics.rows import unit_rows
from selfvec.refine.decorrelated import base_vectors, start_from_neighbours
from selfvec.refine.inputs import by_frequency

COLLECTIONS = {"PubMed": 3, "NOAA": 1, "MED": 1, "Cranfield": 1, "CACM": 1}  # and least occurrences
WAYS = ("zero start", "context sum", "ridge", "spelling", "combination", "refined")
TOPICS, WORDS, HOPS, DOCUMENTS, LENGTH, NOISE = 20, 5, 6, 40, 12, 0.3
SEEDS = (0, 1, 2)


@cache
def found_again() -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    """For each start and collection, the row of median ranks of each way."""
    out = []
    for label, start in STARTS.items():
        for name, least in COLLECTIONS.items():
            report = selfvec.evaluate(refined(name, start, min_count=least, history="none"), [HiddenWords()])
            rows = {row["vectors"]: row for row in report.rows if row["metric"] == "median_rank"}
            out.append((label, f"{name} (chosen on)" if name == "PubMed" else name, rows))
    return out


def hidden() -> str:
    """Median ranks of all hidden words."""
    rows = []
    for label, name, found in found_again():
        cells = [f"{found[w]['value']:,.0f} ({found[w]['low']:,.0f}–{found[w]['high']:,.0f})" for w in WAYS]
        rows.append([label, name, found["combination"]["candidates"], *cells])
    return table(["start", "corpus", "words", *WAYS], rows)


def alone() -> str:
    """Median ranks of those that share their first letters with no known word."""
    rows = []
    for label, name, found in found_again():
        cells = [f"{found[w]['median_rank_alone']:,.0f}" for w in WAYS]
        rows.append([label, name, found["combination"]["alone"], *cells])
    return table(["start", "corpus", "words", *WAYS], rows)


def chain(vectors: Vectors, seed: int) -> tuple[TokenBatch, Vectors, list[list[list[str]]]]:
    """A text in which unknown words occur ever farther from known ones.

    Each topic is a word and its nearest neighbours. Its known words share documents with unknown words of hop
    1; those share others with words of hop 2, and so on: no document holds words of hops that are not
    neighbours. Three tokens in ten are known words of no topic. Unknown words are random letters, so that
    spelling says nothing.
    """
    rng = np.random.default_rng(seed)
    plain = [w for w in vectors.index_to_key[:4000] if w.isalpha() and w.islower() and len(w) > 3]
    topics: list[list[list[str]]] = []
    taken: set[str] = set()
    for word in (plain[i] for i in rng.permutation(len(plain)).tolist()):
        near = [word, *(w for w, _ in vectors.most_similar(word, topn=WORDS - 1))]
        if len(topics) < TOPICS and not taken & set(near):
            taken |= set(near)
            unknown = ["".join(rng.choice(list("bcdfghjklmnpqrstvwxz"), 9)) for _ in range(HOPS * WORDS)]
            topics.append([near, *(unknown[i : i + WORDS] for i in range(0, HOPS * WORDS, WORDS))])
    noise = [word for word in plain if word not in taken][:300]
    documents = []
    for topic in topics:
        for hop in range(HOPS):
            pool = topic[hop] + topic[hop + 1]
            for _ in range(DOCUMENTS):
                kept = rng.random(LENGTH) >= NOISE
                own, other = rng.choice(pool, LENGTH), rng.choice(noise, LENGTH)
                documents.append(np.where(kept, own, other).tolist())
    order = rng.permutation(len(documents))
    batch = by_frequency(TokenBatch.from_documents([documents[i] for i in order.tolist()]))
    rows, sources = vectors.lookup(batch.types, compose=False)
    return batch, Vectors(batch.types, unit_rows(rows), sources=sources, normalized=True), topics


def tables_of(batch: TokenBatch, original: Vectors) -> dict[str, np.ndarray]:
    """What each rule makes of a text, (V, d) by name."""
    made: dict[str, np.ndarray] = {}
    for epochs in (1, 5, 20):
        settings = Settings("paper", window=13, learning_rate=0.01, epochs=epochs, history="none")
        name = f"paper, {epochs} epoch{'s' * (epochs > 1)}"
        made[name] = refined_rows(batch, original, settings)
    known = original.sources != Source.NONE
    base = base_vectors(original.unit, known)
    made["context sum"] = start_from_neighbours(base, known, ScanOperator(batch, 41, 0.4))
    for passes in (2, 4, 8):
        settings = Settings("decorrelated", passes=passes, history="none")
        made[f"decorrelated, {passes} passes"] = refined_rows(batch, original, settings)
    return made


def travelled() -> str:
    """How often a word at each hop is nearest to the known words of its own topic."""
    vectors = selfvec.load(GOOGLENEWS)
    hits: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        batch, original, topics = chain(vectors, seed)
        for name, made in tables_of(batch, original).items():
            unit, index = unit_rows(made), original.key_to_index
            unit = np.where(unit.any(axis=1, keepdims=True), unit - unit.mean(axis=0), 0)
            middles = unit_rows(np.stack([unit[[index[w] for w in t[0]]].mean(axis=0) for t in topics]))
            shares = []
            for hop in range(1, HOPS + 1):
                words = np.array([[index[w] for w in topic[hop]] for topic in topics])  # (topics, words)
                best = (unit[words] @ middles.T).argmax(axis=2)
                right = (best == np.arange(len(topics))[:, None]) & unit[words].any(axis=2)
                shares.append(float(right.mean()))
            hits.setdefault(name, []).append(shares)
    heads = [f"{hop} hop{'s' * (hop > 1)}" for hop in range(1, HOPS + 1)]
    rows = [[name, *(f"{share:.0%}" for share in np.mean(runs, axis=0))] for name, runs in hits.items()]
    return table(["rule", *heads], rows)


PARTS = {"hops": travelled, "hidden": hidden, "alone": alone}

if __name__ == "__main__":
    sys.exit(update_page("oov.md", PARTS, sys.argv[1:]))
