"""Products on one core each: the same sums, limits that come and go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from selfvec.base.threads import by_blocks, one_core


def blas_threads() -> list[int]:
    """The limit of each BLAS of NumPy; SciPy brings another one."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return [library["num_threads"] for library in libraries if "numpy" in library["filepath"]]


@pytest.mark.parametrize("rows", [0, 1, 4096, 4097, 20_000])
def test_blocks_cover_all_rows_in_order(rows: int) -> None:
    slices = list(by_blocks(rows, lambda part: part, jobs=3))
    assert [i for part in slices for i in range(rows)[part]] == list(range(rows))


def test_sums_have_the_same_bits_for_any_number_of_threads() -> None:
    table = np.random.default_rng(0).standard_normal((30_000, 40)).astype(np.float32)
    one, more = (sum(by_blocks(30_000, lambda part: table[part].T @ table[part], jobs)) for jobs in (1, 3))
    np.testing.assert_array_equal(one, more)
    np.testing.assert_allclose(one, table.T.astype(np.float64) @ table, atol=0.5)


def test_the_limit_holds_within_and_for_other_threads_too() -> None:
    before = blas_threads()
    with one_core(), ThreadPoolExecutor(1) as pool:
        assert set(blas_threads()) <= {1}
        assert set(pool.submit(blas_threads).result()) <= {1}
        with one_core():
            pass
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_the_limit_holds_until_the_last_thread_leaves() -> None:
    before, first, second = blas_threads(), one_core(), one_core()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(blas_threads()) <= {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_any_thread_sets_and_lifts_the_limit() -> None:
    def enter_and_leave() -> None:
        with one_core():
            assert set(blas_threads()) <= {1}

    before = blas_threads()
    with ThreadPoolExecutor(1) as pool:  # its thread lives on
        for _ in range(2):
            pool.submit(enter_and_leave).result()
            enter_and_leave()
        context = one_core()
        pool.submit(context.__enter__).result()
        assert set(blas_threads()) <= {1}
        context.__exit__(None, None, None)
        assert blas_threads() == before


def test_an_error_inside_lifts_the_limit() -> None:
    before = blas_threads()
    with pytest.raises(ZeroDivisionError):
        list(by_blocks(10_000, lambda _: 1 // 0, jobs=2))
    assert blas_threads() == before
