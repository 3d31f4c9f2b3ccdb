"""What a public function takes, as its signature and its NumPy docstring say it, once.

    top: Count | None = None,

    top : int, at least 1, optional
        Words listed; by default all. With ...

The annotation is the rule that values are checked against; the docstring's kind is for readers, and a test
compares it. Its sentences are the help of commands and of an assistant's schema. The default is that of the
signature, or what follows "by default". It is all read from source: importing takes ``--help`` a second.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import operator
import os
import re
import typing
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, wraps
from importlib import import_module
from importlib.util import resolve_name
from numbers import Integral, Real
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, NamedTuple, ParamSpec, TypeVar, get_args, get_origin

from .checks import Paths, StrPath, no_such_option
from .display import code_of
from .errors import OptionError, did_you_mean
from .progress import shown
from .threads import limited

P = ParamSpec("P")
R = TypeVar("R")
Record = TypeVar("Record", bound=type)

Taken = tuple[Any, str]  # the default and the annotation of a parameter
REQUIRED: Any = inspect.Parameter.empty
"""The default of a parameter that has to be given."""
_ROOT = Path(__file__).parents[1]
_UNPACKED = re.compile(r"Unpack\[(\w+)\]")
_COMPARED = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}
_PATHS = {"PathLike", "Path"}
_PLAIN = {"int": "a whole number", "float": "a number", "bool": "True or False"}
_AROUND_TYPES = {"", "Annotated", "Literal", "NoneType", "Sequence", "Union", "UnionType", "str"}


class Bounds(NamedTuple):
    """The bounds of a number, in an annotation."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None


Count = Annotated[int, Bounds(at_least=1)]
Natural = Annotated[int, Bounds(at_least=0)]
NotEmpty = Annotated[str, "with more than blanks"]


class _Other(type):
    """A class that is not imported to read an annotation: of it, only the name matters."""

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):  # typing asks for these
            raise AttributeError(name)
        return _Other(name, (), {})

    def __getitem__(cls, arguments: Any) -> type:
        return cls


class _Types(ChainMap[str, Any]):
    """What names mean in annotations."""

    def __missing__(self, name: str) -> type:
        return _Other(name, (), {})


_OURS = {"Bounds": Bounds, "Count": Count, "Natural": Natural, "NotEmpty": NotEmpty, "Paths": Paths}
_TYPES = _Types({**_OURS, "StrPath": StrPath, "os": os}, vars(typing), vars(builtins))


@dataclass(frozen=True)
class Kind:
    """The values that a parameter takes, as its annotation says them.

    >>> print(Kind("Count | Literal['auto']").fault(0))
    is a whole number of at least 1 or auto, not 0
    >>> Kind("Literal['hybrid', 'bm25']").choices
    ('hybrid', 'bm25')
    >>> Kind("NotEmpty").fault(" ")
    'is empty'
    """

    text: str

    @cached_property
    def _parts(self) -> list[Any]:
        """The types and bounds that it is made of."""
        parts = [eval(self.text, {}, _TYPES)]
        for part in parts:  # to which those of each are added
            parts += get_args(part)
        return parts

    @cached_property
    def names(self) -> set[str]:
        """The names of types, such as "int"."""
        return {getattr(get_origin(part) or part, "__name__", "") for part in self._parts}

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The texts that are allowed, if only these are, or besides numbers or paths."""
        if "str" in self.names and not self.takes_paths:
            return ()
        # Of its text: types with the same choices in another order are one to Python, which keeps the first.
        return tuple(dict.fromkeys(re.findall("'(.*?)'", self.text)))

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Numbers by the names of `Bounds`."""
        bounds = [part._asdict() for part in self._parts if isinstance(part, Bounds)]
        return {name: end for each in bounds for name, end in each.items() if end is not None}

    @property
    def takes_paths(self) -> bool:
        return not self.names.isdisjoint(_PATHS)

    @property
    def checkable(self) -> bool:
        """Whether the annotation names plain values only; others are checked by those who use them."""
        return self.names <= {*_PLAIN, *_PATHS, *_AROUND_TYPES}

    def fault(self, value: Any) -> str | None:
        """The rule that a value breaks; None if it is accepted, or if it is for others to check."""
        if "NotEmpty" in self.text and isinstance(value, str) and not value.strip():
            return "is empty"
        if not self.checkable or self._accepts(value):
            return None
        if "Sequence" in self.names and isinstance(value, Iterable) and not isinstance(value, str | bytes):
            wrong = [one for one in value if not self._accepts(one)]
            return f"is {self.rule}, not {code_of(wrong[0])}" if wrong else None
        return f"is {self.rule}, not {code_of(value)}"

    def _accepts(self, value: Any) -> bool:
        if isinstance(value, bool):
            return "bool" in self.names
        if isinstance(value, str):
            return value in self.choices or self.takes_paths or "str" in self.names
        if isinstance(value, os.PathLike):
            return self.takes_paths
        whole = isinstance(value, Integral)
        number = (whole and "int" in self.names) or (isinstance(value, Real) and "float" in self.names)
        return (
            number
            and math.isfinite(value)
            and all(_COMPARED[name](value, bound) for name, bound in self.bounds.items())
        )

    @property
    def rule(self) -> str:
        """The accepted values in words."""
        bounds = " and ".join(
            f"{'of ' if name == 'at_least' else ''}{name.replace('_', ' ')} {bound:g}"
            for name, bound in self.bounds.items()
        )
        parts = [name for word, name in _PLAIN.items() if word in self.names]
        if parts and bounds:
            parts[-1] += f" {bounds}"
        if self.choices:
            one_of = "" if parts or len(self.choices) == 1 else "one of "
            parts.append(one_of + ", ".join(self.choices))
        parts += ["a path"] if self.takes_paths else ["a text"] if "str" in self.names else []
        return " or ".join(parts)


