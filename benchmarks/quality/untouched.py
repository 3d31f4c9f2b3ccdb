"""Is search better than BM25 and fusion with an encoder where no constant was chosen?

Fills a part of docs/results/search.md: CISI, which has judgements, and `benchmarks.packaged_texts`. Its
figures may choose nothing, or they stop being what they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.datasets import SHARED_DATA
from benchmarks.packaged_texts import packaged
from benchmarks.page import table
from benchmarks.quality.encoder import ENCODER
from benchmarks.rankings import by_cosine, by_index, differs, estimate, fused_by_rank, over
from selfvec.apps.functions.refine import refine
from selfvec.encoders.given import as_sentence_encoder
from selfvec.lab.evaluation.retrieval import Collection, bm25_rankings, read_collection
from selfvec.numerics.statistics import Estimate
from selfvec.retrieval import Index

WORDS, ENCODED, FUSED = "BM25", "MiniLM", "BM25 + MiniLM"
ALONE, INITIAL, TOPICS = "`--mode bm25`", "with initial vectors", "and topic vectors"
SEARCH, BOTH = "`search`", "`search` with MiniLM"
TABLES = {INITIAL: ["original"], TOPICS: ["original", "topics"]}


def collections() -> Iterator[tuple[str, Collection]]:
    """Every collection with its name."""
    yield "CISI, with judgements", read_collection(SHARED_DATA / "retrieval" / "cisi")
    yield from packaged()


def measured(collection: Collection) -> dict[str, Estimate]:
    """nDCG@10 of each way of searching; runs have the defaults."""
    encoder = as_sentence_encoder(ENCODER)
    texts = collection.documents
    run, with_encoder = (refine(texts, "default", encoder=one) for one in (None, encoder))
    index = Index.memory(run, texts)
    rows = [encoder.encode(texts), encoder.encode(collection.queries, question=True)]
    words = bm25_rankings(collection, index.vocabulary.preprocessing)
    by_encoder = by_cosine(collection, np.concatenate(rows))
    found = {
        WORDS: words,
        ENCODED: by_encoder,
        FUSED: fused_by_rank(words, by_encoder),
        ALONE: by_index(collection, index, "bm25"),
        SEARCH: by_index(collection, index, "hybrid"),
        BOTH: by_index(collection, Index.memory(with_encoder, texts), question="encoder"),
    }
    for way, tables in TABLES.items():
        found[way] = by_index(collection, Index.memory(run, texts, tables=tables), "hybrid")
    return {way: estimate(collection, rankings) for way, rankings in found.items()}


def untouched() -> str:
    """A row a collection, and their mean."""
    ways = (WORDS, ALONE, INITIAL, TOPICS, SEARCH, ENCODED, FUSED, BOTH)
    sizes: dict[str, int | str] = {}
    found: dict[str, dict[str, Estimate]] = {}
    for name, collection in collections():
        sizes[name] = len(collection.documents)
        found[name] = measured(collection)
    found["mean"] = {way: over({name: one[way] for name, one in found.items()}) for way in ways}
    rows = [
        [
            name,
            sizes.get(name, ""),
            *(f"{one[way].value:.3f}" for way in ways),
            differs(one[SEARCH], one[WORDS]),
            differs(one[BOTH], one[FUSED]),
        ]
        for name, one in found.items()
    ]
    apart = [f"{SEARCH} minus {WORDS}", f"{BOTH} minus {FUSED}"]
    return table(["collection", "documents", *ways, *apart], rows)


NEEDS_DATA = True
PAGES = {"search.md": {"untouched": untouched}}
