"""A batch of documents, as it is read."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from selfvec.base.arrays import Ints, Mask

from .run_text import DATE, TEXT, column_or_nulls


class Documents:
    """A batch of documents in reading order, or their (D,) texts alone.

    ``rows`` are those of a `selfvec.data.run_text.RunText`. Columns that the source lacks may be missing.
    ``dates`` are those of `DateField.read` until it takes note of them, ``lines`` those of rows in a file.
    """

    def __init__(
        self,
        rows: pl.DataFrame | pl.Series,
        dates: pl.DataFrame | None = None,
        lines: Ints | None = None,  # (D,) the first line of each document, from 1
    ) -> None:
        self.rows = rows.alias(TEXT).to_frame() if isinstance(rows, pl.Series) else rows
        self.dates = dates
        self.lines = lines

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def texts(self) -> pl.Series:
        return self.rows[TEXT]

    def get(self, column: str) -> pl.Series | None:
        values: pl.Series | None = self.rows.get_column(column, default=None)
        return values

    def days(self) -> pl.Series:
        return column_or_nulls(self.rows, DATE)

    def part(self, kept: Mask) -> Documents:
        mask = pl.Series(kept)
        dates = None if self.dates is None else self.dates.filter(mask)
        return Documents(self.rows.filter(mask), dates, None if self.lines is None else self.lines[kept])

    def of_rows(self, rows: pl.DataFrame) -> Documents:
        """The same documents with other columns."""
        return Documents(rows, self.dates, self.lines)

    def labelled(self, column: str, value: str | pl.Expr) -> Documents:
        value = pl.lit(value) if isinstance(value, str) else value
        return self.of_rows(self.rows.with_columns(value.alias(column)))


def concatenated(batches: Sequence[Documents]) -> Documents:
    """Several batches as one; columns are null for sources without them."""
    if len(batches) == 1:
        return batches[0]
    return Documents(pl.concat([batch.rows for batch in batches], how="diagonal"))