@dataclass(frozen=True)
class Parameter:
    """A parameter: its default, the kind of its values, and what it means."""

    name: str
    default: Any = REQUIRED
    kind: Kind = Kind("Any")
    help: str = ""
    written: str = ""  # the kind as the docstring writes it
    seldom: bool = False  # described under "Other Parameters"

    @property
    def is_required(self) -> bool:
        return self.default is REQUIRED

    @property
    def sentences(self) -> tuple[str, str, str]:
        """The first sentence, its default in words, and the rest.

        >>> Parameter("top", None, help="Words listed; by default all. Or so.").sentences
        ('Words listed.', 'all', 'Or so.')
        """
        parts = re.match(r"(?s)(.*?(?<!e\.g)\.)(?:\s+(.*)|$)", self.help)
        first, rest = (parts[1], parts[2] or "") if parts else (self.help, "")
        sentence, _, default = first.partition("; by default ")
        return (f"{sentence}.", default.removesuffix("."), rest) if default else (first, "", rest)

    def check(self, value: Any) -> None:
        if value is None and (self.default is None or "None" in self.kind.text):
            return
        if self.default is not REQUIRED and value is self.default:
            return
        if rule := self.kind.fault(value):
            alike = did_you_mean(value, self.kind.choices) if isinstance(value, str) else ""
            remedy = "write some words" if rule == "is empty" else alike
            raise OptionError(rule, field=self.name, remedy=remedy or None)


