"""`Answer`: what a function found: findings, rows with declared columns, figures by name, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .display import whole_words
from .view import Column, Part, Table, View, any_value, columns_of

if TYPE_CHECKING:
    import polars as pl

    from .finding import Finding

Json = dict[str, Any]  # as JSON holds it: a row of a result, an answer of the page, what a cache keeps

_NAMED = 5  # rows named in a repr
_WIDTH = 96  # characters of a line of a repr


class Row(dict[str, Any]):
    """A row of an answer: a dict whose values are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


class Answer:
    """Findings, rows, of which it is a sequence, and figures by name.

    ``answer[0]`` is a row, and ``answer["words"]``, as ``answer.words``, a figure. ``as_dict`` is what
    ``--json`` prints; all else that is shown, wherever that is, is drawn from ``view``.

    Parameters
    ----------
    title : str
    figures : dict
        All of the JSON but for the findings.
    rows : str or list of dict
        The rows, or the figure that they are; without that figure, all figures are a single row.
    columns : sequence of Column
        What is shown of the rows; by default all keys.
    lead, findings, parts, notes : sequence
        What is shown, in this order; ``parts`` are by default the rows as one table.
    messages : sequence of str
        What to know besides, such as what was left out. Commands print it on standard error.
    """

    _title = ""
    _columns: Sequence[Column] = ()
    _lead: Sequence[Part] = ()
    _parts: Sequence[Part] | None = None
    _below: Sequence[str] = ()
    _messages: Sequence[str] = ()

    if TYPE_CHECKING:

        @property
        def rows(self) -> list[dict[str, Any]]:
            """The rows."""

    def __init__(
        self,
        title: str,
        figures: Json,
        *,
        rows: str | list[Json] = "rows",
        columns: Sequence[Column] = (),
        lead: Sequence[Part] = (),
        findings: Sequence[Finding] | None = None,
        parts: Sequence[Part] | None = None,
        notes: Sequence[str] = (),
        messages: Sequence[str] = (),
    ) -> None:
        if findings is not None:
            figures = {"findings": [finding.as_dict() for finding in findings], **figures}
        listed = figures.get(rows, [figures]) if isinstance(rows, str) else rows
        self._title, self._figures, self._columns = title, figures, columns
        self._lead, self._parts, self._below, self._messages = lead, parts, notes, messages
        vars(self).update(rows=listed, findings=list(findings or ()))

    def __getattr__(self, name: str) -> Any:
        figures = vars(self).get("_figures", {})
        if name in figures:
            return figures[name]
        raise AttributeError(f"{type(self).__name__!r} has no attribute or figure {name!r}", name=name)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return map(Row, self.rows)

    def __getitem__(self, place: str | int | slice) -> Any:
        return self.as_dict()[place] if isinstance(place, str) else list(self)[place]

    @property
    def columns(self) -> Sequence[Column]:
        """What is shown of the rows."""
        return self._columns or columns_of(self.rows)

    @property
    def messages(self) -> Sequence[str]:
        """What to know besides, such as what was left out."""
        return self._messages

    def view(self, top: int | None = None) -> View:
        """What is shown, of tables the first ``top`` rows."""
        parts = [Table(self.columns, self.rows)] if self._parts is None else self._parts
        shown = [part.select(top) if isinstance(part, Table) else part for part in parts]
        found = [finding.pieces for finding in vars(self).get("findings", ())]
        title = self._title or repr(self).partition("\n")[0]
        return View(title, [*self._lead, *found, *shown], notes=self._below, records=self.rows)

    def as_dict(self) -> Json:
        """The whole answer, JSON-serialisable."""
        return dict(self._figures)

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame; a dict in them becomes columns, such as ``fields.state``."""
        return frame_of(self.rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream, which Polars, pandas, PyArrow and DuckDB take."""
        return self.to_polars().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas has to be installed."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def __repr__(self) -> str:
        if self._columns:
            return short_repr(self._title, [str(row[self._columns[0].name]) for row in self.rows])
        plain = [
            f"{name} {any_value(value)}"
            for name, value in self._figures.items()
            if isinstance(value, bool | int | float | str)
        ]
        return short_repr(self._title, plain)


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a Polars frame, in which a dict becomes columns, such as ``fields.state``."""
    import polars as pl
    from polars.selectors import struct

    if not rows:
        return pl.DataFrame()
    return pl.from_dicts(rows, infer_schema_length=None).unnest(struct(), separator=".")


def as_rows(columns: Mapping[str, Any]) -> list[Json]:
    """A dict for each row of columns, lists or arrays of equal length; what is not known, NaN, is None.

    >>> import numpy as np
    >>> as_rows({"word": ["hail", "mast"], "count": np.array([3, 1]), "share": np.array([np.nan, 0.5])})
    [{'word': 'hail', 'count': 3, 'share': None}, {'word': 'mast', 'count': 1, 'share': 0.5}]
    """
    lists = (column.tolist() if hasattr(column, "tolist") else column for column in columns.values())
    known = ([None if value != value else value for value in values] for values in lists)
    return [dict(zip(columns, row, strict=True)) for row in zip(*known, strict=True)]


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
