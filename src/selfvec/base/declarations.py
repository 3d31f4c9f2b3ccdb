"""What a public function takes, as its signature and its NumPy docstring say it, once.

    top : int, at least 1, optional
        Words listed; by default all. With ...

The kind, after the colon, is the rule that values are checked against: `checked` does so at each call. The
sentences are the help of the command line and the description in an assistant's schema. The default is that
of the signature, or what the first sentence says after "by default".

The command line reads all this from the source of a module, without importing it: NumPy, Polars and Numba,
which most modules import, take a second or two, and ``--help`` should not.
"""

from __future__ import annotations

import ast
import inspect
import operator
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, wraps
from numbers import Integral, Real
from pathlib import Path
from textwrap import wrap
from typing import Any, ParamSpec, TypeVar, cast

from .checks import no_such_option
from .display import code_of
from .errors import OptionError, did_you_mean

P = ParamSpec("P")
R = TypeVar("R")
Record = TypeVar("Record", bound=type)

REQUIRED: Any = inspect.Parameter.empty
"""The default of a parameter that has to be given."""
_ROOT = Path(__file__).parents[1]
_BOUNDS = {"at least": operator.ge, "above": operator.gt, "at most": operator.le, "below": operator.lt}
_BOUND = re.compile(rf"({'|'.join(_BOUNDS)}) (-?[\d.]+)")
_UNPACKED = re.compile(r"Unpack\[(\w+)\]")
_PLAIN = {"int", "float", "bool", "str", "path", "paths"}
_AROUND_TYPES = {"or", "of", "not", "at", "least", "most", "above", "below", "optional", "sequence", "empty"}


@dataclass(frozen=True)
class Kind:
    """The values that a parameter takes, as its docstring says them.

    >>> print(Kind('int, at least 1, or "auto"').fault(0))
    is a whole number of at least 1 or auto, not 0
    >>> Kind('{"hybrid", "bm25"}').choices
    ('hybrid', 'bm25')
    >>> Kind("str, not empty").fault(" ")
    'is empty'
    """

    text: str

    @cached_property
    def words(self) -> set[str]:
        """The words of the text, of which those like ``int`` name types."""
        return set(re.findall(r"\w+", re.sub(r'"[^"]*"', "", self.text)))

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The texts that are allowed, if only these are, or besides numbers."""
        return () if "str" in self.words else tuple(re.findall(r'"([^"]*)"', self.text))

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Numbers by "at least", "above", "at most" and "below"."""
        return {name: float(number) for name, number in _BOUND.findall(self.text)}

    @property
    def several(self) -> bool:
        return not self.words.isdisjoint({"sequence", "paths", "texts", "several"})

    @property
    def checkable(self) -> bool:
        """Whether the text names nothing but plain values; others are checked by those who use them."""
        named = {word for word in self.words - _AROUND_TYPES if not word.isdigit()}
        return named <= _PLAIN and bool(named or self.choices)

    def fault(self, value: Any) -> str | None:
        """The rule that a value breaks; None if it is accepted, or if it is for others to check."""
        if "empty" in self.words and isinstance(value, str) and not value.strip():
            return "is empty"
        if not self.checkable or self._accepts(value):
            return None
        if self.several and isinstance(value, Iterable) and not isinstance(value, str | bytes):
            wrong = [one for one in value if not self._accepts(one)]
            return f"is {self.rule}, not {code_of(wrong[0])}" if wrong else None
        return f"is {self.rule}, not {code_of(value)}"

    def _accepts(self, value: Any) -> bool:
        if isinstance(value, bool):
            return "bool" in self.words
        if isinstance(value, str):
            return value in self.choices or not self.words.isdisjoint({"str", "path", "paths"})
        if isinstance(value, os.PathLike):
            return not self.words.isdisjoint({"path", "paths"})
        whole = isinstance(value, Integral)
        number = (whole and "int" in self.words) or (isinstance(value, Real) and "float" in self.words)
        bounds = [("below", float("inf")), ("above", -float("inf")), *self.bounds.items()]
        return number and all(_BOUNDS[name](float(value), bound) for name, bound in bounds)

    @property
    def rule(self) -> str:
        """The accepted values in words."""
        bounds = " and ".join(
            f"{'of ' if name == 'at least' else ''}{name} {bound:g}" for name, bound in self.bounds.items()
        )
        names = {"int": "a whole number", "float": "a number", "bool": "True or False"}
        parts = [name for word, name in names.items() if word in self.words]
        if parts and bounds:
            parts[-1] += f" {bounds}"
        if self.choices:
            one_of = "" if parts or len(self.choices) == 1 else "one of "
            parts.append(one_of + ", ".join(self.choices))
        parts += ["a text"] if "str" in self.words else []
        parts += ["a path"] if not self.words.isdisjoint({"path", "paths"}) else []
        return " or ".join(parts)


