"""Co-occurrence counts in million pairs per second, against two other ways to the same matrix; the product.

The text is PubMed titles and abstracts, or, where they are absent, as many random words with frequencies like
a language's. Others count unordered pairs and add the transpose, which halves their work:

* SciPy: a matrix of coordinates per distance, added up;
* sorting: all pairs as numbers of 64 bits, sorted by NumPy (which has vector instructions for it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from benchmarks.common import Result, median_seconds, paired
from benchmarks.datasets import tokens
from selfvec.cooccurrence import Counts, PPMIOperator, count
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


def by_sorting(batch: TokenBatch, half: int) -> csr_array:
    """All pairs in one array of row · V + column, sorted and run-length counted."""
    size = len(batch.types)
    keys = np.concatenate([a.astype(np.int64) * size + b for a, b in pairs(batch, half)])
    keys.sort()
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return _symmetric(keys[first], np.diff(np.append(first, len(keys))), size)


def _symmetric(keys: NDArray[np.int64], counts: NDArray[np.int64], size: int) -> csr_array:
    rows, columns = np.divmod(keys, size)
    half = coo_array((counts, (rows.astype(np.int32), columns.astype(np.int32))), shape=(size, size)).tocsr()
    return half + half.T


def _check(counts: Counts, other: csr_array) -> None:
    assert (counts.to_scipy() != other).nnz == 0, "counts differ"


def _counting(batch: TokenBatch, window: int) -> list[Result]:
    half, results = window // 2, []
    counts = count(batch, window)
    others: dict[str, Callable[[TokenBatch, int], Any]] = {"SciPy": by_scipy, "sorting": by_sorting}
    size = f"window {window}, {len(batch) / 1e6:.1f} M tokens, {len(batch.types):,} types"
    for name, other in others.items():
        _check(counts, other(batch, half))
        # One thread against one: the others have no more.
        mine, theirs = paired(lambda: count(batch, window, jobs=1), lambda: other(batch, half), 3)  # noqa: B023
        note = f"{mine:.2f} s; {name}: {theirs:.2f} s"
        results.append(
            Result(f"counts, {size}", counts.total / mine / 1e6, "M pairs/s", name, theirs / mine, note)
        )
    all_cores, one = paired(lambda: count(batch, window), lambda: count(batch, window, jobs=1))
    label, note = f"counts, all cores, {size}", f"{all_cores:.2f} s, {len(counts.data):,} entries"
    rate = counts.total / all_cores / 1e6
    results.append(Result(label, rate, "M pairs/s", "one thread", one / all_cores, note))
    spilled, kept = paired(lambda: count(batch, window, memory=1 << 26), lambda: count(batch, window), 3)
    rate = counts.total / spilled / 1e6
    results.append(Result(f"counts, 64 MB, {size}", rate, "M pairs/s", "1 GB", kept / spilled))
    return results


def _merging(batch: TokenBatch, window: int) -> Result:
    middle = batch.documents // 2
    cut = int(batch.offsets[middle])
    parts = [
        TokenBatch(batch.ids[:cut], batch.offsets[: middle + 1], batch.types),
        TokenBatch(batch.ids[cut:], batch.offsets[middle:] - cut, batch.types),
    ]
    first, second = (count(part, window) for part in parts)
    whole, merged = count(batch, window), first.merge(second)
    assert np.array_equal(whole.data, merged.data), "merge differs from whole"
    assert np.array_equal(whole.indices, merged.indices), "merge differs from whole"
    a, b = first.to_scipy(), second.to_scipy()
    mine, theirs = paired(lambda: first.merge(second), lambda: a + b, 3)
    entries = len(first.data) + len(second.data)
    return Result(
        f"merge of two halves, window {window}", entries / mine / 1e6, "M entries/s", "SciPy", theirs / mine
    )


def _product(batch: TokenBatch, window: int) -> list[Result]:
    counts = count(batch, window)
    table = np.random.default_rng(0).standard_normal((len(counts), DIMENSIONS), dtype=np.float32)
    operator = PPMIOperator(counts)
    shape = (len(counts), len(counts))
    matrix = csr_array((operator.values, operator.indices, operator.indptr), shape=shape)
    exact = matrix.astype(np.float64) @ table.astype(np.float64)
    scale = np.abs(exact).max()
    error = np.abs(operator.apply(table) - exact).max() / scale
    plain = np.abs(matrix @ table - exact).max() / scale
    assert error < 1e-6, "product differs"
    mine, theirs = paired(lambda: operator.apply(table), lambda: matrix @ table, 3)
    entries = len(operator.values)
    note = f"{mine:.2f} s; error {error:.0e}, SciPy float32 {plain:.0e}"
    built = median_seconds(lambda: PPMIOperator(counts), 3)
    made = len(counts.data) / built / 1e6
    return [
        Result(f"PPMI from counts, window {window}", made, "M entries/s", note=f"{built:.2f} s"),
        Result(
            f"PPMI · table, d {DIMENSIONS}, window {window}",
            entries / mine / 1e6,
            "M entries/s",
            "SciPy float32",
            theirs / mine,
            note,
        ),
    ]


def run() -> list[Result]:
    """Counting at two windows, merging, and the product."""
    batch = tokens()
    results = [result for window in (11, 21) for result in _counting(batch, window)]
    return [*results, _merging(batch, 11), *_product(batch, 11)]
