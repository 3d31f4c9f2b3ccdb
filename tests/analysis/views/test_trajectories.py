"""What a figure of trajectories shows, checked before anything is drawn."""

import numpy as np
import pytest
from explore_spaces import WORDS, Space

from selfvec.analysis.views.path_figures import (
    MOST_STATES,
    MOST_STATES_BENT,
    MOST_WORDS,
    shared_neighbours,
    trajectory_view,
)
from selfvec.analysis.views.projection import project
from selfvec.base.errors import OptionError
from selfvec.data.trajectory import Trajectory
from selfvec.numerics.rows import unit_rows


def test_neighbours_are_those_of_either_space(space: Space) -> None:
    view = trajectory_view([space.path("rain3")], space.original, space.refined, neighbours=4)
    for last, table in enumerate((space.original, space.refined)):
        found = [(near.word, pytest.approx(near.cosine)) for near in view.paths[0].near if near.last == last]
        assert found == table.most_similar("rain3", topn=4)


def test_places_are_one_projection_of_states_and_neighbours(space: Space) -> None:
    paths = [space.path("rain3"), space.path("hail0")]
    view = trajectory_view(paths, space.original, space.refined, neighbours=2)
    rows = [path.vectors for path in paths]
    tables = (space.original, space.refined)
    rows += [tables[n.last].unit[[tables[n.last].key_to_index[n.word]]] for p in view.paths for n in p.near]
    expected = project(np.concatenate(rows))
    shown = [p.points for p in view.paths] + [np.array([n.at for p in view.paths for n in p.near])]
    np.testing.assert_allclose(np.concatenate(shown), expected.points, atol=1e-5)
    assert view.explained == pytest.approx(expected.explained)


def test_cosines_run_from_the_original_to_the_refined(space: Space) -> None:
    path = trajectory_view([space.path("wind5")], space.original, space.refined).paths[0]
    assert path.cosine[0] == pytest.approx(1)
    assert path.cosine[-1] == pytest.approx(space.original["wind5"] @ space.refined["wind5"], abs=1e-6)
    assert path.updates.tolist() == list(range(0, 120, 3))
    assert not path.oov


def test_a_word_without_a_vector_starts_at_zero_and_is_compared_with_its_first(space: Space) -> None:
    rows = np.zeros((4, 12), np.float32)
    rows[2], rows[3] = space.refined["rain1"], space.refined["new"]
    trajectory = Trajectory("new", np.arange(4), rows)
    path = trajectory_view([trajectory], space.original, space.refined).paths[0]
    assert path.oov
    assert path.zero.tolist() == [True, True, False, False]
    expected = [0, 0, 1, float(rows[2] @ rows[3])]
    np.testing.assert_allclose(path.cosine, expected, atol=1e-6)
    assert path.angle[:3].tolist() == [0, 0, 0]
    assert {near.last for near in path.near} == {True}


def test_words_near_several_paths_are_known(space: Space) -> None:
    words = WORDS[:7]
    view = trajectory_view([space.path(w) for w in words], space.original, space.refined, neighbours=6)
    for last, table in ((False, space.original), (True, space.refined)):
        lists = [{near for near, _ in table.most_similar(word, topn=6)} for word in words]
        twice = {w for a, one in enumerate(lists) for other in lists[:a] for w in one & other}
        assert {word for word, end in shared_neighbours(view) if end == last} == twice


def test_turns_are_angles_between_neighbouring_states() -> None:
    rows = np.array([[1, 0], [0, 1], [0, -1], [0, 0], [1, 0], [np.cos(1e-3), np.sin(1e-3)]], np.float32)
    expected = [0, 90, 180, 0, 0, np.degrees(1e-3)]
    np.testing.assert_allclose(Trajectory("w", np.arange(6), rows).turns(), expected, rtol=1e-3)


@pytest.mark.parametrize("states", [MOST_STATES, MOST_STATES + 1, 20_000])
def test_long_paths_are_thinned_between_first_and_last(states: int) -> None:
    angle = np.cumsum(np.random.default_rng(0).normal(0, 0.01, states))
    path = Trajectory("w", np.arange(states), np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32))
    kept = path.thinned(MOST_STATES)
    assert MOST_STATES // 2 <= len(kept) <= MOST_STATES
    assert (kept[0], kept[-1]) == (0, states - 1)
    assert (np.diff(kept) > 0).all()


def test_projections_that_grow_slow_get_fewer_states(space: Space) -> None:
    path = space.path("rain1", states=1000)
    view = trajectory_view([path], space.original, space.refined, projection="tsne")
    assert len(view.paths[0].points) <= MOST_STATES_BENT
    assert (view.paths[0].updates[0], view.paths[0].updates[-1]) == (0, 2997)


def test_thinning_keeps_what_is_quick() -> None:
    """A word that runs for 50 of 5,000 updates and then trembles: the run keeps its states."""
    angle = np.concatenate([np.linspace(0, 2, 50), 2 + np.random.default_rng(0).normal(0, 1e-4, 4950)])
    path = Trajectory("w", np.arange(5000), np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32))
    kept = path.thinned(MOST_STATES)
    assert np.count_nonzero(kept < 50) > 40
    assert np.diff(kept).max() < 50  # and the rest is not forgotten


def test_float16_history_is_taken_as_directions(space: Space) -> None:
    path = space.path("rain1")
    rounded = Trajectory(path.word, path.updates, path.vectors.astype(np.float16).astype(np.float32))
    view = trajectory_view([rounded], space.original, space.refined)
    assert view.paths[0].cosine.max() <= 1 + 1e-6
    np.testing.assert_allclose(view.paths[0].cosine, unit_rows(path.vectors) @ path.vectors[0], atol=1e-3)


def test_what_no_figure_can_show(space: Space) -> None:
    one = space.path("rain1")
    none = Trajectory("rain2", np.arange(0), np.zeros((0, 12), np.float32))
    many = [space.path(word) for word in WORDS[: MOST_WORDS + 1]]
    for paths, rule in (
        ([], "1 to 7 different words, 0 were given"),
        (many, "1 to 7 different words, 8 were given"),
        ([one, one], "1 to 7 different words, 2 were given; name each word once"),
        ([none], "no state of 'rain2' was recorded"),
    ):
        with pytest.raises(OptionError, match=rule):
            trajectory_view(paths, space.original, space.refined)
