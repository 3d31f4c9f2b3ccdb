"""What is summed and split, against the plain formulas."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from drift_corpus import planted_run
from hypothesis import given
from hypothesis import strategies as st

from selfvec.analysis.drift import slices_of
from selfvec.analysis.drift.slice_vectors import slice_tables, use_sums
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.usage.kernels import flip, split
from selfvec.usage.space import UseSpace, use_space

HALF = 3


def space_of(documents: list[list[int]], sides: list[int], seed: int = 0) -> UseSpace:
    rng = np.random.default_rng(seed)
    ids = np.array([w for document in documents for w in document], np.int32)
    offsets = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    table = rng.standard_normal((6, 8)).astype(np.float32)
    centres = (0.1 * rng.standard_normal((2, 8))).astype(np.float32)
    batch = TokenBatch(ids, offsets, list("abcdef"))
    return UseSpace(batch, np.array(sides, np.int32), table, HALF, centres)


def reference(space: UseSpace) -> np.ndarray:
    """Sums of uses, (S, V, d), as the definition says it."""
    out = np.zeros((2, 6, 8))
    ids, offsets = space.batch.ids, space.batch.offsets
    for document, side in enumerate(space.sides.tolist()):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi if side >= 0 else lo):
            use = np.zeros(8)
            for k in range(max(lo, i - HALF), min(hi, i + HALF + 1)):
                if ids[k] != ids[i]:
                    use += (1 - abs(k - i) / (HALF + 1)) * space.table[ids[k]]
            if np.linalg.norm(use) > 1e-6:
                use = use / np.linalg.norm(use) - space.centres[side]
                out[side, ids[i]] += use / np.linalg.norm(use)
    return out


texts = st.lists(
    st.tuples(st.lists(st.integers(0, 5), max_size=14), st.integers(-1, 1)), min_size=1, max_size=8
)


@given(texts)
def test_uses_are_summed_as_defined_and_add_up_over_slices(documents) -> None:
    words, sides = zip(*documents, strict=True)
    space = space_of(list(words), list(sides))
    sums, uses = use_sums(space, jobs=1)
    np.testing.assert_allclose(sums, reference(space), atol=1e-4)
    for side in (0, 1):
        mine = [w if s == side else [] for w, s in documents]
        alone, number = use_sums(space_of(mine, [side] * len(mine)), jobs=1)
        np.testing.assert_allclose(alone[side], sums[side], atol=1e-5)
        np.testing.assert_array_equal(number[side], uses[side])


def test_uses_shown_are_the_uses_summed() -> None:
    rng = np.random.default_rng(1)
    space = space_of([rng.integers(0, 6, 400).tolist(), [2, 2]], [0, 1])
    places = np.flatnonzero(space.batch.ids == 2)
    rows = space.directions(places)
    sums, uses = use_sums(space, jobs=1)
    np.testing.assert_allclose(sums[:, 2].sum(axis=0), rows.sum(axis=0), atol=1e-4)
    assert uses[:, 2].tolist() == [len(places) - 2, 0]
    assert not rows[-2:].any()


def rows_of(seed: int, units: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((units, 5)) + 1
    rows[: units // 2, 0] += shift
    return rows.astype(np.float32)


def apart(rows: np.ndarray, chosen: list[int]) -> float:
    inside = np.isin(np.arange(len(rows)), chosen)
    a, b = rows[inside].sum(axis=0), rows[~inside].sum(axis=0)
    return 1 - float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))


@pytest.mark.parametrize(("seed", "one"), [(0, 4), (1, 3), (2, 6)])
def test_splits_are_random_splits_with_as_many_units_on_a_side(seed: int, one: int) -> None:
    rows = rows_of(seed, 8)
    every = np.array([apart(rows.astype(float), list(chosen)) for chosen in combinations(range(8), one)])
    found = np.zeros((1, 6))
    split(rows, np.array([one]), np.array([0, 8]), np.array([3]), 20_000, 10**9, 1, found)
    distance, error, p, mean, spread, draws = found[0]
    assert distance == pytest.approx(apart(rows.astype(float), list(range(one))), abs=1e-5)
    assert draws == 20_000
    assert p == pytest.approx(np.mean(every >= distance - 1e-6), abs=0.015)
    assert mean == pytest.approx(every.mean(), abs=0.01)
    assert spread == pytest.approx(every.std(), abs=0.01)
    assert error == pytest.approx(jackknife(rows.astype(float), one), rel=1e-3)


def jackknife(rows: np.ndarray, one: int) -> float:
    variance = 0.0
    for part in (range(one), range(one, len(rows))):
        left = []
        for i in part:
            kept = np.delete(rows, i, axis=0)
            left.append(apart(kept, list(range(one - (i < one)))))
        variance += (len(part) - 1) * np.var(left)
    return float(np.sqrt(variance))


def test_splits_stop_early_where_chance_does_as_much_and_go_on_where_it_does_not() -> None:
    rows = np.concatenate([rows_of(0, 20), rows_of(1, 20, shift=9.0)])
    found = np.zeros((2, 6))
    split(rows, np.array([10, 10]), np.array([0, 20, 40]), np.array([0, 1]), 1000, 20, 0, found)
    (p, chance), (tiny, all_of_them) = found[0, [2, 5]], found[1, [2, 5]]
    assert p > 0.05
    assert 50 <= chance < 1000
    assert tiny == pytest.approx(1 / 1001)
    assert all_of_them == 1000


def test_a_word_has_the_same_splits_whatever_else_is_asked() -> None:
    rows = np.concatenate([rows_of(0, 12), rows_of(1, 12)])
    both, alone = np.zeros((2, 6)), np.zeros((1, 6))
    split(rows, np.array([5, 6]), np.array([0, 12, 24]), np.array([7, 8]), 300, 10**9, 4, both)
    split(rows[12:].copy(), np.array([6]), np.array([0, 12]), np.array([8]), 300, 10**9, 4, alone)
    np.testing.assert_array_equal(both[1], alone[0])


def test_signs_tell_agreement_from_none() -> None:
    rng = np.random.default_rng(0)
    agree, not_so = rng.standard_normal((2, 30, 6)).astype(np.float32)
    agree[:, 1] += 1
    toward = np.eye(6, dtype=np.float32)[:1].repeat(2, axis=0)
    found = np.zeros((2, 2))
    rows = np.concatenate([agree, not_so])
    flip(rows, np.array([0, 30, 60]), np.array([0, 1]), toward, 1000, 20, 0, found)
    assert found[0, 0] < 0.01 < found[1, 0]
    np.testing.assert_allclose(found[:, 1], [agree[:, 0].sum(), not_so[:, 0].sum()], atol=1e-4)


def test_tables_of_slices_are_unit_rows_in_one_space() -> None:
    run = planted_run([(0, 0), (0, 1)])
    old, new = slice_tables(use_space(run, slices_of(run)), jobs=2)
    assert old.shape == new.shape == run.vectors.vectors.shape
    np.testing.assert_allclose(np.linalg.norm(old[old.any(axis=1)], axis=1), 1, atol=1e-5)
    same, moved = (run.index(word) for word in ("x0", "x1"))
    assert old[same] @ new[same] > 0.5 > old[moved] @ new[moved]
    np.testing.assert_allclose(unit_rows(old), old, atol=1e-6)
