"""What the values of a field are, which is decided once, over all of its values, when a text is read.

A field is text, a whole number, a number, true or false, a day, a moment, or a list of one of these. So it is
written into the Parquet file of a run, and so filters compare it. Where it is shown, it is `written` again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Ids

if TYPE_CHECKING:
    import polars as pl

TEXT, INTEGER, NUMBER, TRUTH, DAY, MOMENT = "text", "integer", "number", "truth", "day", "moment"
NOTHING = "nothing"  # no document has a value yet
LIST = "list of "
_MISSING = ("", "-", "--", "nan", "nat", "none", "null", "na", "n/a", "<na>", "#n/a")
"""What programs write where there is no value, in lower case; in a field of texts it stays."""

_WHOLE = r"^[+-]?(?:0|[1-9][0-9]*)$"
# As people write them: 1.234,56 €, $3, 12 %. 01067 and 1_0 are codes, and 12e4 is rather a hash.
_NUMBER = (
    r"^[+-]?(?:\p{Sc}\s?)?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:%s[0-9]{3})+|)(?:%s[0-9]+)?(?:[eE][+-][0-9]+)?"
    r"(?:\s?[\p{Sc}%%])?$"
)
_MARKS = {".": (r"[,'’\s]", r"\."), ",": (r"[.'’\s]", ",")}  # between groups of three digits; before decimals
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(?:(:[0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?: ?([Zz]|[+-][0-9]{2}:?[0-9]{2}))?$"
)
_EXACT = 15  # digits of a number that is not rounded
_LONG = rf"^[+-]?[0-9]{{{_EXACT + 1},}}$"


def dtype_of(kind: str) -> Any:
    """The type of Polars that holds values of a kind."""
    import polars as pl

    if kind.startswith(LIST):
        return pl.List(dtype_of(kind.removeprefix(LIST)))
    kinds: dict[str, Any] = {
        TEXT: pl.String(),
        INTEGER: pl.Int64(),
        NUMBER: pl.Float64(),
        TRUTH: pl.Boolean(),
        DAY: pl.Date(),
        MOMENT: pl.Datetime("us", "UTC"),
        NOTHING: pl.Null(),
    }
    return kinds[kind]


def fault_of_kind(kind: Any) -> str | None:
    """The rule that what a file calls a kind of values breaks; None if it is one."""
    kinds = (TEXT, INTEGER, NUMBER, TRUTH, DAY, MOMENT, NOTHING)
    is_kind = isinstance(kind, str) and kind.replace(LIST, "") in kinds
    return None if is_kind else f"is a kind of values: {', '.join(kinds)}, or a list of one"


def kind_of(dtype: Any) -> str:
    """The kind of the values that a type of Polars holds; text of others, which no run has."""
    import polars as pl

    if isinstance(dtype, pl.List):
        return LIST + kind_of(dtype.inner)
    every = (INTEGER, NUMBER, TRUTH, DAY, MOMENT, NOTHING)
    return next((kind for kind in every if dtype_of(kind) == dtype), TEXT)


def common_kinds(texts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The kind of each field of several texts: that of the first text with a value of it.

    >>> common_kinds([{"year": NOTHING}, {"year": INTEGER, "state": TEXT}])
    {'year': 'integer', 'state': 'text'}
    """
    kinds: dict[str, str] = {}
    for own in texts:
        kinds |= {name: kind for name, kind in own.items() if kinds.get(name, NOTHING) == NOTHING}
    return kinds


def parse_moments(values: pl.Series) -> pl.Series:
    """The moments of a column, ``Datetime("us", "UTC")``; null for days without a time and for other texts.

    They are written as ISO 8601 has it, with ``T`` or a blank. Those without a zone are taken as UTC.

    >>> import polars as pl
    >>> moments = parse_moments(pl.Series(["2020-06-18T15:17:00.5+02:00", "2020-06-18 15:17", "soon"]))
    >>> written(moments).to_list()
    ['2020-06-18T13:17:00.500Z', '2020-06-18T15:17:00Z', None]
    """
    import polars as pl

    return values.to_frame().select(_moments(pl.col(values.name))).to_series()


def _moments(values: pl.Expr) -> pl.Expr:
    import polars as pl

    groups = values.str.strip_chars().str.extract_groups(_MOMENT).struct
    day, clock, seconds, fraction, zone = (groups.field(str(number)) for number in range(1, 6))
    second = pl.concat_str(seconds.fill_null(":00"), pl.lit("."), fraction.fill_null("0"))
    text = pl.concat_str(day, pl.lit("T"), clock, second, zone.str.to_uppercase().fill_null("Z"))
    read = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False)
    return read.alias(values.meta.output_name())


def parsed(values: pl.Series, kind: str, decimal: str = ".") -> pl.Series:
    """Texts as values of a kind; null for those that are none.

    >>> import polars as pl
    >>> parsed(pl.Series(["4", "007", "n/a", "1_0"]), INTEGER).to_list()
    [4, None, None, None]
    >>> parsed(pl.Series(["€ 4,50", "3"]), NUMBER, ",").to_list()
    [4.5, 3.0]
    """
    return typed(values.to_frame(), {values.name: (kind, decimal)}).to_series()


def typed(documents: pl.DataFrame, forms: Mapping[str, tuple[str, str]]) -> pl.DataFrame:
    """Columns of texts as values of these kinds, all in one pass; numbers have a decimal mark each."""
    import polars as pl

    made = documents.select(_parsing(pl.col(name), *form) for name, form in forms.items())
    for name, (kind, _) in forms.items():
        if kind.startswith(LIST):
            made = made.with_columns(
                pl.Series(name, [_list(t, kind) for t in documents[name].str.strip_chars()], dtype_of(kind))
            )
    return made


