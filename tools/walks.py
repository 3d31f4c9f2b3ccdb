"""How far a reader walks who follows one argument from a public function down to its work.

    python -m tools.walks [PLACE...]        # a place is MODULE:FUNCTION:PARAMETER, below selfvec

The walk follows an argument, and what calls make of it, through the functions that it is passed to, in the
order of the code, each once. A function that is handed on beside it, such as a closure, is taken to get it
first. What is taken out of the argument, such as the text of a run, is not followed. Nothing is run: calls
are matched to functions by imports, and methods by their names where one class alone has them.
It counts the stays (a file entered, or entered again), the files, and the climbs (from a room to one above
it). Fewer are better, unless a file becomes two subjects for it.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import resolve_name
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "selfvec"
WALKS = {
    "refine": "apps.functions.refine:refine:method",
    "search": "apps.functions.search:search:run",
    "drift": "analysis.word_drift.drift:drift:run",
    "update": "apps.functions.update:update:run",
    "serve": "apps.starting:serve:run",
    "add": "apps.functions.live:add:run",
    "report": "apps.functions.report:report:run",
    "topics": "analysis.concepts.corpus_topics:topics:run",
    "keyness": "analysis.keyness:keyness:run",
    "monitor": "analysis.monitoring:monitor:run",
}

_ITSELF = ("fitted_run", "present", "state")  # attributes of a run that are the run, in one of its states

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Assignment = ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.withitem


class Place(NamedTuple):
    """A function or class: its module, and its name there, such as ``Run.held``."""

    module: str
    name: str


_OF_OTHERS = Place("", "")  # a module that is not of the package


@dataclass
class House:
    """The functions and classes of the package, and what each module calls by which name."""

    functions: dict[Place, Function] = field(default_factory=dict)
    classes: dict[Place, ast.ClassDef] = field(default_factory=dict)
    names: dict[str, dict[str, Place]] = field(default_factory=dict)  # by module
    methods: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, folder: Path = PACKAGE) -> House:
        """The package as it is on the disk."""
        house = cls()
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            package = ".".join(parts[:-1])
            house._add(module, package, ast.parse(path.read_text(encoding="utf-8")))
        return house

    def _add(self, module: str, package: str, tree: ast.Module) -> None:
        names: dict[str, Place] = {}
        for node in ast.walk(tree):  # imports inside functions, too
            if isinstance(node, ast.ImportFrom):
                home = _imported_from(node, package)
                for alias in node.names if home is not None else ():
                    names[alias.asname or alias.name] = Place(str(home), alias.name)
            elif isinstance(node, ast.Import):  # np.array is no method of ours
                names |= {alias.asname or alias.name: _OF_OTHERS for alias in node.names}
        for node in tree.body:
            if isinstance(node, Function):
                self.functions[Place(module, node.name)] = node
            elif isinstance(node, ast.ClassDef):
                self.classes[Place(module, node.name)] = node
                for method in node.body:
                    if isinstance(method, Function):
                        place = Place(module, f"{node.name}.{method.name}")
                        self.functions[place] = method
                        self.methods[method.name].append(place)
            if isinstance(node, Function | ast.ClassDef):
                names[node.name] = Place(module, node.name)
        self.names[module] = names

    def called(self, module: str, owner: str, call: ast.Call) -> Place | None:
        """The function that a call in a module, or in a class of it, runs."""
        match call.func:
            case ast.Name(id=name):
                return self._defined(self.names[module].get(name))
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if owner:
                own = Place(module, f"{owner}.{name}")
                return own if own in self.functions else self._only(name)
            case ast.Attribute(value=ast.Name(id=outer), attr=name) if outer in self.names[module]:
                home = self.names[module][outer]
                if home is _OF_OTHERS:
                    return None
                inside = f"{home.module}.{home.name}".lstrip(".")
                is_module = inside in self.names
                return self._defined(
                    Place(inside, name) if is_module else Place(home.module, f"{home.name}.{name}")
                )
            case ast.Attribute(attr=name):
                return self._only(name)
        return None

    def _defined(self, place: Place | None) -> Place | None:
        """Where a name is defined that other modules may have handed on; the beginning of a class."""
        while place is not None and place not in self.functions:
            if place in self.classes:
                begun = Place(place.module, f"{place.name}.__init__")
                return begun if begun in self.functions else None
            handed_on = self.names.get(place.module, {}).get(place.name)
            place = None if handed_on == place else handed_on
        return place

    def _only(self, name: str) -> Place | None:
        """The method with a name, if one class alone has it."""
        places = self.methods.get(name, [])
        return places[0] if len(places) == 1 else None


def _imported_from(node: ast.ImportFrom, package: str) -> str | None:
    """The module that names are imported from, below the package; None for others' modules."""
    name = f"{'.' * node.level}{node.module or ''}"
    outer, _, inner = resolve_name(name, f"selfvec.{package}".rstrip(".")).partition(".")
    return inner if outer == "selfvec" else None


