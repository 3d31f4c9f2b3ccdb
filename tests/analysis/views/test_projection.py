"""Projections: PCA by hand and laws, the others for being reproducible; and the colours of figures."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

from selfvec.analysis.views.figure import GREY, INK, WORDS, ink, tint
from selfvec.analysis.views.projection import PROJECTIONS, project
from selfvec.base.errors import InputError, OptionError


def random_matrix(seed: int, n: int = 30, d: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) * np.linspace(3, 0.5, d)  # unequal axes: the components are distinct


def distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


@given(st.integers(0, 10_000))
def test_pca_is_the_singular_value_decomposition(seed: int) -> None:
    matrix = random_matrix(seed)
    u, s, _ = np.linalg.svd(matrix - matrix.mean(axis=0), full_matrices=False)
    projection = project(matrix)
    np.testing.assert_allclose(np.abs(projection.points), np.abs(u[:, :2] * s[:2]), atol=1e-4)
    assert projection.explained == pytest.approx(tuple(s[:2] ** 2 / (s**2).sum()))


def test_pca_axes_point_to_their_largest_loading() -> None:
    matrix = random_matrix(5)
    components = project(matrix).points.T @ (matrix - matrix.mean(axis=0))
    assert all(row[np.abs(row).argmax()] > 0 for row in components)


@pytest.mark.parametrize("shape", [(1, 5), (4, 5), (4, 1)])
def test_pca_of_equal_points_is_the_origin(shape: tuple[int, int]) -> None:
    projection = project(np.ones(shape))
    assert not projection.points.any()
    assert projection.explained == (0.0, 0.0)


@pytest.mark.parametrize("method", PROJECTIONS)
@pytest.mark.parametrize("matrix", [random_matrix(3, n=24), np.ones((6, 4))], ids=["random", "equal"])
def test_same_input_and_seed_same_points(method: str, matrix: np.ndarray) -> None:
    if method == "umap":
        pytest.importorskip("umap.umap_", reason="umap-learn is not installed", exc_type=ImportError)
    first, second = project(matrix, method, seed=3), project(matrix.copy(order="F"), method, seed=3)
    np.testing.assert_array_equal(first.points, second.points)
    assert first.points.shape == (len(matrix), 2)
    assert np.isfinite(first.points).all()
    assert (first.explained is None) == (method != "pca")
    assert first.points.dtype == np.float32


def test_tsne_keeps_two_clusters_apart() -> None:
    rng = np.random.default_rng(0)
    matrix = np.concatenate([rng.normal(0, 0.1, (20, 6)), rng.normal(5, 0.1, (20, 6))])
    apart = distances(project(matrix, "tsne").points)
    assert apart[:20, :20].max() < apart[:20, 20:].min()


def test_too_few_points() -> None:
    refused(
        lambda: project(np.eye(3), "tsne"), OptionError, "tsne needs at least 5 points, 3 were given; use pca"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number(value: float) -> None:
    matrix = np.array([[1.0, value], [0.0, 1.0]])
    refused(lambda: project(matrix), InputError, "NaN or infinity")


# Machado et al., A physiologically-based model for simulation of color vision deficiency (2009), severity 1.
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour: str, vision: str) -> np.ndarray:
    seen = np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1)
    ratio = TO_XYZ @ seen / (TO_XYZ @ np.ones(3))
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_words_are_told_apart(vision: str) -> None:
    for one, other in combinations(WORDS, 2):
        assert np.linalg.norm(lab(one, vision) - lab(other, vision)) > 10, (one, other)


@pytest.mark.parametrize("colour", [*map(ink, WORDS), INK, GREY])
def test_text_is_readable_on_white(colour: str) -> None:
    luminance = float(TO_XYZ[1] @ linear(colour))
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_tint_runs_from_white_to_the_colour() -> None:
    assert (tint("#0072B2", 0), tint("#0072B2", 1)) == ("#ffffff", "#0072b2")
