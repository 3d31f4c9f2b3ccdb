"""The folder in which a run is made: its starting vectors are mapped from there, and nothing is left over."""

from __future__ import annotations

import numpy as np
import pytest

import selfvec
from selfvec.corpus import as_corpus
from selfvec.data.settings import Settings
from selfvec.refine.pipeline import refine
from selfvec.storage.run_folder import open_run
from selfvec.storage.workspace import Workspace

TEXTS = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"] * 9


@pytest.mark.parametrize("method", ["paper", "online", "decorrelated", "original"])
def test_starting_vectors_are_mapped_from_the_workspace_and_become_the_runs(method, tmp_path) -> None:
    settings = Settings(method, window=5)
    start = selfvec.Vectors(["hail", "roof", "wind"], np.eye(3, 20, dtype=np.float32) + np.float32(0.1))
    held = refine(as_corpus(TEXTS), start, settings)
    with Workspace(tmp_path / "run") as workspace:
        made = refine(as_corpus(TEXTS), start, settings, workspace=workspace)
        assert held.original.vectors.flags.writeable
        assert not made.original.vectors.flags.writeable
        assert made.original.unit is made.original.vectors
        workspace.finish(made)
    opened = open_run(tmp_path / "run")
    for name in ("original", "vectors"):
        table, mapped = getattr(held, name), getattr(opened, name)
        np.testing.assert_array_equal(mapped.vectors, table.vectors)
        np.testing.assert_array_equal(mapped.sources, table.sources)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert not list((tmp_path / "run").glob("*.partial"))


def test_a_run_with_other_starting_vectors_is_written_as_it_is(tmp_path) -> None:
    first = refine(as_corpus(TEXTS), None, Settings("paper", window=5, seed=1))
    second = refine(as_corpus(TEXTS), None, Settings("paper", window=5, seed=2))
    with Workspace(tmp_path / "run") as workspace:
        workspace.keep(first.original)
        workspace.map_kept(first.original)
        workspace.finish(second)
    np.testing.assert_array_equal(open_run(tmp_path / "run").original.vectors, second.original.vectors)
