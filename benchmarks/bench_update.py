"""Runs that grow: a merge of four shards and an update by a hundredth, against refining all of the text anew.

The text is PubMed titles and abstracts; where they are absent, documents of random words. Before a time is
printed the grown run is held against the one of the whole: tokens, words, counts and both tables, to the bit.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.common import SHARED_DATA, Result, paired
from selfvec.corpus import Corpus
from selfvec.growth import merge, update
from selfvec.refiner import refine
from selfvec.run import Run
from selfvec.settings import Settings

SHARDS, NEW = 4, 100  # shards of the whole; one in so many documents is new

SETTINGS = {
    "decorrelated": Settings(method="decorrelated"),
    "decorrelated, min-count 3": Settings(method="decorrelated", min_count=3),
    "by counts": Settings(method="decorrelated", operator="counts", window=11),
    "online": Settings(method="online"),
}


def lines() -> tuple[list[str], str]:
    """Rows of JSON, a document each, and what they are."""
    path = SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.readlines(), "PubMed"
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(50_000)])
    drawn = (words[np.minimum(rng.zipf(1.2, 150) - 1, 49_999)] for _ in range(8_000))
    return [f'{{"text": "{" ".join(row)}"}}\n' for row in drawn], "random words"


def same(made: Run, whole: Run) -> None:
    """Refuse to time what is not the run of the whole."""
    assert made.vectors.index_to_key == whole.vectors.index_to_key
    pairs = [
        (made.vectors.vectors, whole.vectors.vectors),
        (made.vectors.counts, whole.vectors.counts),
        (made.original.vectors, whole.original.vectors),
        (made.tokens.ids, whole.tokens.ids),
        (made.tokens.offsets, whole.tokens.offsets),
    ]
    if whole.counts is not None:
        pairs += [(made.counts.indices, whole.counts.indices), (made.counts.data, whole.counts.data)]
    for ours, theirs in pairs:
        np.testing.assert_array_equal(ours, theirs)


def run() -> list[Result]:
    """Seconds from run folders or text to a run folder."""
    rows, source = lines()
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old, new = rows[: -(len(rows) // NEW)], rows[-(len(rows) // NEW) :]
        bounds = np.linspace(0, len(rows), SHARDS + 1).astype(int)
        shards = [rows[a:b] for a, b in pairwise(bounds)]
        named = {"old": old, "new": new, **{f"shard{i}": shard for i, shard in enumerate(shards)}}
        files = {label: folder / f"{label}.jsonl" for label in named}
        for label, part in named.items():
            files[label].write_text("".join(part), encoding="utf-8")
        for label, settings in SETTINGS.items():

            def made(texts: list[Path], target: str, settings: Settings = settings) -> Run:
                made = refine(Corpus.open(texts), "default", settings)
                made.save(folder / target, overwrite=True)
                return Run.open(folder / target)

            parts = [folder / f"part{i}" for i in range(SHARDS)]
            for i, part in enumerate(parts):
                made([files[f"shard{i}"]], part.name)
            made([files["old"]], "run")
            ways: dict[str, Callable[[], Run]] = {
                f"merge of {SHARDS} runs": lambda parts=parts: merge(parts),
                f"update by 1/{NEW}": lambda: update(folder / "run", files["new"]),
            }
            for way, grow in ways.items():
                texts = [files["old"], files["new"]]
                same(grow(), made(texts, "whole"))
                seconds, anew = paired(
                    lambda grow=grow: grow().save(folder / "grown", overwrite=True),
                    lambda texts=texts: made(texts, "whole"),
                    repeat=3,
                )
                note = f"{source}, {len(rows):,} documents, equal to the bit"
                name = f"{way}, {label}"
                results.append(
                    Result(name, seconds, "s", f"refining anew, {anew:.2f} s", anew / seconds, note)
                )
    return results
