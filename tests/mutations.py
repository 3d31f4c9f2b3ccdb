"""Whether the tests notice a fault: lines of the code are changed at random, each against the tests near it.

    python -m tests.mutations [NUMBER] [SEED]    # 40 lines by default; status 1 if a tenth goes unnoticed

A change is one of an operator, a number, a condition, or a call that is left out. The tests near it name the
module, or most of what it defines; its own room's come first. They have a minute: what takes longer is
counted apart.
"""

from __future__ import annotations

import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS, NEAR = 60, 6  # for the tests of a change, and how many files of tests these are
CAUGHT, SURVIVED, TOO_LONG = "caught", "survived", "took too long"

_OTHERS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq, ast.In: ast.NotIn, ast.Is: ast.IsNot,
    ast.And: ast.Or, ast.Add: ast.Sub, ast.Mult: ast.Div, ast.BitAnd: ast.BitOr,
}  # fmt: skip
OTHERS = _OTHERS | {after: before for before, after in _OTHERS.items()}


def changes(tree: ast.Module) -> Iterator[tuple[int, Callable[[], Any]]]:
    """The line of each possible change of a module, and what makes it."""
    for node in _run(tree):
        match node:
            case ast.BinOp(op=sign) | ast.BoolOp(op=sign) if type(sign) in OTHERS:
                yield node.lineno, lambda node=node, sign=sign: setattr(node, "op", OTHERS[type(sign)]())
            case ast.Compare(ops=[sign, *_]) if type(sign) in OTHERS:
                yield node.lineno, lambda node=node, sign=sign: node.ops.__setitem__(0, OTHERS[type(sign)]())
            case ast.Constant(value=bool() | int() as value):
                other = not value if isinstance(value, bool) else value + 1
                yield node.lineno, lambda node=node, other=other: setattr(node, "value", other)
            case ast.If(test=test) | ast.IfExp(test=test):
                yield (
                    test.lineno,
                    lambda node=node, test=test: setattr(node, "test", ast.UnaryOp(ast.Not(), test)),
                )
            case ast.Expr(value=ast.Call()):
                yield node.lineno, lambda node=node: setattr(node, "value", ast.Constant(None))


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is used: no annotations, and nothing under ``TYPE_CHECKING``."""
    yield node
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if isinstance(child, ast.AST) and name not in ("annotation", "returns") and not checked:
                yield from _run(child)


def tests_near(path: Path, tree: ast.Module) -> list[str]:
    """The files of tests that name the module or what it defines most often, per line; its doctests."""
    module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in (module, *defined)))
    parts, scores = set(path.parts), {}
    for file in (ROOT / "tests").rglob("test_*.py"):
        text = file.read_text("utf-8")
        own = len(parts & set(file.parts))
        if found := len(set(named.findall(text))):
            scores[str(file.relative_to(ROOT))] = (module in text, own, found)
    return [*sorted(scores, key=scores.__getitem__, reverse=True)[:NEAR], str(path.relative_to(ROOT))]


def outcome(folder: Path, tests: list[str]) -> str:
    """What the tests say of the code in a folder."""
    environment = os.environ | {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += ["-W", "ignore::pytest.PytestCollectionWarning", *tests]  # a class of the code is called Test
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return TOO_LONG
    return CAUGHT if done.returncode else SURVIVED


def main(number: int = 40, seed: int = 0) -> int:
    draw, counts = random.Random(seed), Counter[str]()
    sources = sorted((ROOT / "src").rglob("*.py"))
    sizes = [path.read_bytes().count(b"\n") for path in sources]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        besides = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis")
        shutil.copytree(ROOT, folder, ignore=besides, dirs_exist_ok=True)
        while counts.total() < number:
            (path,) = draw.choices(sources, sizes)
            text = path.read_text("utf-8")
            tree = ast.parse(text)
            if not (possible := list(changes(tree))):
                continue
            near = tests_near(path, tree)
            line, change = draw.choice(possible)
            change()
            place = path.relative_to(ROOT)
            (folder / place).write_text(ast.unparse(tree), "utf-8")
            said = outcome(folder, near)
            (folder / place).write_text(text, "utf-8")
            counts[said] += 1
            print(f"{said}: {place}:{line} {text.splitlines()[line - 1].strip()}", flush=True)
    print(", ".join(f"{count} {said}" for said, count in counts.most_common()))
    return counts[CAUGHT] < 0.9 * number


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
