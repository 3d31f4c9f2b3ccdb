"""How long is the way from a compressed file to a saved run folder, by stage, and how long is gensim's?

A limit is what the machine does at best for a stage: decompressing, hashing, gathering rows, multiplying
matrices, writing a file. It is measured in the same process, on the same bytes. Fills
docs/results/speed.md.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import PUBMED
from benchmarks.harness import Result, command, paired
from benchmarks.page import table
from selfvec.base.progress import Timings
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.refinement.input_reading import read_inputs
from selfvec.refinement.inputs import Execution
from selfvec.refinement.pipeline import refine_inputs
from selfvec.storage.run_writer import RunWriter

CORES, COPIES, STEP = 2, 16, 0.1  # copies of the abstracts that make 100 million words; seconds
BARS = " ▁▂▃▄▅▆▇█"
WORDS = re.compile(r"\w+")


@dataclass
class Traced(Timings):
    """Timings that keep when each stage began and ended, and what it used of the processors."""

    spans: dict[str, list[float]] = field(default_factory=dict)  # first start, last end, processor seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start, used = time.perf_counter(), time.process_time()
        with super().stage(name):
            yield
        span = self.spans.setdefault(name, [start, 0.0, 0.0])
        span[1] = time.perf_counter()
        span[2] += time.process_time() - used


def traced(folder: Path) -> tuple[Traced, list[float], float, dict[str, Any]]:
    """One run with the defaults: its timings, cores busy in each tenth of a second, seconds, ``run.json``."""
    timings, busy, done, settings = Traced(), [], threading.Event(), Settings()

    def watch() -> None:
        before, when = time.process_time(), time.perf_counter()
        while not done.wait(STEP):
            now, used = time.perf_counter(), time.process_time()
            busy.append((used - before) / (now - when))
            before, when = used, now

    watcher, start = threading.Thread(target=watch), time.perf_counter()
    watcher.start()
    with RunWriter(folder / "run", overwrite=True) as writer:
        execution = Execution(writer, jobs=CORES, timings=timings)
        inputs = read_inputs(Corpus.open(PUBMED), "default", settings, execution)
        run = refine_inputs(inputs, settings, execution)
        with timings.stage("save"):
            writer.finish(run)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return timings, busy, seconds, run.provenance


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """The best of a few times: a limit is what the machine can do."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def on_all_cores(work: Callable[[int], object]) -> None:
    """Call ``work`` with the number of each core, in threads."""
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(work, range(CORES)))


