"""The figure as laid out: what it says, and that a person can read it."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from explore_spaces import HOSTILE, WORDS, Space, make_space

from selfvec.data.trajectory import Trajectory
from selfvec.views.scene import Label, Line, Marks, Panel, Scene, running
from selfvec.views.text import text_width
from selfvec.views.trajectory_scene import trajectory_scene
from selfvec.views.trajectory_view import trajectory_view


@cache
def case_scene(name: str) -> Scene:
    return lay_out(*CASES[name])


def lay_out(space: Space, words: list[str], states: int = 40, **options: object) -> Scene:
    paths = [space.path(word, states) for word in words]
    return trajectory_scene(trajectory_view(paths, space.original, space.refined, **options))  # type: ignore[arg-type]


def labels(panel: Panel) -> list[Label]:
    return [item for item in panel.items if isinstance(item, Label)]


def map_of(scene: Scene) -> Panel:
    return scene.panels[1]


def boxes(panel: Panel) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Text, lower left and upper right corner in pixels, of every label."""
    found = []
    for label in labels(panel):
        low = panel.pixels(np.array([label.at]))[0]
        extent = np.array([text_width(label.text, label.size, label.bold), 1.2 * label.size])
        found.append((label.text, low, low + extent))
    return found


CASES = {
    "one word": (make_space(WORDS), WORDS[:1], 40),
    "three words": (make_space(WORDS), ["storm1", "rain1", "hail1"], 40),
    "as many as there can be": (make_space(WORDS), WORDS[:7], 40),
    "everything on one spot": (make_space(WORDS, collapse=1.0), WORDS[:5], 400),
    "one state": (make_space(WORDS), WORDS[:2], 1),
    "two states": (make_space(WORDS), WORDS[:2], 2),
    "hostile words": (make_space([*HOSTILE, *WORDS[:4]]), list(HOSTILE[:7]), 20),
}
case = pytest.mark.parametrize("name", CASES)


@case
def test_labels_lie_inside_and_not_on_one_another(name: str) -> None:
    panel = map_of(case_scene(name))
    _, _, width, height = panel.rectangle
    for text, low, high in boxes(panel):
        assert (low >= 0).all(), text
        assert (high <= [width, height]).all(), text
    for (one, low, high), (other, low2, high2) in combinations(boxes(panel), 2):
        assert not (np.minimum(high, high2) - np.maximum(low, low2) > 0).all(), (one, other)


@case
def test_every_word_is_named(name: str) -> None:
    space, words, states = CASES[name]
    view = trajectory_view([space.path(w, states) for w in words], space.original, space.refined)
    shown = " ".join(label.text for label in labels(map_of(case_scene(name))))
    expected = {*words, *(near.word for path in view.paths for near in path.neighbours)}
    assert all(word in shown for word in expected if word.isprintable() and len(word) < 30)


@case
def test_text_is_at_least_eight_points(name: str) -> None:
    scene = case_scene(name)
    assert all(label.size * 72 / 96 >= 8 for panel in scene.panels for label in labels(panel))


@case
def test_panels_lie_inside_the_figure_and_apart(name: str) -> None:
    scene = case_scene(name)
    corners = [(np.array(p.rectangle[:2]), np.array(p.rectangle[:2]) + p.rectangle[2:]) for p in scene.panels]
    for low, high in corners:
        assert (low >= 0).all()
        assert (high <= [scene.width, scene.height]).all()
    for (low, high), (low2, high2) in combinations(corners[1:], 2):
        assert not (np.minimum(high, high2) - np.maximum(low, low2) > 0).all()


def test_scales_of_the_map_are_equal_and_hold_everything() -> None:
    panel = map_of(lay_out(make_space(WORDS), WORDS[:3]))
    per_x = (panel.x[1] - panel.x[0]) / panel.rectangle[2]
    per_y = (panel.y[1] - panel.y[0]) / panel.rectangle[3]
    assert per_x == pytest.approx(per_y)
    for item in panel.items:
        if not isinstance(item, Label):
            pixels = panel.pixels(item.xy)
            assert (pixels >= 0).all()
            assert (pixels <= panel.rectangle[2:]).all()


def test_title_says_what_is_seen(space: Space) -> None:
    scene = lay_out(space, ["rain1"])
    cosine = float(space.original["rain1"] @ space.refined["rain1"])
    assert [label.text for label in labels(scene.panels[0])] == [
        f"rain1: 117 updates, cosine to the original {cosine:.2f}"
    ]
    assert scene.description == labels(scene.panels[0])[0].text


