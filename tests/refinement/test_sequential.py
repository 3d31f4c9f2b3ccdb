"""The sequential rules: golden values by hand, the kernel against the reference, and laws of both."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from tests.refinement.problems import finished, random_problem, vectors
from tests.rows import unit

from selfvec.cooccurrence.scan import REBUILD
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import anisotropy, unit_rows
from selfvec.refinement.decorrelation import base_vectors
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.methods.sequential import (
    COMPOSED,
    OnlineRefinement,
    PaperRefinement,
    neighbour_weights,
    online_reference,
    refine_reference,
)

NONE = HistoryPlan(every=0)
RULES = {"paper": PaperRefinement, "online": OnlineRefinement}


def kernel(rule: str, batch: TokenBatch, original: Vectors, **options: Any) -> NDArray[np.float32]:
    options = {"window": 41, "history": NONE} | options
    return finished(RULES[rule](batch, original, **options)).table.copy()


def reference(
    rule: str,
    batch: TokenBatch,
    original: Vectors,
    *,
    anchor: float = METHODS["online"].anchor,
    window: int = 41,
    learning_rate: float | None = None,
    passes: int = 1,
    on_update: Callable[[int, NDArray[np.float64]], None] | None = None,
) -> NDArray[np.float64]:
    common = {"window": window, "passes": passes, "on_update": on_update}
    if rule == "paper":
        table, rate = original.unit.astype(np.float64), 0.01 if learning_rate is None else learning_rate
        return refine_reference(batch.ids, batch.offsets, table, learning_rate=rate, **common)
    rate = 0.005 if learning_rate is None else learning_rate
    base = base_vectors(original.unit, original.sources != Source.NONE).astype(np.float64)
    pull = np.where(original.sources == Source.SUBWORDS, COMPOSED * anchor, anchor)
    weights = neighbour_weights(batch.counts)
    origin = pull[:, None] * base
    return online_reference(batch.ids, batch.offsets, base, origin, *weights, learning_rate=rate, **common)


both = pytest.mark.parametrize("refine", [reference, kernel])
every_rule = pytest.mark.parametrize("rule", RULES)


@both
def test_the_papers_rule_by_hand(refine) -> None:
    # a = (1, 0), b = (0, 1), α = .5, text "a b":
    # a ← (1, .5)/√1.25; then b ← (0, 1) + .5·a, at once with the new a.
    batch = TokenBatch.from_documents([["a", "b"]])
    original = vectors(batch, np.eye(2, dtype=np.float32))
    a = np.array([1, 0.5]) / np.sqrt(1.25)
    b = np.array([0, 1]) + 0.5 * a
    out = refine("paper", batch, original, window=3, learning_rate=0.5)
    assert_allclose(out, [a, unit(b)], atol=1e-6)


@both
def test_the_paper_leaves_out_the_position_only(refine) -> None:
    # "a b a", window 5: at the first a the neighbours are b and the other a, so a ← a + α(b + a).
    batch = TokenBatch.from_documents([["a", "b", "a"]])
    a = np.array([1 + 0.1, 0.1])
    a = unit(a)
    b = np.array([0, 1]) + 0.1 * 2 * a
    b = unit(b)
    a = a + 0.1 * (a + b)
    original = vectors(batch, np.eye(2, dtype=np.float32))
    out = refine("paper", batch, original, window=5, learning_rate=0.1)
    assert_allclose(out, [unit(a), b], atol=1e-6)


def test_weights_by_hand() -> None:
    # 4 + 4 + 1 tokens: f^-1/2 = ½, ½, 1, summed over the tokens 2 + 2 + 1 = 5, so times 9/5.
    weights, shares = neighbour_weights(np.array([4, 4, 1, 0]))
    assert_allclose(weights, [0.9, 0.9, 1.8, 0])
    assert_allclose(shares, [0.4, 0.4, 0.2, 0])
    assert_array_equal(neighbour_weights(np.zeros(2, np.int64)), np.zeros((2, 2)))


@both
def test_the_online_rule_by_hand(refine) -> None:
    # "a b a": only the position is left out, so the first a has the neighbours b and a.
    batch = TokenBatch.from_documents([["a", "b", "a"]])
    weights, shares = neighbour_weights(np.array([2, 1]))
    E = np.eye(2)
    for word, around in ((0, [1, 0]), (1, [0, 0]), (0, [0, 1])):
        pull = sum(weights[n] * (E[n] - shares @ E) for n in around)
        moved = E[word] + 0.2 * pull + 0.1 * np.eye(2)[word]
        E[word] = unit(moved)
    original = vectors(batch, np.eye(2, dtype=np.float32))
    out = refine("online", batch, original, window=5, learning_rate=0.2, anchor=0.1)
    assert_allclose(out, E, atol=1e-6)


@both
def test_an_unknown_word_takes_the_direction_of_its_neighbours(refine) -> None:
    batch = TokenBatch.from_documents([["known", "new"]])
    original = vectors(batch, np.array([[0.6, 0.8], [0, 0]], np.float32))
    assert_allclose(refine("paper", batch, original, window=3)[1], [0.6, 0.8], atol=1e-6)
    # Online: the average of a and b is (½, ½) without the empty word, so the new word becomes a − b.
    batch = TokenBatch.from_documents([["a", "new"], ["b"], ["b", "b"]])
    original = vectors(batch, np.array([[1, 0], [0, 0], [0, 1]], np.float32))
    out = refine("online", batch, original, window=3, learning_rate=0.01)
    assert_allclose(out[1], [np.sqrt(0.5), -np.sqrt(0.5)], atol=1e-5)


@both
def test_what_cancels_out_is_no_direction(refine) -> None:
    # With one known word the average is that word: it adds rounding to its neighbours, and they stay empty.
    batch = TokenBatch.from_documents([["known", *["new", "newer"] * 700]])
    rows = np.zeros((3, 37), np.float32)
    rows[0] = unit_rows(np.random.default_rng(0).standard_normal((1, 37)))[0]
    out = refine("online", batch, vectors(batch, rows), window=5, learning_rate=0.1)
    assert_allclose(out, rows, atol=1e-6)


@both
@every_rule
def test_empty_words_among_empty_words_stay_empty(refine, rule) -> None:
    # 3,000 tokens after a document of known words: what rounding leaves in the window sum is no direction.
    batch = TokenBatch.from_documents([["k1", "k2"], ["n1", *["n2", "n3"] * 1500]])
    rows = np.zeros((5, 37), np.float32)
    rows[:2] = unit_rows(np.random.default_rng(0).standard_normal((2, 37)))
    out = refine(rule, batch, vectors(batch, rows), window=3, learning_rate=0.1)
    assert out.any(axis=1).tolist() == [True, True, False, False, False]


@given(
    rule=st.sampled_from(list(RULES)),
    seed=st.integers(0, 10_000),
    tokens=st.integers(1, 500),
    types=st.integers(1, 60),
    dimensions=st.integers(2, 70),
    documents=st.integers(1, 40),
    window=st.integers(1, 60),
    rate=st.sampled_from([0.0, 0.003, 0.01, 0.1, 0.3]),
    epochs=st.integers(1, 2),
    oov=st.sampled_from([0.0, 0.3, 1.0]),
    anchor=st.sampled_from([0.0, 0.05, 1.0]),
)
def test_kernel_equals_reference(
    rule, seed, tokens, types, dimensions, documents, window, rate, epochs, oov, anchor
) -> None:
    batch, original = random_problem(seed, tokens, types, dimensions, documents, oov)
    options = {"window": window, "learning_rate": rate, "passes": epochs}
    options |= {"anchor": anchor} if rule == "online" else {}
    expected, out = reference(rule, batch, original, **options), kernel(rule, batch, original, **options)
    # Rounding is of the size of the sum: a window of 60 at a rate of .1 outweighs the word sixfold.
    assert_allclose(out, expected, atol=2e-5 * max(1, rate * window))
    lengths = np.linalg.norm(out, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


@every_rule
@pytest.mark.parametrize(("window", "tolerance"), [(2, 1e-5), (13, 1e-5), (301, 5e-5)])
def test_kernel_equals_reference_over_a_long_corpus(rule, window, tolerance) -> None:
    batch, original = random_problem(1, 8 * REBUILD + 17, 300, 48, 20, 0.1)
    expected = reference(rule, batch, original, window=window)
    assert_allclose(kernel(rule, batch, original, window=window), expected, atol=tolerance)


@every_rule
def test_recorded_states_are_those_of_the_reference_and_change_no_bit(rule) -> None:
    batch, original = random_problem(5, 300, 12, 9, 6, 0.2)
    states: list[tuple[int, NDArray[np.float64]]] = []
    reference(rule, batch, original, passes=2, on_update=lambda word, row: states.append((word, row.copy())))
    recorder = finished(
        RULES[rule](batch, original, window=41, passes=2, history=HistoryPlan(every=1))
    ).recorder
    assert recorder.filled == len(states) == 600
    assert_array_equal(recorder.words, [word for word, _ in states])
    assert_allclose(recorder.vectors, [row for _, row in states], atol=1e-3)
    batch, original = random_problem(3, 6 * REBUILD + 100, 100, 33, 50, 0.1)
    plain, recorded = (kernel(rule, batch, original, history=HistoryPlan(every=every)) for every in (0, 1))
    assert_array_equal(plain, recorded)


def test_the_online_rule_comes_to_rest_where_the_papers_collapses() -> None:
    batch, original = random_problem(11, 20_000, 300, 32, 200, 0)
    online = OnlineRefinement(batch, original, window=13, passes=12, history=NONE)
    changes, before = [], online.table.copy()
    for _ in range(12):
        online.advance()
        changes.append(np.linalg.norm(online.table - before))
        before = online.table.copy()
    assert np.all(np.diff(changes[:8]) < 0)
    assert changes[-1] < changes[0] / 10
    assert anisotropy(online.table) < 0.05
    assert anisotropy(kernel("paper", batch, original, window=13, passes=12)) > 0.5


def test_composed_words_are_held_less() -> None:
    batch, original = random_problem(13, 1000, 50, 32, 40, 0)
    guessed = Vectors(batch.types, original.vectors, sources=np.full(50, Source.SUBWORDS, np.uint8))
    moved = [
        np.sum(kernel("online", batch, table) * original.vectors, axis=1) for table in (original, guessed)
    ]
    assert moved[1].mean() < moved[0].mean()
    mixed = Vectors(batch.types, original.vectors, sources=np.where(np.arange(50) % 2, 1, 2).astype(np.uint8))
    assert_allclose(kernel("online", batch, mixed), reference("online", batch, mixed), atol=1e-5)
