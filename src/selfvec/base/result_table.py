"""The interface of all results: rows, data frames, a dict for JSON, and a short repr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from .display import whole_words
from .view import Column, Table, View, columns_of

if TYPE_CHECKING:
    import polars as pl

Record = TypeVar("Record")

_NAMED = 5  # rows named in a repr
_WIDTH = 96  # characters of a line of a repr


class ResultTable:
    """A result with ``rows``, one dict for each row.

    ``as_dict`` gives what the command prints with ``--json``. Everything else that is shown of a result,
    wherever it is shown, is drawn from its ``view``.
    """

    if TYPE_CHECKING:

        @property
        def rows(self) -> list[dict[str, Any]]:
            """The rows."""

        def as_dict(self) -> dict[str, Any]:
            """The whole result, JSON-serialisable."""

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

        return pd.DataFrame.from_records(self.rows)


class RecordTable(ResultTable, Generic[Record]):
    """A dataclass whose rows are dataclasses, too: those in the field that ``listed`` names."""

    listed: ClassVar[str]

    def __len__(self) -> int:
        return len(getattr(self, self.listed))

    def __iter__(self) -> Iterator[Record]:
        return iter(getattr(self, self.listed))

    def __getitem__(self, place: int) -> Record:
        return cast(Record, getattr(self, self.listed)[place])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict for each record."""
        return [asdict(cast(Any, record)) for record in self]

    def as_dict(self) -> dict[str, Any]:
        """The whole result, as its command prints it with ``--json``."""
        return asdict(cast(Any, self))


class Figures(dict[str, Any], ResultTable):
    """A dict of a few figures: what was written, measured or found.

    Its rows are the list under one of its keys, or the dict itself as a single row.
    """

    def __init__(
        self, title: str, figures: dict[str, Any], *, rows: str | None = None, messages: Sequence[str] = ()
    ) -> None:
        super().__init__(figures)
        self.title = title
        self._rows = rows
        self._messages = messages

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
        plain = {name: value for name, value in self.items() if isinstance(value, bool | int | float | str)}
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
