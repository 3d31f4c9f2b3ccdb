"""The names that a person gives to topics: a table with a row for each, its name and the terms of its topic.

A run keeps them as `TOPICS`, and `text topics --report` writes such a table to be edited.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from selfvec.base.errors import InputError
from selfvec.data.run import TopicName
from selfvec.files.report_page import save_rows

TOPICS = "topics.csv"


def read_names(path: str | os.PathLike[str]) -> list[TopicName]:
    """The names in a table of topics: a row for each, with its ``name`` and its ``terms``, between commas."""
    remedy = "give what selfvec text topics RUN --report topics.csv wrote, with other names in it"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not in UTF-8", path=path, remedy=remedy) from None
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in head else ",")
    if not {"name", "terms"} <= set(rows.fieldnames or ()):
        raise InputError("has no columns name and terms", path=path, remedy=remedy)
    out = []
    for row in rows:
        name = " ".join((row["name"] or "").removeprefix("'").split())  # the sign against formulas
        terms = tuple(term.strip() for term in (row["terms"] or "").split(",") if term.strip())
        if name and terms:
            out.append(TopicName(name, terms))
    return out


def write_names(path: Path, names: Sequence[TopicName]) -> None:
    """Write the table to a new file; it can be edited and given back."""
    import polars as pl

    name = pl.Series([own.name for own in names], dtype=pl.String)
    terms = pl.Series([list(own.terms) for own in names], dtype=pl.List(pl.String))
    save_rows(pl.DataFrame({"name": name, "terms": terms}), path)
