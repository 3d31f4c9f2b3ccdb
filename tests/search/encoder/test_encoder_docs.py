"""The page on encoders runs: its commands, then its code, in one session."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.places import ROOT
from tests.search.encoder import reports

from selfvec.apps.cli import main
from selfvec.export import TARGETS
from selfvec.storage.run_folder import save_run

PAGE = (ROOT / "docs" / "encoders.md").read_text(encoding="utf-8")


def test_the_page_runs(tmp_path: Path, monkeypatch, capsys) -> None:
    for package in ("model2vec", "langchain_core", "sklearn"):
        pytest.importorskip(package)
    monkeypatch.chdir(tmp_path)
    save_run(reports.report_run(), "run")
    commands = re.findall(r"^\$ (selfvec .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    assert Path("my-model", "modules.json").is_file()
    names: dict[str, object] = {}
    for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(code, "encoders.md", "exec"), names)
    assert "Hail broke the roof." in capsys.readouterr().out


def test_the_page_names_every_target() -> None:
    table = PAGE.split("| target |")[1].split("\n\n")[0]
    assert set(
        re.findall(r"`([\w-]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))
    ) == set(TARGETS)
