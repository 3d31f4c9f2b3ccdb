"""What methods for vectors that are only compared must keep of their papers."""
# ruff: noqa: F811 (fixtures)

from functools import partial

import numpy as np
import pytest
from tests.transforms.test_debias import SETS, biased, direct_bias  # noqa: F401
from tests.transforms.test_transform import agreement, views

from benchmarks.vectors import other_methods as other
from selfvec.data.vectors import Vectors
from selfvec.transforms.debias import BiasRows, debiased
from selfvec.transforms.join import joined
from selfvec.transforms.knowledge import Knowledge


def test_a_cosine_of_concatenated_rows_is_the_mean_of_the_cosines() -> None:
    a, b, _ = views()
    found = joined([a, b], other.side_by_side)[0]
    assert found.vectors.shape == (300, 22)
    expected = (a.unit @ a.unit.T + b.unit @ b.unit.T) / 2
    np.testing.assert_allclose(found.vectors @ found.vectors.T, expected, atol=1e-5)


@pytest.mark.parametrize("fit", [other.side_by_side, partial(other.canonical, dimensions=8)])
def test_two_noisy_views_together_see_more_than_either(fit) -> None:
    a, b, latent = views()
    found, _ = joined([a, b], fit)
    assert agreement(found.vectors, latent) > 0.03 + max(agreement(t.vectors, latent) for t in (a, b))


def test_soft_debiasing_is_the_minimum_of_its_cost(biased: Vectors) -> None:
    # The words e0, e1, ... have no row and the axes as built vectors, so the result shows the map.
    axes = [f"e{i}" for i in range(12)]
    identity = np.eye(12, dtype=np.float32)
    spelled = Vectors(
        biased.index_to_key,
        biased.vectors,
        composer=lambda words: identity[[axes.index(word) for word in words]],
    )
    made = debiased(spelled, BiasRows.of(SETS, spelled, 0), other.soft)[0]
    turn = made.lookup(axes)[0].astype(np.float64)
    unit = biased.unit.astype(np.float64)
    every, neutral = (rows.T @ rows / len(rows) for rows in (unit, unit[7:]))
    apart = unit[[1, 3]] - unit[[0, 2]]  # he - she, man - woman
    b = np.linalg.svd(apart)[2][0]
    penalty = 0.2  # λ of the paper

    def cost(x: np.ndarray) -> float:
        apart = x - np.eye(len(b))
        return float(np.trace(every @ apart @ every @ apart) + penalty * b @ x @ neutral @ x @ b)

    least = cost(turn @ turn)
    assert least < cost(np.eye(len(b)))
    rng = np.random.default_rng(0)
    for _ in range(20):
        step = rng.standard_normal((len(b), len(b))) * 1e-2
        assert cost(turn @ turn + step + step.T) > least
    assert direct_bias(debiased(biased, BiasRows.of(SETS, biased, 0), other.soft)[0]) < 0.7 * direct_bias(
        biased
    )


def test_inlp_hides_the_sides_from_a_linear_classifier(biased: Vectors) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    side = biased.unit[7:, 0] > 0
    made = debiased(biased, BiasRows.of(SETS, biased, 0), other.inlp)[0]
    before, after = (
        linear.LogisticRegression().fit(table.unit[7:200], side[:193]).score(table.unit[200:], side[193:])
        for table in (biased, made)
    )
    assert before > 0.85
    assert after < 0.7


def test_smoothing_gives_a_word_of_zeros_the_vector_of_its_surroundings() -> None:
    rows = np.array([[1, 0], [0.6, 0.8], [0, 0]], np.float32)
    table = Vectors(["ice", "hail", "blank"], rows)
    made = other.Smooth(Knowledge(edges={"is-a": [("blank", "ice")]})).fit_transform(table)
    assert made.similarity("blank", "ice") == pytest.approx(1, abs=1e-3)
    assert not other.Smooth(Knowledge(edges={"is-a": [("ice", "hail")]})).fit_transform(table)["blank"].any()
