"""What notebooks show: HTML that is whole, escaped, and says what the objects say."""

from typing import Any

import numpy as np
import pytest
from tests.html_pages import Html

from selfvec.analysis.views import notebook
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.analysis.word_drift.word_paths import SlicePath
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

assert notebook  # registers how results are shown
HOSTILE = "<script>alert(1)</script>"


def table() -> Vectors:
    rows = np.array([[1, 0], [0.9, 0.1], [0, 1], [0, 0]], np.float32)
    sources = np.array([Source.KNOWN, Source.KNOWN, Source.CONTEXT, Source.NONE], np.uint8)
    words = ["rain", HOSTILE, "law", "void"]
    return Vectors(words, unit_rows(rows), sources=sources, counts=np.array([1200, 7, 5, 1]))


def path() -> Trajectory:
    states = unit_rows(np.array([[0, 0], [1, 0], [0.6, 0.8]], np.float32))
    return Trajectory(HOSTILE, np.array([0, 10, 20]), states)


def drift_rows(low: float | None) -> Drift:
    row: dict[str, Any] = {"word": HOSTILE, "distance": 0.25, "low": low, "chance": 0.05}
    row |= {"new_uses": low, "new_uses_low": low, "new_uses_high": low and low + 0.2}
    row |= {"change": 0.2, "apd": 0.5, "p": 0.001, "q": 0.01, "count_a": 1000, "count_b": 20}
    row |= {"gained": ["oven", HOSTILE], "lost": ["prison"]}
    return Drift("1990..1999", "2020", [row, {**row, "word": "law", "q": 0.5}])


def slice_path() -> SlicePath:
    rng = np.random.default_rng(0)
    vectors = unit_rows(np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0]], np.float32))
    draws = unit_rows((vectors + 0.1 * rng.standard_normal((50, 3, 3))).reshape(-1, 3)).reshape(50, 3, 3)
    draws[:, 1] = 0
    return SlicePath(
        "law",
        ("a", "b", "c"),
        vectors,
        draws,
        np.array([9, 0, 4]),
        np.array([5, 0, 3]),
        np.array([0, np.nan, 0.2]),
    )


@pytest.mark.parametrize(
    "shown",
    [table(), path(), drift_rows(0.2), drift_rows(None), slice_path()],
    ids=lambda o: type(o).__name__,
)
def test_what_is_shown_is_whole_escaped_and_without_scripts(shown: Any) -> None:
    html = shown._repr_html_()
    read = Html(html)
    assert "script" not in read.texts
    assert not any(name.startswith("on") for name, _ in read.attributes)
    assert "http" not in html
    assert isinstance(repr(shown), str)


def test_vectors_show_words_with_their_neighbours() -> None:
    read = Html(table()._repr_html_())
    assert "4 words × 2 dimensions" in read.text
    assert "2 pretrained" in read.text
    assert "1 from the text" in read.text
    assert HOSTILE[:31] in read.text  # shortened, as everywhere
    assert "1,200" in read.text
    assert "(no vector)" in read.text


def test_a_path_is_drawn_from_its_first_vector_on() -> None:
    read = Html(path()._repr_html_())
    assert "3 states, 20 updates" in read.text
    assert "0.60" in read.text
    html = path()._repr_html_()
    points = html.split('<polyline points="')[1].split('"')[0].split()
    assert len(points) == 2  # the zero vector has no place


def test_a_path_through_slices_leaves_out_where_the_word_is_not() -> None:
    made = slice_path()
    distance, low, high = made.from_first()
    assert distance.tolist()[0] == 0
    assert np.isnan(distance[1])
    assert distance[2] == pytest.approx(1)
    assert low[2] < 1 < high[2]
    assert made._repr_html_().count("<circle") == 1  # none for the first slice
