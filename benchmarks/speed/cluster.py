"""How much faster are two workers of a cluster than one?

Fills docs/results/cluster.md. A hundred million words that `speed.billion` generates are refined by one
worker and by two, each a process with one thread; SELFVEC_BENCH_WORDS is another number, in millions,
SELFVEC_BENCH_FOLDER a folder that keeps the text.
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
from selfvec.base.threads import limited
from selfvec.data.settings import Settings
from selfvec.lab.cluster.refine import cluster_settings, output_place, refine_shards
from selfvec.lab.cluster.scheduler import Scheduler, connected
from selfvec.refinement.inputs import Execution
from selfvec.storage.run_writer import RunWriter

GB = 1e9


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
    with limited(workers), connected("local") as scheduler:
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
    return refine_shards(files, "wordllama", settings, scheduler, Execution(writer), {})


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


PAGES = {"cluster.md": {"workers": workers}}
