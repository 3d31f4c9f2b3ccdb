"""What CONTRIBUTING.md says of the code is there: rooms, files, and names in files."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from tests.conftest import FIRST
from tests.places import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SOURCES = ROOT / "src" / "selfvec"
FILE = r"`([\w./-]+/(?:[\w.-]+\.\w+)?)`"
FILES = sorted(set(re.findall(FILE, PAGE)))
NAMED = sorted(
    {
        *re.findall(rf"{FILE} \(((?:`\w+`(?:, )?)+)\)", PAGE),  # `file.py` (`NAME`, `other`)
        *((file, name) for name, file in re.findall(rf"(`\w+`) (?:of|in) {FILE}", PAGE)),
    }
)
"""Files with the names of functions, classes and constants that they define."""


def found(name: str) -> Path:
    """A file or folder of the package, or of the repository."""
    places = [SOURCES / name, ROOT / name, ROOT / "src" / name]
    return next((place for place in places if place.exists()), places[0])


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_named_exists(name: str) -> None:
    assert found(name).exists(), f"CONTRIBUTING.md names {name}"


@pytest.mark.parametrize(("file", "names"), NAMED)
def test_a_name_in_a_file_is_defined_there(file: str, names: str) -> None:
    module = ast.parse(found(file).read_text("utf-8"))
    defined: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            defined |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    assert set(re.findall(r"`(\w+)`", names)) <= defined


def test_the_tables_name_most_of_what_there_is_to_find() -> None:
    assert len(FILES) > 40
    assert len(NAMED) > 8


def test_the_rooms_are_those_of_the_contract_in_its_order() -> None:
    rooms = re.findall(
        r"^\| (?:\w+ )?\| `(\w+)` \|", PAGE.partition("## The house")[2].partition("\n## ")[0], re.M
    )
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert rooms == [room for floor in contracts[0]["layers"][::-1] for room in floor.split(" | ")]
    assert set(rooms) == {path.parent.name for path in SOURCES.glob("*/__init__.py")}


def test_the_files_of_tests_that_begin_exist() -> None:
    assert [name for name in FIRST if not (ROOT / name).exists()] == []
