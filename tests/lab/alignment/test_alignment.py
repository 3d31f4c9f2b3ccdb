"""Two tables in one space: golden values by hand, and the laws every method obeys."""

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.testing import assert_allclose
from tests.refusals import refused

import selfvec
from selfvec import Vectors
from selfvec.base.errors import InputError, OptionError
from selfvec.lab.align import ALIGNERS, align
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.common_space import fit_rotation, procrustes, relative_rows, shared_words

SEEDS = st.integers(0, 2**32 - 1)
TABLES = ("procrustes", "relative")


def table(seed: int, words: int = 40, width: int = 6) -> Vectors:
    rng = default_rng(seed)
    rows = rng.standard_normal((words, width)) * rng.uniform(0.5, 3, (words, 1))
    counts = rng.integers(1, 500, words)
    return Vectors([f"w{i}" for i in range(words)], rows.astype(np.float32), counts=counts)


def turned(width: int, seed: int) -> np.ndarray:
    """A random rotation or reflection."""
    q, r = np.linalg.qr(default_rng(seed).standard_normal((width, width)))
    return q * np.sign(np.diag(r))


def moved(a: Vectors, matrix: np.ndarray, order: np.ndarray | None = None) -> Vectors:
    """The same words in other axes and in another order."""
    order = np.arange(len(a)) if order is None else order
    rows = (a.vectors.astype(np.float64) @ matrix).astype(np.float32)[order]
    counts = None if a.counts is None else a.counts[order]
    return Vectors([a.index_to_key[i] for i in order], rows, counts=counts)


def test_a_quarter_turn_by_hand() -> None:
    a = Vectors(["east", "north"], np.array([[1, 0], [0, 1]], np.float32))
    b = Vectors(["north", "east", "west"], np.array([[-2, 0], [0, 2], [0, -1]], np.float32))
    found = align(a, b, trim=0).b
    assert_allclose(found[["east", "north", "west"]], [[2, 0], [0, 2], [-1, 0]], atol=1e-6)
    # sum of outer products: b_north a_northᵀ + b_east a_eastᵀ = [[0,-1],[1,0]], its own polar factor
    assert_allclose(fit_rotation(a.vectors, b[["east", "north"]], np.ones(2), trim=0)[0],
                               [[0, -1], [1, 0]], atol=1e-12)  # fmt: skip


@given(SEEDS, st.booleans())
def test_a_turned_table_is_turned_back(seed: int, centre: bool) -> None:
    a = table(seed)
    order = default_rng(seed).permutation(len(a))
    found = align(a, moved(a, turned(6, seed + 1), order), centre=centre).b
    assert_allclose(found[a.index_to_key], a.vectors, atol=1e-5)


@given(SEEDS)
def test_no_other_turn_is_nearer(seed: int) -> None:
    rng = default_rng(seed)
    a, b = (unit_rows(rng.standard_normal((30, 5))).astype(np.float64) for _ in range(2))
    weights = rng.uniform(0.1, 1, 30)

    def residual(matrix: np.ndarray) -> float:
        return float(weights @ np.square(b @ matrix - a).sum(axis=1))

    best = procrustes(a, b, weights)
    assert_allclose(best @ best.T, np.eye(5), atol=1e-10)
    assert all(residual(best) <= residual(turned(5, seed + k)) + 1e-9 for k in range(20))
    for i, j in combinations(range(5), 2):  # nor any small turn away from it
        small = np.eye(5)
        small[[i, i, j, j], [i, j, i, j]] = np.cos(0.01), -np.sin(0.01), np.sin(0.01), np.cos(0.01)
        assert residual(best) <= residual(best @ small) + 1e-9


@given(SEEDS)
def test_words_that_changed_do_not_pull_at_the_rest(seed: int) -> None:
    a = table(seed, words=100)
    b = moved(a, turned(6, seed))
    rng = default_rng(seed)
    b.vectors[:10] = rng.standard_normal((10, 6))
    found = align(a, b, trim=0.15)
    assert_allclose(found.b.vectors[10:], a.vectors[10:], atol=1e-4)
    assert set(found.notes["left_out"]) >= {f"w{i}" for i in range(10)} - {
        f"w{i}" for i in range(10) if a.unit[i] @ unit_rows(found.b.vectors)[i] > 0.99
    }
    assert np.abs(align(a, b, trim=0).b.vectors[10:] - a.vectors[10:]).max() > 1e-3


def test_fewer_dimensions_are_laid_into_more_and_nothing_is_lost() -> None:
    a, b = table(1, width=9), table(2, width=6)
    found = align(a, b)
    assert found.b.vector_size == 9
    assert_allclose(found.b.unit @ found.b.unit.T, b.unit @ b.unit.T, atol=1e-5)
    for options in ({}, {"dictionary": [("w1", "w1")]}):  # by one solve
        rule = "9 dimensions cannot be rotated into 6; swap A and B"
        refused(lambda: align(b, a, **options), InputError, rule)
    assert align(b, a, "relative").b.vector_size == align(b, a, "relative").a.vector_size == 40


