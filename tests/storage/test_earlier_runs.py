"""Runs of earlier versions can be read, or one line says what to do.

Each is in a folder named after the version that wrote it, next to its initial vectors. Add one for a release
whose runs hold something else than those before. None is ever written again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.base.errors import FormatError
from selfvec.base.versions import RUN_FORMAT

FOLDERS = sorted((Path(__file__).parent / "earlier_runs").iterdir())
FORMATS = {path: json.loads((path / "run/run.json").read_text())["format"] for path in FOLDERS}
READ = [path for path in FOLDERS if FORMATS[path] == RUN_FORMAT]


@pytest.fixture(params=READ, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(request.param, tmp_path / "earlier")) / "run"


def test_a_run_of_each_earlier_format_is_there() -> None:
    assert set(FORMATS.values()) >= set(range(1, RUN_FORMAT))


@pytest.mark.parametrize("path", [path for path in FOLDERS if path not in READ], ids=lambda path: path.name)
def test_it_is_refused_and_its_vectors_can_be_read(path: Path) -> None:
    with pytest.raises(FormatError, match=f"reads format {RUN_FORMAT}; refine the text again"):
        selfvec.open_run(path / "run")
    assert selfvec.load(path / "run").most_similar("roof", topn=1)[0][0] == "school"
    assert selfvec.verify(path / "run").damaged == []


def test_it_opens_with_all_that_it_holds(folder: Path) -> None:
    assert selfvec.verify(folder).damaged == []
    run = selfvec.open_run(folder)
    assert (len(run.vectors), run.vectors.vector_size, run.provenance.documents) == (28, 8, 8)
    assert run.vectors.most_similar("roof", topn=1) == [("school", pytest.approx(0.612, abs=0.001))]
    assert run.original["roof"].tolist() == pytest.approx(run.vectors["roof"].tolist(), abs=0.1)
    assert len(run.trajectory("roof").updates) == 3  # the initial state and two passes
    assert run.require_tokens().dates.astype(str).tolist()[::4] == ["2018-01-15", "2019-01-15"]


def test_it_can_be_updated(folder: Path, tmp_path: Path) -> None:
    run = selfvec.update(folder, ["Sleet broke the roof of the school."], output=tmp_path / "updated")
    assert run.provenance.documents == 9
    assert "sleet" in run.vectors
    assert np.isfinite(run.vectors.vectors).all()
    assert selfvec.verify(tmp_path / "updated").damaged == []
