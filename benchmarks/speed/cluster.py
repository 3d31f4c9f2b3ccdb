"""What does one worker of a cluster do in a second, and what would 10¹² tokens take?

Fills docs/results/cluster.md. Text is that of PubMed where it is there, otherwise random words. Sums are
measured on drawn ids at the size of the example: 500,000 words of 256 dimensions.
"""

from __future__ import annotations

import functools
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import documents
from selfvec.cluster.neighbour_sums import BLOCK
from selfvec.cluster.refine import refine_on_cluster
from selfvec.cluster.shards import MOST_TASKS, SHARD_BYTES
from selfvec.cluster.shared_files import load, save
from selfvec.cluster.sums import Partial, Shard, SharedTable, finish, merge, moments, partial
from selfvec.cluster.tree import FAN_IN, Here
from selfvec.data.settings import Settings
from selfvec.numerics.whitening import whitened

WORDS, WIDTH, WINDOW, GAMMA = 500_000, 256, 41, 0.4
TOKENS = 40_000_000  # drawn, of texts of 200
CORPUS = 10**12  # tokens, on paper
SCANS = 3  # where unknown words start, and two passes
CORE_HOUR, MONTH = 0.04, 0.023  # dollars for a core-hour on demand, and for a GB in a store for a month


@dataclass(frozen=True)
class Figures:
    """Of one core: tokens or bytes a second, seconds, bytes."""

    read: float  # tokens/s: text to ids of its own words, saved
    number: float  # tokens/s: ids of the vocabulary and neighbours counted
    sum: float  # tokens/s
    start: float  # s for each task: reading the table, weighting it, clearing the sums
    save: float  # s for a partial, with its checksum
    merge: float  # s for each partial merged, read and checked
    whiten: float  # s for all rows: moments, whitening, writing
    memory: int  # bytes of a worker at its peak, while it sums
    merging: int  # bytes of a worker at its peak, while it merges
    idle: int  # bytes of a worker that has done nothing
    text: float  # bytes of text a token


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one call, which other work hardly changes."""
    start = time.process_time()
    work()
    return time.process_time() - start


class Timed(Here):
    """Counts the processor seconds of the tasks by the name of their work."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()

    def submit(self, task: Any, *arguments: Any) -> Any:
        """Run it."""
        work = task.args[1] if isinstance(task, functools.partial) else task
        start = time.process_time()
        result = task(*arguments)
        self.spent[getattr(work, "func", work).__name__] += time.process_time() - start
        return result


def reading() -> tuple[float, float, float]:
    """Tokens a second read and numbered, and bytes of text a token."""
    texts, _ = documents()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "text.jsonl")
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        settings = Settings("decorrelated", keep_tokens=False, history="none")
        one = str(Path(name, "small.txt"))
        Path(one).write_text("\n".join(texts[:100]), encoding="utf-8")
        refine_on_cluster([one], "none", settings, Here(), str(Path(name, "warm")))  # compiles
        engine = Timed()
        run = refine_on_cluster([str(path)], "none", settings, engine, str(Path(name, "work")))
        tokens, spent = run.provenance["tokens"], engine.spent
        size = path.stat().st_size
        return tokens / spent["count_words"], tokens / spent["count_neighbours"], size / tokens


def drawn(number: int = 0, tokens: int = TOKENS) -> Shard:
    """Ids by falling frequency."""
    rng = np.random.default_rng(number)
    ends = np.cumsum(1 / (np.arange(WORDS) + 2.7) ** 1.07)
    ids = np.searchsorted(ends, rng.random(tokens) * ends[-1]).astype(np.int32)
    return Shard(number, ids, np.arange(0, tokens + 1, 200))


def shared(folder: str) -> SharedTable:
    """The table, memory-mapped like that of a worker."""
    rng, blocks = np.random.default_rng(1), []
    for first in range(0, WORDS, BLOCK):
        url = f"{folder}/{first}.safetensors"
        if not Path(url).exists():
            rows = rng.standard_normal((min(BLOCK, WORDS - first), WIDTH), dtype=np.float32)
            save(url, {"rows": rows})
        blocks.append(load(url)[0]["rows"])
    return SharedTable(WORDS, WINDOW, blocks, np.full(WORDS, 0.1), np.zeros(WIDTH))


def peak() -> int:
    """Bytes of this process at its peak."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def summing(folder: str) -> tuple[float, float, float, int]:
    """Tokens a second, seconds to start and to save, bytes of memory at the peak; leaves a partial."""
    shared(folder)  # written
    partial([drawn(0, 2000)], shared(folder))  # compiles
    shard, small = drawn(), drawn(0, 2000)
    start = seconds(lambda: partial([small], shared(folder)))
    parts: list[Partial] = []
    summed = seconds(lambda: parts.append(partial([shard], shared(folder)))) - start
    before = time.perf_counter()
    save(f"{folder}/0.partial", parts[0].tensors())
    return TOKENS / summed, start, time.perf_counter() - before, peak()


def merging(folder: str) -> tuple[float, int]:
    """Seconds for each of eight partials, bytes of memory."""
    start, whole = time.perf_counter(), Partial.of(0, 1, load(f"{folder}/0.partial")[0])
    for number in range(1, FAN_IN):
        whole = merge(whole, Partial.of(number, number + 1, load(f"{folder}/0.partial")[0]))
    return (time.perf_counter() - start) / FAN_IN, peak()


def whitening(folder: str) -> float:
    """Seconds for all rows."""
    total = Partial.of(0, 1, load(f"{folder}/0.partial")[0])
    turn, shift = np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32)

    def block(first: int) -> None:
        rows = finish(total, slice(first, first + BLOCK))
        stands = np.ones(len(rows), bool)
        moments(0, rows, stands)
        save(f"{folder}/next", {"rows": whitened(rows, stands, shift, turn)})

    return seconds(lambda: [block(first) for first in range(0, WORDS, BLOCK)])


def one_core() -> None:
    """Keep this process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def idle() -> int:
    """Bytes of a process that has imported what a worker imports."""
    return peak()


