"""How long is the way from a compressed file to a saved run folder, and how long is gensim's?"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.datasets import PUBMED
from benchmarks.harness import Result, command, paired

CORES, COPIES = 2, 16  # copies of the abstracts that make 100 million words
WORDS = re.compile(r"\w+")


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
