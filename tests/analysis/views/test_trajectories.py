"""What a figure of trajectories shows, checked before anything is drawn."""

import numpy as np
import pytest
from explore_spaces import WORDS, Space
from numpy.testing import assert_allclose
from tests.refusals import refused

from selfvec.analysis.views.path_figures import MOST_STATES, trajectory_view
from selfvec.analysis.views.projection import project
from selfvec.base.errors import OptionError
from selfvec.data.token_batch import bounds_of
from selfvec.data.trajectory import History, Trajectory


def turned(angle: np.ndarray) -> Trajectory:
    """A path in the plane through these angles."""
    rows = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    return Trajectory("w", np.arange(len(angle)), rows)


def test_a_view_is_one_projection_of_states_and_of_the_neighbours_in_both_spaces(space: Space) -> None:
    paths = [space.path(word) for word in WORDS[:7]]
    tables = (space.original, space.refined)
    view = trajectory_view(paths, *tables, neighbours=4)
    rows = [path.vectors for path in paths]
    for path, shown in zip(paths, view.paths, strict=True):
        for last, table in enumerate(tables):
            found = [(near.word, pytest.approx(near.cosine)) for near in shown.near if near.last == last]
            assert found == table.most_similar(path.word, topn=4)
        rows += [tables[near.last].unit[[tables[near.last].key_to_index[near.word]]] for near in shown.near]
        assert_allclose(shown.cosine, path.vectors @ path.vectors[0], atol=1e-6)
        assert (shown.updates.tolist(), shown.oov) == (list(range(0, 120, 3)), False)
    expected = project(np.concatenate(rows))
    points = [path.points for path in view.paths] + [[n.at for n in path.near] for path in view.paths]
    assert_allclose(np.concatenate(points), expected.points, atol=1e-5)
    assert view.projection.explained == pytest.approx(expected.explained)
    for last, table in enumerate(tables):
        lists = [{near for near, _ in table.most_similar(path.word, topn=4)} for path in paths]
        twice = {w for a, one in enumerate(lists) for other in lists[:a] for w in one & other}
        assert {word for word, end in view.shared_neighbours() if end == last} == twice


def test_a_word_without_a_vector_starts_at_zero_and_is_compared_with_its_first(space: Space) -> None:
    rows = np.zeros((4, 12), np.float32)
    rows[2], rows[3] = space.refined["rain1"], space.refined["new"]
    trajectory = Trajectory("new", np.arange(4), rows)
    path = trajectory_view([trajectory], space.original, space.refined).paths[0]
    assert path.oov
    assert path.zero.tolist() == [True, True, False, False]
    assert_allclose(path.cosine, [0, 0, 1, float(rows[2] @ rows[3])], atol=1e-6)
    assert path.angle[:3].tolist() == [0, 0, 0]
    assert {near.last for near in path.near} == {True}


def test_turns_are_angles_between_neighbouring_states() -> None:
    rows = np.array([[1, 0], [0, 1], [0, -1], [0, 0], [1, 0], [np.cos(1e-3), np.sin(1e-3)]], np.float32)
    expected = [0, 90, 180, 0, 0, np.degrees(1e-3)]
    assert_allclose(Trajectory("w", np.arange(6), rows).turns(), expected, rtol=1e-3)


@pytest.mark.parametrize("states", [MOST_STATES, MOST_STATES + 1, 20_000])
def test_long_paths_are_thinned_between_first_and_last(states: int) -> None:
    kept = turned(np.cumsum(np.random.default_rng(0).normal(0, 0.01, states))).thinned(MOST_STATES)
    assert MOST_STATES // 2 <= len(kept) <= MOST_STATES
    assert (kept[0], kept[-1]) == (0, states - 1)
    assert (np.diff(kept) > 0).all()


def test_thinning_keeps_what_is_quick() -> None:
    """A word that runs for 50 of 5,000 updates and then trembles: the run keeps its states."""
    angle = np.concatenate([np.linspace(0, 2, 50), 2 + np.random.default_rng(0).normal(0, 1e-4, 4950)])
    kept = turned(angle).thinned(2 * MOST_STATES)
    assert np.count_nonzero(kept < 50) > 40
    assert np.diff(kept).max() < 50  # and the rest is not forgotten


def test_float16_history_is_taken_as_directions(space: Space) -> None:
    path = space.path("rain1")
    inner = path.vectors[1:-1].astype(np.float16)
    history = History(bounds_of(np.array([len(inner)])), path.updates[1:-1], inner)
    rounded = history.trajectory("rain1", 0, path.vectors[0], path.vectors[-1], int(path.updates[-1]))
    assert rounded.updates.tolist() == path.updates.tolist()
    assert_allclose(np.linalg.norm(rounded.vectors, axis=1), 1, atol=1e-6)
    assert_allclose(rounded.to_original(), path.to_original(), atol=1e-3)


@pytest.mark.parametrize("words", [[], WORDS[:8], ["rain1", "rain1"]])
def test_a_figure_shows_some_different_words(words: list[str], space: Space) -> None:
    rule = f"1 to 7 different words, {len(words)} were given; name each word once"
    paths = [space.path(word) for word in words]
    refused(lambda: trajectory_view(paths, space.original, space.refined), OptionError, rule)
