"""Recognition of the columns that hold the text, the date and the id of a document.

The usual names are recognised, and the choice is recorded. If none is recognised, the error lists the
columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from selfvec.base.errors import CorpusError

from .layouts import Layout, layout_of
from .readable import readable

__all__ = ["TITLES", "Fields", "recognise"]

TITLES = ("title", "headline", "subject")
TEXTS = (
    *("text", "body", "content", "contents", "narrative", "event_narrative", "episode_narrative"),
    *("abstract", "full_text", "fulltext", "description", "message", "review", "document"),
    *("article", "report", "note", "notes", "comment", "post", "tweet", "sentence", "summary"),
)
DATES = (
    *("date", "datetime", "date_time", "timestamp", "published", "published_at"),
    *("publication_date", "pub_date", "pubdate", "created_at", "created", "created_utc"),
    *("posted_at", "event_date", "incident_date", "report_date", "begin_date", "begin_date_time"),
    *("year", "publication_year"),
)
IDS = ("_id", "id", "doc_id", "docid", "document_id", "event_id", "pmid", "uuid")

_DATA = re.compile(r"^\W*\d[\d\s.,:/+-]*$|[.!?]\W*$|(?:\S+\s+){5}\S")
"""A number or date, the end of a sentence, or six words."""
_SHOWN = 40  # characters of it in an error
_ASKING_FIELDS = "--fields NAME; this file has"
_ASKING_SLICE = "--slice-field NAME; this file has"


@dataclass(frozen=True)
class Fields:
    """The columns of one file that are read."""

    text: tuple[str, ...]  # joined by a blank line; with a layout, each is a document of its own
    date: tuple[str, ...] = ()  # none, one column, or two for year-month and day
    id: str | None = None
    layout: Layout | None = None
    slice: str | None = None
    text_given: bool = False  # named by the user, not recognised
    date_given: bool = False
    kept: tuple[str, ...] = field(default=(), repr=False)  # other columns to keep
    every: bool = False  # whether columns that appear later are kept, too
    unread: tuple[str, ...] = ()  # columns to keep that cannot be read

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that documents are made of, each once."""
        single = [name for name in (self.id, self.slice) if name]
        return tuple(dict.fromkeys((*self.text, *self.date, *single)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once; those that are only kept come last."""
        return tuple(dict.fromkeys((*self.needed, *self.kept)))

    @property
    def date_name(self) -> str | None:
        """The names of the date's columns, as shown to users."""
        return " + ".join(self.date) or None

    @property
    def layout_name(self) -> str | None:
        """The name of the layout, as in ``run.json``."""
        return None if self.layout is None else self.layout.name


def recognise(
    columns: Sequence[str],
    path: str,
    text_fields: Sequence[str] | None = None,
    date_field: str | None = None,
    slice_field: str | None = None,
    *,
    keep: bool | Sequence[str] = False,
    asking: str = "--text-field NAME; this file has",
) -> Fields:
    """Choose the fields of a file with these columns; with ``keep``, keep all others too, or those named.

    ``asking`` completes the error message: it says how to name a text field and introduces the columns.
    """
    lower = {name.strip().lower(): name for name in reversed(columns)}

    def first(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(lower[name] for name in names if name in lower)[:1]

    layout = None if text_fields else layout_of(lower)
    if text_fields:
        text = tuple(_given(name, columns, path, asking) for name in text_fields)
    elif layout is not None:
        text = tuple(lower[name] for name in layout.text)
    else:
        text = first(TITLES) + first(TEXTS)
    if not text:
        data, names = _unnamed(columns)
        raise CorpusError(
            f"none of its fields has a usual name of a text field{data}",
            path=path,
            remedy=f"{names}give {asking}: {_listed(columns)}",
        )
    date: tuple[str, ...]
    if date_field:
        date = (_given(date_field, columns, path, "--date-field NAME; this file has"),)
    elif layout is not None and layout.date:
        date = tuple(lower[name] for name in layout.date if name in lower)
    else:
        date = first(DATES)
    fields = Fields(
        text,
        date,
        id=next(iter(first(IDS)), None),
        layout=layout,
        slice=_given(slice_field, columns, path, _ASKING_SLICE) if slice_field else None,
        text_given=bool(text_fields),
        date_given=bool(date_field),
    )
    if keep is True:
        fields = _with_others(fields, columns)
    elif keep:
        titles = [name for name in fields.text[1:] and fields.text if name.lower() in TITLES]
        named = [_given(name, columns, path, _ASKING_FIELDS) for name in keep]
        fields = replace(fields, kept=tuple(dict.fromkeys((*titles, *named))))
    for name in fields.columns:
        if columns.count(name) > 1:
            raise CorpusError(
                "two columns have this name", path=path, field=name, remedy="rename one of them"
            )
    return fields


def _with_others(fields: Fields, columns: Sequence[str]) -> Fields:
    """The same fields, and all other columns to keep; a name that two columns share is ambiguous."""
    counts = Counter(columns)
    bodies = [name for name in fields.text if name.lower() not in TITLES]
    kept = tuple(name for name in columns if counts[name] == 1 and name not in (*bodies, fields.id))
    return replace(fields, kept=kept, every=True, unread=tuple(n for n, times in counts.items() if times > 1))


def _given(name: str, columns: Sequence[str], path: str, asking: str) -> str:
    if name not in columns:
        data, names = _unnamed(columns)
        remedy = f"{names}give {asking}: {_listed(columns)}"
        raise CorpusError(f"there is no such field{data}", path=path, field=name, remedy=remedy)
    if name != readable(name):
        rule = "its name holds a NUL character or half of a surrogate pair"
        raise CorpusError(rule, path=path, field=readable(name), remedy="rename it")
    return name


def _unnamed(columns: Sequence[str]) -> tuple[str, str]:
    """Additions to the rule and remedy of an error if the first row of a file looks like data."""
    data = next((name for name in columns if _DATA.search(name)), None)
    if data is None:
        return "", ""
    shown = data if len(data) <= _SHOWN else f"{data[:_SHOWN]}…"
    return f", and its first row looks like data ({shown!r})", "add a row of names above it, or "


def _listed(columns: Sequence[str], most: int = 30) -> str:
    names = ", ".join(columns[:most])
    return f"{names}, … ({len(columns)} in all)" if len(columns) > most else names or "no fields"
