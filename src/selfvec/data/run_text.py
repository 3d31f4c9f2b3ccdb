"""`RunText`: the documents of a run, as they are counted and as they came.

They are one Parquet file (zstd) with a row per document, in the order of the run's tokens. A run in memory
holds the bytes of that file. Any tool that reads Parquet can read it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from selfvec.base.arrays import Dates
from selfvec.base.casing import in_any_case
from selfvec.base.display import whole_words
from selfvec.base.errors import FormatError, NotFound, did_you_mean
from selfvec.base.forks import check_polars
from selfvec.files.untrusted import decoding

from .field_types import TEXT as TEXTS
from .field_types import all_written, dtype_of, kind_of

if TYPE_CHECKING:
    import polars as pl

TEXT = "text"  # what is counted
GIVEN = "_given"  # the text as it came; null if nothing in it was mended, or in an older file
ID = "id"  # null if the document has none
DATE = "date"  # null if unknown
SLICE = "slice"  # the slice that the document belongs to; null if none
FILE = "_file"  # the absolute path of the file or folder it was read from; null for a pipe and memory
FINGERPRINT = "_fingerprint"  # see `selfvec.corpus.fingerprints`
TAGS = (
    "_tags"  # lemma, part of speech and tag of each word, a line each with tabs between; there with a tagger
)
NAME = "_name"  # what a document without an id is called; a text without this column calls it by its row
FIELD = "field:"
"""Prefix of a field whose name is that of another column, or begins with it."""
GROUP = 4096
"""Rows of a row group: to read one document, a group is decoded."""
_SMALL = 1 << 20  # bytes of a file
_EXAMPLES, _SHOWN = 3, 40  # of a field that is described, and characters of each

NO_CONTENT = (ID, FILE, FINGERPRINT, TAGS)  # in which a document may differ that is the same
_OWN = (ID, TEXT, DATE, SLICE, FILE, FINGERPRINT, GIVEN, TAGS, NAME)


def schema_of(
    fields: Sequence[str], kinds: Mapping[str, str] | None = None, also: Collection[str] = ()
) -> dict[str, pl.DataType]:
    """The columns of a file, with those of the kept fields: strings, or of the kinds that these are of.

    `TAGS` and `NAME` are among them if they are among ``also``.
    """
    import polars as pl

    own = {ID: pl.String(), TEXT: pl.String(), DATE: pl.Date(), SLICE: pl.String()}
    named = {column_of(name): dtype_of((kinds or {}).get(name, TEXTS)) for name in fields}
    more = {name: pl.String() for name in (TAGS, NAME) if name in also}
    return {**own, **named, FILE: pl.String(), FINGERPRINT: pl.UInt64(), GIVEN: pl.String(), **more}


def column_or_nulls(rows: pl.DataFrame, name: str) -> pl.Series:
    """A column of documents, which is null for documents that lack it."""
    import polars as pl

    if name in rows:
        return rows[name]
    return pl.Series(name, [None], dtype=schema_of((), also=(name,))[name]).new_from_index(0, len(rows))


def column_of(field: str) -> str:
    """The column of a kept field.

    >>> column_of("place"), column_of("date"), column_of("field:x")
    ('place', 'field:date', 'field:field:x')
    """
    return FIELD + field if field in _OWN or field.startswith(FIELD) else field


def fields_among(columns: Iterable[str]) -> list[str]:
    return [name.removeprefix(FIELD) for name in columns if name not in _OWN]


def numbered(ids: pl.Series, first: int, taken: Collection[str]) -> pl.Series:
    """What documents without an id are called: their number, from ``first``; null for the others.

    A number that is among the ids that are ``taken`` has a ``#`` before it.

    >>> import polars as pl
    >>> numbered(pl.Series(["3", "#3", None, None]), 0, {"3", "#3"}).to_list()
    [None, None, '2', '##3']
    """
    import polars as pl

    lacking = ids.is_null()
    if not lacking.any():
        return ids.clear(len(ids)).alias(NAME)
    own = pl.when(pl.lit(lacking)).then(pl.int_range(first, first + len(ids)).cast(pl.String))
    names = pl.select(own.alias(NAME)).to_series()
    while taken and (like_ids := names.is_in(list(taken)).fill_null(False)).any():
        names = names.zip_with(~like_ids, "#" + names)
    return names


class ShownDates(NamedTuple):
    """How dates are shown: as days, or as years if each of them is a first of January.

    That is the day under which a text's year is kept, if the text says no more.

    >>> import numpy as np
    >>> days = np.array(["1996", "NaT", "1998"], "datetime64[Y]").astype("datetime64[D]")
    >>> ShownDates.of(days).shown(days)
    ['1996', None, '1998']
    """

    as_years: bool

    @classmethod
    def of(cls, days: Dates) -> ShownDates:
        """How these dates, (D,) datetime64[D], are shown."""
        dated = days[days == days]  # NaT is not equal to itself
        return cls(bool((dated == dated.astype("datetime64[Y]")).all()))

    def shown(self, days: Dates) -> list[str | None]:
        """Some of the dates, such as 2020-06-18 or 2020; None for NaT."""
        kind = "datetime64[Y]" if self.as_years else "datetime64[D]"
        return [None if day == "NaT" else day for day in days.astype(kind).astype(str).tolist()]


class RunText:
    """The documents. What is read of their fields is as `written`; `values` are of the kind of the field."""

    def __init__(self, source: Path | bytes) -> None:
        self.source = source  # the Parquet file, or its content

    @classmethod
    def of(cls, content: bytes, documents: pl.DataFrame) -> RunText:
        """A text in memory, and the documents that it holds, so that few are not read again."""
        text = cls(content)
        if len(content) <= _SMALL:
            text._small = documents
        return text

    def __len__(self) -> int:
        return self._size

    @property
    def bytes(self) -> int:
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @cached_property
    def fields(self) -> list[str]:
        return fields_among(self.columns)

    def read(self, columns: Collection[str] = (TEXT,), numbers: Sequence[int] | None = None) -> pl.DataFrame:
        """Some columns of the documents with these numbers, in their order, or of all.

        `FormatError` if the file is damaged.
        """
        return self._as_written(self._read(columns, numbers))

    def values(self, field: str) -> pl.Series:
        """A kept field of each document, of its kind; null where it is empty."""
        return self._read((column_of(field),)).to_series()

    @cached_property
    def kinds(self) -> dict[str, str]:
        """What the values of each field are; see `selfvec.data.field_types`."""
        return {name: kind_of(self._schema[column_of(name)]) for name in self.fields}

    def described(self) -> list[dict[str, Any]]:
        """The fields: name, type, how many documents have none, and examples, the first different values."""
        empty = dict.fromkeys(self.fields, 0)
        examples: dict[str, dict[str, None]] = {name: {} for name in self.fields}
        columns = {column_of(name): name for name in self.fields}
        for rows in self.batches(columns) if columns else ():  # a field may be longer than the memory
            for column, name in columns.items():
                own = rows[column].filter(rows[column].str.strip_chars() != "")
                empty[name] += len(rows) - len(own)
                if len(examples[name]) < _EXAMPLES:
                    examples[name] |= dict.fromkeys(own.unique(maintain_order=True).head(_EXAMPLES))
        shown = {
            name: [whole_words(one, _SHOWN) for one in list(own)[:_EXAMPLES]]
            for name, own in examples.items()
        }
        return [
            {"name": name, "type": kind, "empty": empty[name], "examples": shown[name]}
            for name, kind in self.kinds.items()
        ]

    def _as_written(self, documents: pl.DataFrame) -> pl.DataFrame:
        own = {column_of(name) for name, kind in self.kinds.items() if kind != TEXTS}
        return all_written(documents, [name for name in documents.columns if name in own])

    def _read(self, columns: Collection[str], numbers: Sequence[int] | None = None) -> pl.DataFrame:
        import polars as pl

        if numbers is None:
            return self._decoded(columns)
        if isinstance(numbers, range) and numbers.step == 1:
            return self._decoded(columns, numbers.start, len(numbers))
        groups = sorted({number // GROUP for number in numbers})
        parts = [self._decoded(columns, group * GROUP, GROUP) for group in groups]
        starts = {group: i * GROUP for i, group in enumerate(groups)}  # only the last group may be shorter
        places = [starts[number // GROUP] + number % GROUP for number in numbers]
        return (pl.concat(parts) if parts else self._decoded(columns, 0, 0))[places]

    def texts(self, numbers: Sequence[int] | None = None) -> list[str]:
        """The texts of the documents with these numbers, in their order, or of all, as they are counted."""
        return self.read((TEXT,), numbers)[TEXT].to_list()

    def as_given(self, numbers: Sequence[int] | None = None) -> list[str]:
        """The same as they came, before anything in them was mended."""
        rows = self.read((GIVEN, TEXT), numbers)
        return rows[GIVEN].fill_null(rows[TEXT]).to_list()

    def ids(self, numbers: Sequence[int] | None = None) -> list[str | None]:
        """The ids of the documents with these numbers, in their order, or of all."""
        return self.read((ID,), numbers)[ID].to_list()

    def names(self, numbers: Sequence[int] | None = None) -> list[str]:
        """What the documents with these numbers, in their order, or all, are called: their ids, or `NAME`."""
        return self.named(numbers=numbers)[ID].to_list()

    def named(self, columns: Collection[str] = (), numbers: Sequence[int] | None = None) -> pl.DataFrame:
        """The ids, also of documents without one, and some columns; as `read`."""
        import polars as pl

        rows = self.read(list(dict.fromkeys((ID, NAME, *columns))), numbers)
        return rows.with_columns(pl.coalesce(ID, NAME).alias(ID)).drop(NAME)

    @cached_property
    def taken(self) -> frozenset[str]:
        """The ids that a document without one could be named like."""
        import polars as pl

        looks = pl.col(ID).str.contains(r"^#*\d+$")
        return frozenset(self.read((ID,)).filter(looks)[ID])

    def dates(self, numbers: Sequence[int] | None = None) -> list[str | None]:
        """The dates of the documents with these numbers, in their order, or of all; see `ShownDates`."""
        days, shown = self._dates
        return shown.shown(days if numbers is None else days[list(numbers)])

    @property
    def days(self) -> Dates:
        """The date of each document, (D,), NaT if unknown."""
        return self._dates[0]

    @cached_property
    def _dates(self) -> tuple[Dates, ShownDates]:
        """The date of each document, (D,), which is small beside the texts, and how dates are shown."""
        days = self.read((DATE,))[DATE].to_numpy().astype("datetime64[D]")
        return days, ShownDates.of(days)

    def field(self, name: str, option: str = "by", others: Sequence[str] = ()) -> list[str | None]:
        """A kept field of each document, or ``id``; None where it is empty.

        The case of its name matters only if several differ in nothing else. `NotFound`, which names the
        ``option``, if there is no such field; it may suggest one of the ``others`` that the option takes.
        """
        names = list(dict.fromkeys([ID, *self.fields]))
        field = in_any_case(name, names)
        if field is None:
            rule = f"the documents have no field {name!r}; their fields are {', '.join(names)}"
            raise NotFound(
                rule, field=option, remedy=did_you_mean(name, [*names, *others]) or "name one of these"
            )
        return self.read((column_of(field) if field in self.fields else ID,)).to_series().to_list()

    def batches(self, columns: Collection[str] | None = None, rows: int = GROUP) -> Iterator[pl.DataFrame]:
        """The documents, some at a time; all columns by default."""
        for first in range(0, len(self), rows):
            yield self.read(columns or self.columns, range(first, min(first + rows, len(self))))

    @property
    def frame(self) -> pl.LazyFrame:
        """The documents, which are not read yet."""
        import polars as pl

        check_polars()
        if self._small is not None:
            return self._small.lazy()
        if isinstance(self.source, bytes):
            return pl.scan_parquet(BytesIO(self.source))
        if not self.source.is_file():
            rule = "no longer exists: the run has been changed since it was opened"
            raise FormatError(rule, path=self.source, remedy="open it again")
        return pl.scan_parquet(self.source, glob=False)

    def _decoded(self, columns: Collection[str], first: int = 0, rows: int | None = None) -> pl.DataFrame:
        if NAME in columns and NAME not in self.columns:
            return self._with_names(columns, first, rows)
        if GIVEN in columns and GIVEN not in self.columns:
            documents = self._decoded([name for name in columns if name != GIVEN], first, rows)
            return documents.with_columns(column_or_nulls(documents, GIVEN))[list(columns)]
        if self._small is not None:
            return self._small[list(columns)].slice(first, rows)
        chosen = self.frame.select(list(columns)).slice(first, rows)
        with self._decoding():
            return chosen.collect()

    def _with_names(self, columns: Collection[str], first: int, rows: int | None) -> pl.DataFrame:
        """As `_decoded`, of a text that calls documents without an id by their row."""
        others = [name for name in columns if name not in (ID, NAME)]
        documents = self._decoded([ID, *others], first, rows)
        ids = documents[ID]
        names = numbered(ids, first, self.taken if ids.null_count() else ())
        return documents.with_columns(names).select(columns)

    @cached_property
    def _small(self) -> pl.DataFrame | None:
        """All of a text that is small and in memory: reading it again takes longer than most uses of it."""
        import polars as pl

        if not isinstance(self.source, bytes) or len(self.source) > _SMALL:
            return None
        check_polars()
        with self._decoding():
            return pl.read_parquet(BytesIO(self.source))

    def _decoding(self) -> AbstractContextManager[None]:
        name = "text" if isinstance(self.source, bytes) else str(self.source)
        return decoding(name, "text of a run", "make the run again")

    @cached_property
    def columns(self) -> list[str]:
        """The columns, those of `schema_of`."""
        return list(self._schema)

    @cached_property
    def _schema(self) -> Mapping[str, Any]:
        whole = self.frame
        with self._decoding():
            return whole.collect_schema()

    @cached_property
    def _size(self) -> int:
        import polars as pl

        if self._small is not None:
            return len(self._small)
        assert self.columns
        whole = self.frame
        with self._decoding():
            return int(whole.select(pl.len()).collect().item())
