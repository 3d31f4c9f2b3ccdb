"""How fast are co-occurrences counted, next to SciPy?

The text is PubMed titles and abstracts, or, where they are absent, as many random words with frequencies
like a language's. SciPy adds up a matrix of coordinates per distance, of unordered pairs, and their
transpose, which halves its work.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from benchmarks.datasets import tokens
from benchmarks.harness import Result, compared, median_seconds
from selfvec.base.threads import limited
from selfvec.cooccurrence.counts import Counts, count, ppmi_matrix
from selfvec.data.token_batch import TokenBatch

DIMENSIONS = 256


def pairs(batch: TokenBatch, half: int) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """For each distance, the words of all pairs of positions."""
    document = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    ways = []
    for distance in range(1, half + 1):
        here = document[:-distance] == document[distance:]
        ways.append((batch.ids[:-distance][here], batch.ids[distance:][here]))
    return ways


def by_scipy(batch: TokenBatch, half: int) -> csr_array:
    """One matrix per distance, added up."""
    shape = (len(batch.types), len(batch.types))
    total = csr_array(shape, dtype=np.int64)
    for rows, columns in pairs(batch, half):
        total = total + coo_array((np.ones(len(rows), np.int64), (rows, columns)), shape=shape).tocsr()
    return total + total.T


def _check(counts: Counts, other: csr_array) -> None:
    own = csr_array((counts.data, counts.indices, counts.indptr), shape=other.shape)
    assert (own != other).nnz == 0, "counts differ"


def _counting(batch: TokenBatch, window: int) -> Iterator[Result]:
    counts = count(batch, window)
    size = f"window {window}, {len(batch) / 1e6:.1f} M tokens, {len(batch.types):,} types"
    rate = partial(compared, amount=counts.total / 1e6, unit="M pairs/s", repeat=3)
    all_cores = partial(count, batch, window)
    one_thread = limited(1)(all_cores)
    other = partial(by_scipy, batch, window // 2)
    _check(counts, other())
    yield rate(f"counts, {size}", one_thread, other, "SciPy")  # which has one thread
    yield rate(f"counts, all cores, {size}", all_cores, one_thread, "one thread", repeat=5)


def _product(batch: TokenBatch, window: int) -> Iterator[Result]:
    counts = count(batch, window)
    rows = np.random.default_rng(0).standard_normal((len(counts), DIMENSIONS), dtype=np.float32)
    ppmi = ppmi_matrix(counts)
    shape = (len(counts), len(counts))
    matrix = csr_array(ppmi[::-1], shape=shape)
    exact = matrix.astype(np.float64) @ rows.astype(np.float64)
    scale = np.abs(exact).max()
    error = np.abs(ppmi.times(rows) - exact).max() / scale
    plain = np.abs(matrix @ rows - exact).max() / scale
    assert error < 1e-6, "product differs"
    built = median_seconds(lambda: ppmi_matrix(counts), 3)
    made = len(counts.data) / built / 1e6
    yield Result(f"PPMI from counts, window {window}", made, "M entries/s", note=f"{built:.2f} s")
    yield compared(
        f"PPMI · table, d {DIMENSIONS}, window {window}",
        lambda: ppmi.times(rows),
        lambda: matrix @ rows,
        "SciPy float32",
        amount=len(ppmi.values) / 1e6,
        unit="M entries/s",
        repeat=3,
        note=f"error {error:.0e}, SciPy float32 {plain:.0e}",
    )


def run() -> Iterator[Result]:
    """Counting at two windows, and the product."""
    batch = tokens()
    yield from _counting(batch, 11)
    yield from _counting(batch, 21)
    yield from _product(batch, 11)
