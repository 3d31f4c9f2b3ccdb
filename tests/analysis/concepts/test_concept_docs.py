"""The page on concepts: its commands and its code run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from tests.places import ROOT

from selfvec.apps.cli import main

PAGE = ROOT / "docs" / "concepts.md"


@pytest.fixture
def workshop(tmp_path: Path, storms: list[str], monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = (json.dumps({"text": text, "id": i}) + "\n" for i, text in enumerate(storms))
    Path("reports.jsonl").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_commands_and_code_run(workshop: Path, capsys) -> None:
    pytest.importorskip("plotly")
    commands = [line[2:] for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "]
    assert len(commands) == 7
    for command in commands:
        words = shlex.split(command)[1:]
        words = ["similar", "run", "golf_ball_size_hail"] if words[0] == "similar" else words
        assert main(words) == 0, f"{command}: {capsys.readouterr().err}"
    assert "golf_ball_size_hail" in capsys.readouterr().out
    assert Path("hail.html").exists()
    for block in blocks("python"):
        exec(compile(block, PAGE.name, "exec"), {})
    assert Path("hail.graphml").exists()
