"""What the pages on comparing and on studies show runs, one line after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from planted import texts, vectors
from tests.places import ROOT

from selfvec import save
from selfvec.apps.cli import main

BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the examples name."""
    monkeypatch.chdir(tmp_path)
    files = {"early": (1, 0), "late": (2, 4), "reports": (3, 0), "sea": (4, 0), "farm": (5, 30)}
    for name, (seed, changed) in files.items():
        documents = texts(seed, 150, changed)
        if name == "farm":  # words of its own, so that they mark it
            documents = [text.replace("w1", "w2") for text in documents]
        if name == "sea":
            documents = [text.replace("w2", "w1") for text in documents]
        Path(f"{name}.txt").write_text("\n".join(documents) + "\n", encoding="utf-8")
    save(vectors(), "vectors.vec")
    return tmp_path


@pytest.mark.parametrize("page", ["align.md"])
def test_the_page_runs(page: str, workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = set()
    for language, code in BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")):
        seen.add(language)
        if language == "python":
            exec(compile(code, page, "exec"), {})
            continue
        for line in code.splitlines():
            status = main(shlex.split(line.removeprefix("$ "))[1:])
            assert status == 0, f"{line}: {capsys.readouterr().err}"
    assert seen == {"console", "python"}