def _parsing(values: pl.Expr, kind: str, decimal: str = ".") -> pl.Expr:
    """Texts as values of a kind, null where a number would be rounded to another; lists stay texts."""
    import polars as pl

    dtype, stripped = dtype_of(kind), values.str.strip_chars()
    if kind == MOMENT:
        return pl.coalesce(_moments(values), _parsing(values, DAY).cast(dtype))
    if kind == TRUTH:
        low = stripped.str.to_lowercase()
        return pl.when(low.is_in(["true", "false"])).then(low == "true")
    if kind == DAY:
        return pl.when(stripped.str.contains(_DAY)).then(stripped).str.to_date("%Y-%m-%d", strict=False)
    if kind == INTEGER:
        return pl.when(stripped.str.contains(_WHOLE)).then(stripped).cast(dtype, strict=False)
    if kind == NUMBER:
        plain = stripped.str.replace_all(rf"[^0-9eE+{_MARKS[decimal][1]}-]", "").str.replace(
            decimal, ".", literal=True
        )
        number = (
            pl.when(stripped.str.contains(_NUMBER % _MARKS[decimal])).then(plain).cast(dtype, strict=False)
        )
        whole, exact = (text.cast(pl.Int128, strict=False) for text in (number, plain))
        return pl.when(number.is_finite() & (~plain.str.contains(_LONG) | (whole == exact))).then(number)
    return values if kind.startswith(LIST) else values.cast(dtype, strict=False)


def _list(text: str | None, kind: str) -> list[Any] | None:
    """A list of JSON as one of a kind; None for other texts."""
    inner = kind.removeprefix(LIST)
    items = list_items(text)
    if items is None:
        return None
    if inner == TEXT:
        return [item if item is None or isinstance(item, str) else json.dumps(item) for item in items]
    kinds: dict[str, tuple[type, ...]] = {INTEGER: (int,), NUMBER: (int, float), TRUTH: (bool,)}
    return items if all(item is None or type(item) in kinds[inner] for item in items) else None


def list_items(text: str | None) -> list[Any] | None:
    """The items of a list of JSON, all of which are plain values, and whole numbers of 64 bits."""
    if text is None or not text.startswith("["):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    plain = isinstance(items, list) and not any(
        isinstance(item, list | dict) or (isinstance(item, int) and abs(item) >= 1 << 63) for item in items
    )
    return items if plain else None


def read_as(documents: pl.DataFrame, kinds: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Columns of texts without what stands for no value, and as values of these kinds.

    A text that is none of its column's is null in the latter alone.

    >>> import polars as pl
    >>> texts, values = read_as(pl.DataFrame({"size": ["4", "soon", None, "n/a"]}), {"size": INTEGER})
    >>> texts["size"].to_list(), values["size"].to_list()
    (['4', 'soon', None, None], [4, None, None, None])
    """
    import polars as pl

    texts = documents.select(without_missing(pl.col(name)) for name in kinds)
    values = typed(texts, {name: (kind, ".") for name, kind in kinds.items()})
    for name in kinds:
        if kinds[name] == NUMBER and values[name].count() < texts[name].count():
            values = values.with_columns(
                max(values[name], parsed(texts[name], NUMBER, ","), key=pl.Series.count)
            )
    return texts, values


def shown_kind(kind: str) -> str:
    """A kind in a sentence.

    >>> shown_kind(INTEGER), shown_kind("list of text")
    ('a whole number', 'a list of text')
    """
    named = {INTEGER: "a whole number", TRUTH: "true or false"}
    return named.get(kind, f"a {kind}")


def written(values: pl.Series) -> pl.Series:
    """Values of any kind as texts: numbers as short as they can be, days and moments as in ISO 8601.

    >>> import polars as pl
    >>> [written(pl.Series(own)).to_list() for own in ([4.0, 0.5, None], [True], [["a", "b"]], [7])]
    [['4', '0.5', None], ['true'], ['["a", "b"]'], ['7']]
    """
    return all_written(values.to_frame(), [values.name]).to_series()


def plain_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document as JSON has them: days and moments in ISO 8601."""
    return {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, date) else value
        for name, value in fields.items()
    }


def all_written(documents: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """Documents in which these columns are texts, as `written` has them."""
    import polars as pl

    def text(name: str) -> pl.Series | pl.Expr:
        kind = kind_of(documents[name].dtype)
        if not kind.startswith(LIST):
            return _writing(pl.col(name), kind)
        lists = documents[name].to_list()
        texts = [None if own is None else json.dumps(own, ensure_ascii=False) for own in lists]
        return pl.Series(name, texts, pl.String)

    return documents.with_columns(map(text, names))


def _writing(values: pl.Expr, kind: str) -> pl.Expr:
    import polars as pl

    text = values.cast(pl.String)
    if kind == NUMBER:
        short = (values == values.round(0)) & (values.abs() < 10**_EXACT)
        return pl.when(short).then(values.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)
    return values.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ") if kind == MOMENT else text


def without_missing(values: pl.Expr) -> pl.Expr:
    """Texts without what stands for no value."""
    import polars as pl

    return pl.when(~values.str.strip_chars().str.to_lowercase().is_in(_MISSING)).then(values)


def coded(values: Sequence[str | None]) -> tuple[Ids, list[str]]:
    """Values as codes, (D,), -1 for None, and the value of each code, in the order of their first use.

    >>> codes, names = coded(["IOWA", None, "OHIO", "IOWA"])
    >>> codes.tolist(), names
    ([0, -1, 1, 0], ['IOWA', 'OHIO'])
    """
    names = list(dict.fromkeys(value for value in values if value is not None))
    number = {value: code for code, value in enumerate(names)}
    return np.array([-1 if value is None else number[value] for value in values], np.int32), names
