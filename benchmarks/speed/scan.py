"""How fast is a scan of the decorrelated update, next to naive Numba, on one core and two?

PubMed titles and abstracts where they are beside the checkout, else random text of the same size and
shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numba import njit

from benchmarks.datasets import tokens
from benchmarks.harness import Result, compared, paired
from selfvec.cooccurrence.reference import count_reference, linear_reference
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.methods.sequential import padded

DIMENSIONS, WINDOW = 256, 11


@njit(fastmath=True, nogil=True)
def _naive(ids, offsets, table, result, half):  # type: ignore[no-untyped-def]
    """A running window sum in plain loops, as one would write it first."""
    total = np.zeros(table.shape[1], np.float32)
    for k in range(len(offsets) - 1):
        lo, hi = offsets[k], offsets[k + 1]
        total[:] = 0
        for p in range(lo, min(hi, lo + half + 1)):
            row = ids[p]
            for j in range(total.size):
                total[j] += table[row, j]
        for i in range(lo, hi):
            word = ids[i]
            for j in range(total.size):
                result[word, j] += total[j] - table[word, j]
            if i + half + 1 < hi:
                row = ids[i + half + 1]
                for j in range(total.size):
                    total[j] += table[row, j]
            if i - half >= lo:
                row = ids[i - half]
                for j in range(total.size):
                    total[j] -= table[row, j]


def _check(batch: TokenBatch) -> None:
    """The operator is the formula, on the text's beginning with its 500 most frequent words."""
    end = int(np.searchsorted(batch.offsets, 20_000))
    ids = np.minimum(batch.ids[: batch.offsets[end]], 499).astype(np.int32)
    part = TokenBatch(ids, batch.offsets[: end + 1], [str(i) for i in range(500)])
    table = unit_rows(np.random.default_rng(0).standard_normal((500, 32)))
    expected = linear_reference(count_reference(part, WINDOW), table, 0.4)
    np.testing.assert_allclose(ScanOperator(part, WINDOW, 0.4).apply(table), expected, atol=1e-4)


def run() -> Iterator[Result]:
    """A scan on one core and two, narrow and wide."""
    batch = tokens()
    _check(batch)
    rows = unit_rows(np.random.default_rng(0).standard_normal((len(batch.types), DIMENSIONS)))
    table = padded(rows)
    naive_result = np.zeros_like(table)
    one, two = (ScanOperator(batch, WINDOW, jobs=jobs) for jobs in (1, 2))
    label = f"scan, d {DIMENSIONS}, window {WINDOW}, {len(batch.types):,} types"
    rate = partial(compared, amount=len(batch) / 1e6, unit="M tokens/s", repeat=3)
    naive = partial(_naive, batch.ids, batch.offsets, table, naive_result, WINDOW // 2)
    yield rate(f"{label}, one core", partial(one.apply, rows), naive, "naive Numba")
    yield rate(f"{label}, two cores", partial(two.apply, rows), partial(one.apply, rows), "one core")
    wide = ScanOperator(batch, 101, jobs=2)
    narrow, broad = paired(lambda: two.apply(rows), lambda: wide.apply(rows), 3)
    yield Result(
        "scan, window 101 against 11, two cores", narrow / broad, "ratio", "window 11", narrow / broad
    )
