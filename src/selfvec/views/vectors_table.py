"""The output of ``selfvec vectors list``: local vectors, and vectors that can be fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.base.display import printable

__all__ = ["vectors_table"]

_PER_LANGUAGE = "cc."  # fastText's names, cc.LANG.300; they share a row
_HEADS = f"{'name':<39}{'licence':<14}{'words':>10}{'dim.':>6}{'MB':>8}"


def vectors_table(at_hand: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The rows of ``selfvec vectors list --json``. The languages of fastText share a row."""
    languages = [str(row["language"]) for row in known if str(row["name"]).startswith(_PER_LANGUAGE)]
    rows = [Text("At hand", "bold"), Text(_HEADS, "bold")]
    for row in at_hand:
        rows += _row(row, row["bytes"] / 1e6, str(row["path"]))
    rows += [Text(""), Text("Can be fetched", "bold"), Text(_HEADS, "bold")]
    for row in known:
        if not str(row["name"]).startswith(_PER_LANGUAGE):
            rows += _row(row, row["megabytes"], f"{row['description']} ({row['language']})")
        elif row["language"] == languages[0]:
            about = f"{row['description']}; LANG is the code of a language"
            rows += _row({**row, "name": "cc.LANG.300"}, row["megabytes"], about)
    return Group(
        *rows,
        Text(f"\nLANG: {' '.join(languages)}\n", "dim"),
        Text("Fetch:  selfvec vectors fetch NAME\nUse:    selfvec refine TEXT --vectors NAME -o RUN"),
    )


def _row(row: Mapping[str, Any], megabytes: float, about: str) -> Iterator[Text]:
    name, licence = (printable(str(row[key])) for key in ("name", "licence"))
    yield Text(f"{name:<39}{licence:<14}{row['words']:>10,}{row['dimensions']:>6}{megabytes:>8,.0f}")
    yield Text(f"  {about}", "dim")
