"""The three wings, as a process loads them: what refining and searching a text need, and nothing else.

That no wing imports another is a contract of ``lint-imports`` in pyproject.toml.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import selfvec.corpus

COUNT = """
import json, sys
from pathlib import Path
loaded = {
    name: len(Path(module.__file__).read_text(encoding="utf-8").splitlines())
    for name, module in sys.modules.items() if name.split(".")[0] == "selfvec"
}
print(json.dumps(loaded))
"""
REFINE = """
import selfvec
texts = [f"hail number {i} fell on the roof of the mill by the river" for i in range(200)]
selfvec.refine(texts).save("run")
"""
SEARCH = """
import selfvec
assert len(selfvec.open("run").search("hail on a roof")) > 0
"""


def printed(code: str, folder: Path) -> str:
    """What a process of its own prints."""
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return process.stdout


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """The lines of each module that a process has loaded after refining, and after opening and searching."""
    folder = tmp_path_factory.mktemp("wings")
    return {
        name: json.loads(printed(code + COUNT, folder))
        for name, code in (("refine", REFINE), ("search", SEARCH))
    }


@pytest.mark.parametrize(("done", "budget"), [("refine", 24_000), ("search", 22_000)])
def test_the_lines_that_are_loaded(loaded: dict[str, dict[str, int]], done: str, budget: int) -> None:
    assert sum(loaded[done].values()) <= budget


@pytest.mark.parametrize("done", ["refine", "search"])
def test_nothing_of_analysis_is_loaded(loaded: dict[str, dict[str, int]], done: str) -> None:
    assert [name for name in loaded[done] if name.startswith("selfvec.analysis")] == []
    of_lab = {name for name in loaded[done] if name.startswith("selfvec.lab")}
    assert not of_lab


def test_a_package_imports_a_name_when_it_is_asked_for() -> None:
    assert selfvec.corpus.Corpus.__module__ == "selfvec.corpus.corpus"
    with pytest.raises(AttributeError, match=r"module 'selfvec.corpus' has no attribute 'nothing'"):
        selfvec.corpus.nothing  # noqa: B018