@dataclass
class Walk:
    """Where an argument goes: the files in the order in which it enters them."""

    house: House
    files: list[str] = field(default_factory=list)
    seen: set[tuple[Function, frozenset[str]]] = field(default_factory=set)

    def enter(self, place: Place, carried: frozenset[str], inner: Function | None = None) -> None:
        """Follow the names ``carried`` through a function of the package, or one that is defined in it."""
        function = inner or self.house.functions[place]
        if (function, carried) in self.seen:
            return
        self.seen.add((function, carried))
        self._stay(place.module)
        names = set(carried)
        for node in _in_order(function):
            if isinstance(node, ast.Call):
                self._follow(place, node, names)
            else:
                value, targets = _bound(node)
                if value is not None and _is_carried(value, names):
                    names.update(target.id for target in targets if isinstance(target, ast.Name))

    def _follow(self, here: Place, call: ast.Call, names: set[str]) -> None:
        inside = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(_is_carried(value, names) for value in [*inside, *values]):
            for value in values:
                self._hand_on(here, value, names)
        if (place := self._called(here, call)) is None:
            return
        passed = frozenset(_parameters(self.house.functions[place], call, names, "." in place.name))
        if passed:
            self.enter(place, passed)
            self._stay(here.module)

    def _called(self, here: Place, call: ast.Call) -> Place | None:
        return self.house.called(here.module, here.name.rpartition(".")[0], call)

    def _hand_on(self, here: Place, value: ast.expr, names: set[str]) -> None:
        """Enter a function that is a value: a closure, or one of the package."""
        place, closed_over = here, frozenset(names)
        found = [value] if isinstance(value, ast.Lambda) else []
        within = ast.walk(self.house.functions[here])
        found += [
            node
            for node in within
            if isinstance(node, ast.FunctionDef) and node.name == getattr(value, "id", "")
        ]
        if not found and (other := self._called(here, ast.Call(value, [], []))):
            place, closed_over, function = other, frozenset(), self.house.functions[other]
            # What a property gives is handed on, not the property.
            found = [] if "property" in ast.unparse(function).partition("def ")[0] else [function]
        for function in found:
            first = [argument.arg for argument in function.args.args][:1]
            self.enter(place, closed_over.union(first), function)
            self._stay(here.module)

    def _stay(self, module: str) -> None:
        if self.files[-1:] != [module]:
            self.files.append(module)


def _in_order(function: Function) -> Iterator[ast.Call | Assignment]:
    """Calls and assignments in the order in which they are evaluated: what is inside comes first."""

    def visit(node: ast.AST) -> Iterator[ast.Call | Assignment]:
        for child in ast.iter_child_nodes(node):
            yield from visit(child)
        if isinstance(node, ast.Call | Assignment):
            yield node

    for statement in [function.body] if isinstance(function, ast.Lambda) else function.body:
        yield from visit(statement)


def _bound(node: Assignment) -> tuple[ast.expr | None, list[ast.expr | None]]:
    """A value, and what it is bound to."""
    match node:
        case ast.Assign(value=value, targets=[*targets]):
            return value, targets
        case ast.withitem(context_expr=value, optional_vars=target):
            return value, [target]
        case _:
            return node.value, [node.target]


def _is_carried(value: ast.expr, names: set[str]) -> bool:
    """Whether a value is what is carried: itself, or what a call makes of it."""
    match value:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(value=inner, attr=name) if name in _ITSELF:
            return _is_carried(inner, names)
        case ast.Starred(value=inner) | ast.Await(value=inner):
            return _is_carried(inner, names)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            return any(_is_carried(part, names) for part in parts)
        case ast.IfExp(body=first, orelse=second):
            return _is_carried(first, names) or _is_carried(second, names)
        case ast.Call(func=ast.Name(id="len")):
            return False  # how long it is, is not what it is
        case ast.Call(func=made_by, args=given, keywords=named):
            inside = made_by.value if isinstance(made_by, ast.Attribute) else None
            parts = [*given, *(keyword.value for keyword in named), *([inside] if inside else [])]
            return any(_is_carried(part, names) for part in parts)
    return False


def _parameters(function: Function, call: ast.Call, names: set[str], is_method: bool) -> Iterator[str]:
    """The parameters of a function under which a call passes on what is carried."""
    positional = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    if is_method and positional[:1] in (["self"], ["cls"]):
        if isinstance(call.func, ast.Attribute) and _is_carried(call.func.value, names):
            yield positional[0]
        positional = positional[1:]
    rest = function.args.vararg.arg if function.args.vararg else None
    for number, value in enumerate(call.args):
        name = positional[number] if number < len(positional) else rest
        if name and _is_carried(value, names):
            yield name
    taken = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    for keyword in call.keywords:
        if keyword.arg in taken and _is_carried(keyword.value, names):
            yield str(keyword.arg)


def floors() -> dict[str, int]:
    """The rooms, from the lowest, as the import contract orders them."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return {room: floor for floor, room in enumerate(reversed(contract[0]["layers"]))}


def walked(house: House, place: str) -> Walk:
    """The walk of ``MODULE:FUNCTION:PARAMETER``."""
    module, function, parameter = place.split(":")
    walk = Walk(house)
    walk.enter(Place(module, function), frozenset([parameter]))
    return walk


def figures(places: Mapping[str, str] = WALKS) -> dict[str, dict[str, int]]:
    """The stays, files and climbs of each walk."""
    sys.setrecursionlimit(10_000)
    house, floor = House.read(), floors()
    measured = {}
    for name, place in places.items():
        files = walked(house, place).files
        rooms = [floor.get(module.split(".")[0], len(floor)) for module in files]
        climbs = sum(after > before for before, after in pairwise(rooms))
        measured[name] = {"stays": len(files), "files": len(set(files)), "climbs": climbs}
    return measured


def main(places: list[str]) -> None:
    for row in figures({place: place for place in places} or WALKS).items():
        print(*row)


if __name__ == "__main__":
    main(sys.argv[1:])
