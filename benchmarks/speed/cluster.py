"""How much faster are two workers of a cluster than one, and what would 10¹² words take?

Fills docs/results/cluster.md. The part ``workers`` refines a hundred million words that `speed.billion`
generates, by one worker and by two, each a process with one thread; SELFVEC_BENCH_WORDS is another number, in
millions, SELFVEC_BENCH_FOLDER a folder that keeps the text. The part ``paper`` is computed.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.page import table
from benchmarks.speed.billion import MILLION, texts
from selfvec.data.settings import Settings
from selfvec.lab.cluster.refine import cluster_settings, output_place, refine_shards
from selfvec.lab.cluster.scheduler import Scheduler, connected
from selfvec.lab.cluster.shards import MOST_SHARDS
from selfvec.lab.cluster.tasks import COLUMNS, MOST_RANGES, PER_WORD
from selfvec.refinement.inputs import Execution
from selfvec.storage.run_writer import RunWriter

GB, TB = 1e9, 1e12
NUMBER, WORDS, WIDTH = 10**12, 500_000, 256  # of words in the text, of the vocabulary, of dimensions
TEXT = 7  # bytes of a word of English text, with what follows it
COUNTERS = 1 << 28  # bytes of the counters of passages of a long text
BY_SHARD, BY_RANGE, SCANS = 14, 4, 3  # tasks; passes with the scan for words without a vector


@dataclass(frozen=True)
class Refined:
    """A refinement by some workers."""

    tokens: int
    types: int
    seconds: float  # the whole path, until the run is written; without starting the cluster
    timings: Mapping[str, float]
    worker: int  # bytes of the largest worker at its peak
    client: int  # bytes of the client at its peak
    result: str  # a hash of vectors and tokens


def refined(files: list[str], folder: str, workers: int) -> Refined:
    """Refine texts by workers of this machine."""
    small = Path(folder, "small.txt")
    with Path(files[0]).open("rb") as whole:
        small.write_bytes(b"".join(line for line, _ in zip(whole, range(1000), strict=False)))
    with connected("local", workers=workers) as scheduler:
        for _ in range(workers):  # each worker imports and loads kernels
            _refine([str(small)], scheduler, None)
        start = time.perf_counter()
        with output_place(f"{folder}/run", overwrite=True) as (writer, finish):
            made = finish(_refine(files, scheduler, writer))
        taken = time.perf_counter() - start
        largest = max(scheduler.client.run(peak).values())
    digest = hashlib.sha256(np.ascontiguousarray(made.vectors.vectors).data)
    digest.update(np.ascontiguousarray(made.require_tokens().ids).data)
    told = made.provenance
    counts = int(told.tokens or 0), len(made.vectors)
    return Refined(*counts, taken, dict(told.timings), largest, peak(), digest.hexdigest())


def _refine(files: list[str], scheduler: Scheduler, writer: RunWriter | None):
    settings = cluster_settings(Settings())
    return refine_shards(files, "default", settings, scheduler, Execution(writer), {})


def peak() -> int:
    """Bytes of this process at its peak."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def workers() -> str:
    """The table of one worker and two."""
    words = int(os.environ.get("SELFVEC_BENCH_WORDS", "100")) * MILLION
    with tempfile.TemporaryDirectory() as name:
        folder = os.environ.get("SELFVEC_BENCH_FOLDER", name)
        files = [str(path) for path in texts(Path(folder), words)]
        found = []
        for number in (1, 2):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found.append(pool.submit(refined, files, name, number).result())
    one, two = found
    assert one.result == two.result, "one worker and two make different bytes"
    assert one.tokens == words

    def row(what: str, a: float, b: float) -> tuple[str, str, str, str]:
        return what, f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}"

    stages = {"reading, s": "read", "counting, s": "count", "refining, s": "refine", "saving, s": "save"}
    return table(
        (f"{words // MILLION:,} M words, {one.types:,} different", "one worker", "two workers", "ratio"),
        [
            row("whole path, s", one.seconds, two.seconds),
            *(row(what, one.timings[name], two.timings[name]) for what, name in stages.items()),
            row("memory of a worker, GB", one.worker / GB, two.worker / GB),
            row("memory of the client, GB", one.client / GB, two.client / GB),
        ],
    )


def on_paper() -> str:
    """What the constants of the code give for a text that nobody has run."""
    ranges = int(np.clip(NUMBER // (PER_WORD * WORDS), 1, MOST_RANGES))
    blocks = -(-WIDTH // COLUMNS)
    matrix = WORDS * WIDTH * 4
    shard, part = NUMBER / MOST_SHARDS, NUMBER / ranges
    tasks = BY_SHARD * MOST_SHARDS + (BY_RANGE + 2 * SCANS * blocks) * ranges
    different = 2.8 * NUMBER**0.68  # as in texts of up to a billion words
    rows = [
        ("shards, tasks in all", f"{MOST_SHARDS:,} and {tasks:,}"),
        ("a worker that reads: a shard, its ids, its documents", f"{shard * (1.4 * TEXT + 8) / GB:.1f} GB"),
        ("all workers: ids of shards, then of ranges as well", f"{8 * NUMBER / TB:.0f} TB"),
        (f"a worker that sums: ids of one of {ranges:,} ranges", f"{part * 4 / GB:.1f} GB"),
        (f"… and {COLUMNS} columns, four times", f"{4 * COLUMNS * 4 * WORDS / GB:.1f} GB"),
        ("moved once: ids from shards to ranges", f"{4 * NUMBER / TB:.0f} TB"),
        ("moved once: counters of passages", f"{MOST_SHARDS * COUNTERS / TB:.1f} TB"),
        ("moved in each scan: vectors to ranges, and their sums", f"{2 * ranges * matrix / TB:.1f} TB"),
        ("client and scheduler: vectors, four times", f"{4 * matrix / GB:.1f} GB"),
        (f"client: {different / MILLION:,.0f} M different words", f"{100 * different / GB:.0f} GB"),
        ("through the client, unless `--keep tokens`: documents", f"{0.4 * TEXT * NUMBER / TB:.1f} TB"),
    ]
    return table((f"10¹² words, {WORDS:,} × {WIDTH}", "on paper"), rows)


PAGES = {"cluster.md": {"workers": workers, "paper": on_paper}}
