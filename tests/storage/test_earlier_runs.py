"""Runs of earlier versions can be read.

Each is in a folder named after the version that wrote it, next to its initial vectors. Add one for a release
whose runs hold something else than those before. None is ever written again.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.base.installed import RUN_FORMAT
from selfvec.storage.run_writer import RunWriter

FOLDERS = sorted((Path(__file__).parent / "earlier_runs").iterdir())


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(request.param, tmp_path / "earlier")) / "run"


def test_a_run_of_each_published_format_is_there() -> None:
    formats = {json.loads((folder / "run" / "run.json").read_text())["format"] for folder in FOLDERS}
    assert formats == set(range(2, RUN_FORMAT + 1))


def test_it_opens_with_all_that_it_holds(folder: Path) -> None:
    assert selfvec.verify(folder).damaged == []
    run = selfvec.open_run(folder)
    assert (len(run.vectors), run.vectors.vector_size, run.provenance.documents) == (29, 8, 8)
    assert run.vectors.most_similar("roof", topn=1) == [("school", pytest.approx(0.618, abs=0.001))]
    assert run.original["roof"].tolist() == pytest.approx(run.vectors["roof"].tolist(), abs=0.1)
    assert len(run.present.path("roof").updates) == 3  # the initial state and two passes
    assert run.tokens.dates.astype(str).tolist()[::4] == ["2018-01-15", "2019-01-15"]
    assert run.text.texts([3]) == ["Fog closed the harbour."]
    assert run.text.field("place")[:2] == ["south", "north"]
    assert run.search("fog").hits[0].id == "r3"


def test_its_update_can_be_undone(folder: Path) -> None:
    with RunWriter(folder, overwrite=True) as writer:
        writer.undo()
    assert selfvec.verify(folder).damaged == []
    assert selfvec.open_run(folder).text.ids() == [f"r{i}" for i in range(6)]


def test_it_can_be_updated(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    run = selfvec.update(folder, ["Sleet broke the roof of the school."], output=tmp_path / "updated")
    assert run.provenance.documents == 9
    assert "sleet" in run.vectors
    assert np.isfinite(run.vectors.vectors).all()
    assert selfvec.verify(tmp_path / "updated").damaged == []
