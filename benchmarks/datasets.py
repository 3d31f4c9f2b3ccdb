"""The collections that benchmarks measure on, and random text for machines that do not have them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from selfvec.corpus import Corpus, as_corpus
from selfvec.data.token_batch import TokenBatch

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Real data beside the checkout; benchmarks and tests that need it say so and skip where it is absent."""
PUBMED = SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"
GOOGLENEWS = str(SHARED_DATA / "vectors" / "googlenews-26k-300d.bin")
STARTS = {"GoogleNews, 26,423 words": GOOGLENEWS, "the built-in vectors": "default"}
JUDGED = {"MED": "med", "Cranfield": "cran", "CACM": "cacm"}
"""Retrieval collections with judgements."""
SIMILARITY = {
    "WordSim-353": SHARED_DATA / "similarity/ws353.tsv",
    "SimLex-999": SHARED_DATA / "similarity/simlex999.tsv",
    "MEN": SHARED_DATA / "similarity/men3000.tsv",
    "RW": SHARED_DATA / "similarity/rw2034.tsv",
    "UMNSRS": SHARED_DATA / "similarity_bio/umnsrs_similarity.tsv",
}


def path(name: str) -> Path:
    """Where a collection is: PubMed, NOAA or one of `JUDGED`."""
    if name in JUDGED:
        return SHARED_DATA / "retrieval" / JUDGED[name]
    return {"PubMed": PUBMED, "NOAA": SHARED_DATA / "noaa" / "events.jsonl.gz"}[name]


def open_corpus(name: str, **options: Any) -> Corpus:
    """A collection's documents, opened anew: a corpus is read once."""
    return as_corpus(narratives(path(name)) if name == "NOAA" else path(name), **options)


def narratives(events: Path) -> list[dict[str, Any]]:
    """Each narrative of NOAA's events once, as `selfvec vectors fetch noaa` writes them."""
    told: dict[str, dict[str, Any]] = {}
    for event in _rows(events):
        for column, suffix in (("episode_narrative", ":episode"), ("event_narrative", "")):
            if words := (event[column] or "").split():
                told.setdefault(
                    " ".join(words), event | {"id": f"{event['id']}{suffix}", "text": event[column]}
                )
    return list(told.values())


def texts(name: str) -> list[str]:
    """All documents of a collection."""
    return [text for batch in open_corpus(name).batches() for text in batch.texts.to_list()]


def sample(items: Sequence[str], number: int, seed: int = 0) -> list[str]:
    """Some of the items, drawn at random, in their order."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(items))[:number])
    return [items[i] for i in chosen.tolist()]


def records(name: str) -> list[dict[str, Any]]:
    """The rows of a collection's JSON Lines file."""
    return _rows(path(name))


def _rows(packed: Path) -> list[dict[str, Any]]:
    with gzip.open(packed, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@cache
def judged() -> dict[str, Any]:
    """The collections with judgements."""
    from selfvec.lab.evaluation.retrieval import read_collection

    return {name: read_collection(path(name)) for name in JUDGED}


# ---- PubMed, or random text of its size


def random_ids(tokens: int, types: int, seed: int = 0) -> NDArray[np.int32]:
    """Words by Zipf's law, (tokens,) int32."""
    weights = 1 / (np.arange(types) + 2.7)
    drawn = np.random.default_rng(seed).choice(types, tokens, p=weights / weights.sum())
    return drawn.astype(np.int32)


def documents() -> tuple[pl.Series, str]:
    """Titles and abstracts of PubMed, or sentences of twenty random words; and what they are."""
    if PUBMED.exists():
        rows = records("PubMed")
        return pl.Series([f"{row['title'] or ''}\n\n{row['text'] or ''}" for row in rows]), "PubMed"
    rng, letters = np.random.default_rng(0), np.array(list("etaoinshrdlu"))
    words = ["".join(rng.choice(letters, rng.integers(2, 12))) for _ in range(100_000)]
    ids = random_ids(30_000 * 200, len(words)).reshape(30_000, 10, 20)
    made = [". ".join(" ".join(words[i] for i in part).capitalize() for part in row) for row in ids.tolist()]
    return pl.Series(made), "random text"


@cache
def tokens() -> TokenBatch:
    """PubMed, or as many random words: 6.5 million tokens, 58,000 types by falling frequency."""
    if PUBMED.exists():
        from selfvec.data.token_batch import by_frequency
        from selfvec.text import Rules, encode, tokenizer

        batches = open_corpus("PubMed").batches()
        return by_frequency(encode(batches, tokenizer("words"), Rules(min_count=3))[0])
    ids = random_ids(6_500_000, 58_000)
    bounds = np.unique(np.random.default_rng(1).integers(1, len(ids), 33_049))
    offsets = np.concatenate(([0], bounds, [len(ids)])).astype(np.int64)
    return TokenBatch(ids, offsets, [str(i) for i in range(58_000)])
