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
import inspect
import operator
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, wraps
from numbers import Integral, Real
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, ParamSpec, TypeVar, cast

from .checks import no_such_option
from .display import code_of
from .errors import OptionError, did_you_mean

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
_AROUND_TYPES = {"Annotated", "Bounds", "Literal", "Sequence", "os", "str"}


Bounds = dict[str, float]
"""The bounds of a number, in an annotation: ``at_least``, ``above``, ``at_most``, ``below``."""
Count = Annotated[int, Bounds(at_least=1)]
Natural = Annotated[int, Bounds(at_least=0)]
NotEmpty = Annotated[str, "with more than blanks"]
_WRITTEN = {
    "Count": "Annotated[int, Bounds(at_least=1)]",
    "Natural": "Annotated[int, Bounds(at_least=0)]",
    "NotEmpty": "str",
    "Paths": "Path | Sequence[Path]",
    "StrPath": "str | os.PathLike[str]",
}


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
    def _parts(self) -> list[ast.AST]:
        text = re.sub(r"\w+", lambda name: _WRITTEN.get(name[0], name[0]), self.text)
        return list(ast.walk(ast.parse(text, mode="eval")))

    @cached_property
    def names(self) -> set[str]:
        """The names of types, such as "int"."""
        return {str(getattr(part, "attr", getattr(part, "id", ""))) for part in self._parts} - {""}

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The texts that are allowed, if only these are, or besides numbers or paths."""
        if "str" in self.names and not self.takes_paths:
            return ()
        values = (getattr(part, "value", None) for part in self._parts)
        return tuple(dict.fromkeys(value for value in values if isinstance(value, str)))

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Numbers by the names of `Bounds`."""
        named = [part for part in self._parts if isinstance(part, ast.keyword)]
        return {str(one.arg): ast.literal_eval(one.value) for one in named}

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
        bounds = {"below": float("inf"), "above": -float("inf")} | self.bounds
        return number and all(_COMPARED[name](float(value), bound) for name, bound in bounds.items())

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

    def taking(self, record: Declaration) -> Declaration:
        """That of a function which takes the options of a record, too."""
        return replace(self, parameters={**self.parameters, **record.parameters}, open=False)

    def described_by(self, others: Iterable[Declaration]) -> Declaration:
        """That of a class or record some of whose fields others describe: its bases, for example."""
        parameters = {name: one for other in others for name, one in other.parameters.items()}
        every = {n: one if one.written else parameters.get(n, one) for n, one in self.parameters.items()}
        return replace(self, parameters=every)

    @property
    def without_secrets(self) -> Declaration:
        """That of a record without the fields that nothing describes."""
        return replace(self, parameters={n: one for n, one in self.parameters.items() if one.written})


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the values that a function is called with against its annotations.

    Its signature and its help name the options of a record, too, see `options`.

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
        taken = {name: (None, _annotation(kind)) for name, kind in record.__annotations__.items()}
        own = _declaration(inspect.getdoc(record) or "", taken, False)
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
    """The declaration of a function, class or record that is imported."""
    if function in _RECORDS:
        return _RECORDS[function]
    function = inspect.unwrap(function)
    signature = inspect.signature(function).parameters.values()
    taken = {
        one.name: (one.default, _annotation(one.annotation))
        for one in signature
        if one.kind is not one.VAR_KEYWORD
    }
    own = _declaration(inspect.getdoc(function) or "", taken, len(taken) < len(signature))
    record = _record_of(function)
    return own if record is None else own.taking(declared(record))


def _annotation(kind: Any) -> str:
    """An annotation as it is written in the source; those of typed dicts are wrapped."""
    written = getattr(kind, "__forward_arg__", kind)
    return written if isinstance(written, str) else inspect.formatannotation(written)


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

    if isinstance(found, ast.ClassDef):
        written = [one for made in found.decorator_list for one in getattr(made, "args", ())]
        bases = {ast.unparse(one) for one in found.bases}
        inherited = [other(one).parameters for one in written if ast.unparse(one) in bases]
        taken = {n: (one.default, one.kind.text) for base in inherited for n, one in base.items()}
        own = _declaration(doc, {**taken, **_fields(found)}, False)
        return own.described_by(map(other, written)).without_secrets
    own = _declaration(doc, *_arguments(found.args))
    kind = found.args.kwarg and found.args.kwarg.annotation
    is_record = isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Unpack"
    return own.taking(other(kind.slice)) if is_record else own


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


def _arguments(args: ast.arguments) -> tuple[dict[str, Taken], bool]:
    """The arguments of a function, and whether it takes more."""
    plain = [*args.posonlyargs, *args.args]
    values = [None] * (len(plain) - len(args.defaults)) + args.defaults
    every = zip([*plain, *args.kwonlyargs], [*values, *args.kw_defaults], strict=True)
    taken = {
        one.arg: (_literal(value), ast.unparse(one.annotation or ast.Name("Any"))) for one, value in every
    }
    return taken, args.kwarg is not None


def _fields(found: ast.ClassDef) -> dict[str, Taken]:
    """The fields of a class. Those of a typed dict may be left out."""
    optional = any(one.arg == "total" for one in found.keywords)
    return {
        ast.unparse(one.target): (None if optional else _literal(one.value), ast.unparse(one.annotation))
        for one in found.body
        if isinstance(one, ast.AnnAssign)
    }


def _literal(value: ast.expr | None) -> Any:
    return REQUIRED if value is None else ast.literal_eval(value)


def _declaration(doc: str, taken: Mapping[str, Taken], has_more: bool) -> Declaration:
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
        found += [Parameter(name.strip(), written=kind, help=help) for name in names.split(",")]
    return found
