"""Ceilings fall and never rise, and one that is passed is named with the largest rooms."""

import json
import subprocess
from collections import Counter

import pytest
from tools.ceilings import CEILINGS, ROOT, faults, tokens
from tools.walks import WALKS


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_no_ceiling_is_above_that_of_any_commit_before() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("the history is not here")
    now = json.loads(CEILINGS.read_text("utf-8"))
    # Until 2026-12-01 walks ended at functions that are handed on; what is followed whole has another name.
    fewer = tuple(f"walk of {name}: " for name in WALKS)
    for commit in git("log", "--format=%h", "--", CEILINGS.name).split():
        before = json.loads(git("show", f"{commit}:{CEILINGS.name}"))
        kept = {name: top for name, top in before.items() if not name.startswith(fewer)}
        assert not {name: top for name, top in kept.items() if now.get(name, top + 1) > top}, commit


def test_tokens_are_what_formatting_does_not_change() -> None:
    assert tokens('def f(x, y):\n    "What it does."\n    return [x + 1]  # why\n') == 8
    assert tokens("f\"{x + 1:{y}} and {f'{z}'}\"") == 1


def test_a_ceiling_that_is_passed_is_named_with_the_largest_rooms() -> None:
    sizes = Counter({"src/selfvec/base": 3, "tests/base": 5})
    assert faults({"src tokens": 3}, {"src tokens": 3}, sizes) == []
    passed, rooms = faults({"src tokens": 3}, {"src tokens": 2}, sizes)
    assert passed == "src tokens: 3, above the ceiling of 2"
    assert rooms.endswith("tests/base 5, src/selfvec/base 3")