def limits(provenance: dict[str, Any], folder: Path) -> dict[str, tuple[float, str]]:
    """The least time of each stage on this machine, and what was measured."""
    packed = PUBMED.read_bytes()
    size = provenance["dimensions"] // CORES
    rows = np.ones((provenance["types"], size), np.float32)
    ids = np.minimum(np.random.default_rng(0).zipf(1.3, provenance["tokens"]) - 1, len(rows) - 1)
    blocks = [ids[start : start + 4096] for start in range(0, len(ids), 4096)]
    out = np.empty((CORES, 4096, size), np.float32)

    def gather(core: int) -> None:
        for block in blocks:
            np.take(rows, block, axis=0, out=out[core, : len(block)], mode="clip")

    square = np.ones((4096, 2 * size), np.float32)

    def multiply(_: int) -> None:
        for _ in range(len(rows) // 4096 // CORES + 1):
            square @ square[: 2 * size]

    kept = b"\0" * sum(path.stat().st_size for path in (folder / "run").iterdir() if path.is_file())

    def write() -> None:
        (folder / "bytes").write_bytes(kept)

    lines = gzip.decompress(packed).splitlines()
    unpack = seconds(lambda: zlib.decompress(packed, 31))
    hashed, parsed = seconds(lambda: hashlib.sha256(packed)), seconds(lambda: [json.loads(x) for x in lines])
    gathered, multiplied = seconds(lambda: on_all_cores(gather)), seconds(lambda: on_all_cores(multiply))
    passes = provenance["epochs"]
    return {
        "read and tokenize": (
            (unpack + hashed + parsed) / CORES,
            f"decompressing ({unpack:.2f} s), SHA-256 ({hashed:.2f}) and JSON ({parsed:.2f}) on all cores",
        ),
        "refine": (
            (passes + 1) * 5 * gathered / 2 + passes * 2 * multiplied,
            f"{passes + 1} scans that touch five rows a token, copied at {gathered / 2:.2f} s a row, and "
            f"{passes} whitenings of two matrix products at {multiplied:.2f} s",
        ),
        "save": (seconds(write), f"writing {len(kept) / 1e6:.0f} MB"),
    }


@functools.cache
def page_parts() -> dict[str, str]:
    """The generated parts of docs/results/speed.md."""
    with tempfile.TemporaryDirectory() as name:
        traced(Path(name))  # loads and compiles
        timings, busy, _, provenance = traced(Path(name))
        least = limits(provenance, Path(name))
    spans = dict(timings.spans)
    start = min(first for first, _, _ in spans.values())
    first, last = spans.pop("read")[0], spans["count"][0]
    spans.pop("beside_load")
    reading = {"read and tokenize": [first, last, 0.0]}
    rows = []
    for stage, (begin, end, used) in sorted((reading | spans).items(), key=lambda item: item[1][0]):
        steps = busy[round((begin - start) / STEP) : max(round((end - start) / STEP), 1)]
        cores = used / (end - begin) if used else float(np.mean(steps or [0]))
        bound, what = least.get(stage, (None, ""))
        share = "" if bound is None else f"{bound / (end - begin):.0%}"
        limit = "" if bound is None else f"{bound:.2f}"
        rows.append((stage, f"{end - begin:.2f}", f"{cores:.1f}", limit, share, what))
    heads = ("stage", "seconds", "cores busy", "limit, s", "limit / time", "the limit is")
    line = "".join(BARS[min(round(4 * cores), 8)] for cores in busy)
    return {"stages": table(heads, rows), "timeline": f"```text\n{line}\n```\n\n{STEP} s a column."}


def big_corpus(path: Path) -> None:
    """The abstracts over and over, with other ids."""
    with gzip.open(PUBMED, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    with gzip.open(path, "wt", compresslevel=3, encoding="utf-8") as file:
        for copy in range(COPIES):
            file.writelines(json.dumps(row | {"id": f"{copy}-{row['id']}"}) + "\n" for row in rows)


def refine(corpus: Path, run: Path, *options: str) -> dict[str, Any]:
    """Run the command with the defaults and return ``run.json``."""
    job = command("refine", corpus, "-o", run, "--overwrite", "--jobs", CORES, *options)
    subprocess.run(job, check=True, capture_output=True)
    found: dict[str, Any] = json.loads((run / "run.json").read_text())
    return found


def by_gensim(epochs: int, size: int) -> None:
    """gensim's CBOW as most people run it: the file read with ``re`` into lists, once, then trained."""
    from gensim.models import Word2Vec

    with gzip.open(PUBMED, "rt", encoding="utf-8") as file:
        read = map(json.loads, file)
        texts = [WORDS.findall(f"{row['title']} {row['text']}".lower()) for row in read]
    model = Word2Vec(texts, vector_size=size, workers=CORES, min_count=1, epochs=epochs)
    assert model.corpus_total_words > 6e6, "all words are read"


def run() -> Iterator[Result]:
    """The whole path, what auto costs, gensim's way, 100 million words, a cold start."""
    if not PUBMED.exists():
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        made = refine(PUBMED, folder)
        words, size = made["tokens"], made["dimensions"]
        assert made["method"] == "decorrelated", made
        assert words > 6e6, made
        auto, named = paired(
            lambda: refine(PUBMED, folder), lambda: refine(PUBMED, folder, "--method", "decorrelated"), 3
        )
        note = f"{words / auto / 1e6:.2f} M words/s, d {size}, two threads; target ≤ 5 s"
        yield Result("PubMed, raw gz to run folder", auto, "s", "the target of 5 s", 5 / auto, note)
        yield Result(
            "auto costs", 100 * (auto / named - 1), "%", "the method named", named / auto, "target ≤ 10 %"
        )
        ours, one = paired(lambda: refine(PUBMED, folder), lambda: by_gensim(1, size), 1)
        start = time.perf_counter()
        by_gensim(5, size)
        five = time.perf_counter() - start
        label = "decorrelated, raw gz to run folder, against CBOW from the same file"
        yield Result(label, ours, "s", "gensim, one epoch", one / ours, f"d {size}, two threads; target ≥ 3")
        yield Result(f"{label} × 5", ours, "s", "gensim, five epochs", five / ours, "target ≥ 12")
        big = Path(name) / "big.jsonl.gz"
        big_corpus(big)
        start = time.perf_counter()
        words = refine(big, folder, "--repeats", "keep")["tokens"]
        speed = words / (time.perf_counter() - start) / 1e6
        label = f"PubMed × {COPIES}, {words / 1e6:.0f} M words, raw gz to run folder"
        yield Result(label, speed, "M words/s", "the target of 2", speed / 2)
        yield _cold(Path(name))


def _cold(folder: Path) -> Result:
    """``selfvec demo`` in a fresh environment, where no kernel is compiled yet."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache")}
    start = time.perf_counter()
    subprocess.run(command("demo", "-o", folder / "demo"), check=True, capture_output=True, env=environment)
    cold = time.perf_counter() - start
    note = "kernels are compiled; target ≤ 8 s"
    return Result("selfvec demo, the first time", cold, "s", "the target of 8 s", 8 / cold, note)


NEEDS_DATA = True
PAGES = {"speed.md": {"stages": lambda: page_parts()["stages"], "timeline": lambda: page_parts()["timeline"]}}
