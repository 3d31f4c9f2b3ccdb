"""How many splits of words does the test of drift draw in a minute, on random text?"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.datasets import random_ids
from benchmarks.harness import Result
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_drift import permutation_test as testing
from selfvec.analysis.word_kinds import WordTable
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

WORDS, TOKENS, DIMENSIONS, PERMUTATIONS = 24_000, 6_000_000, 256, 200


def text() -> tuple[Run, list[Slice]]:
    """30,000 documents of words by Zipf's law, in two halves that differ by chance alone."""
    rng, ids = np.random.default_rng(1), random_ids(TOKENS, WORDS)
    offsets = np.linspace(0, TOKENS, 30_001).astype(np.int64)
    batch = TokenBatch(ids, offsets, [str(i) for i in range(WORDS)])
    table = unit_rows(rng.standard_normal((WORDS, DIMENSIONS)))
    vectors = Vectors(batch.types, table, counts=batch.counts, normalized=True)
    one = np.arange(30_000) < 15_000
    return Run(vectors, vectors, tokens=batch), [Slice("a", one), Slice("b", ~one)]


def run() -> Iterator[Result]:
    """All words that occur five times in both halves, all splits drawn, on all cores."""
    whole, slices = text()
    batch = whole.tokens
    assert batch is not None
    counts = [batch.part(part.documents).counts for part in slices]
    words = np.flatnonzero(np.minimum(*counts) >= 5)
    start = time.perf_counter()
    space = occurrence_space(Comparison.of(whole.require_tokens(), slices), WordTable.of(whole))
    made = time.perf_counter() - start
    testing.permutation_test(space, words[:100], permutations=10, jobs=1)  # compiled
    enough, testing.ENOUGH = testing.ENOUGH, PERMUTATIONS + 1  # no word stops early
    try:
        start = time.perf_counter()
        found = testing.permutation_test(space, words, permutations=PERMUTATIONS, jobs=2)
        seconds = time.perf_counter() - start
    finally:
        testing.ENOUGH = enough
    share = float(np.mean(found.p < 0.05))
    assert 0.03 < share < 0.07, share  # random text: as many as there should be
    note = f"{len(words):,} words in {seconds:.1f} s, and {made:.1f} s for the space; {share:.3f} of p < .05"
    rate = len(words) * PERMUTATIONS / seconds * 60 / 1e6
    target = 20_000 * 200 / 1e6
    label = f"drift, d {DIMENSIONS}, {TOKENS // 1_000_000} M tokens, {PERMUTATIONS} permutations"
    yield Result(label, rate, "M splits/min", "20,000 words a minute", rate / target, note)
