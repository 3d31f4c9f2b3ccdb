"""The example notebooks run from top to bottom, and what ends a cell can be shown."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.places import ROOT

from selfvec.views import notebook

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


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names, shown = run(path)
    assert all(shown)
    assert shown or path.stem == "for_gensim_users"
    if path.stem == "words_on_the_move":
        assert "Trajectory of stage" in shown[3]
        assert "words changed from" in shown[4]
        assert {"stream", "mast", "panel", "drone"} <= set(names["surely"])
        assert "crest" in set(names["after"]) - set(names["before"])
