"""Records of options: a command that has a record as a parameter takes all of its fields as options.

A record is a dataclass. A field is described by its annotation, or, as in `selfvec.data.settings.Settings`,
by `selfvec.data.settings.option`. Typer reads flat functions only, so `with_options` makes one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, get_args, get_type_hints

from selfvec.data.settings import Option, option_of

from .arguments import listed, opt
from .parser import help_all

__all__ = ["keyword_option", "with_keywords", "with_options"]


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command with one option for each field of its records.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Size:
    ...     width: int = 2
    ...     height: int = 3
    >>> def area(name: str, size: Size) -> str:
    ...     return f"{name} {size.width * size.height}"
    >>> flat = with_options(area)
    >>> list(inspect.signature(flat).parameters), flat(name="a", width=4, height=5)
    (['name', 'width', 'height', 'help_all'], 'a 20')
    """
    records: dict[str, Any] = {}
    parameters = []
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        if is_dataclass(parameter.annotation):
            records[name] = parameter.annotation
            parameters += _parameters(parameter.annotation)
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
    parameters.append(keyword_option("help_all", Annotated[bool, help_all], False))

    @wraps(command)
    def flat(**given: Any) -> Any:
        given.pop("help_all", None)
        for name, record in records.items():
            given[name] = _made(record, {field.name: given.pop(field.name) for field in _fields(record)})
        return command(**given)

    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return flat


def with_keywords(
    command: Callable[..., Any], options: Sequence[Parameter], *, before: str
) -> Callable[..., Any]:
    """Give a command, which takes any keywords, these options, before one of its parameters."""
    signature = inspect.signature(command, eval_str=True)
    own = [one for one in signature.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    place = [one.name for one in own].index(before)
    parameters = [*own[:place], *options, *own[place:]]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return command


def keyword_option(name: str, annotation: Any, default: Any) -> Parameter:
    """An option as a parameter, which is given by its name."""
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _parameters(record: Any) -> list[Parameter]:
    """The fields of a record as parameters."""
    hints = get_type_hints(record, include_extras=True)
    parameters = []
    for field in _fields(record):
        hint = hints[field.name]
        default = field.default
        if "option" in field.metadata:
            about = option_of(field)
            default = None if about.many or about.otherwise else default
            hint = _annotation(about, hint, field.name, default)
        parameters.append(keyword_option(field.name, hint, default))
    return parameters


def _fields(record: Any) -> list[Field[Any]]:
    """The fields that are options on the command line."""
    return [f for f in fields(record) if "option" not in f.metadata or option_of(f).on_command_line]


def _annotation(about: Option, hint: Any, name: str, default: Any) -> Any:
    """An option as Typer reads it. What may be a number or a word is read as text, see `_value`."""
    if about.many or {int, str} <= set(get_args(hint)):
        hint = list[str] if about.many == "repeat" else str
    if default is None:
        hint = hint | None
    flags = about.flags or ("--" + name.replace("_", "-"),)
    number = "X" if about.number else "N" if about.least is not None else None
    metavar = about.metavar or "|".join(about.choices) or number
    return Annotated[
        hint,
        opt(about.help, metavar, *flags, panel=about.panel, default=about.otherwise, hidden=about.hidden),
    ]


def _made(record: Any, typed: dict[str, Any]) -> Any:
    """A record of the options that were typed; those with a default in words that were not are left out."""
    given = {}
    for field in _fields(record):
        value = typed[field.name]
        if "option" in field.metadata:
            about = option_of(field)
            if value is None and about.otherwise:
                continue
            value = _value(about, value, field.default)
        given[field.name] = value
    return getattr(record, "given", record)(**given)


def _value(about: Option, typed: Any, default: Any) -> Any:
    """The value of an option from what was typed."""
    if about.many:
        return (listed(typed) if about.many == "comma" else typed) or default
    if about.least is not None and isinstance(typed, str) and typed.isdecimal():
        return int(typed)
    return typed
