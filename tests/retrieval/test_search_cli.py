"""``selfvec search``: its JSON, its text, its one-line errors, and ``evaluate``'s hybrid rows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from selfvec.apps.cli import main
from selfvec.data.run import Run


@pytest.fixture
def run(storm_run: Run, tmp_path: Path) -> str:
    assert storm_run.folder is not None
    shutil.copytree(storm_run.folder, tmp_path / "run")
    return str(tmp_path / "run")


def asked(capsys, *arguments: str) -> dict:
    assert main(["search", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_json(run: str, capsys, mode: str) -> None:
    found = asked(capsys, run, "hail near the farm", "--mode", mode, "--topn", "4")
    assert found["mode"] == mode
    assert len(found["hits"]) == 4
    assert found["hits"] == sorted(found["hits"], key=lambda hit: -hit["score"])
    for hit in found["hits"]:
        assert isinstance(hit["id"], str)
        assert isinstance(hit["score"], float)
        assert hit["snippet"]
        assert {"marks", "passage", "parts", "words", "date", "fields"} <= hit.keys()


def test_filters(run: str, capsys) -> None:
    some = asked(capsys, run, "hail", "--filter", "state=IOWA", "--filter", "date=1991..1993")
    assert some["hits"]
    for hit in some["hits"]:
        assert hit["fields"]["state"] == "IOWA"
        assert "1991" <= hit["date"][:4] <= "1993"


def test_a_run_that_kept_no_text(tmp_path: Path, capsys) -> None:
    from selfvec.apps.refiner import Refiner

    texts = ["hail broke the roof", "wind broke the tree"] * 20
    Refiner(method="decorrelated", keep="tokens").fit(texts).save(tmp_path / "run")
    assert main(["search", str(tmp_path / "run"), "hail"]) == 2
    assert "the run has not kept its text, which is searched" in capsys.readouterr().err


def test_an_index_that_cannot_be_kept_is_used_all_the_same(run: str, capsys, monkeypatch) -> None:
    shutil.rmtree(Path(run) / "cache", ignore_errors=True)
    (Path(run) / "cache").write_text("in the way")
    assert asked(capsys, run, "hail")["hits"]


def test_files_that_have_vanished_are_searched_all_the_same(
    tmp_path: Path, storms: list[str], monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one").mkdir()
    Path("one/a.txt").write_text("A walrus swam in the harbour.\n", encoding="utf-8")
    Path("two.txt").write_text("\n".join(storms[:60]) + "\n", encoding="utf-8")
    assert main(["refine", "one", "two.txt", "-o", "run", "--method", "original"]) == 0
    capsys.readouterr()
    shutil.rmtree("one")
    Path("two.txt").write_text("other text\n")
    assert "walrus" in asked(capsys, "run", "walrus", "--mode", "bm25")["hits"][0]["snippet"]
    assert asked(capsys, "run", "hail")["documents"] == 61
