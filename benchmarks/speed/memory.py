"""How much memory does ``selfvec refine`` take, and does its time grow with the text?

The text is random with a language's word frequencies; every type occurs. The table has a row for every
type (or for five in six) and a shared direction, as pretrained tables have. Every job is a child process.
Its peak is that of the resident set, ``VmHWM``. That counts pages of mapped files, too, although the
system can take these back at any time; the peak without them (RssAnon + RssShmem) stands beside it. Both
are read from /proc every 20 ms.

``python -m benchmarks speed.memory [memory] [linear]`` measures the memory, or the times, of
docs/results/speed.md. SELFVEC_BENCH_FOLDER names a folder that keeps the texts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.harness import command
from benchmarks.page import table

DIMENSIONS = 300
MILLION = 1_000_000
_CHUNK = 1 << 20  # tokens written at a time
_TOPICS = 16  # a document prefers one word in 16, or there would be nothing to learn
_LENGTH = 200  # words of a document
METHODS = ("paper", "decorrelated")
SIZES = [  # tokens, types, method, every k-th word is unknown
    *((millions * MILLION, 500_000, method, 0) for method in METHODS for millions in (1, 10, 100)),
    *((10 * MILLION, 100_000, method, 0) for method in METHODS),
    (10 * MILLION, 500_000, "decorrelated", 6),
]


def words_of(types: int) -> list[str]:
    """Made-up words of two to nine letters, frequent ones short."""
    rng, letters = np.random.default_rng(2), np.array(list("etaoinshrdlucmwfgypbvk"))
    found: dict[str, None] = {}
    while len(found) < types:
        size = 2 + min(7, len(str(len(found))) + 1)
        found.update(dict.fromkeys(map("".join, letters[rng.integers(0, len(letters), (8192, size))])))
    return list(found)[:types]


def write_text(path: Path, tokens: int, types: int) -> None:
    """A document per line, Zipf's law, every type at least once."""
    words = np.array(words_of(types), object)
    rng, shares = np.random.default_rng(0), np.cumsum(1 / (np.arange(types) + 2.7))
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, tokens, _CHUNK):
            size = min(_CHUNK, tokens - start)
            ids = np.searchsorted(shares, rng.random(size) * shares[-1])
            topics = np.repeat(rng.integers(0, _TOPICS, -(-size // _LENGTH)), _LENGTH)[:size]
            topical = (rng.random(size) < 0.5) & (ids < types - _TOPICS) & (ids >= _LENGTH)
            ids[topical] += topics[topical] - ids[topical] % _TOPICS
            once = np.arange(start * types // tokens, (start + size) * types // tokens)
            ids[rng.permutation(size)[: len(once)]] = once
            for first in range(0, size, _LENGTH):
                file.write(" ".join(words[ids[first : first + _LENGTH]]) + ".\n")


def write_vectors(path: Path, types: int, unknown: int = 0) -> None:
    """An .npy table and its vocabulary; every ``unknown``-th word has no row, 0 for none."""
    kept = [i for i in range(types) if not unknown or i % unknown]
    words = words_of(types)
    path.with_name(f"{path.stem}.vocabulary.txt").write_text("".join(f"{words[i]}\n" for i in kept))
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (len(kept), DIMENSIONS))
    rng = np.random.default_rng(1)
    for start in range(0, len(kept), 4096):
        part = rows[start : start + 4096]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32) + 0.3
    rows.flush()


@dataclass(frozen=True)
class Peak:
    """What one job took."""

    tokens: int
    types: int
    resident: int  # bytes, with the pages of mapped files
    own: int  # bytes, without them
    cpu: float  # seconds of all threads
    seconds: float

    def tables(self, size: int) -> float:
        """Bytes in units of one table."""
        return size / (self.types * DIMENSIONS * 4)

    def beyond(self, small: Peak) -> float:
        """Tables beyond a tiny job and the ids of the text, four bytes a word."""
        return self.tables(self.resident - small.resident - 4 * self.tokens)


def measured(folder: Path, tokens: int, types: int, method: str, unknown: int = 0) -> Peak:
    """Refine in a child process; text and table are written once."""
    text, vectors = folder / f"text-{tokens}-{types}.txt", folder / f"table-{types}-{unknown}.npy"
    if not text.exists():
        write_text(text, tokens, types)
    if not vectors.exists():
        write_vectors(vectors, types, unknown)
    out, log = folder / "run", folder / "run.log"
    options = ("--overwrite", "--history", "none", "--method", method)
    refine = command("refine", text, "--vectors", vectors, "-o", out, *options)
    peak = watched(refine, log)
    made = json.loads((out / "run.json").read_text())
    assert (made["tokens"], made["types"]) == (tokens, types), (made["tokens"], made["types"])
    return replace(peak, tokens=tokens, types=types)


def watched(job: Sequence[str], log: Path) -> Peak:
    """Run a command in a child process and watch its memory; its output is written to ``log``."""
    start, own, resident = time.perf_counter(), 0, 0
    with log.open("wb") as file, subprocess.Popen(job, stdout=file, stderr=file) as process:
        while not (waited := os.wait4(process.pid, os.WNOHANG))[0]:
            found = _memory(process.pid)
            own = max(own, found["RssAnon"] + found["RssShmem"])
            resident = max(resident, found["VmHWM"])
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(waited[1])
    seconds, usage = time.perf_counter() - start, waited[2]
    if process.returncode:
        raise RuntimeError(log.read_text())
    if sys.platform == "darwin":  # on Linux it is no less than what this process has held before
        resident = usage.ru_maxrss
    return Peak(0, 0, resident, own, usage.ru_utime + usage.ru_stime, seconds)


def _memory(process: int) -> dict[str, int]:
    """Memory of a process in bytes, and the peak of all; 0 where the system does not say."""
    found = dict.fromkeys(("RssAnon", "RssShmem", "VmHWM"), 0)
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return found
    named = (line.split(":", 1) for line in lines if line.startswith(tuple(found)))
    return found | {name: int(value.split()[0]) * 1024 for name, value in named}


def memory() -> str:
    """Peak memory and processor time, by size of the text, types and method."""
    rows, base = [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("SELFVEC_BENCH_FOLDER", name))
        small = {method: measured(folder, 1_000, 100, method) for method in METHODS}
        for tokens, types, method, unknown in SIZES:
            peak = measured(folder, tokens, types, method, unknown)
            first = base.setdefault((types, method, unknown), peak)
            further = (peak.cpu - first.cpu) / max(tokens - first.tokens, 1) * 1e9
            known = f"{method}, one word in {unknown} unknown" if unknown else method
            row = [f"{tokens // MILLION} M", f"{types:,}", known, f"{peak.resident / 2**20:,.0f}"]
            row += [f"{peak.tables(size):.2f}" for size in (peak.resident, peak.own)]
            rows.append([*row, f"{peak.beyond(small[method]):.2f}", f"{peak.cpu:.0f}"])
            rows[-1].append(f"{further:.0f}" if peak is not first else "")
            print(*rows[-1], flush=True)
    header = ["words", "types", "method", "peak, MB", "peak / vectors", "without mapped pages"]
    return table([*header, "beyond a tiny job and ids", "processor s", "ns for each further word"], rows)


def linear() -> str:
    """Processor time by the length of the text: with one vocabulary, and with one that grows with it."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("SELFVEC_BENCH_FOLDER", name))
        once = folder / f"text-{10 * MILLION}-100000.txt"
        if not once.exists():
            write_text(once, 10 * MILLION, 100_000)
        for kind, lengths in (("one", (10, 20, 50, 100)), ("growing", (10, 20, 50))):
            before: Peak | None = None
            for millions in lengths:
                tokens, types = millions * MILLION, 100_000 if kind == "one" else millions * 10_000
                text = folder / f"text-{tokens}-{types}.txt"
                if kind == "one" and not text.exists():
                    text.write_bytes(once.read_bytes() * (millions // 10))
                job = measured(folder, tokens, types, "decorrelated")
                further = before and (job.cpu - before.cpu) / (tokens - before.tokens) * 1e9
                rows.append((kind, f"{millions} M", f"{types:,}", f"{job.cpu:.1f}"))
                rows[-1] += (f"{tokens / job.cpu / 1e6:.2f}", f"{further:.0f}" if further else "")
                print(*rows[-1], flush=True)
                before = job
    header = ("vocabulary", "words", "types", "processor s", "M words for each of them")
    return table([*header, "ns for each further word"], rows)


PAGES = {"speed.md": {"memory": memory, "linear": linear}}
