"""The wheel is reproducible, and what it depends on is listed with licences."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.places import ROOT


def built(folder: Path, where: Path) -> Path:
    """A wheel built from a copy of the sources that has other times and permissions."""
    copy = where / "sources"
    copy.mkdir(parents=True)
    for name in ("src", "README.md", "LICENSE", "pyproject.toml"):
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


def test_the_wheel_has_the_same_bytes_wherever_it_is_built(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    one, two = built(ROOT, tmp_path / "a"), built(ROOT, tmp_path / "elsewhere" / "b")
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(two.read_bytes()).digest()
    names = zipfile.ZipFile(one).namelist()
    assert "selfvec/__init__.py" in names
    assert not [name for name in names if name.startswith("tests") or name.endswith((".so", ".pyc"))]


def test_the_bill_of_materials_lists_the_core_with_licences(tmp_path: Path) -> None:
    for name in "ab":
        subprocess.run([sys.executable, ROOT / "tools/sbom.py", tmp_path / name], check=True)
    text = (tmp_path / "a/sbom.cdx.json").read_text()
    assert text == (tmp_path / "b/sbom.cdx.json").read_text()
    components = {part["name"]: part for part in json.loads(text)["components"]}
    for name in ("numpy", "numba", "polars", "tokenizers", "typer", "wordllama"):
        assert components[name]["scope"] == "required"
        assert components[name]["licenses"][0]["license"]["name"] != "see the package", name
    assert components["fastapi"]["scope"] == "optional"
    assert "pytest" not in components or components["pytest"]["scope"] == "optional"
    rows = (tmp_path / "a/licences.md").read_text().splitlines()
    assert len(rows) == len(components) + 3
