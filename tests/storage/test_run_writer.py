"""The folder in which a run is made: its long data are mapped from there, and nothing is left over."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import selfvec
from selfvec.base.errors import TargetError
from selfvec.corpus import as_corpus
from selfvec.data.settings import Settings
from selfvec.files import memory
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import RunWriter

TEXTS = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"] * 9


@pytest.mark.parametrize("method", ["paper", "online", "decorrelated", "original"])
def test_starting_vectors_are_mapped_from_their_file_and_become_the_runs(method: str, tmp_path: Path) -> None:
    settings = Settings(method, window=5)
    start = selfvec.Vectors(["hail", "roof", "wind"], np.eye(3, 20, dtype=np.float32) + np.float32(0.1))
    held = refine(as_corpus(TEXTS), start, settings)
    with RunWriter(tmp_path / "run") as writer:
        made = refine(as_corpus(TEXTS), start, settings, writer=writer)
        assert held.original.vectors.flags.writeable
        assert not made.original.vectors.flags.writeable
        assert made.original.unit is made.original.vectors
        writer.finish(made)
    opened = open_run(tmp_path / "run")
    for name in ("original", "vectors"):
        table, mapped = getattr(held, name), getattr(opened, name)
        assert_array_equal(mapped.vectors, table.vectors)
        assert_array_equal(mapped.sources, table.sources)
    assert opened.text.texts() == held.text.texts() == TEXTS
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert not selfvec.verify(tmp_path / "run").unchecked


@pytest.mark.parametrize("options", [{}, {"keep": "tokens"}, {"keep": "nothing"}, {"max_types": 5}])
def test_the_ids_of_a_long_text_are_written_as_those_of_a_short_one(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings("decorrelated", window=5, **options)
    held = refine(as_corpus(TEXTS), None, settings)
    monkeypatch.setattr(memory, "IN_MEMORY", 0)
    with RunWriter(tmp_path / "run") as writer:
        made = refine(as_corpus(TEXTS), None, settings, writer=writer)
        writer.finish(made)
    opened = open_run(tmp_path / "run")
    assert (opened.text is None) == (options.get("keep", "text") != "text")
    assert (held.tokens is None) == (opened.tokens is None) == (options.get("keep") == "nothing")
    for found, expected in ((made.tokens, held.tokens), (opened.tokens, held.tokens)):
        if found is not None and expected is not None:
            assert_array_equal(found.ids, expected.ids)
            assert_array_equal(found.offsets, expected.offsets)
    assert selfvec.verify(tmp_path / "run").damaged == selfvec.verify(tmp_path / "run").unchecked == []


def test_a_run_with_other_starting_vectors_is_written_as_it_is(tmp_path: Path) -> None:
    first = refine(as_corpus(TEXTS), None, Settings("paper", window=5, seed=1))
    second = refine(as_corpus(TEXTS), None, Settings("paper", window=5, seed=2))
    with RunWriter(tmp_path / "run") as writer:
        writer.keep(first.original)
        writer.map_kept(first.original)
        writer.finish(second)
    assert_array_equal(open_run(tmp_path / "run").original.vectors, second.original.vectors)


def test_a_link_to_a_run_is_not_replaced(tmp_path: Path) -> None:
    run = refine(as_corpus(TEXTS), None, Settings("paper", window=5))
    selfvec.save_run(run, tmp_path / "run")
    (tmp_path / "link").symlink_to("run")
    assert len(open_run(tmp_path / "link").vectors) == len(run.vectors)
    with pytest.raises(TargetError, match="is a link"):
        RunWriter(tmp_path / "link", overwrite=True)
