"""A digest of the code that a benchmark runs: what its entry uses of `benchmarks`, followed by name.

Only definitions that are reached count, so a new data set or another table of a module changes nothing.
Comments, formatting, docstrings, annotations and the place of a definition do not count, nor do the modules
of `WRITERS`, which write down what was measured. The code of `selfvec` does not count either: every
refactoring would make every table old. Its constants stand beside this digest, see `benchmarks.measured`.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WRITERS = {"benchmarks.figures", "benchmarks.measured", "benchmarks.page"}
_UNSEEN = {"annotation", "returns", "type_comment", "type_params", "kind", "ctx"}

Definition = tuple[str, str]
"""A module and a name that it defines."""


class Code:
    """The modules of `benchmarks`, whose sources ``read`` returns by path, or an empty text."""

    def __init__(self, read: Callable[[str], str] | None = None) -> None:
        self._read = read or _here
        self._modules: dict[str, Module] = {}
        self._definitions: dict[Definition, tuple[set[Definition], list[str]]] = {}

    def module(self, name: str) -> Module:
        """A module, read once."""
        if name not in self._modules:
            path = name.replace(".", "/")
            self._modules[name] = Module(self._read(f"{path}.py") or self._read(f"{path}/__init__.py"))
        return self._modules[name]

    def digest(self, module: str, entry: str | ast.expr) -> str:
        """The digest of a name or expression of a module, and of all that it uses."""
        node = ast.Name(entry) if isinstance(entry, str) else entry
        found = {shape for definition in self._used(module, node) for shape in self._read_once(definition)[1]}
        text = "\n".join(sorted({_shape(node), *found}))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def _used(self, module: str, node: ast.AST) -> set[Definition]:
        """The definitions that code of a module reaches."""
        found: set[Definition] = set()
        new = set(self._named(module, node))
        while new:
            found |= new
            new = set().union(*(self._read_once(definition)[0] for definition in new)) - found
        return found

    def _read_once(self, definition: Definition) -> tuple[set[Definition], list[str]]:
        """The definitions that a definition names itself, and its shapes; most tables share theirs."""
        if definition not in self._definitions:
            module, name = definition
            nodes = self.module(module).defined[name]
            named = {one for node in nodes for one in self._named(module, node)}
            self._definitions[definition] = named, [_shape(node) for node in nodes]
        return self._definitions[definition]

    def _named(self, module: str, node: ast.AST) -> Iterator[Definition]:
        """The definitions of `benchmarks` whose names occur in code of a module."""
        within = self.module(module)
        for one in ast.walk(node):
            if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
                place = ".".join(within.imported.get(one.value.id, ("", "")))
                yield from self._defined(place, one.attr)
            elif isinstance(one, ast.Name):
                yield from self._defined(*within.imported.get(one.id, (module, one.id)))

    def _defined(self, module: str, name: str) -> Iterator[Definition]:
        if module.startswith("benchmarks") and module not in WRITERS and name in self.module(module).defined:
            yield module, name


class Module:
    """The definitions of a module, and what it imports of `benchmarks`."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)

    @cached_property
    def defined(self) -> dict[str, list[ast.stmt]]:
        """The statements of the module that bind each name."""
        found: dict[str, list[ast.stmt]] = {}
        for node in self.tree.body:
            for name in _bound(node):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """What is imported, also inside functions: by its name here, the module and the name there."""
        nodes = [one for one in ast.walk(self.tree) if isinstance(one, ast.ImportFrom) and one.module]
        return {a.asname or a.name: (str(one.module), a.name) for one in nodes for a in one.names}


def parts_of(module: str, code: Code) -> dict[tuple[str, str], ast.expr]:
    """The expression in ``PAGES`` of a module that measures each part of a page."""
    (assigned,) = code.module(module).defined.get("PAGES", [ast.parse("PAGES = {}").body[0]])
    pages = getattr(assigned, "value", None)
    assert isinstance(pages, ast.Dict)
    return {
        (str(page.value), str(part.value)): made
        for page, parts in zip(pages.keys, pages.values, strict=True)
        if isinstance(page, ast.Constant) and isinstance(parts, ast.Dict)
        for part, made in zip(parts.keys, parts.values, strict=True)
        if isinstance(part, ast.Constant)
    }


def _here(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.If | ast.Try):
        names = (one for one in ast.walk(node) if isinstance(one, ast.Name))
        return {one.id for one in names if isinstance(one.ctx, ast.Store)}
    return set()


def _shape(node: object) -> str:
    """A tree as a text that is the same in every version of Python."""
    if isinstance(node, list):
        return f"[{','.join(map(_shape, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if name not in _UNSEEN}
    fields = {name: value for name, value in fields.items() if value is not None and value != []}
    if isinstance(fields.get("body"), list):
        fields["body"] = [one for one in fields["body"] if not _is_unseen(one)]
    return f"{type(node).__name__}({','.join(f'{name}={_shape(value)}' for name, value in fields.items())})"


def _is_unseen(node: ast.stmt) -> bool:
    """Whether a statement is a docstring or an import."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return isinstance(node.value.value, str)
    return isinstance(node, ast.Import | ast.ImportFrom)
