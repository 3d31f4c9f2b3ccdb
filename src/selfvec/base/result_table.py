"""What all results with rows can do: data frames, and a repr of three lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ResultTable", "short_repr"]

_NAMED = 5  # rows named in a repr


class ResultTable:
    """A result with ``rows``, dicts or dataclasses, that can be shown as a table."""

    if TYPE_CHECKING:

        @property
        def rows(self) -> Sequence[Any]:
            """The rows."""

    def records(self) -> list[dict[str, Any]]:
        """The rows as dicts with the same keys, in order."""
        return [row if isinstance(row, dict) else asdict(row) for row in self.rows]

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame."""
        import polars as pl

        return pl.from_dicts(self.records(), infer_schema_length=None)

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas has to be installed."""
        import pandas as pd

        return pd.DataFrame.from_records(self.records())


def short_repr(title: str, names: Sequence[str], note: str = "") -> str:
    """At most three lines: a title, the first names, and a note."""
    shown = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return "\n  ".join(line for line in (title, shown, note) if line)