@functools.cache
def measured() -> Figures:
    """Every figure, each in a process of its own that uses one core."""
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    with tempfile.TemporaryDirectory() as folder:

        def apart(work: Callable[..., Any], *arguments: str) -> Any:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=one_core) as pool:
                return pool.submit(work, *arguments).result()

        fresh = apart(idle)
        read, number, text = apart(reading)
        rate, fixed, saved, memory = apart(summing, folder)
        merged, merging_memory = apart(merging, folder)
        whitened_in = apart(whitening, folder)
    times = fixed, saved, merged, whitened_in
    return Figures(read, number, rate, *times, memory, merging_memory, fresh, text)


def rates(of: Figures) -> str:
    """The table of what one worker does."""
    partial_bytes = WORDS * (WIDTH * 8 + 8)
    rows = [
        ("read: text to ids", f"{of.read / 1e6:.2f} M tokens/s", f"{of.text:.1f} bytes of text a token"),
        ("number: ids of the vocabulary", f"{of.number / 1e6:.1f} M tokens/s", "4 bytes a token"),
        ("sum neighbours", f"{of.sum / 1e6:.2f} M tokens/s", "any window"),
        ("start a task", f"{of.start:.1f} s", "vectors read, checked and weighted, sums cleared"),
        ("save a partial", f"{of.save:.1f} s", f"{partial_bytes / 1e9:.2f} GB, with its checksum"),
        ("merge a partial", f"{of.merge:.1f} s", "read, checked and added"),
        ("whiten and write all rows", f"{of.whiten:.1f} s", f"{WORDS * WIDTH * 4 / 1e9:.2f} GB"),
        ("memory while it sums", f"{of.memory / 1e9:.2f} GB", f"{of.idle / 1e9:.2f} GB of them idle"),
        (
            "memory while it merges",
            f"{of.merging / 1e9:.2f} GB",
            "2.1 GB of them mapped files, which can be dropped",
        ),
    ]
    head = "| one core, 500,000 words × 256 | figure | about |\n|---|---:|---|\n"
    return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def on_paper(of: Figures) -> str:
    """10¹² tokens, from the figures of one worker."""
    text, ids = CORPUS * of.text, CORPUS * 4
    partial_bytes, table = WORDS * (WIDTH * 8 + 8), WORDS * WIDTH * 4
    merges = MOST_TASKS + MOST_TASKS / (FAN_IN - 1)
    hours = {
        "read": CORPUS / of.read / 3600,
        "number": CORPUS / of.number / 3600,
        "sum": SCANS * CORPUS / of.sum / 3600,
        "start, save and merge": SCANS * (MOST_TASKS * of.start + merges * (of.save + of.merge)) / 3600,
        "whiten": 2 * of.whiten / 3600,
    }
    total = sum(hours.values())
    moved = {"ids": ids, "vectors": MOST_TASKS * table, "partials": 2 * merges * partial_bytes}
    cores = MOST_TASKS // 4
    rows = [
        ("text", f"{text / 1e12:.1f} TB in {text / SHARD_BYTES:,.0f} shards, {MOST_TASKS:,} tasks"),
        ("ids", f"{ids / 1e12:.0f} TB, written once, read {SCANS} times"),
        *((f"core-hours: {name}", f"{value:,.0f}" if value >= 1 else "< 1") for name, value in hours.items()),
        ("core-hours in all", f"{total:,.0f}: {total / cores:.1f} hours on {cores} cores"),
        ("bytes moved in a pass", ", ".join(f"{name} {size / 1e12:.1f} TB" for name, size in moved.items())),
        ("bytes a second and core", f"{sum(moved.values()) / (CORPUS / of.sum) / 1e6:.0f} MB while it sums"),
        ("memory of a worker", f"{of.memory / 1e9:.1f} GB"),
        ("of the client", f"about {3 * table / 1e9:.1f} GB: three times the vectors"),
        (
            "cost",
            f"{total * CORE_HOUR:,.0f} $ of cores at {CORE_HOUR} $ an hour, and "
            f"{(text + ids) / 1e9 * MONTH / 30:,.0f} $ a day to store text and ids at {MONTH} $ a GB a month",
        ),
    ]
    return "| 10¹² tokens, on paper | |\n|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


PAGES = {"cluster.md": {"rates": lambda: rates(measured()), "paper": lambda: on_paper(measured())}}
