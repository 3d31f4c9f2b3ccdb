"""The nearest uses of the other slice, against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from drift_corpus import planted_run

from selfvec.analysis.word_drift import by_label, drift
from selfvec.analysis.word_drift.changed_neighbours import (
    NEAREST,
    SAMPLED,
    nearest_distances,
    sampled_places,
)
from selfvec.usage.contexts import occurrences
from selfvec.usage.occurrence_vectors import occurrence_space


def test_distances_are_those_of_a_plain_loop() -> None:
    run = planted_run([(0, 1), (0, 0)], uses=(3, 20))
    space = occurrence_space(run, by_label(run.require_tokens()))
    words = np.array([run.index("x1"), run.index("x0")])
    found = nearest_distances(space, words, jobs=2)
    for word, distance in zip(words, found, strict=True):
        places = occurrences(space.batch, int(word))
        sides = space.sides[space.batch.document_of(places)]
        a, b = (space.directions(places[sides == side]) for side in (0, 1))
        means = []
        for one, other in ((a, b), (b, a)):
            means.append(np.mean([np.sort(other @ use)[-min(NEAREST, len(other)) :].mean() for use in one]))
        assert distance == pytest.approx(1 - np.mean(means), abs=1e-5)
    assert found[1] > found[0]


def test_change_is_the_mean_rank_by_distance_and_nearest_uses() -> None:
    rows = drift(planted_run([(0, 1), (0.5, 0.5)])).rows
    ranks = [np.argsort(np.argsort([row[key] for row in rows])) for key in ("distance", "nearest")]
    expected = np.mean(ranks, axis=0) / (len(rows) - 1)
    np.testing.assert_allclose([row["change"] for row in rows], expected, atol=1e-9)


def test_places_are_sampled_evenly_over_the_text() -> None:
    run = planted_run([(0, 1), (0, 0)], uses=(3, 200))
    space = occurrence_space(run, by_label(run.require_tokens()))
    words = np.array([run.index("x1"), run.index("x0")])
    starts, places = sampled_places(space, words)
    for word, (first, middle, stop) in zip(words, starts, strict=True):
        every = occurrences(space.batch, int(word))
        sides = space.sides[space.batch.document_of(every)]
        for side, found in enumerate((places[first:middle], places[middle:stop])):
            mine = every[sides == side]
            if len(mine) > SAMPLED:
                mine = mine[np.linspace(0, len(mine) - 1, SAMPLED).astype(np.int64)]
            assert found.tolist() == mine.tolist()
    assert len(places) == starts[-1, -1]


def test_a_space_without_its_table_makes_the_rows_it_needs() -> None:
    run = planted_run([(0, 1), (0, 0)], uses=(3, 20))
    space = occurrence_space(run, by_label(run.require_tokens()))
    places = occurrences(space.batch, run.index("x1"))
    light = space.light()
    assert not len(light.rows)
    np.testing.assert_allclose(light.directions(places), space.directions(places), atol=1e-5)
