"""The interface of all results: rows, data frames, a dict for JSON, and a short repr."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast, overload

from .display import whole_words
from .view import Column, Table, View, columns_of

if TYPE_CHECKING:
    import polars as pl

Json = dict[str, Any]
"""An object as JSON holds it: a row of a result, an answer of the page, what is kept in a cache."""

_NAMED = 5  # rows named in a repr
_WIDTH = 96  # characters of a line of a repr


class Row(dict[str, Any]):
    """A row of a result, as a dict. The attributes of the record that it shows are its own, too.

    >>> Row({"share": 0.25}, 1 + 2j)["share"], Row({}, 1 + 2j).real
    (0.25, 1.0)
    """

    def __init__(self, values: Mapping[str, Any], record: object) -> None:
        super().__init__(values)
        self.record = record

    def __getattr__(self, name: str) -> Any:
        if name == "record":  # not yet, in a copy
            raise AttributeError(name)
        return getattr(self.record, name)


class ResultTable:
    """A sequence of ``rows``, one dict for each row.

    So ``result[0]`` is the first row, and ``pandas.DataFrame(result)`` a frame of all. A `Row` has the
    attributes of the record that it shows, if the result has any, as ``hit.id``. ``as_dict`` gives what
    the command prints with ``--json``. Everything else that is shown of a result, wherever it is shown, is
    drawn from its ``view``.
    """

    listed: ClassVar[str] = ""  # the attribute that holds the records of the rows

    if TYPE_CHECKING:

        @property
        def rows(self) -> list[dict[str, Any]]:
            """The rows."""

        def as_dict(self) -> dict[str, Any]:
            """The whole result, JSON-serialisable."""

    def __len__(self) -> int:
        return len(getattr(self, self.listed or "rows"))

    def __iter__(self) -> Iterator[Row]:
        rows = self.rows  # once: they may be made for each call
        records = getattr(self, self.listed) if self.listed else rows
        return (Row(row, record) for row, record in zip(rows, records, strict=True))

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        return list(self)[place]

    @property
    def columns(self) -> Sequence[Column]:
        """What is shown of the rows; by default all keys."""
        return columns_of(self.rows)

    @property
    def messages(self) -> Sequence[str]:
        """What to know besides the result, such as what was left out. Commands print it on standard error."""
        return ()

    def view(self, top: int | None = None) -> View:
        """What is shown of the result, and of its first ``top`` rows; by default one table."""
        title = repr(self).partition("\n")[0]
        return View(title, [Table(self.columns, self.rows[:top])], records=self.rows)

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame."""
        import polars as pl

        rows = self.rows
        return pl.from_dicts(rows, infer_schema_length=None) if rows else pl.DataFrame()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream, which Polars, pandas, PyArrow and DuckDB take."""
        return self.to_polars().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas has to be installed."""
        import pandas as pd

        return pd.DataFrame(self.rows)


class RecordTable(ResultTable):
    """A dataclass whose rows are dataclasses, too: those in the field that ``listed`` names."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict for each record."""
        return [asdict(record) for record in getattr(self, self.listed)]

    def as_dict(self) -> dict[str, Any]:
        """The whole result, as its command prints it with ``--json``."""
        return asdict(cast(Any, self))


class Figures(ResultTable):
    """A few figures by name: what was written, measured or found.

    Its rows are the list under one of the names, or all figures as a single row.
    """

    def __init__(
        self, title: str, figures: dict[str, Any], *, rows: str | None = None, messages: Sequence[str] = ()
    ) -> None:
        self.title = title
        self._figures = figures
        self._rows = rows
        self._messages = messages

    @overload
    def __getitem__(self, name: str) -> Any: ...

    @overload
    def __getitem__(self, name: int) -> Row: ...

    @overload
    def __getitem__(self, name: slice) -> list[Row]: ...

    def __getitem__(self, name: str | int | slice) -> Any:
        """A figure by its name, or a row by its place."""
        return self._figures[name] if isinstance(name, str) else list(self)[name]

    def __contains__(self, name: object) -> bool:
        return name in self._figures

    def __eq__(self, other: object) -> bool:
        return self._figures == (other._figures if isinstance(other, Figures) else other)

    __hash__ = None  # type: ignore[assignment]  # as of a dict

    def keys(self) -> KeysView[str]:
        """The names of the figures, so that ``dict(figures)`` holds them."""
        return self._figures.keys()

    def items(self) -> ItemsView[str, Any]:
        """The figures with their names."""
        return self._figures.items()

    def get(self, name: str, default: Any = None) -> Any:
        """A figure by its name, or the default if there is none of that name."""
        return self._figures.get(name, default)

    @property
    def messages(self) -> Sequence[str]:
        """What to know besides the figures."""
        return self._messages

    def view(self, top: int | None = None) -> View:
        """What is shown of them, and of their first ``top`` rows; by default one table."""
        return replace(super().view(top), title=self.title)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows."""
        return [dict(self)] if self._rows is None else [dict(row) for row in self[self._rows]]

    def as_dict(self) -> dict[str, Any]:
        """The figures as a plain dict."""
        return dict(self)

    def __repr__(self) -> str:
        plain = {
            name: value
            for name, value in self._figures.items()
            if isinstance(value, bool | int | float | str)
        }
        return short_repr(self.title, [f"{name} {_shown(value)}" for name, value in plain.items()])


def short_repr(title: str, names: Sequence[str], note: str = "") -> str:
    """At most three lines: a title, the first names, and a note.

    >>> print(short_repr("Drift: 7 words", ["a", "b", "c", "d", "e", "f", "g"]))
    Drift: 7 words
      a, b, c, d, e, …
    """
    shown = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    lines = (" ".join(line.split()) for line in (title, shown, note))
    return "\n  ".join(whole_words(line, _WIDTH) for line in lines if line)


def why_unknown(row: Mapping[str, Any]) -> str:
    """Why a word that was asked for is left out, and words spelled like it."""
    alike = f"; did you mean {', '.join(row['alike'])}?" if row.get("alike") else ""
    return f"{row['word']!r} {row['reason']}{alike}"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
