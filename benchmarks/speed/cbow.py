"""How long does the decorrelated update take next to gensim's CBOW on the same tokens?

300 dimensions, two threads each. Both begin with a corpus that is there as they like it best, its words
counted: ours as ids, gensim's as a file with a document a line (its ``corpus_file``, the fastest way it
has). `benchmarks.speed.whole_path` has the whole way.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import tokens
from benchmarks.harness import Result, paired
from selfvec.base.threads import limited
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.lab.training import distinct_keys, write_lines
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.methods import refined_rows
from selfvec.refinement.pipeline import make_plan

DIMENSIONS, THREADS = 300, 2


def decorrelated(batch: TokenBatch, original: Vectors) -> np.ndarray:
    """Our update, default options, from ids and unit rows to unit rows."""
    plan = make_plan(Settings("decorrelated", history="none"), Inputs(batch, original))
    with limited(THREADS):
        return refined_rows(plan)


def trainer(batch: TokenBatch, folder: Path) -> Any:
    """gensim's CBOW by defaults, its vocabulary built: called with a number of epochs, trains them."""
    from gensim.models import Word2Vec

    keys = distinct_keys(batch.types)
    lines = write_lines(batch, keys, folder / "text.txt")
    counts = batch.counts.tolist()
    model = Word2Vec(vector_size=DIMENSIONS, workers=THREADS, min_count=1, sorted_vocab=0)
    model.build_vocab_from_freq(dict(zip(keys, counts, strict=True)))
    path = str(folder / "text.txt")

    def train(epochs: int) -> None:
        _, seen = model.train(corpus_file=path, total_examples=lines, total_words=len(batch), epochs=epochs)
        assert abs(seen / (epochs * len(batch)) - 1) < 0.01, "gensim sees every token in every epoch"

    return train


def run() -> Iterator[Result]:
    """One epoch, five, and the whole job."""
    batch = tokens()
    rows = unit_rows(np.random.default_rng(0).standard_normal((len(batch.types), DIMENSIONS)))
    original = Vectors(batch.types, rows, normalized=True)
    made = decorrelated(batch, original)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-3)
    size = f"{len(batch) / 1e6:.1f} M tokens, {len(batch.types):,} types, d {DIMENSIONS}, two threads"
    with tempfile.TemporaryDirectory() as name:
        train = trainer(batch, Path(name))
        ours, one = paired(lambda: decorrelated(batch, original), lambda: train(1), 3)
        start = time.perf_counter()
        train(5)
        five = time.perf_counter() - start
    label = "decorrelated, ids to vectors"
    yield Result(f"{label}, against CBOW", ours, "s", "gensim, one epoch", one / ours, f"{size}; target ≥ 3")
    yield Result(f"{label}, against CBOW × 5", ours, "s", "gensim, five epochs", five / ours, "target ≥ 10")
