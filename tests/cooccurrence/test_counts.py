"""Co-occurrence counts and their PPMI: by hand and against the reference."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from tests.cooccurrence.plain import count_reference, ppmi_reference, random_batch
from tests.in_threads import in_threads
from tests.refusals import refused

from selfvec.base.errors import OptionError, TargetError
from selfvec.cooccurrence import counts as counting
from selfvec.cooccurrence.counts import WEIGHTINGS, Counts, count, count_near, ppmi_matrix
from selfvec.cooccurrence.scan import neighbour_totals
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics import sparse_rows

documents = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=12), max_size=8)
windows = st.integers(1, 15) | st.just(10**9)
weightings = st.sampled_from(sorted(WEIGHTINGS))


def assert_same(a: Counts, b: Counts) -> None:
    """The same bits."""
    for name in ("indptr", "indices", "data"):
        x, y = getattr(a, name), getattr(b, name)
        assert x.dtype == y.dtype
        assert_array_equal(x, y, err_msg=name)


def dense(counts: Counts) -> NDArray[np.int64]:
    """The matrix as a dense array, (V, V)."""
    matrix = np.zeros((len(counts), len(counts)), np.int64)
    matrix[np.repeat(np.arange(len(counts)), np.diff(counts.indptr)), counts.indices] = counts.data
    return matrix


def assert_well_formed(counts: Counts) -> None:
    assert (counts.indptr.dtype, counts.indices.dtype, counts.data.dtype) == (np.int64, np.int32, np.int64)
    for first, last in itertools.pairwise(counts.indptr):
        assert (np.diff(counts.indices[first:last]) > 0).all()
    assert (counts.data > 0).all()


@pytest.mark.parametrize("counted", [lambda *a: dense(count(*a)), count_reference])
def test_a_text_by_hand(counted) -> None:
    # "a b a c", one on each side: ab, ba, ac; two on each side: also aa and bc.
    batch = TokenBatch.from_documents([["a", "b", "a", "c"]])
    assert counted(batch, 3).tolist() == [[0, 2, 1], [2, 0, 0], [1, 0, 0]]
    # The pair of positions (0, 2) holds a twice: it counts as C_ij and as C_ji, both on the diagonal.
    assert counted(batch, 5).tolist() == [[2, 2, 1], [2, 0, 1], [1, 1, 0]]


def test_harmonic_weights_are_whole_and_never_nothing() -> None:
    harmonic = WEIGHTINGS["harmonic"]
    assert [harmonic(distance) for distance in (1, 2, 3, 50)] == [1048576, 524288, 349525, 20972]
    assert harmonic(1 << 30) == 1


@given(documents, windows, weightings)
def test_kernel_equals_reference(texts, window: int, weighting: str) -> None:
    batch = TokenBatch.from_documents(texts)
    counts = count(batch, window, weighting=weighting)
    assert_array_equal(dense(counts), count_reference(batch, window, weighting))
    assert_well_formed(counts)


@pytest.mark.parametrize("types", [1, 63, 64, 65, 4096, 4200])
def test_kernel_equals_reference_for_vocabularies_of_any_size(types: int) -> None:
    batch = random_batch(types, 3000, types)
    counts = count(batch, 9)
    assert_array_equal(dense(counts), count_reference(batch, 9))
    assert_well_formed(counts)
    rows, columns = [0, types // 2, types - 1], [types - 1, 0] if types > 1 else [0]
    if len(set(rows)) == 3:
        assert_array_equal(count_near(batch, 9, rows), dense(counts)[rows])
        assert_array_equal(count_near(batch, 9, rows, columns), dense(counts)[np.ix_(rows, columns)])
    assert_array_equal(neighbour_totals(batch, 9), counts.row_sums)


@pytest.mark.parametrize("jobs", [1, 2, 7])
@pytest.mark.parametrize("block", [1, 200, 5_000, 1 << 20])
def test_threads_and_blocks_change_nothing(jobs: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = random_batch(3, 5000, 700)
    whole = in_threads(1, count, batch, 11, weighting="harmonic")
    for name in ("counts._INDEXED", "counts._BLOCK"):
        monkeypatch.setattr(f"selfvec.cooccurrence.{name}", block)
    monkeypatch.setattr("selfvec.files.memory.IN_MEMORY", block)
    counts = in_threads(jobs, count, batch, 11, weighting="harmonic")
    assert_same(counts, whole)


@pytest.mark.parametrize(
    ("options", "field"),
    [({"window": 0}, "window"), ({"weighting": "cubic"}, "weighting")],
)
def test_invalid_options(options, field: str) -> None:
    refused(
        lambda: count(TokenBatch.from_documents([["a", "b"]]), **{"window": 3} | options), OptionError, field
    )


@pytest.mark.parametrize("texts", [[], [[]], [["a"]], [["a"], ["b"]]])
def test_texts_without_pairs(texts) -> None:
    counts = count(TokenBatch.from_documents(texts), 5)
    assert (counts.total, len(counts.data), len(counts.indptr)) == (0, 0, len(counts) + 1)
    assert not len(ppmi_matrix(counts).values)


def test_nothing_is_left_in_the_folder_for_temporary_files(tmp_path: Path, monkeypatch) -> None:
    whole = count(random_batch(6, 3000, 200), 5)
    monkeypatch.setattr("selfvec.files.memory.IN_MEMORY", 100)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert_same(count(random_batch(6, 3000, 200), 5), whole)
    if os.name == "posix":
        assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    refused(lambda: count(random_batch(6, 3000, 200), 5), TargetError, "absent")


def dense_ppmi(counts: Counts) -> np.ndarray:
    return ppmi_matrix(counts).times(np.eye(len(counts), dtype=np.float32))


def test_ppmi_by_hand() -> None:
    # "a b", "a b", "a c": C_ab = 2, C_ac = 1; r = 3, 2, 1. Smoothed: Σ r^.75 = 3^.75 + 2^.75 + 1; context c
    # gets 1, row a 3.
    made = dense_ppmi(count(TokenBatch.from_documents([["a", "b"], ["a", "b"], ["a", "c"]]), 3))
    total = 3**0.75 + 2**0.75 + 1
    assert_allclose(made[0, 2], np.log(total / 3), atol=1e-6)
    assert_allclose(made[2, 0], np.log(total / 3**0.75), atol=1e-6)
    assert made[1, 2] == 0


@given(st.integers(0, 10**6), windows, weightings)
def test_ppmi_equals_the_reference(seed: int, window: int, weighting: str) -> None:
    counts = count(random_batch(seed, 400, 30), window, weighting=weighting)
    assert_allclose(in_threads(2, dense_ppmi, counts), ppmi_reference(dense(counts)), atol=1e-6)
    assert (ppmi_matrix(counts).values > 0).all()


def test_ppmi_has_the_same_bits_in_threads_and_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count(random_batch(4, 8000, 500), 9)
    one = in_threads(1, dense_ppmi, counts)
    for module in (counting, sparse_rows):
        monkeypatch.setattr(module, "SHARE", 500)
    monkeypatch.setattr("selfvec.files.memory.IN_MEMORY", 100)
    for jobs in (2, 5):
        assert_array_equal(in_threads(jobs, dense_ppmi, counts), one)