@dataclass(frozen=True)
class Parameter:
    """A parameter: its default, the kind of its values, and what it means."""

    name: str
    default: Any = REQUIRED
    kind: Kind = field(default_factory=lambda: Kind(""))
    help: str = ""
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
        if value is None and (self.default is None or "optional" in self.kind.words):
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

    def taking(self, record: Declaration) -> Declaration:
        """That of a function which takes the options of a record, too."""
        return replace(self, parameters={**self.parameters, **record.parameters}, open=False)

    def described_by(self, others: Iterable[Declaration]) -> Declaration:
        """That of a class or record some of whose fields others describe: its bases, for example."""
        parameters = {name: one for other in others for name, one in other.parameters.items()}
        every = {n: one if one.kind.text else parameters.get(n, one) for n, one in self.parameters.items()}
        return replace(self, parameters=every)

    @property
    def without_secrets(self) -> Declaration:
        """That of a record without the fields that nothing describes."""
        return replace(self, parameters={n: one for n, one in self.parameters.items() if one.kind.text})


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the values that a function is called with against its docstring.

    Its signature and its help name the options of a record, too, see `options`.

    >>> @checked
    ... def double(number: int) -> int:
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
        declared(function).check({**dict(zip(names, given, strict=False)), **named})
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
        own = _declaration(inspect.getdoc(record) or "", dict.fromkeys(record.__annotations__), False)
        _RECORDS[record] = own.described_by(map(declared, described)).without_secrets
        return record

    return describe


def _record_of(function: Callable[..., Any]) -> type | None:
    for one in inspect.signature(function).parameters.values():
        if one.kind is one.VAR_KEYWORD and (name := _UNPACKED.fullmatch(str(one.annotation))):
            return cast(type, function.__globals__[name[1]])
    return None


def _show_options(call: Callable[..., Any], record: type) -> None:
    signature = inspect.signature(call)
    *others, last = signature.parameters.values()
    kinds = {name: getattr(kind, "__forward_arg__", kind) for name, kind in record.__annotations__.items()}
    taken = [
        inspect.Parameter(one.name, last.KEYWORD_ONLY, default=one.default, annotation=kinds[one.name])
        for one in _RECORDS[record].parameters.values()
    ]
    call.__signature__ = signature.replace(parameters=[*others, *taken])  # type: ignore[attr-defined]
    described = re.compile(rf"^\*\*{last.name}\n(?: .*(?:\n|$))*", re.MULTILINE)
    entries = "".join(map(entry, _RECORDS[record].parameters.values()))
    call.__doc__ = described.sub(lambda _: entries, inspect.getdoc(call) or "")


