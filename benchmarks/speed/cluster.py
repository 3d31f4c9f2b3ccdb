"""How much faster are two workers of a cluster than one, and what would 10¹² tokens take?

Fills docs/results/cluster.md. The part ``workers`` refines a hundred million words that `speed.billion`
generates, by one worker and by two, each a process with one thread; SELFVEC_BENCH_WORDS is another number, in
millions, SELFVEC_BENCH_FOLDER a folder that keeps the text. For the other parts, text is that of PubMed where
it is there, otherwise random words, and sums are measured on drawn ids at the size of the example: 500,000
words of 256 dimensions.
"""

from __future__ import annotations

import functools
import hashlib
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
from benchmarks.page import table
from benchmarks.speed.billion import texts
from benchmarks.speed.memory import MILLION
from selfvec.cluster.dask_engine import DaskEngine, dask_engine
from selfvec.cluster.neighbour_sums import COLUMNS
from selfvec.cluster.output import output_place
from selfvec.cluster.refine import refine_on_cluster
from selfvec.cluster.shards import MOST_TASKS, SHARD_BYTES
from selfvec.cluster.shared_files import ROWS, load, save
from selfvec.cluster.sums import Partial, Shard, SharedTable, finish, merged, moments, partial
from selfvec.cluster.tree import Here
from selfvec.data.settings import Settings
from selfvec.numerics.whitening import whitened

WORDS, WIDTH, WINDOW, GAMMA = 500_000, 256, 41, 0.4
BLOCKS = WIDTH // COLUMNS  # of columns
TOKENS = 40_000_000  # drawn, of texts of 200
RANGES = 8  # of shards, whose sums are added
CORPUS = 10**12  # tokens, on paper
SCANS = 3  # where unknown words start, and two passes
CORE_HOUR, MONTH = 0.04, 0.023  # dollars for a core-hour on demand, and for a GB in a store for a month


@dataclass(frozen=True)
class Figures:
    """Of one core: tokens or bytes a second, seconds, bytes."""

    read: float  # tokens/s: text to ids of its own words, saved
    number: float  # tokens/s: ids of the vocabulary and neighbours counted
    sum: float  # tokens/s, all columns
    start: float  # s for each task: reading its columns, weighting them, clearing the sums
    save: float  # s for the sums of a task, with their checksums
    add: float  # s for the sums of a task, read, checked and added
    whiten: float  # s for all rows: moments, whitening, writing
    memory: int  # bytes of a worker at its peak, while it sums
    adding: int  # bytes of a worker at its peak, while it adds and whitens
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

    def submit(self, task: Any, *arguments: Any, **more: Any) -> Any:
        """Run it."""
        del more
        work = task
        if isinstance(task, functools.partial):  # of the tree, or with its first arguments
            work = task.args[1] if task.func.__module__.endswith("tree") else task.func
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
        settings = Settings("decorrelated", keep="nothing", history="none")
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
    """Some columns of the matrix, read like a worker does."""
    rng, urls = np.random.default_rng(1), []
    for first in range(0, WORDS, ROWS):
        urls.append(f"{folder}/{first}.safetensors")
        if not Path(urls[-1]).exists():
            rows = rng.standard_normal((min(ROWS, WORDS - first), COLUMNS), dtype=np.float32)
            save(urls[-1], {"rows": rows})
    blocks = (load(url)[0]["rows"] for url in urls)
    return SharedTable(WORDS, WINDOW, blocks, np.full(WORDS, 0.1), np.zeros(COLUMNS))


