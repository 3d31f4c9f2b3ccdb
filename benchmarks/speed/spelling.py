"""How long does it take to learn vectors from spelling and blend them in, next to SciPy's LSQR?

The words are those of PubMed, or random ones. LSQR learns the same map a column at a time; it is timed on
four.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import lsqr

from benchmarks.datasets import tokens
from benchmarks.harness import Result, median_seconds, paired
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.spelling import EVIDENCE, RIDGE, Spelling, blend_spelling

DIMENSIONS, KNOWN, COLUMNS = 256, 6_000, 4


def run() -> list[Result]:
    """The whole step, and learning against SciPy at the same precision."""
    batch = tokens()
    table = unit_rows(np.random.default_rng(0).standard_normal((len(batch.types), DIMENSIONS), np.float32))
    known = np.arange(len(table)) < KNOWN
    trust = np.where(known, 1, batch.counts / (batch.counts + EVIDENCE)).astype(np.float32)
    few = np.ascontiguousarray(table[:, :COLUMNS])
    spelling = Spelling(batch.types, trust)
    indptr, indices, values = spelling.grams
    roots = np.sqrt(spelling.trust)
    matrix = csr_matrix((values, indices, indptr), shape=(len(table), spelling.columns))
    matrix = diags(roots) @ matrix[spelling.learned_from]
    goals = roots[:, None] * few[spelling.learned_from]

    def scipys(steps: int) -> np.ndarray:
        solve = partial(lsqr, matrix, damp=RIDGE**0.5, iter_lim=steps)
        return np.stack([solve(goal)[0] for goal in goals.T], axis=1)

    exact, found = scipys(200), spelling.learn(few, RIDGE)
    scale = np.linalg.norm(exact)
    error = np.linalg.norm(found - exact) / scale
    assert error < 0.15, error
    steps = next(n for n in range(1, 200) if np.linalg.norm(scipys(n) - exact) <= error * scale)
    whole = median_seconds(lambda: blend_spelling(table, batch, known), 3)
    ours, theirs = paired(lambda: spelling.learn(table, RIDGE), lambda: scipys(steps), 3)
    size = f"{len(table):,} words, {spelling.columns:,} n-grams, d {DIMENSIONS}"
    note = f"{steps} steps a column to the same error, {error:.3f}"
    ratio = theirs * DIMENSIONS / COLUMNS / ours
    return [
        Result("spelling: learn and blend", whole, "s", "the target of 1 s", 1 / whole, size),
        Result("spelling: learn", ours, "s", "SciPy's LSQR", ratio, note),
    ]