@dataclass(frozen=True)
class Declaration:
    """A function, or a class by its constructor: what it does, and what it takes."""

    summary: str
    more: str  # the paragraphs after the summary
    parameters: dict[str, Parameter]
    open: bool = False  # takes further keywords

    def check(self, given: Mapping[str, Any]) -> None:
        """Raise `OptionError` for a name that is not known, or a value that a parameter cannot have."""
        for name, value in given.items():
            if name in self.parameters:
                self.parameters[name].check(value)
            elif not self.open:
                raise no_such_option(name, self.parameters)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the values that a function is called with against its annotations.

    What it does has its ``progress`` and its ``jobs``, if it takes them, see `shown` and `limited`. Its
    signature and its help name the options of a record, too, see `options`.

    >>> @checked
    ... def double(number: Count) -> int:
    ...     '''Twice a number.
    ...
    ...     Parameters
    ...     ----------
    ...     number : int, at least 1
    ...     '''
    ...     return 2 * number
    >>> double(0)
    Traceback (most recent call last):
        ...
    selfvec.base.errors.OptionError: number: is a whole number of at least 1, not 0
    """
    names = list(inspect.signature(function).parameters)

    @wraps(function)
    def call(*given: P.args, **named: P.kwargs) -> R:
        values = {**dict(zip(names, given, strict=False)), **named}
        declared(function).check(values)
        with shown(values.get("progress")), limited(values.get("jobs")):
            return function(*given, **named)

    record = _record_of(function)
    if record is not None:
        _show_options(call, record)
    return call


# ---- Records of options


_RECORDS: dict[type, Declaration] = {}


def options(*described: type) -> Callable[[Record], Record]:
    """Make a typed dict a record of options, which functions take as ``**options: Unpack[Record]``.

    Its docstring describes its own fields. Others have the defaults and descriptions that they have in
    ``described``: classes, or records.
    """

    def describe(record: Record) -> Record:
        kinds = {name: _annotation(kind) for name, kind in record.__annotations__.items()}
        # The defaults of those that may be left out.
        taken = {name: (False if kind == "bool" else None, kind) for name, kind in kinds.items()}
        own = _declaration(inspect.getdoc(record) or "", taken)
        others = {name: one for other in described for name, one in declared(other).parameters.items()}
        every = {n: one if one.written else others.get(n, one) for n, one in own.parameters.items()}
        _RECORDS[record] = replace(own, parameters={n: one for n, one in every.items() if one.written})
        return record

    return describe


def _record_of(function: Callable[..., Any]) -> type | None:
    for one in inspect.signature(function).parameters.values():
        if one.kind is one.VAR_KEYWORD and (name := _UNPACKED.fullmatch(str(one.annotation))):
            record: type = function.__globals__[name[1]]
            return record
    return None


def _show_options(call: Callable[..., Any], record: type) -> None:
    signature = inspect.signature(call)
    *others, last = signature.parameters.values()
    taken = [
        inspect.Parameter(one.name, last.KEYWORD_ONLY, default=one.default, annotation=one.kind.text)
        for one in _RECORDS[record].parameters.values()
    ]
    call.__signature__ = signature.replace(parameters=[*others, *taken])  # type: ignore[attr-defined]
    described = re.compile(rf"^\*\*{last.name}\n(?: .*(?:\n|$))*", re.MULTILINE)
    entries = "".join(map(entry, _RECORDS[record].parameters.values()))
    call.__doc__ = described.sub(lambda _: entries, inspect.getdoc(call) or "")


def entry(one: Parameter) -> str:
    """A parameter as a docstring describes it."""
    lines = wrap(one.help, 100, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([f"{one.name} : {one.written}", *lines, ""])


# ---- Reading declarations


@cache
def declared(function: Callable[..., Any]) -> Declaration:
    """The declaration of a function, class or record."""
    if function in _RECORDS:
        return _RECORDS[function]
    function = inspect.unwrap(function)
    signature = inspect.signature(function).parameters.values()
    taken = {
        one.name: (one.default, _annotation(one.annotation))
        for one in signature
        if one.kind is not one.VAR_KEYWORD
    }
    own = _declaration(inspect.getdoc(function) or "", taken)
    if (record := _record_of(function)) is not None:
        return replace(own, parameters={**own.parameters, **declared(record).parameters})
    return replace(own, open=len(taken) < len(signature))


def _annotation(kind: Any) -> str:
    """An annotation as it is written in the source; those of typed dicts are wrapped."""
    return str(getattr(kind, "__forward_arg__", kind))


@cache
def declared_at(place: str) -> Declaration:
    """The declaration of a function, class or record by its place, as ``analysis.concepts.why``.

    Its module is read, not imported.
    """
    module, _, name = place.rpartition(".")
    return declared(_named(f"selfvec.{module}", name))


def _named(module: str, name: str) -> Any:
    """What a module calls by a name. What takes long to import is made of its source."""
    is_light = not module.startswith("selfvec.") or module.split(".")[1] in ("base", "data")
    return getattr(import_module(module), name) if is_light else _names_of(module)[name]


class _Names(dict[str, Any]):
    """What names mean in a module of ours that is read: signatures, records, and what it imports."""

    def __init__(self, module: str) -> None:
        path = _ROOT.joinpath(*module.split(".")[1:])
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        self.package = module if path.is_dir() else module.rpartition(".")[0]
        self.tree = ast.parse(file.read_text(encoding="utf-8"))

    def __missing__(self, name: str) -> Any:
        for node in reversed(self.tree.body):  # the ones before are overloads
            if isinstance(node, ast.ImportFrom) and name in [one.name for one in node.names]:
                return _named(resolve_name("." * node.level + str(node.module), self.package), name)
            if getattr(node, "name", None) == name:
                if isinstance(node, ast.FunctionDef):
                    node.decorator_list, node.body = [], node.body[:1]  # the docstring
                exec(compile(ast.Module([node], []), self.package, "exec"), self, self)
                return self[name]
        raise KeyError(name)


_names_of = cache(_Names)


def _declaration(doc: str, taken: Mapping[str, Taken]) -> Declaration:
    opening, sections = _sections(doc)
    summary, _, more = opening.partition("\n\n")
    described: dict[str, Parameter] = {}
    for section in ("Parameters", "Other Parameters"):
        for one in _described(sections.get(section, "")):
            described[one.name] = replace(one, seldom=section != "Parameters")
    parameters = {
        name: replace(described.get(name, Parameter(name)), default=default, kind=Kind(kind))
        for name, (default, kind) in taken.items()
    }
    return Declaration(" ".join(summary.split()), more.strip(), parameters)


def _sections(doc: str) -> tuple[str, dict[str, str]]:
    opening, *parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}$", doc, flags=re.MULTILINE)
    return opening.strip(), dict(zip(parts[::2], parts[1::2], strict=True))


def _described(section: str) -> Sequence[Parameter]:
    found = []
    for entry in re.split(r"\n(?=\S)", section.strip("\n")):
        head, _, text = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        help = " ".join(text.split())
        found += [Parameter(name.strip(), written=kind, help=help) for name in names.split(",")]
    return found
