"""How fast is search in a million passages, and what memory does its index take?

Passages of PubMed abstracts and storm reports, repeated with a fifth of their words exchanged. The index is
made of a run of them in a process of its own, and questions are answered in another. Their peaks are
given with and without the pages of mapped files, which the system can take back at any time. Before a rate is
printed, three questions of four have found the passage that they were taken from, or a copy. The first view
of the run is the page with the data that it shows first; ``selfvec serve`` starts in that time.

``python -m benchmarks speed.million``; SELFVEC_BENCH_PASSAGES gives another number of passages.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.datasets import records
from benchmarks.harness import Result, command, watched
from selfvec.retrieval import Found, Index

PASSAGES = int(os.environ.get("SELFVEC_BENCH_PASSAGES", 1_000_000))
QUESTIONS = 100
NEEDS_DATA = True


def pieces() -> list[list[str]]:
    """Stretches of forty to a hundred words."""
    names = ("episode_narrative", "event_narrative")
    narratives = (row.get(name) or "" for row in records("NOAA") for name in names)
    texts = [row["text"] for row in records("PubMed")] + [text for text in narratives if len(text) > 100]
    cut = (text.split()[start : start + 100] for text in texts for start in range(0, len(text.split()), 100))
    return [words for words in cut if len(words) >= 40]


def passages(originals: list[list[str]]) -> Iterator[str]:
    """The originals, and copies with a fifth of the words exchanged."""
    rng = np.random.default_rng(0)
    words = np.array([word for piece in originals[:20_000] for word in piece], object)
    for number in range(PASSAGES):
        piece = list(originals[number % len(originals)])
        if number >= len(originals):
            for place in rng.integers(0, len(piece), len(piece) // 5):
                piece[place] = words[rng.integers(len(words))]
        yield " ".join(piece)


REFINES = """
import sys, selfvec
selfvec.refine(sys.argv[1], output=sys.argv[2], method="decorrelated")
"""

INDEXES = """
import sys
from selfvec.retrieval import run_index
run_index(sys.argv[2]).saved(sys.argv[3])
"""

ANSWERS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from selfvec.retrieval import Index
with ThreadPoolExecutor(2) as pool:
    list(pool.map(Index.open(sys.argv[3]).search, json.loads(sys.argv[4])))
"""


def first_view(folder: Path) -> float:
    """Seconds from the start of the server until the page and its first data are answered."""
    start = time.perf_counter()
    serve = command("serve", folder, "--port", 0)
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            lines = (re.search(r"http://\S+", line) for line in server.stdout)
            address = next(found.group() for found in lines if found)
            for path in ("", "api/about", "api/overview"):
                with urllib.request.urlopen(address + path) as answer:
                    assert answer.read()
            return time.perf_counter() - start
        finally:
            server.kill()


def write_passages(path: Path) -> list[list[str]]:
    """Write the passages; those that the others are copies of."""
    originals = pieces()
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(passages(originals)):
            file.write(json.dumps({"id": f"p{number}", "text": text}) + "\n")
    return originals


def drawn_questions(originals: list[list[str]]) -> list[tuple[str, set[str]]]:
    """Questions of eight words, each with the words of the passage that it is taken from."""
    drawn = np.random.default_rng(1).integers(0, min(len(originals), PASSAGES), QUESTIONS).tolist()
    return [(" ".join(originals[i][5:13]), set(originals[i])) for i in drawn]


def has_copy(index: Index, found: Found, words: set[str]) -> bool:
    """Whether a hit has more than half of the words of a passage."""
    hits = (set(index.documents.text(index.number(hit.id)).split()) for hit in found.hits)
    return any(len(words & own) > len(words) / 2 for own in hits)


def measured(folder: Path, label: str, jobs: Mapping[str, str], asks: str, **how: str) -> Iterator[Result]:
    """The figures of jobs in a process each, which make a run and its index, and of questions after them.

    The jobs and ``asks`` are Python, whose arguments are the passages, the run, the index and the questions.
    Questions are asked in a process, and here by two threads; ``how`` says how they are read.
    """
    asked = drawn_questions(write_passages(folder / "passages.jsonl"))
    questions = [question for question, _ in asked]
    places = [str(folder / part) for part in ("passages.jsonl", "run", "index")]
    for what, job in jobs.items():
        peak = watched([sys.executable, "-c", job, *places], folder / "log")
        yield Result(f"{label}: {what}", peak.seconds, "s")
        yield Result(f"{label}: {what}, peak memory", peak.own / 1e6, "MB")
    yield Result(f"{label}: the last with pages of mapped files", peak.resident / 1e6, "MB")
    answering = watched([sys.executable, "-c", asks, *places, json.dumps(questions)], folder / "log")
    index = Index.open(folder / "index")
    copies = [has_copy(index, index.search(text, **how), words) for text, words in asked]
    assert np.mean(copies) >= 0.75, "the passages that questions were taken from are not found"
    with ThreadPoolExecutor(2) as pool:
        start = time.perf_counter()
        list(pool.map(partial(index.search, **how), questions))
        rate = QUESTIONS / (time.perf_counter() - start)
    yield Result(f"{label}: hybrid with snippets, two threads", rate, "questions/s")
    yield Result(f"{label}: peak memory of answers", answering.own / 1e6, "MB")
    yield Result(f"{label}: of answers, with pages of mapped files", answering.resident / 1e6, "MB")


def run() -> Iterator[Result]:
    """Make an index of a run, ask, and open the page."""
    with tempfile.TemporaryDirectory() as name:
        jobs, label = {"refine": REFINES, "read them and make an index": INDEXES}, f"{PASSAGES:,} passages"
        yield from measured(Path(name), f"search, {label}", jobs, ANSWERS)
        yield Result(f"serve, a run of {label}: first view", first_view(Path(name, "run")), "s")
