"""The page on search: its commands and its Python run, and its markers stand as the benchmark fills them."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.places import ROOT

from selfvec.apps.cli import main
from selfvec.data.run import Run
from selfvec.search import Index

PAGE = ROOT / "docs" / "search.md"


@pytest.fixture
def workshop(storm_run: Run, tmp_path: Path, monkeypatch) -> Path:
    """The run and the reports that the page names."""
    assert storm_run.folder is not None
    shutil.copytree(storm_run.folder, tmp_path / "run")
    shutil.copy(storm_run.folder.parent / "reports.jsonl", tmp_path / "reports.jsonl")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_commands(workshop: Path, capsys) -> None:
    commands = [line.removeprefix("$ selfvec ") for code in blocks("console") for line in code.splitlines()]
    assert len(commands) >= 3
    for command in commands:
        shown = command.replace("2005..2010", "1995..1998")  # the reports are of the nineties
        assert main(shlex.split(shown)) == 0, capsys.readouterr().err
        assert "hail" in capsys.readouterr().out.lower()


def test_python(workshop: Path, capsys) -> None:
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, PAGE.name, "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) == 3
    index = names["index"]
    assert isinstance(index, Index)
    assert len(index) == 200
    assert len(Index.open("my-index")) == 200
