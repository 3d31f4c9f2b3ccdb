"""How large the house is, in what formatting does not change, and whether a ceiling is passed.

    python -m tools.ceilings    # every figure and its ceiling in ceilings.json; status 1 if one is passed

A token is a name, number, string or operator of code; brackets, commas, colons, comments and docstrings are
none.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CEILINGS = ROOT / "ceilings.json"
WITH_CEILINGS = ("base", "files", "numerics", "cooccurrence", "data", "analysis", "lab")  # rooms
WORK = {
    "refining": (
        "texts = [f'hail number {i} fell on the roof of the mill by the river' for i in range(200)]\n"
        "selfvec.refine(texts).save('run')"
    ),
    "a search": "assert len(selfvec.open('run').search('hail on a roof')) > 0",
}
"""What a process does before its loaded lines are counted, in this order."""

_COUNT = """
import json, sys
from pathlib import Path
own = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "selfvec"}
print(json.dumps({name: len(Path(file).read_text("utf-8").splitlines()) for name, file in own.items()}))
"""
_COUNTED = ("NAME", "NUMBER", "STRING", "OP", "FSTRING_START", "TSTRING_START")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def tokens(source: str) -> int:
    """Tokens of Python code without its docstrings.

    >>> tokens('def f(x, y):\\n    "What it does."\\n    return x + 1  # why')
    8
    """
    docstrings = {
        (node.body[0].lineno, node.body[0].col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None
    }
    counted, strings = 0, 0  # a string with values in it is one, whatever Python reads it
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        name = tokenize.tok_name[token.type]
        strings -= name.endswith("STRING_END")
        if not strings and token.string not in "()[]{},:" and token.start not in docstrings:
            counted += name in _COUNTED
        strings += name.endswith("STRING_START")
    return counted


def rooms(folder: str) -> Counter[str]:
    """Tokens of a folder by room, such as ``src/selfvec/corpus``."""
    sizes: Counter[str] = Counter()
    for path in (ROOT / folder).rglob("*.py"):
        parts = path.relative_to(ROOT).parts[:-1]
        sizes["/".join(parts[: 3 if folder == "src" else 2])] += tokens(path.read_text("utf-8"))
    return sizes


def words(paths: Iterable[Path]) -> int:
    """Words of Markdown outside of code."""
    texts = (re.sub(r"```.*?```", " ", path.read_text("utf-8"), flags=re.DOTALL) for path in paths)
    return sum(len(re.findall(r"[^\W\d_]{2,}", text)) for text in texts)


def loaded_lines() -> dict[str, dict[str, int]]:
    """The lines of each module that a process of its own has loaded after each piece of `WORK`."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: json.loads(
                subprocess.run(
                    [sys.executable, "-c", f"import selfvec\n{code}\n{_COUNT}"],
                    cwd=folder,
                    stdout=subprocess.PIPE,
                    check=True,
                ).stdout
            )
            for name, code in WORK.items()
        }


def commands(command: Any) -> list[Any]:
    """The commands of a group that are listed, or the one command."""
    if not hasattr(command, "commands"):
        return [command]
    return [each for below in command.commands.values() if not below.hidden for each in commands(below)]


def measured(sizes: Counter[str]) -> dict[str, int]:
    """All figures, of rooms with these tokens."""
    import selfvec
    from selfvec.apps.cli.tree import root
    from tools import walks

    def size(*folders: str) -> int:
        return sum(number for room, number in sizes.items() if room.startswith(folders))

    pages = {*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"}
    results, reference = (
        {page for page in pages if page.parent.name == name} for name in ("results", "reference")
    )
    listed = commands(root())
    options = [option for command in listed for option in command.params if hasattr(option, "is_flag")]
    return {
        "src tokens": size("src"),
        "src modules": len([*(ROOT / "src").rglob("*.py")]),
        "tests tokens": size("tests"),
        "benchmarks and tools tokens": size("benchmarks", "tools"),
        "JavaScript lines": sum(path.read_bytes().count(b"\n") for path in (ROOT / "src").rglob("*.js")),
        "words of docs": words(pages - results - reference),
        "words of docs/reference": words(reference),
        "words of docs/results": words(results),
        "commands": len(listed),
        "options": sum(option.expose_value for option in options),
        "names of selfvec": len(selfvec.__all__),  # type: ignore[attr-defined]
        "names of Run": sum(not name.startswith("_") for name in dir(selfvec.Run)),
        **{f"{room} tokens": sizes[f"src/selfvec/{room}"] for room in WITH_CEILINGS},
        **{f"lines loaded after {name}": sum(own.values()) for name, own in loaded_lines().items()},
        **{
            f"whole walk of {name}: {what}": number
            for name, counts in walks.figures().items()
            for what, number in counts.items()
        },
    }


def faults(figures: Mapping[str, int], ceilings: Mapping[str, int], sizes: Counter[str]) -> list[str]:
    """A line for each ceiling that is passed, and one for the largest rooms; none if none is."""
    passed = [
        f"{name}: {figure:,}, above the ceiling of {ceilings[name]:,}"
        for name, figure in figures.items()
        if figure > ceilings[name]
    ]
    largest = ", ".join(f"{room} {number:,}" for room, number in sizes.most_common(8))
    remedy = f"Take away what the change makes unnecessary. The largest rooms, in tokens: {largest}"
    return [*passed, remedy] if passed else []


def main() -> int:
    sizes = rooms("src") + rooms("tests") + rooms("benchmarks") + rooms("tools")
    ceilings, figures = json.loads(CEILINGS.read_text("utf-8")), measured(sizes)
    print("\n".join(f"{name}: {figure:,} of {ceilings[name]:,}" for name, figure in figures.items()))
    found = faults(figures, ceilings, sizes)
    print("\n".join(found), file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
