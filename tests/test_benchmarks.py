"""Benchmarks and tools import names that exist, and none is left over."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.catalogue import FOLDERS, all_benchmarks
from tests.places import ROOT

MODULES = sorted([*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tools").glob("*.py")])


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Modules of this repository and the names that are taken from them, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in (
            "selfvec",
            "benchmarks",
        ):
            yield from ((str(node.module), alias.name) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_imported_from_the_code_exists(path: Path) -> None:
    for module, name in imported(path):
        found = importlib.import_module(module)
        if not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")


def test_every_module_of_a_folder_is_a_benchmark_or_serves_one() -> None:
    """What neither measures nor is imported would be left over."""
    needed = {module for path in MODULES for module, _ in imported(path)}
    needed |= {f"{module}.{name}" for path in MODULES for module, name in imported(path)}
    needed |= {f"benchmarks.{benchmark.name}" for benchmark in all_benchmarks()}
    for folder in FOLDERS:
        for path in (ROOT / "benchmarks" / folder).glob("[!_]*.py"):
            assert f"benchmarks.{folder}.{path.stem}" in needed, path.name
