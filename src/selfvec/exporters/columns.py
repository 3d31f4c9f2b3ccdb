"""Fields of documents as columns of a store: names that every store accepts, and values with their types."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["column_names", "typed_column"]


def column_names(fields: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """Column names of fields: valid in every store and in SQL, and distinct.

    >>> column_names(["state", "Text", "wind speed", "_score"], ["id", "text"])
    {'state': 'state', 'Text': 'Text_', 'wind speed': 'wind_speed', '_score': 'field_score'}
    """
    used = set(taken)
    out = {}
    for old in fields:
        name = re.sub(r"\W", "_", old) or "_"
        name = f"field{name}" if name.startswith("_") else name
        while name.lower() in used:
            name += "_"
        used.add(name.lower())
        out[old] = name
    return out


def typed_column(values: pl.Series) -> pl.Series:
    """Strings as numbers, booleans, lists or objects, if all of them are written so.

    ``007`` and ``1.50`` stay strings, and so does JSON of several types.
    """
    import polars as pl

    whole = values.str.strip_suffix(".0")
    for kind in (pl.Int64, pl.Float64):
        numbers = values.cast(kind, strict=False)
        if numbers.cast(pl.String).str.strip_suffix(".0").eq_missing(whole).all():
            return numbers
    if not values.str.contains(r"^(true$|false$|\[|\{)").fill_null(True).all():
        return values
    try:
        parsed = _of_one_type(values.name, [None if text is None else json.loads(text) for text in values])
    except (ValueError, RecursionError):
        return values
    return values if parsed is None else parsed


def _of_one_type(name: str, values: list[Any]) -> pl.Series | None:
    """JSON values as a column; None if they have several types, or a type that stores do not support."""
    import polars as pl

    kinds = {type(value) for value in values if value is not None}
    if kinds == {list}:
        items = _of_one_type(name, [item for value in values if value is not None for item in value])
        return None if items is None else pl.Series(name, values, dtype=pl.List(items.dtype))
    if kinds == {dict}:
        keys = column_names(list(dict.fromkeys(key for value in values if value for key in value)), [])
        columns = {new: _of_one_type(new, [(v or {}).get(old) for v in values]) for old, new in keys.items()}
        parts = [column for column in columns.values() if column is not None]
        return pl.DataFrame(parts).to_struct(name) if parts and len(parts) == len(columns) else None
    for allowed, dtype in (
        ({bool}, pl.Boolean),
        ({int}, pl.Int64),
        ({int, float}, pl.Float64),
        ({str}, pl.String),
    ):
        if kinds <= allowed:
            wide = any(isinstance(value, int) and abs(value) > 1 << 53 for value in values)
            return None if wide else pl.Series(name, values, dtype=dtype if kinds else pl.String)
    return None
