"""Known layouts of files: columns that tell where a file comes from, and how its rows become documents.

A layout is a row of `LAYOUTS`; the readers are the same for all files. In a layout each text column is a
document of its own, and a repeated text is kept once: many rows may carry the same report.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class UnquotedColumn:
    """A column whose values may hold delimiters that are not quoted.

    The value of ``check`` has a known form, which shows where the unquoted value ends.
    """

    name: str
    check: str
    form: re.Pattern[str]  # of the whole value of ``check``

    def rejoined(self, row: list[str], names: tuple[str, ...]) -> list[str] | None:
        """A row that is longer than ``names`` with its value joined again by commas; None for other rows."""
        at = names.index(self.name)
        more = len(row) - len(names)
        whole = [*row[:at], ",".join(row[at : at + more + 1]), *row[at + more + 1 :]]
        return whole if self.form.fullmatch(whole[names.index(self.check)]) else None


@dataclass(frozen=True)
class Layout:
    """The columns of a known source; names of columns are compared in lower case."""

    name: str  # as in run.json
    columns: tuple[str, ...]  # a file with all of these has this layout
    text: tuple[str, ...]  # in reading order
    id_suffixes: tuple[str, ...]  # added to the id of the row, for each text column
    date: tuple[str, ...] = ()  # those that exist are read; if empty, the usual names are looked for
    unquoted: UnquotedColumn | None = None


_NARRATIVES = ("episode_narrative", "event_narrative")
_NARRATIVE_IDS = (":episode", "")

LAYOUTS = (
    Layout(
        "noaa details",  # the yearly files of NOAA Storm Events
        (*_NARRATIVES, "begin_yearmonth", "begin_day"),
        _NARRATIVES,
        _NARRATIVE_IDS,
        date=("begin_yearmonth", "begin_day"),  # BEGIN_DATE_TIME has two-digit years
    ),
    Layout(
        "noaa export",  # the web search
        (*_NARRATIVES, "cz_name_str"),
        _NARRATIVES,
        _NARRATIVE_IDS,
        date=("begin_date",),
        unquoted=UnquotedColumn("CZ_NAME_STR", "BEGIN_DATE", re.compile(r"\d{2}/\d{2}/\d{4}", re.ASCII)),
    ),
    Layout("noaa events", _NARRATIVES, _NARRATIVES, _NARRATIVE_IDS),
)
"""The first layout that fits a file counts, so the ones with more columns come first."""


def layout_of(columns: Collection[str]) -> Layout | None:
    """The layout of a file with these columns, in lower case; None for other files."""
    return next((layout for layout in LAYOUTS if set(layout.columns).issubset(columns)), None)


def unquoted_column(names: Collection[str]) -> UnquotedColumn | None:
    """The column of a file with these columns whose values may hold unquoted delimiters."""
    columns = (layout.unquoted for layout in LAYOUTS if layout.unquoted)
    return next((column for column in columns if {column.name, column.check} <= set(names)), None)
