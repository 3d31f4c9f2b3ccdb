"""Validation of JSON files against a schema, when they are read.

A schema looks like the JSON that it describes:

    str, bool, float       a text, true or false, a number
    range(1, 10)           a whole number in this range
    "a"                    this text
    None                   null
    [schema]               a list of such values
    {"name": schema}       an object; listed names are optional, others are allowed
    {str: schema}          an object; the schema of all names that are not listed
    {...: ("name",)}       an object; required names
    (schema, schema)       one of several
    function               value -> the broken rule, or None
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import FormatError

Schema = Any

COUNT = range(1 << 62)
"""A number of things."""


def check(value: Any, schema: Schema, path: Path, remedy: str) -> None:
    """Raise `FormatError` with the first part of a value that does not fit the schema."""
    found = misfit(value, schema)
    if found is not None:
        place, rule = found
        raise FormatError(rule, path=path, field=place or None, remedy=remedy)


def misfit(value: Any, schema: Schema, place: str = "") -> tuple[str, str] | None:
    """The path of the first part that does not fit, and the rule; None if the whole value fits.

    >>> misfit({"files": [{"bytes": 3}, {"bytes": -3}]}, {"files": [{"bytes": COUNT}]})
    ('files.1.bytes', 'is a whole number of at least 0, not -3')
    """
    if isinstance(schema, tuple):
        found = [misfit(value, one, place) for one in schema]
        if None in found:
            return None
        inside = next((one for one in found if one is not None and one[0] != place), None)
        return inside or (place, f"is {' or '.join(map(_described, schema))}, not {_shown(value)}")
    if isinstance(schema, dict) and isinstance(value, dict):
        return _misfit_inside(value, schema, place)
    if isinstance(schema, list) and isinstance(value, list):
        return _misfit_inside({str(number): one for number, one in enumerate(value)}, {str: schema[0]}, place)
    if callable(schema) and not isinstance(schema, type):
        rule = schema(value)
        return None if rule is None else (place, rule)
    return None if _fits(value, schema) else (place, f"is {_described(schema)}, not {_shown(value)}")


def _misfit_inside(value: dict[str, Any], schema: dict[Any, Schema], place: str) -> tuple[str, str] | None:
    """The first part of an object that does not fit, or else the first required name that is missing."""
    for name, one in value.items():
        inner = schema.get(name, schema.get(str))
        found = None if inner is None else misfit(one, inner, f"{place}.{name}" if place else name)
        if found is not None:
            return found
    missing = next((name for name in schema.get(..., ()) if name not in value), None)
    return None if missing is None else (place, f"lacks {missing!r}")


def _fits(value: Any, schema: Schema) -> bool:
    """Whether a value without parts fits."""
    if schema is str:
        return isinstance(value, str) and "\0" not in value
    if schema is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(schema, range):
        return type(value) is int and value in schema
    return (
        type(value) is schema if isinstance(schema, type) else type(value) is type(schema) and value == schema
    )


def _described(schema: Schema) -> str:
    if isinstance(schema, range):
        least = f"a whole number of at least {schema.start:,}"
        return least if schema == COUNT else f"a whole number from {schema.start:,} to {schema.stop - 1:,}"
    if isinstance(schema, dict | list):
        return "an object" if isinstance(schema, dict) else "a list"
    names: dict[Any, str] = {str: "a text", bool: "true or false", float: "a number", None: "null"}
    return names[schema] if schema is None or isinstance(schema, type) else repr(schema)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
