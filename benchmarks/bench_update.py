"""Runs that grow: a merge of four shards and an update by a hundredth, against refining all of the text anew.

The text is PubMed titles and abstracts; where they are absent, documents of random words. Before a time is
printed the grown run is compared with the one of the whole. A merge and an exact update have the same tokens,
words, counts and tables, to the bit; of a quick update the cosines of the rows are printed.
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


def cosines(old: Run, grown: Run, whole: Run) -> str:
    """How near the rows of a quick update are to those of refining anew."""
    index, before = whole.vectors.key_to_index, old.vectors.key_to_index
    places = [index[word] for word in grown.vectors.index_to_key]
    near = np.einsum("ij,ij->i", grown.vectors.unit, whole.vectors.unit[places])
    counts = np.array(
        [old.vectors.counts[before[w]] if w in before else 0 for w in grown.vectors.index_to_key]
    )
    new, other = counts == 0, counts == grown.vectors.counts
    kinds = {"all": slice(None), "words of the new text": ~new & ~other, "new words": new}
    said = [f"{name} {near[part].mean():.4f}" for name, part in kinds.items()]
    return f"mean cosine {', '.join(said)}, by tokens {np.average(near, weights=grown.vectors.counts):.4f}"


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
        note = f"{source}, {len(rows):,} documents"
        return [
            Result(
                f"{way}, {label}", ours, "s", f"refining anew, {anew:.1f} s", anew / ours, f"{note}, {how}"
            )
            for label, settings in SETTINGS.items()
            for way, ours, anew, how in measured(folder, files, list(named), settings)
        ]


def measured(
    folder: Path, files: dict[str, Path], shards: list[str], settings: Settings
) -> Iterator[tuple[str, float, float, str]]:
    """Each way to grow, its median processor seconds, those of refining the same text anew, what differs."""

    def made(labels: list[str], target: str) -> Run:
        run = refine(Corpus.open([files[label] for label in labels]), "default", settings)
        selfvec.save_run(run, folder / target, overwrite=True)
        return open_run(folder / target)

    for label in shards:
        made([label], label)
    made(["old"], "old")
    ways: dict[str, Callable[[], Run]] = {
        f"merge of {SHARDS} runs": lambda: merge([folder / label for label in shards]),
        f"exact update by 1/{NEW}": lambda: update(folder / "old", files["new"], exact=True),
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
            grown = open_run(folder / "grown")
            quick = any(step.get("quick") for step in grown.provenance["grown"])
            how = cosines(open_run(folder / "old"), grown, whole) if quick else "equal to the bit"
            if not quick:
                same(grown, whole)
        yield way, statistics.median(seconds[0]), statistics.median(seconds[1]), how
