"""The README's and the documentation's own code runs, and their links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from tests.places import ROOT

import selfvec
from selfvec.apps.cli import main
from selfvec.data.vectors import Vectors

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [code for name, code in BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]


@pytest.fixture
def workshop(tmp_path: Path, storms: list[str], monkeypatch) -> Path:
    """The files that the examples name, written by us."""
    monkeypatch.chdir(tmp_path)
    Path("reports.txt").write_text("\n".join(storms) + "\n", encoding="utf-8")
    rows = [{"text": text, "date": f"20{i % 20:02}-05-01", "id": i} for i, text in enumerate(storms)]
    Path("reports.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = sorted({word.strip(".,").lower() for text in storms for word in text.split()})
    table = np.random.default_rng(0).standard_normal((len(words), 32)).astype(np.float32)
    selfvec.save(Vectors(words, table), "vectors.vec", format="word2vec-text")
    return tmp_path


def test_readme_commands(workshop: Path, capsys) -> None:
    commands = [
        line.removeprefix("$ ")
        for code in blocks(ROOT / "README.md", "console")
        for line in code.splitlines()
        if line.startswith("$ selfvec") and "demo-run" not in line
    ]
    assert len(commands) >= 5
    for command in commands:
        status = main(shlex.split(command, comments=True)[1:])
        assert status == (1 if " health " in command else 0), f"{command}: {capsys.readouterr().err}"
    assert Path("hail.html").exists()
    assert Path("refined.bin").exists()


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/runs.md"], ids=lambda page: page.name)
def test_python_examples(page: Path, workshop: Path) -> None:
    main(["refine", "reports.txt", "--vectors", "vectors.vec", "-o", "run"])
    code = blocks(page, "python")
    assert code
    for block in code:
        exec(compile(block, page.name, "exec"), {})


def test_the_demo_shows_before_and_after(tmp_path: Path, capsys) -> None:
    run = tmp_path / "demo-run"
    for _ in range(2):  # a second time replaces the first
        assert main(["demo", "-o", str(run)]) == 0
    output = capsys.readouterr()
    for word in ("string", "thread", "class", "exception", "generator", "pickle"):
        assert word in output.out
    assert "health:" in output.err
    assert "Try next" in output.err
    assert selfvec.open_run(run).provenance["tokens"] > 100_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {name for page in PAGES for name in re.findall(r"(?:\$ |`)make (\w+)", page.read_text("utf-8"))}
    assert {"demo", "test"} <= named
    for name in named:
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name
