"""How long does a run of a million passages with a sentence encoder take, and how fast does it answer?

The passages are those of `million`. The encoder is a random projection of the words of a text, since what is
measured is everything but the encoder: its vectors are kept, words learn rows from all of them, the index
has them as its fourth part. A folder's encoder takes its own time for each passage, see `speed.encoder`.
Questions are answered by the rows of their words in another process, in which the encoder is not at hand.
Before a rate is printed, three questions of four have found the passage that they were taken from, or a copy.

``python -m benchmarks speed.million_encoder``; SELFVEC_BENCH_PASSAGES gives another number of passages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from benchmarks.harness import Result
from benchmarks.speed.million import INDEXES, PASSAGES, measured
from selfvec.base.arrays import Rows

WIDTH = 384  # of the small encoders that people use
ROWS = 1 << 16  # of the projection; words share some of them
NEEDS_DATA = True

REFINES = """
import sys
from benchmarks.speed.million_encoder import Projection
from selfvec import refine
refine(sys.argv[1], output=sys.argv[2], method="decorrelated", encoder=Projection())
"""

ANSWERS = """
import json, sys
from selfvec.retrieval import Index
index = Index.open(sys.argv[3])
assert index.encoder_part is not None
for question in json.loads(sys.argv[4]):
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


def run() -> Iterator[Result]:
    """Refine with the encoder, make an index, and ask."""
    jobs = {"refine, and keep its vectors": REFINES, "learn rows of words, and make an index": INDEXES}
    with tempfile.TemporaryDirectory() as name:
        label = f"{PASSAGES:,} passages with an encoder"
        yield from measured(Path(name), label, jobs, ANSWERS, question="rows")
