"""The folder in which a run is made: its starting vectors are mapped from there, and nothing is left over."""

from __future__ import annotations

import numpy as np
import pytest

import selfvec
from selfvec.base import scratch
from selfvec.base.errors import TargetError
from selfvec.corpus import as_corpus
from selfvec.data.settings import Settings
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run
from selfvec.storage.verification import verify
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


@pytest.mark.parametrize("options", [{}, {"keep_tokens": False}, {"max_types": 5}])
def test_the_ids_of_a_long_text_are_made_in_their_file(options, tmp_path, monkeypatch) -> None:
    settings = Settings("decorrelated", window=5, **options)
    held = refine(as_corpus(TEXTS), None, settings)
    monkeypatch.setattr(scratch, "IN_MEMORY", 0)
    with Workspace(tmp_path / "run") as workspace:
        made = refine(as_corpus(TEXTS), None, settings, workspace=workspace)
        assert (workspace.folder / "tokens.safetensors").exists() == (made.tokens is not None)
        workspace.finish(made)
    opened = open_run(tmp_path / "run")
    assert (held.tokens is None) == (opened.tokens is None)
    for found, expected in ((made.tokens, held.tokens), (opened.tokens, held.tokens)):
        if found is not None and expected is not None:
            assert not found.ids.flags.writeable
            np.testing.assert_array_equal(found.ids, expected.ids)
            np.testing.assert_array_equal(found.offsets, expected.offsets)
    assert not verify(tmp_path / "run").damaged
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_with_other_starting_vectors_is_written_as_it_is(tmp_path) -> None:
    first = refine(as_corpus(TEXTS), None, Settings("paper", window=5, seed=1))
    second = refine(as_corpus(TEXTS), None, Settings("paper", window=5, seed=2))
    with Workspace(tmp_path / "run") as workspace:
        workspace.keep(first.original)
        workspace.map_kept(first.original)
        workspace.finish(second)
    np.testing.assert_array_equal(open_run(tmp_path / "run").original.vectors, second.original.vectors)


def test_a_workspace_that_others_prepared_is_not_used(tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/state.safetensors").write_text("mine")
    (tmp_path / ".run.partial").symlink_to("mine")
    with pytest.raises(TargetError, match="is in the way"):
        Workspace(tmp_path / "run")
    assert (tmp_path / "mine/state.safetensors").read_text() == "mine"
    (tmp_path / ".run.partial").unlink()
    (tmp_path / ".run.partial").mkdir()
    (tmp_path / ".run.partial").chmod(0o777)
    with pytest.raises(TargetError, match="others can write into it"):
        Workspace(tmp_path / "run")
    (tmp_path / ".run.partial").chmod(0o700)
    (tmp_path / ".run.partial/lock").symlink_to(tmp_path / "mine/state.safetensors")
    with pytest.raises(TargetError):
        Workspace(tmp_path / "run")
    assert (tmp_path / "mine/state.safetensors").read_text() == "mine"


def test_a_link_to_a_run_is_not_replaced(tmp_path) -> None:
    run = refine(as_corpus(TEXTS), None, Settings("paper", window=5))
    with Workspace(tmp_path / "run") as workspace:
        workspace.finish(run)
    (tmp_path / "link").symlink_to("run")
    assert len(open_run(tmp_path / "link").vectors) == len(run.vectors)
    with pytest.raises(TargetError, match="is a link"):
        Workspace(tmp_path / "link", overwrite=True)
