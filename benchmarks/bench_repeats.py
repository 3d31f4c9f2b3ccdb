"""What finding repeated passages costs, how much text repeats, and what a menu does to its words."""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import Result
from benchmarks.datasets import PUBMED, SIMILARITY, open_corpus, sample, texts
from benchmarks.refining import refined
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.evaluation import Classification, Similarity, evaluate
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.repeats import find_repeats

DOCUMENTS, WITH_MENU, MENU = 1250, 112, 60  # as on a scraped site; words of the menu
SEEN = (5, 50)  # how often a word of the menu occurs in the text itself
ROUNDS = 5


def batch_of(name: str) -> TokenBatch:
    """A collection as tokens."""
    return encode(open_corpus(name).batches(), tokenizer("words"), Rules())[0]


def cost() -> Iterator[Result]:
    """Processor time of finding passages as a share of a run's, and the memory it takes."""
    batch = batch_of("PubMed")
    find_repeats(batch)
    finding, whole = [], []
    for _ in range(ROUNDS):
        start = time.process_time()
        find_repeats(batch)
        finding.append(time.process_time() - start)
        start = time.process_time()
        run = refined("PubMed", history="none")
        whole.append(time.process_time() - start)
    assert run.provenance["repeats"]["tokens"] == find_repeats(batch)[0].tokens
    share = 100 * min(finding) / min(whole)
    note = f"{min(finding):.2f} of {min(whole):.2f} s of processor time; target ≤ 3 %"
    yield Result("find repeated passages, PubMed", share, "%", "the target of 3 %", 3 / share, note)
    tracemalloc.start()
    find_repeats(batch)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    note = "reserved at most, most of it never touched"
    yield Result("find repeated passages, PubMed, memory", peak, "MB", note=note)


def shares() -> Iterator[Result]:
    """How much of the collections repeats."""
    for name in ("PubMed", "NOAA"):
        repeats, _ = find_repeats(batch_of(name))
        note = f"{repeats.example!r} in {repeats.example_documents}"
        yield Result(f"repeated passages, {name}", 100 * repeats.share, "%", note=note)


def neighbours(run: Run, words: list[str]) -> list[set[str]]:
    """The ten nearest words seen five times or more, of each word."""
    rows = [run.similar(word, min_count=5).lists[0]["neighbours"] for word in words]
    return [{term for term, _ in row} for row in rows]


def menus() -> Iterator[Result]:
    """Neighbours of the words of a menu, in a text with it and in the same text without it."""
    plain = sample(texts("PubMed"), DOCUMENTS)
    clean = refined(plain)
    rng, counts = np.random.default_rng(0), clean.vectors.counts
    assert counts is not None
    names = clean.vectors.index_to_key
    able = [
        i for i in np.flatnonzero((counts >= SEEN[0]) & (counts <= SEEN[1])).tolist() if names[i].isalpha()
    ]
    menu = [names[i] for i in rng.choice(able, MENU, replace=False).tolist()]
    pages = set(rng.choice(DOCUMENTS, WITH_MENU, replace=False).tolist())
    scraped = [f"{' '.join(menu)}. {text}" if i in pages else text for i, text in enumerate(plain)]
    expected, figures = neighbours(clean, menu), {}
    for repeats in ("once", "keep"):
        found = neighbours(refined(scraped, repeats=repeats), menu)
        kept = [len(a & b) / max(len(a), 1) for a, b in zip(expected, found, strict=True)]
        figures[repeats] = 100 * float(np.mean(kept))
    assert figures["once"] > figures["keep"]
    note = (
        f"a menu of {MENU} words in {WITH_MENU} of {DOCUMENTS} abstracts; share of the ten nearest words kept"
    )
    ratio = figures["once"] / figures["keep"]
    yield Result("neighbours despite a menu", figures["once"], "%", "--repeats keep", ratio, note)
    yield Result("neighbours despite a menu, --repeats keep", figures["keep"], "%", note=note)


def development() -> Iterator[Result]:
    """Tasks after text with and without its repeats: word similarity, and the event type of a narrative."""
    for repeats in ("once", "keep"):
        run = refined("PubMed", repeats=repeats, history="none")
        for name in ("UMNSRS", "MEN"):
            rows = evaluate(run, [Similarity(SIMILARITY[name])]).rows
            value = next(row["value"] for row in rows if row["vectors"] == "refined")
            yield Result(f"{name} after PubMed, --repeats {repeats}", value, "Spearman")
        run = refined("NOAA", repeats=repeats, history="none")
        with tempfile.TemporaryDirectory() as folder:
            value = event_types(run, Path(folder) / "events.tsv")
        yield Result(f"event types after NOAA, ten examples, --repeats {repeats}", value, "accuracy")


def event_types(run: Run, path: Path) -> float:
    """Accuracy of the event type of distinct NOAA narratives, from ten examples of each."""
    rows: dict[str, str] = {}
    for batch in open_corpus("NOAA", keep_fields=True).batches():
        for text, kind in zip(batch.texts, batch.fields["event_type"], strict=True):
            rows[" ".join(text.split())] = kind or ""
    path.write_text("".join(f"{kind}\t{text}\n" for text, kind in rows.items() if kind), encoding="utf-8")
    found = evaluate(run, [Classification(path, shots=10)]).rows
    return float(next(row["value"] for row in found if row["vectors"] == "refined"))


def run() -> Iterator[Result]:
    """All figures; none without the collections."""
    if not PUBMED.exists():
        return
    yield from cost()
    yield from shares()
    yield from menus()
    yield from development()
