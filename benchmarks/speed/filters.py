"""How fast do filters choose documents, next to the same expression of Polars?

100,000 documents with an id of 17 digits, a title and a moment; 20,000 of them are asked for by name. Ours
reads the filter as JSON, compares titles in any case, and names the first value that no document has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.harness import Result, compared
from selfvec.base.arrays import Mask
from selfvec.corpus.filters import allowed
from selfvec.data.field_types import MOMENT, dtype_of

DOCUMENTS, ASKED = 100_000, 20_000


@dataclass(frozen=True)
class Documents:
    """Documents with fields, as an index has them."""

    frame: pl.DataFrame

    @property
    def fields(self) -> list[str]:
        return self.frame.columns

    @property
    def days(self) -> NDArray[np.datetime64]:
        return np.full(len(self.frame), "NaT", "datetime64[D]")

    def values(self, field: str) -> pl.Series:
        return self.frame[field]


def made() -> Documents:
    numbers = pl.int_range(DOCUMENTS, eager=True)
    columns = {
        "user": 10**16 + 7 * numbers,
        "title": pl.Series([f"Hail Storm {number:x}" for number in range(DOCUMENTS)]),
        "sent": (1_500_000_000_000_000 + numbers * 10**9).cast(dtype_of(MOMENT)),
    }
    return Documents(pl.DataFrame(columns))


def ours(documents: Documents, condition: dict[str, Any]) -> Mask:
    return allowed(documents, [json.dumps(condition)], [])


def plain(documents: Documents, expression: pl.Expr) -> Mask:
    return documents.frame.select(expression).to_series().to_numpy()


def run() -> Iterator[Result]:
    """All figures of this benchmark."""
    documents = made()
    users = documents.frame["user"].sample(ASKED, seed=1).to_list()
    titles = documents.frame["title"].sample(ASKED, seed=2).to_list()
    low = pl.col("title").str.to_lowercase()
    asked: dict[str, tuple[dict[str, Any], pl.Expr]] = {
        "20,000 ids": ({"user": {"$in": users}}, pl.col("user").is_in(users)),
        "20,000 titles": (
            {"title": {"$in": [title.upper() for title in titles]}},
            low.is_in([title.lower() for title in titles]),
        ),
        "a year of moments": ({"sent": "2018"}, pl.col("sent").dt.year() == 2018),
    }
    for name, (condition, expression) in asked.items():
        assert (ours(documents, condition) == plain(documents, expression)).all()
        yield compared(
            f"filter 100,000 documents, {name}",
            partial(ours, documents, condition),
            partial(plain, documents, expression),
            "Polars",
            amount=DOCUMENTS / 1e6,
            unit="M documents/s",
        )