def peak() -> int:
    """Bytes of this process at its peak."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def summing(folder: str) -> tuple[float, float, float, int]:
    """Tokens a second, seconds to start and to save, bytes of memory at the peak; leaves the sums."""
    shared(folder)  # written
    partial([drawn(0, 2000)], shared(folder))  # compiles
    shards = [drawn(0, 2000), *(drawn(n, TOKENS // 10) for n in range(1, 11))]
    start = seconds(lambda: partial(shards[:1], shared(folder)))
    parts: list[Partial] = []
    summed = seconds(lambda: parts.append(partial(shards, shared(folder)))) - start
    before = time.perf_counter()
    save(f"{folder}/0.partial", parts[0].tensors())
    return TOKENS / summed / BLOCKS, start, time.perf_counter() - before, peak()


def adding(folder: str) -> tuple[float, float, int]:
    """Seconds to add the sums of a task, and to whiten all rows; bytes of memory at the peak."""
    degrees = np.full(WORDS, 40)
    turn, shift = np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32)
    adding = whitening = 0.0
    for first in range(0, WORDS, ROWS):
        last = min(first + ROWS, WORDS)
        start = time.process_time()
        for _ in range(BLOCKS):
            parts = (
                Partial.of(n, n + 1, load(f"{folder}/0.partial", ["neighbours"], first, first + ROWS)[0])
                for n in range(RANGES)
            )
            columns = finish(merged(parts), degrees[first:last])
        adding += time.process_time() - start
        start = time.process_time()
        rows, occurring = np.hstack([columns] * BLOCKS), np.ones(last - first, bool)
        save(f"{folder}/summed", {"rows": rows})
        moments(0, rows, occurring)
        save(
            f"{folder}/next", {"rows": whitened(load(f"{folder}/summed")[0]["rows"], occurring, shift, turn)}
        )
        whitening += time.process_time() - start
    return adding / RANGES / BLOCKS, whitening, peak()


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
        added, whitened_in, adding_memory = apart(adding, folder)
    times = fixed, saved, added, whitened_in
    return Figures(read, number, rate, *times, memory, adding_memory, fresh, text)


def rates(of: Figures) -> str:
    """The table of what one worker does."""
    sums = f"{WORDS * COLUMNS * 4 / 1e9:.2f} GB"
    rows = [
        ("read: text to ids", f"{of.read / 1e6:.2f} M tokens/s", f"{of.text:.1f} bytes of text a token"),
        (
            "number: ids of the vocabulary",
            f"{of.number / 1e6:.1f} M tokens/s",
            "4 bytes a token; the client, in the same process, looks words up in the meantime",
        ),
        ("sum neighbours", f"{of.sum / 1e6:.2f} M tokens/s", "all dimensions, any window"),
        ("start a task", f"{of.start:.2f} s", f"{COLUMNS} columns read, checked and weighted, sums cleared"),
        ("save its sums", f"{of.save:.2f} s", f"{sums}, with checksums"),
        ("add its sums", f"{of.add:.2f} s", "read by blocks of rows, checked and added"),
        ("whiten and write all rows", f"{of.whiten:.1f} s", f"{WORDS * WIDTH * 4 / 1e9:.2f} GB"),
        ("memory while it sums", f"{of.memory / 1e9:.2f} GB", f"{of.idle / 1e9:.2f} GB of them idle"),
        ("memory while it adds and whitens", f"{of.adding / 1e9:.2f} GB", f"{ROWS:,} rows at a time"),
    ]
    head = "| one core, 500,000 words × 256 | figure | about |\n|---|---:|---|\n"
    return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def on_paper(of: Figures) -> str:
    """10¹² tokens, from the figures of one worker."""
    text, ids = CORPUS * of.text, CORPUS * 4
    matrix = WORDS * WIDTH * 4  # bytes
    ranges = MOST_TASKS // BLOCKS
    hours = {
        "read": CORPUS / of.read / 3600,
        "number": CORPUS / of.number / 3600,
        "sum": SCANS * CORPUS / of.sum / 3600,
        "start, save and add": SCANS * MOST_TASKS * (of.start + of.save + of.add) / 3600,
        "whiten": 2 * of.whiten / 3600,
    }
    total = sum(hours.values())
    moved = {"ids": ids * BLOCKS, "vectors": ranges * matrix, "sums": 2 * ranges * matrix}
    cores = MOST_TASKS // 4
    rows = [
        ("text", f"{text / 1e12:.1f} TB in {text / SHARD_BYTES:,.0f} shards, {MOST_TASKS:,} tasks"),
        ("ids", f"{ids / 1e12:.0f} TB, written once, read {1 + SCANS * BLOCKS} times"),
        *((f"core-hours: {name}", f"{value:,.0f}" if value >= 1 else "< 1") for name, value in hours.items()),
        ("core-hours in all", f"{total:,.0f}: {total / cores:.1f} hours on {cores} cores"),
        ("bytes moved in a pass", ", ".join(f"{name} {size / 1e12:.1f} TB" for name, size in moved.items())),
        ("bytes a second and core", f"{sum(moved.values()) / (CORPUS / of.sum) / 1e6:.0f} MB while it sums"),
        ("memory of a worker", f"{of.memory / 1e9:.1f} GB"),
        ("of the client", f"about {3 * matrix / 1e9:.1f} GB: three times the vectors"),
        (
            "cost",
            f"{total * CORE_HOUR:,.0f} $ of cores at {CORE_HOUR} $ an hour, and "
            f"{(text + ids) / 1e9 * MONTH / 30:,.0f} $ a day to store text and ids at {MONTH} $ a GB a month",
        ),
    ]
    return "| 10¹² tokens, on paper | |\n|---|---|\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


class Waiting(DaskEngine):
    """Counts the seconds in which workers have tasks of the client."""

    spent = 0.0

    def gather(self, *arguments: Any, **more: Any) -> list[Any]:
        """Wait for the tasks."""
        start = time.perf_counter()
        try:
            return super().gather(*arguments, **more)
        finally:
            self.spent += time.perf_counter() - start


@dataclass(frozen=True)
class Refined:
    """A refinement by some workers."""

    tokens: int
    types: int
    seconds: float  # the whole path, until the run is written; without starting the cluster
    spread: float  # seconds of it in which workers have tasks
    worker: int  # bytes of the largest worker at its peak
    client: int  # bytes of the client at its peak
    result: str  # a hash of vectors and tokens


def refined(files: list[str], folder: str, workers: int) -> Refined:
    """Refine texts by workers of this machine."""
    run, small = f"{folder}/run", f"{folder}/small.txt"
    with dask_engine("local", workers=workers) as started:
        engine = Waiting(started.client, started.progress)
        with Path(files[0]).open("rb") as whole:
            Path(small).write_bytes(b"".join(line for line, _ in zip(whole, range(1000), strict=False)))
        engine.client.run(_warm, small)  # imports and compiles in each worker
        engine.spent = 0.0
        start = time.perf_counter()
        with output_place(run, overwrite=True) as place:
            made = refine_on_cluster(files, "default", Settings(), engine, place.shared, writer=place.writer)
            place.finish(made)
        taken = time.perf_counter() - start
        largest = max(engine.client.run(peak).values())
    digest = hashlib.sha256(np.ascontiguousarray(made.vectors.vectors).data)
    assert made.tokens is not None
    digest.update(made.tokens.ids.data)
    tokens, types = made.provenance["tokens"], len(made.vectors)
    return Refined(tokens, types, taken, engine.spent, largest, peak(), digest.hexdigest())


def _warm(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        refine_on_cluster([text], "none", Settings(), Here(), folder)


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

    return table(
        (f"{words // MILLION:,} M words, {one.types:,} different", "one worker", "two workers", "ratio"),
        [
            row("whole path, s", one.seconds, two.seconds),
            row("distributed, s", one.spread, two.spread),
            row("client alone, s", one.seconds - one.spread, two.seconds - two.spread),
            row("memory of a worker, GB", one.worker / 1e9, two.worker / 1e9),
            row("memory of the client, GB", one.client / 1e9, two.client / 1e9),
        ],
    )


PAGES = {
    "cluster.md": {
        "workers": workers,
        "rates": lambda: rates(measured()),
        "paper": lambda: on_paper(measured()),
    }
}
