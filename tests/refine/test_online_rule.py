"""The stable sequential rule: golden values by hand, the kernel against the reference, and laws of both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.cooccurrence.lanes import REBUILD
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refine.decorrelated import base_vectors
from selfvec.refine.health import anisotropy
from selfvec.refine.online import ANCHOR, COMPOSED, OnlineRun
from selfvec.refine.online_reference import neighbour_weights, online_reference
from selfvec.refine.paper import PaperRun
from selfvec.refine.recorder import HistoryPlan

NO_HISTORY = HistoryPlan(every=0)


def vectors(batch: TokenBatch, rows: NDArray[np.float32]) -> Vectors:
    sources = np.where(rows.any(axis=1), Source.KNOWN, Source.NONE).astype(np.uint8)
    return Vectors(batch.types, rows, sources=sources)


def finished(job: OnlineRun) -> OnlineRun:
    while not job.done:
        job.advance()
    return job


def kernel(batch: TokenBatch, original: Vectors, **options) -> NDArray[np.float32]:
    return finished(OnlineRun(batch, original, **{"history": NO_HISTORY} | options)).table.copy()


def reference(
    batch: TokenBatch,
    original: Vectors,
    anchor: float = ANCHOR,
    start: NDArray[np.float32] | None = None,
    counts: NDArray[np.int64] | None = None,
    on_update=None,
    **options,
) -> NDArray[np.float64]:
    base = base_vectors(original.unit, original.sources != Source.NONE).astype(np.float64)
    weights, shares = neighbour_weights(batch.counts if counts is None else counts)
    table = base if start is None else start.astype(np.float64)
    held = np.where(original.sources == Source.SUBWORDS, COMPOSED * anchor, anchor)
    origin = held[:, None] * base
    options = {"window": 41, "learning_rate": 0.005} | options
    return online_reference(
        batch.ids, batch.offsets, table, origin, weights, shares, on_update=on_update, **options
    )


def random_problem(
    seed: int, tokens: int, types: int, dimensions: int, documents: int, oov: float
) -> tuple[TokenBatch, Vectors]:
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.3, tokens) - 1, types - 1).astype(np.int32)
    bounds = np.sort(rng.integers(0, tokens + 1, max(documents - 1, 0)))
    offsets = np.concatenate(([0], bounds, [tokens])).astype(np.int64)
    batch = TokenBatch(ids, offsets, [f"w{i}" for i in range(types)])
    rows = unit_rows(rng.standard_normal((types, dimensions)))
    rows[rng.random(types) < oov] = 0
    return batch, vectors(batch, rows)


def orthogonal(batch: TokenBatch, dimensions: int | None = None) -> Vectors:
    return vectors(batch, np.eye(len(batch.types), dimensions, dtype=np.float32))


def test_weights_by_hand() -> None:
    # 4 + 4 + 1 tokens: f^-1/2 = ½, ½, 1, summed over the tokens 2 + 2 + 1 = 5, so times 9/5.
    weights, shares = neighbour_weights(np.array([4, 4, 1, 0]))
    np.testing.assert_allclose(weights, [0.9, 0.9, 1.8, 0])
    np.testing.assert_allclose(shares, [0.4, 0.4, 0.2, 0])
    assert weights @ np.array([4, 4, 1, 0]) == pytest.approx(9)
    np.testing.assert_array_equal(neighbour_weights(np.zeros(2, np.int64)), np.zeros((2, 2)))


@pytest.mark.parametrize("refine", [reference, kernel])
def test_two_words_by_hand(refine) -> None:
    # "a b" once each: weights 1, shares ½. μ = (a + b)/2, so a ← a + α(b − μ) + βa = (1 + β − α/2, α/2).
    batch = TokenBatch.from_documents([["a", "b"]])
    out = refine(batch, orthogonal(batch), window=3, learning_rate=0.5, anchor=0.25)
    a = np.array([1.25 - 0.25, 0.25])
    a /= np.linalg.norm(a)
    b = np.array([0, 1])
    b = b + 0.5 * (a - (a + b) / 2) + 0.25 * b
    np.testing.assert_allclose(out, [a, b / np.linalg.norm(b)], atol=1e-6)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_weights_and_the_position_left_out_by_hand(refine) -> None:
    # "a b a": only the position is left out, so the first a has the neighbours b and a.
    batch = TokenBatch(np.array([0, 1, 0], np.int32), np.array([0, 3], np.int64), ["a", "b"])
    weights, shares = neighbour_weights(np.array([2, 1]))
    E = np.eye(2)
    for word, around in ((0, [1, 0]), (1, [0, 0]), (0, [0, 1])):
        pull = sum(weights[n] * (E[n] - shares @ E) for n in around)
        moved = E[word] + 0.2 * pull + 0.1 * np.eye(2)[word]
        E[word] = moved / np.linalg.norm(moved)
    out = refine(batch, orthogonal(batch), window=5, learning_rate=0.2, anchor=0.1)
    np.testing.assert_allclose(out, E, atol=1e-6)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_an_unknown_word_takes_what_sets_its_neighbours_apart(refine) -> None:
    # μ leaves the empty word out; the average of a and b is (½, ½), so the new word becomes a − b.
    batch = TokenBatch.from_documents([["a", "new"], ["b"], ["b", "b"]])
    original = vectors(batch, np.array([[1, 0], [0, 0], [0, 1]], np.float32))
    out = refine(batch, original, window=3, learning_rate=0.01)
    np.testing.assert_allclose(out[1], [np.sqrt(0.5), -np.sqrt(0.5)], atol=1e-5)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_what_cancels_out_is_no_direction(refine) -> None:
    # With one known word μ is that word: what it adds to its neighbours is rounding, and they stay empty.
    batch = TokenBatch.from_documents([["known", *["new", "newer"] * 700]])
    rows = np.zeros((3, 37), np.float32)
    rows[0] = unit_rows(np.random.default_rng(0).standard_normal((1, 37)))[0]
    out = refine(batch, vectors(batch, rows), window=5, learning_rate=0.1)
    np.testing.assert_allclose(out, rows, atol=1e-6)


@pytest.mark.parametrize("refine", [reference, kernel])
def test_empty_words_among_empty_words_stay_empty(refine) -> None:
    # 3,000 tokens after a document of known words: what rounding leaves in the window sum is no direction.
    batch = TokenBatch.from_documents([["k1", "k2", "k1", "n1", *["n2", "n3"] * 1500]])
    rows = np.zeros((5, 37), np.float32)
    rows[:2] = unit_rows(np.random.default_rng(0).standard_normal((2, 37)))
    out = refine(batch, vectors(batch, rows), window=3, learning_rate=0.1)
    assert out.any(axis=1).tolist() == [True, True, True, True, True]
    alone = TokenBatch.from_documents([["k1", "k2"], ["n1", *["n2", "n3"] * 1500]])
    out = refine(alone, vectors(alone, rows), window=3, learning_rate=0.1)
    assert out.any(axis=1).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("refine", [reference, kernel])
def test_windows_do_not_cross_documents(refine) -> None:
    apart = TokenBatch.from_documents([["a"], ["b"], []])
    np.testing.assert_allclose(refine(apart, orthogonal(apart), window=13), np.eye(2), atol=1e-6)


@given(
    seed=st.integers(0, 10_000),
    tokens=st.integers(1, 400),
    types=st.integers(1, 60),
    dimensions=st.integers(2, 70),
    documents=st.integers(1, 30),
    window=st.integers(1, 60),
    rate=st.sampled_from([0.0, 0.003, 0.01, 0.1]),
    anchor=st.sampled_from([0.0, 0.05, 1.0]),
    epochs=st.integers(1, 2),
    oov=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_kernel_equals_reference(
    seed, tokens, types, dimensions, documents, window, rate, anchor, epochs, oov
) -> None:
    batch, original = random_problem(seed, tokens, types, dimensions, documents, oov)
    options = {"window": window, "learning_rate": rate, "anchor": anchor, "epochs": epochs}
    expected = reference(batch, original, **options)
    # Rounding is of the size of the sum: a window of 60 at a rate of .1 outweighs the word sixfold.
    tolerance = 2e-5 * max(1, rate * window)
    np.testing.assert_allclose(kernel(batch, original, **options), expected, atol=tolerance)


def test_kernel_equals_reference_over_a_long_corpus() -> None:
    batch, original = random_problem(1, 6 * REBUILD + 17, 300, 48, 20, 0.1)
    for window, tolerance in ((2, 1e-5), (41, 1e-5), (301, 5e-5)):
        out = kernel(batch, original, window=window)
        np.testing.assert_allclose(out, reference(batch, original, window=window), atol=tolerance)


@given(seed=st.integers(0, 1000), window=st.integers(2, 50))
def test_rows_have_length_one_or_zero(seed: int, window: int) -> None:
    batch, original = random_problem(seed, 400, 40, 19, 10, 0.2)
    lengths = np.linalg.norm(kernel(batch, original, window=window, learning_rate=0.05), axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


@given(seed=st.integers(0, 1000), part=st.integers(0, 20))
def test_text_in_two_parts_is_the_text(seed: int, part: int) -> None:
    # A stream: the second part goes on from the first, both weighted by what is counted of all.
    batch, original = random_problem(seed, 600, 40, 19, 20, 0.2)
    at = int(batch.offsets[part])
    first = TokenBatch(batch.ids[:at], batch.offsets[: part + 1], batch.types)
    second = TokenBatch(batch.ids[at:], batch.offsets[part:] - at, batch.types)
    half = kernel(first, original, counts=batch.counts) if at else None
    out = kernel(second, original, counts=batch.counts, start=half) if at < 600 else half
    np.testing.assert_allclose(out, kernel(batch, original), atol=1e-5)


def test_recording_changes_no_bit() -> None:
    batch, original = random_problem(3, 6 * REBUILD + 100, 100, 33, 50, 0.1)
    plain = kernel(batch, original, window=7, epochs=2)
    recorded = kernel(batch, original, window=7, epochs=2, history=HistoryPlan(every=1))
    np.testing.assert_array_equal(plain, recorded)


def test_recorded_states_are_the_states_of_the_reference() -> None:
    batch, original = random_problem(5, 300, 12, 9, 6, 0.2)
    states: list[tuple[int, NDArray[np.float64]]] = []
    reference(batch, original, epochs=2, on_update=lambda word, row: states.append((word, row.copy())))
    recorder = finished(OnlineRun(batch, original, epochs=2, history=HistoryPlan(every=1))).recorder
    assert recorder.filled == len(states) == 600
    np.testing.assert_array_equal(recorder.words, [word for word, _ in states])
    np.testing.assert_allclose(recorder.vectors, [row for _, row in states], atol=1e-3)


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
@pytest.mark.parametrize("plan", [HistoryPlan(every=3, epochs=True), NO_HISTORY])
def test_resumed_is_the_same_bits(stop: int, plan: HistoryPlan) -> None:
    batch, original = random_problem(7, 9 * REBUILD + 50, 80, 21, 30, 0.3)

    def fresh() -> OnlineRun:
        return OnlineRun(batch, original, window=9, epochs=3, history=plan)

    whole, first, second = finished(fresh()), fresh(), fresh()
    for _ in range(stop):
        first.advance()
    second.restore({name: array.copy() for name, array in first.state.items()})
    finished(second)
    for name, array in whole.state.items():
        np.testing.assert_array_equal(array, second.state[name], err_msg=name)


def test_it_neither_collapses_nor_drifts_where_the_papers_rule_does() -> None:
    batch, original = random_problem(11, 20_000, 300, 32, 200, 0)
    job = OnlineRun(batch, original, window=13, epochs=12, history=NO_HISTORY)
    changes, before = [], job.table.copy()
    for _ in range(12):
        job.advance()
        changes.append(np.linalg.norm(job.table - before))
        before = job.table.copy()
    assert np.all(np.diff(changes[:8]) < 0)
    assert changes[-1] < changes[0] / 10
    assert anisotropy(job.table) < 0.05
    paper = PaperRun(batch, original.unit, window=13, epochs=12, history=NO_HISTORY)
    while not paper.done:
        paper.advance()
    assert anisotropy(paper.table) > 0.5


def test_composed_words_are_held_less() -> None:
    batch, original = random_problem(13, 1000, 50, 32, 40, 0)
    sources = np.full(50, Source.KNOWN, np.uint8)
    sources[::2] = Source.SUBWORDS
    mixed = Vectors(batch.types, original.vectors, sources=sources)
    np.testing.assert_allclose(kernel(batch, mixed), reference(batch, mixed), atol=1e-5)
    guessed = Vectors(batch.types, original.vectors, sources=np.full(50, Source.SUBWORDS, np.uint8))
    moved = [np.sum(kernel(batch, table) * original.vectors, axis=1) for table in (original, guessed)]
    assert moved[1].mean() < moved[0].mean()


@pytest.mark.parametrize(
    "options", [{"window": 0}, {"learning_rate": -1.0}, {"epochs": 0}, {"anchor": -0.1}, {"anchor": np.nan}]
)
def test_senseless_options_are_refused(options) -> None:
    batch = TokenBatch.from_documents([["a", "b"]])
    with pytest.raises(OptionError):
        OnlineRun(batch, orthogonal(batch), **options)
