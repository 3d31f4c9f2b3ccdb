"""Run folders as vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfvec.base.errors import FormatError
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import load
from selfvec.storage.run_folder import save_run

WORDS = ["storm", "back\\slash", "line\nbreak", "é"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    refined = Vectors(
        WORDS, np.eye(4, dtype=np.float32), counts=np.arange(4), sources=np.array([1, 2, 0, 1], np.uint8)
    )
    save_run(Run(refined, Vectors(WORDS, np.ones((4, 4), np.float32))), tmp_path / "run")
    return tmp_path / "run"


def test_a_run_gives_its_refined_vectors(folder: Path) -> None:
    for path in (folder, folder / "vectors.safetensors"):
        vectors = load(path)
        assert vectors.index_to_key == WORDS
        assert np.array_equal(vectors.vectors, np.eye(4))
        assert vectors.counts is not None
        assert vectors.counts.tolist() == [0, 1, 2, 3]
        assert vectors.sources.tolist() == [1, 2, 0, 1]
        assert not vectors.vectors.flags.owndata
    assert load(folder).provenance["format"] == "run"
    assert np.array_equal(load(folder / "original.safetensors").vectors, np.ones((4, 4)))


def test_broken_runs(folder: Path) -> None:
    (folder / "vocabulary.txt").write_text("storm\n")
    with pytest.raises(FormatError, match="1 words for 4 rows"):
        load(folder)
    (folder / "vocabulary.txt").write_bytes(b"a\nb\xff\nc\nd\n")
    with pytest.raises(FormatError, match="UTF-8"):
        load(folder)
    (folder / "vectors.safetensors").unlink()
    with pytest.raises(FormatError, match="holds no vectors of a known kind"):
        load(folder)
    with pytest.raises(FormatError, match="a run folder holds"):
        load(folder, "run")