def test_titles_of_words_without_an_original(space: Space) -> None:
    rows = np.zeros((2, 12), np.float32)
    never = Trajectory("new", np.arange(2), rows.copy())
    rows[1] = space.refined["new"]
    once = Trajectory("new", np.arange(2), rows)
    for path, words in (
        (once, "new: 1 update, no original vector, cosine to its first 1.00"),
        (never, "new: 1 update, no original vector and none made yet"),
    ):
        scene = trajectory_scene(trajectory_view([path], space.original, space.refined))
        assert scene.description == words
        assert "cross" in {item.symbol for item in map_of(scene).items if isinstance(item, Marks)}
        assert any("zero vector" in label.text for label in labels(scene.panels[-1]))


def test_axes_name_what_they_show(space: Space) -> None:
    paths = [space.path("rain1")]
    view = trajectory_view(paths, space.original, space.refined)
    panel = map_of(trajectory_scene(view))
    assert view.explained is not None
    assert panel.x_title == f"PC 1: {view.explained[0]:.0%} of the variance"
    assert panel.y_title == f"PC 2: {view.explained[1]:.0%} of the variance"
    flat = trajectory_scene(trajectory_view(paths, space.original, space.refined, projection="tsne"))
    assert map_of(flat).x_title.startswith("t-SNE 1")


def test_neighbours_of_either_state_look_different(space: Space) -> None:
    view = trajectory_view([space.path("rain1")], space.original, space.refined, neighbours=4)
    panel = map_of(trajectory_scene(view))
    marks = [item for item in panel.items if isinstance(item, Marks)]
    for state, symbol in (("original", "diamond"), ("refined", "square")):
        places = np.sort([item.xy[0] for item in marks if item.symbol == symbol], axis=0)
        expected = np.sort([near.point for near in view.paths[0].neighbours if near.state == state], axis=0)
        np.testing.assert_allclose(places, expected)


def test_paths_darken_and_arrows_point_ahead() -> None:
    space = make_space(WORDS)
    panel = map_of(lay_out(space, ["rain1"], neighbours=2))
    lines = [item for item in panel.items if isinstance(item, Line) and not item.filled and item.width > 2]
    lightness = [sum(int(line.colour[i : i + 2], 16) for i in (1, 3, 5)) for line in lines]
    assert lightness == sorted(lightness, reverse=True)
    assert lightness[0] > lightness[-1]
    arrows = [item for item in panel.items if isinstance(item, Line) and item.filled]
    assert arrows
    whole = lines[-1].xy[-1] - lines[0].xy[0]
    for arrow in arrows:
        assert (arrow.xy[0] - arrow.xy[2]) @ whole > 0


def test_curves_hold_the_numbers(space: Space) -> None:
    view = trajectory_view([space.path("rain1")], space.original, space.refined)
    _, _, cosines, turns, _ = trajectory_scene(view).panels
    drawn = next(item for item in cosines.items if isinstance(item, Line))
    np.testing.assert_allclose(drawn.xy[:, 1], view.paths[0].cosine)
    np.testing.assert_allclose(10 ** drawn.xy[:, 0] - 1, view.paths[0].updates, atol=1e-6)
    drawn = next(item for item in turns.items if isinstance(item, Line))
    np.testing.assert_allclose(drawn.xy[:, 1], view.paths[0].turn[1:])


def test_oscillation_is_seen_in_the_turns(space: Space) -> None:
    """Two paths with the same ends, one of which trembles: its turns stay high."""
    calm, wild = (
        trajectory_view([space.path("rain1", 200, noise)], space.original, space.refined).paths[0]
        for noise in (0.001, 0.5)
    )
    assert np.median(wild.turn) > 10 * np.median(calm.turn)


def test_running_mean_keeps_ends_and_straight_runs() -> None:
    straight = np.column_stack([np.arange(20.0), 2 * np.arange(20.0)])
    np.testing.assert_allclose(running(straight, 4), straight)
    jump = np.array([[0.0], [0.0], [0.0], [10.0], [10.0], [10.0]])
    np.testing.assert_allclose(running(jump, 2, np.array([1.0])), jump)  # no smoothing across the jump
    zigzag = np.array([[0.0], [1.0]] * 10)
    smooth = running(zigzag, 4, np.array([2.0]))
    assert np.ptp(smooth[4:-4]) < 0.2
    assert smooth[[0, -1]].ravel().tolist() == [0.0, 1.0]
