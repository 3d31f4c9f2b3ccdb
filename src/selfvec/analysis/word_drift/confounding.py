"""Fields of the documents that go with what is compared, such as a kind of text that only one period has.

If minutes are most of the new documents and few of the old, words differ between the two because minutes are
not speeches. Each value of a field is tested by documents: would a division of all documents by chance give
the two sides such different shares of it?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.corpus.filters import coded_field
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.run_text import column_of
from selfvec.numerics.statistics import hypergeometric_p

MOST_VALUES = 20  # of a field
DIFFERENCE = 0.2  # of the shares on both sides, at least
LEVEL = 0.01  # of p times the number of tests (Bonferroni)
_WITHIN = 10  # documents on each side of a value that a comparison can be restricted to

Row = dict[str, Any]


def confounded_fields(run: Run, slices: Sequence[Slice]) -> list[Row]:
    """Fields whose values go with the two slices, the most uneven first.

    A row has the ``field``, the ``value`` that differs most, its shares ``share_a`` and ``share_b`` of the
    documents, p, and ``within``: the value that most documents of both sides have, or None if hardly any
    has. Fields that only tell the date or the slice are none.
    """
    if run.text is None or run.tokens is None or len(slices) != 2:
        return []
    tested: list[Row] = []
    found: list[Row] = []
    for name, codes, values in _fields_of_few_values(run):
        counts = np.stack([_counts(codes[part.documents], len(values)) for part in slices])
        if np.count_nonzero(counts.any(axis=0)) < 2 or {part.name for part in slices} <= set(values):
            continue
        totals = [int(part.documents.sum()) for part in slices]
        rows = _rows(name, values, counts, totals)
        tested += rows
        found.append(max(rows, key=lambda row: (_difference(row), row["share_b"])))
    return sorted(
        (row for row in found if row["p"] * len(tested) <= LEVEL and _difference(row) >= DIFFERENCE),
        key=_difference,
        reverse=True,
    )


def _difference(row: Row) -> float:
    return abs(float(row["share_a"] - row["share_b"]))


def _rows(name: str, values: Sequence[str], counts: Ints, totals: Sequence[int]) -> list[Row]:
    """The values of a field, with their shares and p; ``counts`` is (2, k)."""
    p = hypergeometric_p(counts[1], counts.sum(axis=0), totals[1], sum(totals))
    common = counts.min(axis=0)
    within = values[int(common.argmax())] if common.max() >= _WITHIN else None
    shares = counts / np.array(totals)[:, None]
    return [
        {"field": name, "value": value, "share_a": a, "share_b": b, "p": one, "within": within}
        for value, a, b, one in zip(values, *shares.tolist(), p.tolist(), strict=True)
    ]


def _counts(codes: Ids, values: int) -> Ints:
    """Documents with each value."""
    return np.bincount(codes[codes >= 0], minlength=values)


def _fields_of_few_values(run: Run) -> Iterator[tuple[str, Ids, list[str]]]:
    """The fields of 2 to 20 values that are no dates: their codes, (D,), and their values."""
    text, batch = run.require_text(), run.require_tokens()
    for name in text.fields:
        if text.read((column_of(name),)).to_series().n_unique() <= MOST_VALUES + 1:  # null is one
            codes, values = coded_field(run, name)
            if 2 <= len(values) <= MOST_VALUES and not _tells_the_date(codes, batch.dates):
                yield name, codes, values


def _tells_the_date(codes: Ids, dates: Any) -> bool:
    """Whether the values follow each other in time, as years, volumes or chairs do.

    >>> days = np.array(["2001", "2003", "2002", "2004"], "datetime64[D]")
    >>> _tells_the_date(np.array([0, 1, 0, 1]), days), _tells_the_date(np.array([0, 0, 1, 1]), days)
    (True, False)
    """
    if dates is None:
        return False
    used = np.flatnonzero((codes >= 0) & ~np.isnat(dates))
    in_time = codes[used[np.lexsort((codes[used], dates[used]))]]
    return bool(np.count_nonzero(np.diff(in_time)) < len(np.unique(in_time)))
