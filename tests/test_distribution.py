"""The wheel is reproducible and small, and what it depends on is listed with sizes and licences.

`make dist` tries it in an empty environment.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from benchmarks.page import generated
from benchmarks.speed.install import EXTRAS, PROJECT, PURPOSES, named
from tests.places import DOCS, ROOT
from tools import releasable

from selfvec.base.installed import __version__


def built(folder: Path, where: Path) -> Path:
    """A wheel built from a copy of the sources that has other times and permissions."""
    copy = where / "sources"
    copy.mkdir(parents=True)
    for name in ("src", "README.md", "LICENSE", "pyproject.toml", "hatch_build.py"):
        source = folder / name
        ignored = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    for number, path in enumerate(copy.rglob("*.py")):
        os.utime(path, (10**9 + number, 10**9 + number))
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    return next((copy / "dist").glob("*.whl"))


@pytest.mark.soak
def test_the_wheel_has_the_same_bytes_wherever_it_is_built(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    one, two = built(ROOT, tmp_path / "a"), built(ROOT, tmp_path / "elsewhere" / "b")
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(two.read_bytes()).digest()
    assert one.name == f"selfvec-{__version__}-py3-none-any.whl"
    assert one.stat().st_size < 16e6  # of which glosses.safetensors is 14
    names = zipfile.ZipFile(one).namelist()
    shown = zipfile.ZipFile(one).read(f"selfvec-{__version__}.dist-info/METADATA").decode()
    place = f"{PROJECT['urls']['Repository']}/%s/v{__version__}/"
    assert f"]({place % 'blob'}docs/install.md" in shown
    assert f"]({place % 'raw'}docs/figures/" in shown
    relative = re.findall(
        r"(?:\]\(|^\[[^\]]+\]: |(?:src|href|srcset)=\")(?!\w+:|#)[^\s)\"]+", shown, re.MULTILINE
    )
    assert relative == []  # on PyPI they lead nowhere
    assert "selfvec/__init__.py" in names
    assert not [name for name in names if name.startswith("tests") or name.endswith((".so", ".pyc"))]
    for name in PROJECT["license-files"]:
        assert f"selfvec-{__version__}.dist-info/licenses/{name}" in names


LICENCES = {
    "MIT": "MIT License",
    "Apache-2.0": "Apache License\n                           Version 2.0",
    "LicenseRef-WordNet": "WordNet 3.0 Copyright 2006 by Princeton University",
}


def test_each_licence_of_the_expression_has_its_text_and_each_text_is_in_the_expression() -> None:
    texts = "".join((ROOT / name).read_text("utf-8") for name in PROJECT["license-files"])
    stated = PROJECT["license"].split(" AND ")
    assert stated == [licence for licence, text in LICENCES.items() if text in texts]
    assert len(re.findall("(?i)copyright (?:\\(c\\) )?[0-9]{4}", texts)) == 2  # ours and that of WordNet


def test_the_citation_names_authors_of_the_software_and_of_the_paper() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited["version"] == __version__
    for work in (cited, *cited["references"]):  # the schema of 1.2.0 needs these
        assert work["title"]
        assert all(
            {"name"} <= set(one) or {"family-names", "given-names"} <= set(one) for one in work["authors"]
        )


def test_a_placeholder_a_sentence_of_before_and_another_tag_stop_a_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for page in releasable.PAGES:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / page).write_text("Nothing\nto fill in.\n")
    assert releasable.main(f"v{__version__}", tmp_path) == 0
    capsys.readouterr()
    assert releasable.main("v0.1", tmp_path) == 1
    assert capsys.readouterr().out == f"the tag is v0.1, and the version {__version__}\n"
    (tmp_path / "pyproject.toml").write_text('\nRepository = "https://example.invalid/x"\n')
    (tmp_path / "docs/install.md").write_text("It is not on\nPyPI yet.\n")
    assert releasable.main(f"v{__version__}", tmp_path) == 1
    faults = capsys.readouterr().out.splitlines()
    assert [fault.split(": ")[0] for fault in faults] == ["pyproject.toml:2", "docs/install.md:1"]


def test_actions_are_named_by_a_full_version_or_a_commit() -> None:
    files = sorted((ROOT / ".github/workflows").glob("*.yml"))
    used = [name for file in files for name in re.findall(r"uses: (\S+)", file.read_text("utf-8"))]
    assert len(used) >= 7
    full = re.compile(r"\./.+|[\w./-]+@(v\d+\.\d+\.\d+|[0-9a-f]{40})")
    assert [name for name in used if not full.fullmatch(name)] == []


@pytest.mark.soak
def test_the_bill_of_materials_lists_the_core_with_licences(tmp_path: Path) -> None:
    for name in "ab":
        subprocess.run([sys.executable, ROOT / "tools/sbom.py", tmp_path / name], check=True)
    text = (tmp_path / "a/sbom.cdx.json").read_text()
    assert text == (tmp_path / "b/sbom.cdx.json").read_text()
    components = {part["name"]: part for part in json.loads(text)["components"]}
    for name in ("numpy", "numba", "polars", "tokenizers", "click", "wordllama"):
        assert components[name]["scope"] == "required"
        assert components[name]["licenses"][0]["license"]["name"] != "see the package", name
    assert components["fastapi"]["scope"] == "optional"
    assert "pytest" not in components or components["pytest"]["scope"] == "optional"
    rows = (tmp_path / "a/licences.md").read_text().splitlines()
    assert len(rows) == len(components) + 3


def test_the_changelog_begins_with_this_version_and_fits_a_screen_or_two() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[0].split()[:2] == ["##", __version__]
    first = lines.index(headings[0])
    following = lines.index(headings[1]) if len(headings) > 1 else len(lines)
    assert following - first <= 60


def rows(part: str) -> list[list[str]]:
    """The rows of a table on the page on what an installation takes."""
    page = (DOCS / "results" / "install.md").read_text("utf-8")
    lines = generated(page)[part].strip().splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_every_dependency_has_a_purpose_and_was_measured() -> None:
    dependencies = {named(requirement) for requirement in PROJECT["dependencies"]}
    assert set(PURPOSES) == dependencies
    others = {"Selfvec itself", "used by several", "all", "bytecode, which pip adds and uv does not"}
    assert {row[0] for row in rows("core")} == dependencies | others


def test_no_extra_brings_pytorch() -> None:
    found = {row[0]: row[-1] for row in rows("extras")}
    assert list(found) == EXTRAS
    assert set(found.values()) == {"no"}
