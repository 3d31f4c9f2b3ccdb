"""The paper's rule: golden values by hand, the kernel against the reference, and laws of both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.cooccurrence.lanes import LANES, REBUILD, aligned_table
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.refine.paper import PaperRun
from selfvec.refine.recorder import HistoryPlan
from selfvec.refine.reference import refine_reference


def batch_of(ids: NDArray[np.int32], offsets: NDArray[np.int64], types: int) -> TokenBatch:
    return TokenBatch(ids, offsets, [f"w{i}" for i in range(types)])


def kernel(
    batch: TokenBatch,
    table: NDArray[np.float32],
    window: int,
    rate: float,
    epochs: int = 1,
    history: str = "none",
) -> NDArray[np.float32]:
    plan = HistoryPlan(every=0 if history == "none" else 1)
    job = PaperRun(batch, table, window=window, learning_rate=rate, epochs=epochs, history=plan)
    while not job.done:
        job.advance()
    return job.table.copy()


def reference(
    batch: TokenBatch, table: NDArray[np.float32], window: int, rate: float, epochs: int = 1
) -> NDArray[np.float64]:
    exact = table.astype(np.float64)
    return refine_reference(batch.ids, batch.offsets, exact, window=window, learning_rate=rate, epochs=epochs)


def random_problem(
    seed: int, tokens: int, types: int, dimensions: int, documents: int, oov: float
) -> tuple[TokenBatch, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.3, tokens) - 1, types - 1).astype(np.int32)
    bounds = np.sort(rng.integers(0, tokens + 1, max(documents - 1, 0)))
    offsets = np.concatenate(([0], bounds, [tokens])).astype(np.int64)
    table = unit_rows(rng.standard_normal((types, dimensions)))
    table[rng.random(types) < oov] = 0
    return batch_of(ids, offsets, types), table


@pytest.mark.parametrize("refine", [reference, kernel])
def test_two_words_by_hand(refine) -> None:
    # a = (1, 0), b = (0, 1), α = .5, text "a b":
    # a ← (1, .5)/√1.25; then b ← (0, 1) + .5·a, at once with the new a.
    batch = TokenBatch.from_documents([["a", "b"]])
    table = np.eye(2, dtype=np.float32)
    a = np.array([1, 0.5]) / np.sqrt(1.25)
    b = np.array([0, 1]) + 0.5 * a
    np.testing.assert_allclose(refine(batch, table, 3, 0.5), [a, b / np.linalg.norm(b)], atol=1e-6)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_only_the_position_is_left_out_of_its_window(refine) -> None:
    # "a b a", window 5: at the first a the neighbours are b and the other a, so a ← a + α(b + a).
    batch = TokenBatch(np.array([0, 1, 0], np.int32), np.array([0, 3], np.int64), ["a", "b"])
    table = np.eye(2, dtype=np.float32)
    a = np.array([1 + 0.1, 0.1])
    a /= np.linalg.norm(a)
    b = np.array([0, 1]) + 0.1 * 2 * a
    b /= np.linalg.norm(b)
    a = a + 0.1 * (a + b)
    np.testing.assert_allclose(refine(batch, table, 5, 0.1), [a / np.linalg.norm(a), b], atol=1e-6)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_oov_word_takes_the_direction_of_its_neighbours(refine) -> None:
    batch = TokenBatch.from_documents([["known", "new"]])
    table = np.array([[0.6, 0.8], [0, 0]], np.float32)
    out = refine(batch, table, 3, 0.01)
    np.testing.assert_allclose(out[1], [0.6, 0.8], atol=1e-6)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_empty_words_among_empty_words_stay_empty(refine) -> None:
    # 3,000 tokens after a document of known words: what rounding leaves in the window sum is no direction.
    documents = [["k1", "k2", "k1", "n1", *["n2", "n3"] * 1500]]
    batch = TokenBatch.from_documents(documents)
    table = np.zeros((5, 37), np.float32)
    table[:2] = unit_rows(np.random.default_rng(0).standard_normal((2, 37)))
    out = refine(batch, table, 3, 0.1)
    expected = reference(batch, table, 3, 0.1)
    assert np.any(out[2] != 0)
    np.testing.assert_array_equal(np.any(out != 0, axis=1), np.any(expected != 0, axis=1))


@pytest.mark.parametrize("refine", [reference, kernel])
def test_windows_do_not_cross_documents(refine) -> None:
    apart = TokenBatch.from_documents([["a"], ["b"], []])
    table = np.eye(2, dtype=np.float32)
    np.testing.assert_array_equal(refine(apart, table, 13, 0.5), table)


@given(
    seed=st.integers(0, 10_000),
    tokens=st.integers(1, 600),
    types=st.integers(1, 60),
    dimensions=st.integers(2, 70),
    documents=st.integers(1, 40),
    window=st.integers(1, 60),
    rate=st.sampled_from([0.0, 0.003, 0.01, 0.1, 0.3]),
    epochs=st.integers(1, 2),
    oov=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_kernel_equals_reference(
    seed, tokens, types, dimensions, documents, window, rate, epochs, oov
) -> None:
    batch, table = random_problem(seed, tokens, types, dimensions, documents, oov)
    expected = reference(batch, table, window, rate, epochs)
    # Rounding is of the size of the sum: a window of 60 at a rate of .3 outweighs the word eighteenfold.
    tolerance = 2e-5 * max(1, rate * window / 3)
    np.testing.assert_allclose(kernel(batch, table, window, rate, epochs), expected, atol=tolerance)


def test_kernel_equals_reference_over_a_long_corpus() -> None:
    batch, table = random_problem(1, 12 * REBUILD + 17, 500, 48, 20, 0.1)
    for window, tolerance in ((2, 5e-6), (13, 5e-6), (301, 5e-5)):
        out = kernel(batch, table, window, 0.01)
        np.testing.assert_allclose(out, reference(batch, table, window, 0.01), atol=tolerance)


@given(seed=st.integers(0, 1000), window=st.integers(2, 30))
def test_rows_have_length_one_or_zero(seed: int, window: int) -> None:
    batch, table = random_problem(seed, 400, 40, 19, 10, 0.2)
    lengths = np.linalg.norm(kernel(batch, table, window, 0.05), axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


def test_recording_changes_no_bit() -> None:
    batch, table = random_problem(3, 6 * REBUILD + 100, 100, 33, 50, 0.1)
    plain = kernel(batch, table, 7, 0.02, 2)
    np.testing.assert_array_equal(plain, kernel(batch, table, 7, 0.02, 2, history="all"))


def test_recorded_states_are_the_states_of_the_reference() -> None:
    batch, table = random_problem(5, 300, 12, 9, 6, 0.2)
    states: list[tuple[int, NDArray[np.float64]]] = []
    refine_reference(
        batch.ids,
        batch.offsets,
        table.astype(np.float64),
        window=5,
        learning_rate=0.05,
        epochs=2,
        on_update=lambda word, row: states.append((word, row.copy())),
    )
    job = PaperRun(batch, table, window=5, learning_rate=0.05, epochs=2, history=HistoryPlan(every=1))
    while not job.done:
        job.advance()
    assert job.recorder.filled == len(states) == 600
    np.testing.assert_array_equal(job.recorder.words, [word for word, _ in states])
    np.testing.assert_allclose(job.recorder.vectors, [row for _, row in states], atol=1e-3)


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
@pytest.mark.parametrize("plan", [HistoryPlan(every=3, epochs=True), HistoryPlan(every=0)])
def test_resumed_is_the_same_bits(stop: int, plan: HistoryPlan) -> None:
    batch, table = random_problem(7, 9 * REBUILD + 50, 80, 21, 30, 0.1)

    def fresh() -> PaperRun:
        return PaperRun(batch, table, window=9, learning_rate=0.02, epochs=3, history=plan)

    whole = fresh()
    while not whole.done:
        whole.advance()
    first, second = fresh(), fresh()
    for _ in range(stop):
        first.advance()
    second.restore({name: array.copy() for name, array in first.state.items()})
    while not second.done:
        second.advance()
    np.testing.assert_array_equal(whole.table, second.table)
    for name, array in whole.state.items():
        np.testing.assert_array_equal(array, second.state[name], err_msg=name)


def test_aligned_table_pads_with_zeros() -> None:
    table = aligned_table(np.ones((3, LANES + 1), np.float32))
    assert table.shape == (4, 2 * LANES)
    assert table.ctypes.data % 64 == 0
    assert not table[-1].any()
    assert not table[:, LANES + 1 :].any()


@pytest.mark.parametrize(
    "options", [{"window": 0}, {"window": 3, "learning_rate": -1.0}, {"window": 3, "epochs": 0}]
)
def test_senseless_options_are_refused(options) -> None:
    batch = TokenBatch.from_documents([["a", "b"]])
    with pytest.raises(OptionError):
        PaperRun(batch, np.eye(2, dtype=np.float32), **options)
