"""The three wings, as a process loads them: what refining and searching a text need, and nothing else.

That no wing imports another is a contract of ``lint-imports`` in pyproject.toml.
"""

import pytest
from tools.ceilings import WORK, loaded_lines

import selfvec.corpus


@pytest.fixture(scope="module")
def loaded() -> dict[str, dict[str, int]]:
    """The modules that a process has loaded after refining, and after opening and searching."""
    return loaded_lines()


@pytest.mark.parametrize("done", WORK)
def test_nothing_of_analysis_is_loaded(loaded: dict[str, dict[str, int]], done: str) -> None:
    assert [name for name in loaded[done] if name.startswith(("selfvec.analysis", "selfvec.lab"))] == []


def test_a_package_imports_a_name_when_it_is_asked_for() -> None:
    assert selfvec.corpus.Corpus.__module__ == "selfvec.corpus.corpus"
    with pytest.raises(AttributeError, match=r"module 'selfvec.corpus' has no attribute 'nothing'"):
        selfvec.corpus.nothing  # noqa: B018
