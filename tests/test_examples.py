"""The example notebooks run from top to bottom, and what ends a cell can be shown."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from tests.places import ROOT

from selfvec.views import notebook

assert notebook  # registers how results are shown
# tests/views/test_notebook.py looks closer at the fourth.
EXAMPLES = sorted(set((ROOT / "examples").glob("*.ipynb")) - {ROOT / "examples" / "words_on_the_move.ipynb"})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    shown = 0
    for cell in cells:
        assert cell["outputs"] == []
        tree = ast.parse("".join(cell["source"]))
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            exec(compile(ast.Module(tree.body[:-1], []), path.name, "exec"), names)
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
            shown += hasattr(value, "_repr_html_") and bool(value._repr_html_())
        else:
            exec(compile(tree, path.name, "exec"), names)
    assert shown or path.stem == "for_gensim_users"
