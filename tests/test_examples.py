"""The example notebooks, the README and the tutorial run as pasted and show what is printed."""

import ast
import difflib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.examples import soaked
from tests.places import ROOT
from tools.shown_output import PAGES, alike, rewritten

from selfvec.analysis.views import notebook

assert notebook  # registers how results are shown
EXAMPLES = sorted((ROOT / "examples").glob("*.ipynb"))


def run(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The names that a notebook leaves behind, and the text that is shown of what ends its cells."""
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    shown = []
    for cell in cells:
        assert cell["outputs"] == []
        tree = ast.parse("".join(cell["source"]))
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            exec(compile(ast.Module(tree.body[:-1], []), path.name, "exec"), names)
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
            shown += [re.sub("<.*?>", "", value._repr_html_())] if hasattr(value, "_repr_html_") else []
        else:
            exec(compile(tree, path.name, "exec"), names)
    return names, shown


@pytest.mark.parametrize(
    "path", soaked(EXAMPLES, ROOT / "examples" / "for_gensim_users.ipynb"), ids=lambda path: path.stem
)
def test_a_notebook_runs(path: Path, here: Path) -> None:
    names, shown = run(path)
    assert all(shown)
    assert shown or path.stem == "for_gensim_users"
    if path.stem == "words_on_the_move":
        assert "Trajectory of stage" in shown[3]
        assert re.search(r"(beyond|than by) chance\)?; \d+ of 1,\d+ changed", shown[4])
        assert {"stream", "mast", "panel", "drone"} <= set(names["surely"])
        assert "crest" in set(names["after"]) - set(names["before"])


@pytest.mark.skipif(shutil.which("bash") is None, reason="the commands are those of a shell")
@pytest.mark.parametrize("page", soaked(PAGES, ROOT / "README.md"), ids=lambda page: page.name)
def test_the_page_shows_what_its_commands_print(page: Path) -> None:
    shown, printed = page.read_text("utf-8"), rewritten(page)
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
