"""Signs of rows find nearly the rows that cosines find."""

from __future__ import annotations

import numpy as np

from benchmarks.binary_search import BinarySearch
from selfvec.numerics.rows import unit_rows


def test_signs_find_what_bytes_rank() -> None:
    rng = np.random.default_rng(2)
    rows = unit_rows(rng.standard_normal((2000, 64)))
    queries = rows[:40] + 0.02 * rng.standard_normal((40, 64)).astype(np.float32)
    exact = np.argsort(-(unit_rows(queries) @ rows.T), axis=1)[:, :10]
    index = BinarySearch(rows)

    def recall(rerank: int) -> float:
        found = index.nearest(queries, 10, rerank)
        return float(
            np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), found.tolist(), strict=True)])
        )

    assert recall(0) < recall(3) <= recall(100)
    assert recall(100) > 0.97
    assert (index.nearest(queries, 1)[:, 0] == np.arange(40)).all()
    assert index.nearest(queries[:1], 10**6).shape == (1, len(rows))
