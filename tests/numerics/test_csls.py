"""CSLS: by hand, and against its formula on whole matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfvec.numerics.csls import best_columns, mean_of_nearest, mutual_best
from selfvec.numerics.rows import unit_rows


def at(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_hub_loses_to_a_row_that_is_near_to_one_only_by_hand() -> None:
    words, hub_and_own = at(0, 30, 60), at(28, -35)
    # 0° has cosine .883 to the hub at 28° and .819 to its own at -35°. r, the mean over the three words, is
    # .910 for the hub and .386 for the other: 2·.883 - .910 = .856 < 2·.819 - .386 = 1.252.
    r = mean_of_nearest(hub_and_own, words)
    np.testing.assert_allclose(r, [(0.8829 + 0.9994 + 0.8480) / 3, (0.8192 + 0.4226 - 0.0872) / 3], atol=1e-3)
    assert best_columns(words[:1], hub_and_own, 2).tolist() == [[0, 1]]
    assert best_columns(words[:1], hub_and_own, 3, r).tolist() == [[1, 0, -1]]


@given(st.integers(0, 2**32 - 1))
def test_the_pairs_are_those_of_the_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (unit_rows(rng.standard_normal((size, 5))) for size in (25, 28))
    cosines = a @ b.T
    r_a, r_b = np.sort(cosines, axis=1)[:, -10:].mean(axis=1), np.sort(cosines, axis=0)[-10:].mean(axis=0)
    csls = 2 * cosines - r_a[:, None] - r_b
    expected = [(i, j) for i, j in enumerate(csls.argmax(axis=1).tolist()) if csls[:, j].argmax() == i]
    assert [tuple(pair) for pair in mutual_best(a, b).tolist()] == expected
    np.testing.assert_array_equal(best_columns(a, b, 1, r_b)[:, 0], csls.argmax(axis=1))
