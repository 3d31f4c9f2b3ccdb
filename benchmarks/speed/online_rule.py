"""What does the stability of the online rule cost, next to the paper's rule on the same text?

One core. The online rule does more per token: a second row, weights, a running mean.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.harness import Result, paired
from benchmarks.speed.paper_rule import DIMENSIONS, TOKENS, problem
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.methods.reference import neighbour_weights, online_reference
from selfvec.refinement.methods.sequential import OnlineRefinement, PaperRefinement, SequentialRefinement

WINDOW, ALPHA, BETA = 41, 0.005, 0.2
PLAIN = HistoryPlan(every=0)


def online(batch: TokenBatch, original: Vectors, window: int = WINDOW) -> OnlineRefinement:
    return OnlineRefinement(batch, original, window=window, learning_rate=ALPHA, anchor=BETA, history=PLAIN)


def finish(job: SequentialRefinement) -> None:
    job.finished = job.position = 0
    while not job.done:
        job.advance()


def _check() -> None:
    """The kernel's result is the reference's, on a text that the reference can do."""
    ids, offsets, _ = problem(400)
    end = int(np.searchsorted(offsets, 5_000))
    batch = TokenBatch(ids[: offsets[end]], offsets[: end + 1], [str(i) for i in range(400)])
    rows = unit_rows(np.random.default_rng(1).standard_normal((400, 48)))
    job = online(batch, Vectors(batch.types, rows, normalized=True))
    finish(job)
    exact = rows.astype(np.float64)
    weights = neighbour_weights(batch.counts)
    origin = BETA * exact
    expected = online_reference(
        batch.ids, batch.offsets, exact, origin, *weights, window=WINDOW, learning_rate=ALPHA
    )
    np.testing.assert_allclose(job.table, expected, atol=1e-5)


def run() -> list[Result]:
    """Against the paper's rule at two vocabulary sizes, and a wide window against a narrow one."""
    _check()
    results = []
    for types in (3_500, 100_000):
        ids, offsets, rows = problem(types)
        batch = TokenBatch(ids, offsets, [str(i) for i in range(types)])
        original = Vectors(batch.types, rows, normalized=True)
        ours, wide = online(batch, original), online(batch, original, 201)
        paper = PaperRefinement(batch, original, window=WINDOW, learning_rate=ALPHA, history=PLAIN)

        def timed(job: SequentialRefinement) -> Callable[[], None]:
            return lambda: finish(job)

        mine, theirs = paired(timed(ours), timed(paper))
        label = f"online rule, d {DIMENSIONS}, window {WINDOW}, {types:,} types"
        results.append(Result(label, TOKENS / mine / 1e6, "M tokens/s", "the paper's rule", theirs / mine))
        broad, narrow = paired(timed(wide), timed(ours))
        label = f"online rule, window 201 against {WINDOW}, {types:,} types"
        results.append(Result(label, narrow / broad, "ratio", f"window {WINDOW}", narrow / broad))
    return results