def entry(one: Parameter) -> str:
    """A parameter as a docstring describes it."""
    lines = wrap(one.help, 100, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([f"{one.name} : {one.kind.text}", *lines, ""])


# ---- Reading declarations


@cache
def declared(function: Callable[..., Any]) -> Declaration:
    """The declaration of a function, class or record that is imported."""
    if function in _RECORDS:
        return _RECORDS[function]
    function = inspect.unwrap(function)
    signature = inspect.signature(function).parameters.values()
    defaults = {one.name: one.default for one in signature if one.kind is not one.VAR_KEYWORD}
    has_more = any(one.kind is one.VAR_KEYWORD for one in signature)
    own = _declaration(inspect.getdoc(function) or "", defaults, has_more)
    record = _record_of(function)
    return own if record is None else own.taking(declared(record))


@cache
def declared_at(place: str) -> Declaration:
    """The declaration of a function, class or record by its place, as ``analysis.concepts.why``.

    Its module is read, not imported, so the defaults are literals.
    """
    module, _, name = place.rpartition(".")
    tree = ast.parse(_file_of(place).read_text(encoding="utf-8"))
    named = [one for one in tree.body if getattr(one, "name", None) == name]
    found: Any = named[-1]  # the ones before are overloads
    doc = ast.get_docstring(found) or ""

    def other(written: ast.expr) -> Declaration:
        return declared_at(_place_of(ast.unparse(written), tree, module))

    def is_ours(written: ast.expr) -> bool:
        return isinstance(written, ast.Name) and _file_of(_place_of(written.id, tree, module)).exists()

    if isinstance(found, ast.ClassDef):
        defaults, has_more = _fields(found)
        described = _described_by(found)
        if described is None:  # the settings of a run
            return _declaration(doc, defaults, has_more)
        bases = [other(one) for one in found.bases if is_ours(one)]
        inherited = {name: one.default for base in bases for name, one in base.parameters.items()}
        own = _declaration(doc, {**inherited, **defaults}, has_more)
        return own.described_by(map(other, described)).without_secrets
    own = _declaration(doc, *_arguments(found.args))
    kind = found.args.kwarg and found.args.kwarg.annotation
    is_record = isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Unpack"
    return own.taking(other(kind.slice)) if is_record else own


def _described_by(found: ast.ClassDef) -> list[ast.expr] | None:
    """What describes the fields of a record, besides itself; None for other classes."""
    for one in found.decorator_list:
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "options":
            return one.args
    return None


def _file_of(place: str) -> Path:
    path = _ROOT.joinpath(*place.split(".")[:-1])
    file = path.with_suffix(".py")
    return file if file.exists() else path / "__init__.py"


def _place_of(name: str, tree: ast.Module, module: str) -> str:
    """The place of what a module calls by a name: there, or where it is imported from."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and name in [one.name for one in node.names]:
            beside = module.rpartition(".")[0] + "." if node.level else ""
            return f"{beside}{str(node.module).removeprefix('selfvec.')}.{name}"
    return f"{module}.{name}"


def _arguments(args: ast.arguments) -> tuple[dict[str, Any], bool]:
    """The arguments of a function with their defaults, and whether it takes more."""
    plain = [*args.posonlyargs, *args.args]
    values = [None] * (len(plain) - len(args.defaults)) + args.defaults
    every = zip([*plain, *args.kwonlyargs], [*values, *args.kw_defaults], strict=True)
    return {one.arg: _literal(value) for one, value in every}, args.kwarg is not None


def _fields(found: ast.ClassDef) -> tuple[dict[str, Any], bool]:
    """The arguments of a class: of its constructor, or its fields. Those of a typed dict may be left out."""
    for one in found.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            defaults, has_more = _arguments(one.args)
            return {name: default for name, default in defaults.items() if name != "self"}, has_more
    optional = any(one.arg == "total" for one in found.keywords)
    values = {
        one.target.id: one.value
        for one in found.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if not ast.unparse(one.annotation).startswith("ClassVar")
    }
    values.pop("_", None)  # marks the fields after it as keywords
    return {name: None if optional else _literal(value) for name, value in values.items()}, False


def _literal(value: ast.expr | None) -> Any:
    return REQUIRED if value is None else ast.literal_eval(value)


def _declaration(doc: str, defaults: Mapping[str, Any], has_more: bool) -> Declaration:
    opening, sections = _sections(doc)
    summary, _, more = opening.partition("\n\n")
    described: dict[str, Parameter] = {}
    for section in ("Parameters", "Other Parameters"):
        for one in _described(sections.get(section, "")):
            described[one.name] = replace(one, seldom=section != "Parameters")
    parameters = {
        name: replace(described.get(name, Parameter(name)), default=default)
        for name, default in defaults.items()
    }
    for name, one in parameters.items():
        if one.default is None and one.kind.text == "bool":  # of a typed dict
            parameters[name] = replace(one, default=False)
    return Declaration(" ".join(summary.split()), more.strip(), parameters, has_more)


def _sections(doc: str) -> tuple[str, dict[str, str]]:
    opening, *parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}$", doc, flags=re.MULTILINE)
    return opening.strip(), dict(zip(parts[::2], parts[1::2], strict=True))


def _described(section: str) -> Sequence[Parameter]:
    found = []
    for entry in re.split(r"\n(?=\S)", section.strip("\n")):
        head, _, text = entry.partition("\n")
        names, _, kind = head.partition(" : ")
        help = " ".join(text.split())
        found += [Parameter(name.strip(), kind=Kind(kind), help=help) for name in names.split(",")]
    return found
