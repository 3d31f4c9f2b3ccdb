"""`encode` and `decode`: how near rows come back, and rows of zeros."""

import numpy as np
import pytest

from selfvec.numerics.quantization import CODES, CODINGS, PER_ROW, decode, encode, groups_of, quantised
from selfvec.numerics.rows import unit_rows


def rows(number: int = 600, width: int = 20) -> np.ndarray:
    made = np.random.default_rng(0).standard_normal((number, width)).astype(np.float32)
    made[7] = 0
    return unit_rows(made)


def fidelity(table: np.ndarray, method: str, groups: int = 1) -> float:
    """Mean cosine of rows and what is kept of them."""
    kept = unit_rows(decode(encode(table, method, groups)))
    return float((table * kept).sum(axis=1).mean())


@pytest.mark.parametrize("method", CODINGS)
def test_rows_of_zeros_stay_zero_and_shapes_agree(method: str) -> None:
    table = rows()
    arrays = encode(table, method, 5)
    (own,) = set(arrays) & set(PER_ROW)
    assert len(arrays[own]) == len(table)
    kept = decode(arrays)
    assert kept.shape == table.shape
    assert kept.dtype == np.float32
    assert not kept[7].any()
    assert kept[8].any()


def test_more_bits_keep_more() -> None:
    table = rows()
    found = [fidelity(table, *how) for how in (("pq", 2), ("pq", 5), ("pq", 20), ("int8",), ("float16",))]
    assert found == sorted(found)
    assert found[0] > 0.5
    assert found[-2] > 0.998


def test_signs_are_the_signs_and_the_mean_size_of_each_column() -> None:
    table = np.array([[1, -2], [-3, -4]], np.float32)
    assert decode(encode(table, "binary")).tolist() == [[2, -3], [-2, -3]]


def test_a_table_of_few_rows_is_kept_exactly_by_its_codebooks() -> None:
    table = np.repeat(np.eye(4, dtype=np.float32), CODES // 4, axis=0)
    np.testing.assert_array_equal(decode(encode(table, "pq", 2)), table)


def test_the_same_seed_gives_the_same_codes() -> None:
    table = rows()
    one, other = encode(table, "pq", 4, seed=1), encode(table, "pq", 4, seed=1)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_groups_cover_all_columns_once() -> None:
    for width, number in ((300, 7), (5, 5), (9, 2)):
        columns = [column for part in groups_of(width, number) for column in range(part.start, part.stop)]
        assert columns == list(range(width))


def test_rows_are_whole_numbers_times_a_scale_of_each_row() -> None:
    table = rows(9000)  # more than a block
    table[8] *= 1000
    codes, scales = quantised(table)
    assert codes.dtype == np.int8
    assert np.all(np.abs(codes).max(axis=1) == np.where(np.arange(len(table)) == 7, 0, 127))
    assert np.all(np.abs(codes * scales[:, None] - table) <= 0.501 * scales[:, None])
    assert scales[7] == 1
    assert quantised(table, scale_of_zeros=0)[1][7] == 0
