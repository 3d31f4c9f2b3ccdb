"""Vectors at hand and vectors that can be fetched, as a table; what a download costs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.base.display import printable

__all__ = ["cost_text", "vectors_table"]

_PER_LANGUAGE = "cc."  # fastText's names, cc.LANG.300; they share a row
_HEADS = f"{'name':<38}{'lang':<5}{'licence':<13}{'words':>10}{'dim.':>5}{'MB':>7}"


def vectors_table(listed: Mapping[str, Sequence[Mapping[str, Any]]]) -> RenderableType:
    """The rows of ``selfvec vectors list --json``. The languages of fastText share a row."""
    known = listed["can_be_fetched"]
    languages = [str(row["language"]) for row in known if str(row["name"]).startswith(_PER_LANGUAGE)]
    rows = [Text("At hand", "bold"), Text(_HEADS, "bold")]
    for row in listed["at_hand"]:
        rows += _row(row, row["bytes"] / 1e6, str(row["path"]))
    rows += [Text(""), Text("Can be fetched", "bold"), Text(_HEADS, "bold")]
    for row in known:
        if not str(row["name"]).startswith(_PER_LANGUAGE):
            rows += _row(row, row["megabytes"], str(row["description"]))
        elif row["language"] == languages[0]:
            about = f"{row['description']}; LANG is the code of a language; words and MB at most"
            rows += _row({**row, "name": "cc.LANG.300", "language": "LANG"}, row["megabytes"], about)
    return Group(
        *rows,
        Text(f"\nLANG: {' '.join(languages)}\n", "dim"),
        Text("Fetch:  selfvec vectors fetch NAME\nUse:    selfvec refine TEXT --vectors NAME -o RUN"),
    )


def _row(row: Mapping[str, Any], megabytes: float, about: str) -> Iterator[Text]:
    name, language, licence = (printable(str(row[key])) for key in ("name", "language", "licence"))
    sizes = f"{row['words']:>10,}{row['dimensions']:>5}{megabytes:>7,.0f}"
    yield Text(f"{name:<38}{language:<5}{licence:<13}{sizes}")
    yield Text(f"  {about}", "dim")


def cost_text(cost: Mapping[str, Any]) -> str:
    """What a download costs and is, in two lines.

    ``cost`` holds the values of the catalogue and ``bytes``, the size that the server announces, or None.
    """
    size, most = cost["bytes"], cost["megabytes"]
    megabytes = (
        f"at most {most:,}" if size is None else f"{size / 1e6:,.1f}" if size < 1e7 else f"{size / 1e6:,.0f}"
    )
    return (
        f"{cost['name']}: {cost['description']}; {cost['source']}\n"
        f"{megabytes} MB to download; language {cost['language']}; at most {cost['words']:,} words × "
        f"{cost['dimensions']} dimensions; licence {cost['licence']}"
    )
