"""How long does a run of a million passages with a sentence encoder take, and how fast does it answer?

The passages are those of `million`. The encoder is a random projection of the words of a text, since what is
measured is everything but the encoder: its vectors are kept, words learn rows from all of them, the index
has them as its fourth part. A folder's encoder takes its own time for each passage, see `speed.encoder`.
Questions are answered by the rows of their words in another process, in which the encoder is not at hand.
Before a rate is printed, three questions of four have found the passage that they were taken from, or a copy.

``python -m benchmarks speed.million_encoder``; SELFVEC_BENCH_PASSAGES gives another number of passages.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import numpy as np

from benchmarks.harness import Result
from benchmarks.speed.memory import watched
from benchmarks.speed.million import PASSAGES, drawn_questions, has_copy, write_passages
from selfvec.base.arrays import Rows
from selfvec.retrieval import Index

WIDTH = 384  # of the small encoders that people use
ROWS = 1 << 16  # of the projection; words share some of them
NEEDS_DATA = True

REFINES = """
import sys
from benchmarks.speed.million_encoder import Projection
from selfvec import refine
refine(sys.argv[1], output=sys.argv[2], method="decorrelated", encoder=Projection())
"""

INDEXES = """
import sys
from selfvec.retrieval import run_index
index = run_index(sys.argv[1])
assert index.encoder_part is not None
index.saved(sys.argv[2])
"""

ANSWERS = """
import json, sys
from selfvec.retrieval import Index
index = Index.open(sys.argv[1])
for question in json.loads(sys.argv[2]):
    index.search(question, question="rows")
"""


class Projection:
    """An encoder: the sum of random rows of a text's words."""

    def __init__(self) -> None:
        self.rows = np.random.default_rng(0).standard_normal((ROWS, WIDTH)).astype(np.float32)

    def encode(self, texts: Sequence[str]) -> Rows:
        """Vectors of texts, (n, h)."""
        return np.stack([self._row(text.lower().split()) for text in texts])

    def _row(self, words: Sequence[str]) -> Rows:
        numbers = [crc32(word.encode()) % ROWS for word in words]
        total: Rows = self.rows[numbers].sum(axis=0)
        return total


def run() -> list[Result]:
    """Refine with the encoder, make an index, and ask."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        originals = write_passages(folder / "passages.jsonl")
        asked = drawn_questions(originals)
        questions = [question for question, _ in asked]
        made, kept = folder / "run", folder / "index"
        python = [sys.executable, "-c"]
        refining = watched([*python, REFINES, str(folder / "passages.jsonl"), str(made)], folder / "log")
        indexing = watched([*python, INDEXES, str(made), str(kept)], folder / "log")
        answering = watched([*python, ANSWERS, str(kept), json.dumps(questions)], folder / "log")
        index = Index.open(kept)

        def ask(question: str) -> object:
            return index.search(question, question="rows")

        copies = [has_copy(index, index.search(text, question="rows"), words) for text, words in asked]
        assert np.mean(copies) >= 0.75, "the passages that questions were taken from are not found"
        with ThreadPoolExecutor(2) as pool:
            start = time.perf_counter()
            list(pool.map(ask, questions))
            rate = len(questions) / (time.perf_counter() - start)
    label = f"{PASSAGES:,} passages with an encoder"
    return [
        Result(f"{label}: refine, and keep its vectors", refining.seconds, "s"),
        Result(f"{label}: peak memory of that", refining.own / 1e6, "MB"),
        Result(f"{label}: learn rows of words, and make an index", indexing.seconds, "s"),
        Result(f"{label}: its peak memory", indexing.own / 1e6, "MB"),
        Result(f"{label}: the same with pages of mapped files", indexing.resident / 1e6, "MB"),
        Result(f"{label}: hybrid by rows with snippets, two threads", rate, "questions/s"),
        Result(f"{label}: peak memory of answers", answering.own / 1e6, "MB"),
        Result(f"{label}: of answers, with pages of mapped files", answering.resident / 1e6, "MB"),
    ]
