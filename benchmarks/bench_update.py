"""Runs that grow: a merge of four shards and an update by a hundredth, against refining all of the text anew.

The text is PubMed titles and abstracts; where they are absent, documents of random words. Before a time is
printed the grown run is held against the one of the whole: tokens, words, counts and both tables, to the bit.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.common import Result
from benchmarks.datasets import documents
from selfvec.cooccurrence.counts import run_counts
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refine.pipeline import refine
from selfvec.refine.update_merge import merge, update
from selfvec.storage.run_folder import open_run

SHARDS, NEW = 4, 100  # shards of the whole; one in so many documents is new
ROUNDS = 2

SETTINGS = {
    "decorrelated": Settings(method="decorrelated"),
    "stems, min-count 3": Settings(method="decorrelated", stem="en", min_count=3),
    "by counts": Settings(method="decorrelated", operator="counts", window=11),
}


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
    ours, theirs = run_counts(made), run_counts(whole)
    if theirs is not None:
        pairs += [(ours.indices, theirs.indices), (ours.data, theirs.data)]
    for ours, theirs in pairs:
        np.testing.assert_array_equal(ours, theirs)


def run() -> list[Result]:
    """Processor seconds, which other work hardly changes, from run folders or text to a run folder."""
    texts, source = documents()
    rows = [json.dumps({"text": text}) + "\n" for text in texts]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cut = len(rows) - len(rows) // NEW
        bounds = np.linspace(0, len(rows), SHARDS + 1).astype(int)
        named = {f"shard{i}": rows[a:b] for i, (a, b) in enumerate(pairwise(bounds))}
        files = {label: folder / f"{label}.jsonl" for label in ("old", "new", *named)}
        for label, part in {"old": rows[:cut], "new": rows[cut:], **named}.items():
            files[label].write_text("".join(part), encoding="utf-8")
        note = f"{source}, {len(rows):,} documents, equal to the bit"
        return [
            Result(f"{way}, {label}", ours, "s", f"refining anew, {anew:.1f} s", anew / ours, note)
            for label, settings in SETTINGS.items()
            for way, ours, anew in measured(folder, files, list(named), settings)
        ]


def measured(
    folder: Path, files: dict[str, Path], shards: list[str], settings: Settings
) -> Iterator[tuple[str, float, float]]:
    """Each way to grow, its median processor seconds and those of refining the same text anew, A B A B ..."""

    def made(labels: list[str], target: str) -> Run:
        run = refine(Corpus.open([files[label] for label in labels]), "default", settings)
        selfvec.save_run(run, folder / target, overwrite=True)
        return open_run(folder / target)

    for label in shards:
        made([label], label)
    made(["old"], "old")
    ways: dict[str, Callable[[], Run]] = {
        f"merge of {SHARDS} runs": lambda: merge([folder / label for label in shards]),
        f"update by 1/{NEW}": lambda: update(folder / "old", files["new"]),
    }
    for way, grow in ways.items():
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            start = time.process_time()
            selfvec.save_run(grow(), folder / "grown", overwrite=True)
            between = time.process_time()
            whole = made(["old", "new"], "whole")
            seconds[0].append(between - start)
            seconds[1].append(time.process_time() - between)
            same(open_run(folder / "grown"), whole)
        yield way, statistics.median(seconds[0]), statistics.median(seconds[1])
