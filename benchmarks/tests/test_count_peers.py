"""What GloVe, Mittens, retrofitting to PPMI and sums of codes must keep of their papers."""
# ruff: noqa: F811 (fixtures)

import numpy as np
import pytest
from tests.evaluation.baselines.test_baselines import apart, planted, start  # noqa: F401

import selfvec
from benchmarks.count_peers import PEERS, STARTS, cipher, codes, pulled
from benchmarks.glove import Entries, Model, Pull, descend, every_entry_once, trained
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.evaluation.baselines import BASELINES, train
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.training import FROM_TEXT, vectors_from_text


@pytest.mark.parametrize("name", PEERS)
def test_words_of_one_topic_end_nearer_than_words_of_two(name: str, planted, start) -> None:
    one, same = (PEERS[name](planted, start, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.vectors, same.vectors)
    within, between = apart(one)
    assert within > between + 0.02


def test_they_are_trained_and_started_from_as_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.evaluation.baselines.BASELINES", BASELINES | PEERS)
    for name, trainer in STARTS.items():
        monkeypatch.setitem(FROM_TEXT, name, trainer)
        run = selfvec.refine(["hail broke a roof", "wind broke a tree"] * 20, name, "decorrelated")
        assert run.provenance["vectors"] == {"name": name}
    assert list(train(run, list(PEERS), jobs=1)) == list(PEERS)


def test_mittens_is_held_to_the_original_the_more_the_larger_its_strength(planted, start) -> None:
    known = start.sources == Source.KNOWN

    def kept(strength: float) -> float:
        rows = unit_rows(trained(planted, start.unit, strength, 0, 1))
        return float(np.einsum("ij,ij->i", rows, start.unit)[known].mean())

    assert kept(0) + 0.2 < kept(0.1) < kept(100) - 0.2


def test_one_step_of_glove_by_hand() -> None:
    w, c = np.array([[0.5, 0.1]], np.float32), np.array([[-0.25, 0.2]], np.float32)
    squares = np.ones((2, 1, 2), np.float32)
    entry = np.zeros(1, np.int32)
    target, weight = np.array([1], np.float32), np.array([0.5], np.float32)
    held, pulls = np.array([[2]], np.float32), np.array([0.1], np.float32)
    entries = Entries(entry, entry, target, weight)
    model = Model(w, c, *squares)
    descend(0, 1, 0, 1, entries, model, Pull(held, pulls), np.float32(0.05))
    error = 0.5 * (0.5 * -0.25 + 0.1 + 0.2 - 1)
    pull = 0.1 * (0.5 - 0.25 - 2)
    step_w = error * -0.25 + pull
    # the context is its own word here, whose row has just moved when the context's gradient is taken
    np.testing.assert_allclose(w[0], [0.5 - 0.05 * step_w, 0.1 - 0.05 * error], rtol=1e-5)
    np.testing.assert_allclose(squares[0, 0], [1 + step_w**2, 1 + error**2], rtol=1e-5)
    assert c[0, 1] == pytest.approx(0.2 - 0.05 * error)


def test_every_entry_is_taken_once_in_an_epoch() -> None:
    rng = np.random.default_rng(0)
    for entries in (1, 2, 3, 7, 12, 100, 9973):
        first, step = every_entry_once(entries, rng)
        assert sorted((first + k * step) % entries for k in range(entries)) == list(range(entries))


def test_retrofitting_by_hand() -> None:
    graph = np.array([[1, -1], [0, 2], [1, -1], [-1, -1]], np.int32)
    rows = np.array([[1, 0], [0, 1], [0, 0], [0, 1]], np.float32)
    table = pulled(rows, graph, iterations=1)
    # a: half itself, half b; b: half itself, half a, as c is nothing yet; c: b; d has no neighbour
    np.testing.assert_allclose(table, [[0.5, 0.5], [0.5, 0.5], [0, 1], [0, 1]])
    table = pulled(rows, graph, iterations=2)
    np.testing.assert_allclose(table, [[0.75, 0.25], [0.125, 0.875], [0.5, 0.5], [0, 1]])


def test_codes_have_one_bit_then_two_then_three() -> None:
    table = codes(9, 3)
    assert (table > 0).sum(axis=1).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]  # after all sets, all bits
    assert len(np.unique(table[:7], axis=0)) == 7
    np.testing.assert_allclose(np.linalg.norm(table, axis=1), 1, atol=1e-6)
    assert not np.array_equal(codes(9, 3, seed=1), codes(9, 3, seed=2))


def test_a_cipher_vector_adds_up_the_codes_of_the_neighbours() -> None:
    """Each word has one neighbour c: its vector points to r_c^-½ · code_c less the mean, Σ r^½ · code / 6."""
    batch = TokenBatch.from_documents([["hail", "ice"], ["hail", "ice"], ["ward", "dose"]])
    rows = cipher(batch, vectors_from_text(batch, "none"), 0, 1)
    assert batch.counts.tolist() == [2, 2, 1, 1]
    code = codes(4, 256) * np.sqrt([[2], [2], [1], [1]])
    for word, neighbour, r in [(0, 1, 2), (1, 0, 2), (2, 3, 1), (3, 2, 1)]:
        expected = code[neighbour] / r - code.sum(axis=0) / 6
        cosine = rows[word] @ expected / np.linalg.norm(rows[word]) / np.linalg.norm(expected)
        assert cosine == pytest.approx(1, abs=1e-5)