def test_a_shared_direction_of_one_table_is_taken_off_by_centring() -> None:
    a = table(3, words=200)
    rows = (a.vectors + 4 * np.eye(6)[0]) @ turned(6, 3)
    b = Vectors(a.index_to_key, rows.astype(np.float32), counts=a.counts)
    assert_allclose(align(a, b, centre=True).b.vectors, a.vectors, atol=1e-4)
    assert align(a, b).notes["cosine"] < 0.8


@given(SEEDS, st.floats(0.1, 9))
def test_relative_representations_do_not_see_axes_scale_or_order(seed: int, scale: float) -> None:
    a = table(seed)
    order = default_rng(seed).permutation(len(a))
    found = align(a, moved(a, scale * turned(6, seed), order), "relative", anchor_words=12)
    assert_allclose(found.a.vectors, found.b[a.index_to_key], atol=1e-5)
    other = align(moved(a, np.eye(6), order), a, "relative", anchor_words=12)
    assert other.notes["anchor_words"] == found.notes["anchor_words"]


def test_relative_representations_by_hand() -> None:
    a = Vectors(["x", "y", "z"], np.array([[2, 0], [0, 3], [3, 4]], np.float32), counts=np.array([9, 5, 7]))
    b = Vectors(["z", "x"], np.array([[1, 0, 0], [0, 0, 2]], np.float32), counts=np.array([8, 8]))
    found = align(a, b, "relative", anchor_words=2)
    assert found.notes["anchor_words"] == ["x", "z"]
    assert_allclose(found.a.vectors, [[1, 0.6], [0, 0.8], [0.6, 1]], atol=1e-6)
    assert_allclose(found.b.vectors, [[0, 1], [1, 0]], atol=1e-6)


@given(SEEDS)
def test_zeros_stay_zeros(seed: int) -> None:
    a, b = table(seed), table(seed + 1)
    b.vectors[3] = 0
    for method, options in product(TABLES, ({}, {"centre": True})):
        if method == "procrustes" or not options:
            found = align(a, b, method, **options)
            assert not found.b.vectors[3].any()
            assert found.b.vectors[4].any()


def test_shared_words_are_in_order_of_the_smaller_count() -> None:
    a = Vectors(["p", "q", "r", "s"], np.ones((4, 1), np.float32), counts=np.array([4, 9, 3, 9]))
    b = Vectors(["s", "r", "q", "t"], np.ones((4, 1), np.float32), counts=np.array([5, 8, 5, 1]))
    assert shared_words(a, b).words == ["q", "s", "r"]
    assert shared_words(a, b, min_count=4).words == ["q", "s"]
    assert shared_words(a, b).weights == pytest.approx([0.2, 0.2, 3 / 23])
    a.counts = None
    assert shared_words(a, b).words == ["q", "r", "s"]  # by the later place in the two tables, then by name
    assert shared_words(a, b).weights.tolist() == [1, 1, 1]


@pytest.mark.parametrize("method", TABLES)
def test_what_changed_is_written_in_the_format_asked_for(method: str, tmp_path: Path) -> None:
    found = align(table(1), table(2), method)
    if found.both:
        found.save(tmp_path / "out", "word2vec-text")
        refused(lambda: found.save(tmp_path / "out.vec"), OptionError, "changes the vectors of both")
    else:
        found.save(tmp_path / "out.vec")
    for side, file in (("a", "out/a.vec"), ("b", "out/b.vec")) if found.both else (("b", "out.vec"),):
        expected = getattr(found, side)
        read = selfvec.load(tmp_path / file)
        assert_allclose(read[expected.index_to_key], expected.vectors, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "options", "rule"),
    [
        ("magic", {}, r"method: is one of procrustes, dictionary, .*relative"),
        ("relative", {"trim": 0.2}, r"trim: .*belongs to procrustes"),
        ("procrustes", {"trim": 0.5}, r"trim: is a share"),
        ("procrustes", {"min_count": 300}, r"rotating 6 dimensions needs as many shared words"),
        ("procrustes", {"min_count": 9999}, r"occurs 9999 times in both"),
        ("relative", {"anchor_words": 41}, r"anchor_words: there are 40"),
        ("relative", {"wide": 1}, r"wide: there is no such option"),
        ("compass", {}, "corpora of two runs"),
    ],
)
def test_what_cannot_be_aligned_is_said(method: str, options: dict, rule: str) -> None:
    refused(lambda: align(table(1), table(2), method, **options), InputError, rule)


def test_tables_that_share_nothing_or_count_nothing_are_refused() -> None:
    other = Vectors(["x"], np.ones((1, 6), np.float32))
    refused(lambda: align(table(1), other), InputError, "no word has a vector in both")
    refused(
        lambda: align(table(1), Vectors(table(1).index_to_key, table(1).vectors), min_count=3),
        OptionError,
        "with word counts",
    )
    assert set(ALIGNERS) == {"procrustes", "dictionary", "compass", "relative"}
    assert relative_rows(other.vectors, other.vectors).tolist() == [[pytest.approx(1)]]
