"""How long do an update by a hundredth and a merge of four shards take, next to refining all anew?

The text is PubMed titles and abstracts; where they are absent, documents of random words. Before a time
is printed the grown run is compared with the one of the whole. A merge and an exact update have the same
tokens, words, counts and vectors, to the bit; of a quick update the cosines of the rows are printed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.datasets import documents
from benchmarks.harness import Result, command
from benchmarks.quality.update import KINDS, cosines
from selfvec.cooccurrence.counts import run_counts
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refinement.incremental.merge import merge
from selfvec.refinement.incremental.update import update
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run
from selfvec.storage.workspace import Workspace

SHARDS, NEW = 4, 100  # shards of the whole; one in so many documents is new
ROUNDS = 3

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
    made, source = documents()
    rows = [json.dumps({"text": text}) + "\n" for text in made]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cut = len(rows) - len(rows) // NEW
        bounds = np.linspace(0, len(rows), SHARDS + 1).astype(int)
        named = {f"shard{i}": rows[a:b] for i, (a, b) in enumerate(pairwise(bounds))}
        files = {label: folder / f"{label}.jsonl" for label in ("old", "new", *named)}
        for label, part in {"old": rows[:cut], "new": rows[cut:], **named}.items():
            files[label].write_text("".join(part), encoding="utf-8")
        note = f"{source}, {len(rows):,} documents"
        found = [
            (f"{way}, {label}", *figures)
            for label, settings in SETTINGS.items()
            for way, *figures in measured(folder, files, list(named), settings)
        ]
        found.append((f"update by 1/{NEW}, decorrelated, as typed", *typed(folder, files), "with the start"))
        return [
            Result(way, ours, "s", f"refining anew, {anew:.1f} s", anew / ours, f"{note}, {how}")
            for way, ours, anew, how in found
        ]


def typed(folder: Path, files: dict[str, Path]) -> tuple[float, float]:
    """Least processor seconds of the commands `selfvec update` and `selfvec refine`, of all they start."""

    def spent(*arguments: str | Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command(*arguments), check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    options = ("--method", "decorrelated", "--overwrite")
    old, grown, whole = (folder / name for name in ("old", "grown", "whole"))
    spent("refine", files["old"], "-o", old, *options)
    return (
        min(spent("update", old, files["new"], "-o", grown, "--overwrite") for _ in range(ROUNDS)),
        min(spent("refine", files["old"], files["new"], "-o", whole, *options) for _ in range(ROUNDS)),
    )


def measured(
    folder: Path, files: dict[str, Path], shards: list[str], settings: Settings
) -> Iterator[tuple[str, float, float, str]]:
    """Each way to grow, its least processor seconds, those of refining the same text anew, what differs."""

    def saved(grow: Callable[[Workspace], Run], target: str) -> float:
        """Processor seconds to make a run folder as the commands do."""
        start = time.process_time()
        with Workspace(folder / target, overwrite=True) as workspace:
            workspace.finish(grow(workspace))
        return time.process_time() - start

    def made(labels: list[str], target: str) -> float:
        corpus = Corpus.open([files[label] for label in labels])
        return saved(lambda workspace: refine(corpus, "default", settings, workspace=workspace), target)

    for label in shards:
        made([label], label)
    made(["old"], "old")
    old, new = folder / "old", files["new"]
    ways: dict[str, Callable[[Workspace], Run]] = {
        f"merge of {SHARDS} runs": lambda w: merge([folder / label for label in shards], workspace=w),
        f"exact update by 1/{NEW}": lambda w: update(old, new, exact=True, workspace=w),
        f"update by 1/{NEW}": lambda w: update(old, new, workspace=w),
    }
    for way, grow in ways.items():
        seconds = [(saved(grow, "grown"), made(["old", "new"], "whole")) for _ in range(ROUNDS)]
        grown, whole = open_run(folder / "grown"), open_run(folder / "whole")
        quick = any(step.get("quick") for step in grown.provenance["grown"])
        if not quick:
            same(grown, whole)
        how = "equal to the bit"
        if quick:
            near = zip(KINDS, cosines(open_run(old), grown, whole), strict=True)
            how = "mean cosine " + ", ".join(f"{name} {mean:.4f}" for name, mean in near)
        ours, anew = map(min, zip(*seconds, strict=True))
        yield way, ours, anew, how
