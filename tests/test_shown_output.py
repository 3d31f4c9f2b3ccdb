"""The README and the tutorial run as pasted, from an empty folder, and show what the commands print."""

import difflib
import shutil
from pathlib import Path

import pytest
from tools.shown_output import PAGES, alike, rewritten


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are those of a shell")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_shows_what_its_commands_print(page: Path) -> None:
    shown, printed = page.read_text(encoding="utf-8"), rewritten(page)
    changed = "\n".join(difflib.unified_diff(shown.splitlines(), printed.splitlines(), lineterm="", n=0))
    assert alike(shown, printed), f"run `python -m tools.shown_output`:\n{changed}"


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("derecho  gale 0.45", "derecho  storm 0.45"),
        ("derecho  gale 0.45", "derecho  gale 0.65"),
        ("2,000 documents", "1,000 documents"),
        ("two lines\nhere", "two lines"),
    ],
)
def test_another_output_is_noticed(shown: str, printed: str) -> None:
    assert not alike(shown, printed)


def test_times_and_last_digits_may_differ() -> None:
    assert alike("gale 0.451 in 5.2 s", "gale  0.449 in 12 s")
