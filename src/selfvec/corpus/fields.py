"""Recognition of the columns that hold the text, the date and the id of a document.

The usual names are recognised, and the choice is recorded. If none is recognised, the error lists the
columns.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

from selfvec.base.casing import in_any_case
from selfvec.base.checks import check_names, check_text, check_texts
from selfvec.base.declarations import options
from selfvec.base.display import readable
from selfvec.base.errors import CorpusError, did_you_mean
from selfvec.base.names import listed

from .field_names import (
    DATES,
    DIVIDED,
    IDS,
    KEYS,
    TEXTS,
    TITLES,
    has_text_name,
    in_json,
    is_title,
    is_tree,
    name_key,
    some_of,
    text_within,
)

if TYPE_CHECKING:
    import polars as pl


_SEVERAL = 4  # words of a value, on average, that make a field look like text
_WORD = re.compile(r"[^\W\d_]\S*")  # from its first letter on, so that each sign is looked at once
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that do not write blanks between words: Thai to Khmer, Japanese and Chinese."""

_DATA = re.compile(r"^\W*\d[\d\s.,:/+-]*$|[.!?]\W*$|(?:\S+\s+){5}\S")
"""A number or date, the end of a sentence, or six words."""
_TICKED = "answers that are ticked, not text"
_SHOWN = 40  # characters of it in an error
_MOST_NAMES = 30  # of fields in one


_PIECE = re.compile("[A-Z]*[a-z]+|[A-Z]+")
_OF_DATES = re.compile(r"\b(?:date|time|datetime|timestamp|created|submitted|published|posted|sent)\b")
_OF_OTHERS = re.compile(r"\b(?:birth|due|end|expiry|expiration|deadline)\b")


def names_moment(name: str) -> bool:
    """Whether the pieces of a name say that it may be the date of a document.

    >>> list(map(names_moment, ("createdDateTime", "update_date", "Birth Date", "lifetime")))
    [True, True, False, False]
    """
    pieces = " ".join(_PIECE.findall(name)).casefold()
    return bool(_OF_DATES.search(pieces)) and not _OF_OTHERS.search(pieces)


@options()
class FieldOptions(TypedDict, total=False):
    """How documents are read from files, data frames and rows, and what is kept of them.

    Parameters
    ----------
    text_field : str or sequence of str, optional
        Fields that hold the text; by default the usual ones.
    date_field : str, optional
        Field that holds the date.

    Other Parameters
    ----------------
    slice_field : str, optional
        Field that names the slice of a document.
    id_field : str, optional
        Field that holds the id of a document.
    keep_fields : bool, str or sequence of str, optional
        Fields that the run keeps besides text, id, date and slice; by default all.
    skip_bad_rows : bool
        Count malformed rows and go on.
    """

    text_field: str | Sequence[str] | None
    date_field: str | None
    slice_field: str | None
    id_field: str | None
    keep_fields: bool | str | Sequence[str] | None
    skip_bad_rows: bool
    slice_by_name: bool


@dataclass(frozen=True)
class FieldNames:
    """The fields that are named in options; in place of others those with usual names are recognised.

    A text may name several with commas: which these are is known only where the names of the columns are.
    """

    text: tuple[str, ...] = ()
    date: str | None = None
    slice: str | None = None
    id: str | None = None
    keep: bool | tuple[str, ...] = False  # whether to keep all other fields, or which
    # Of the run that is added to, beside which no other is a date field.
    dates: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        text_field: str | Sequence[str] | None = None,
        date_field: str | None = None,
        slice_field: str | None = None,
        id_field: str | None = None,
        keep_fields: bool | str | Sequence[str] | None = False,
    ) -> FieldNames:
        """The names in options. `OptionError` for what is no name.

        >>> FieldNames.of("title, text", keep_fields=["a", "b"])
        FieldNames(text=('title, text',), date=None, slice=None, id=None, keep=('a', 'b'))
        """
        single = {"date_field": date_field, "slice_field": slice_field, "id_field": id_field}
        for option, name in single.items():
            check_text(option, "-" if name is None else name)
        text = () if text_field is None else _names("text_field", text_field)
        kept = True if keep_fields is None else keep_fields
        keep = kept if isinstance(kept, bool) else _names("keep_fields", kept)
        return cls(text, date_field, slice_field, id_field, keep)

    def like(self, summary: Mapping[str, Any]) -> FieldNames:
        """The same names; where there is none, that of a corpus with this summary in ``run.json``."""
        recorded = self.of(
            list(summary["text_fields"]) if summary.get("text_given") else None,
            summary.get("date_field") if summary.get("date_given") else None,
            summary.get("slice_field"),
            summary.get("id_field"),
        )
        single = (self.date or recorded.date, self.slice or recorded.slice, self.id or recorded.id)
        dates = tuple(filter(None, (summary.get("date_field") or "").split(", ")))
        return FieldNames(self.text or recorded.text, *single, self.keep, dates)

    @property
    def asked(self) -> list[str]:
        single = [name for name in (self.date, self.slice, self.id) if name]
        return [*self.text, *single, *(() if isinstance(self.keep, bool) else self.keep)]


def _names(option: str, given: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        given = [given.strip()] if given.strip(" ,") else []
    return tuple(check_texts(option, given, "names of fields"))


def given_options(options: FieldOptions) -> dict[str, Any]:
    """The options that are neither None nor False; `OptionError` for one that there is not."""
    check_names(options, FieldOptions.__annotations__)
    return {name: value for name, value in options.items() if value is not None and value is not False}


@dataclass(frozen=True)
class Fields:
    """The columns of one file that are read."""

    text: tuple[str, ...]  # joined by a blank line
    date: str | None = None
    id: str | None = None
    slice: str | None = None
    text_given: bool = False  # named by the user, not recognised
    date_given: bool = False
    id_given: bool = False
    kept: tuple[str, ...] = field(default=(), repr=False)  # other columns to keep
    every: bool = False  # whether columns that appear later are kept, too
    unread: tuple[str, ...] = ()  # columns to keep that cannot be read
    named: tuple[str, ...] | None = None  # columns that were named to be kept, if any were
    nested: tuple[str, ...] = ()  # paths to what is inside columns, such as post.body
    tokenized: bool = False  # whether a text is a list of tokens
    headings: int = 0  # the first rows that tell again what the columns hold
    notes: tuple[str, ...] = field(default=(), compare=False)  # on the choice, see `Summary.notes`

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that documents are made of, each once."""
        single = [name for name in (self.date, self.id, self.slice) if name]
        return tuple(dict.fromkeys((*self.text, *single)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once; those that are only kept come last."""
        return tuple(dict.fromkeys((*self.needed, *self.kept)))


FirstRows = Callable[[], Mapping[str, Iterable[object]]]
"""Returns the values of the columns in the first rows."""


class NoTextField(CorpusError):
    """A file has no field of text: none has a usual name, or the one that was named."""


@dataclass(frozen=True)
class _Columns:
    names: Sequence[str]
    path: str
    inner: Collection[str]  # paths into the columns

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(self.names)

    @cached_property
    def _by_key(self) -> dict[str, list[str]]:
        columns: dict[str, list[str]] = {}
        for name in self.names:
            columns.setdefault(name_key(name), []).append(name)
        return columns

    def usual(self, names: Sequence[str], fits: Callable[[str], bool] = lambda _: True) -> tuple[str, ...]:
        """The first column with one of these names, best one that fits and whose name is unique; or none."""
        columns = [column for name in names for column in self._by_key.get(name_key(name), ())]
        best = (column for column in columns if self.counts[column] == 1 and fits(column))
        return tuple(filter(None, [next(best, columns[0] if columns else None)]))

    def meant(self, name: str) -> str | None:
        """The column or path that is meant, in any case; a column counts first."""
        return in_any_case(name, dict.fromkeys(self.names)) or in_any_case(name, self.inner)

    def like_text(self, rows: Mapping[str, Iterable[object]], *, choices: bool = False) -> dict[str, float]:
        """The fields that look like text, by `_like_text`, and can be named; or ticked answers."""
        words = _like_text(rows)
        named = [name for name in words if self.counts[name] < 2 and self.meant(name) == name]
        return {name: words[name] for name in named if _are_choices(rows.get(name, ())) == choices}

    def dated(self, recorded: Sequence[str]) -> str | None:
        """The date field: one of those that a run has already or, if it has none, one of a usual name."""
        if recorded:
            return next(filter(None, map(self.meant, recorded)), None)
        return next(iter(self.usual(DATES)), None)

    def given(self, name: str, flag: str) -> str:
        column = self.meant(name)
        if column is None:
            every = [*self.names, *self.inner]
            near = did_you_mean(name, every)
            raise _missing("there is no such field", every, self.path, flag, name, near=near)
        if column != readable(column):
            rule = "its name holds a NUL character or half of a surrogate pair"
            raise CorpusError(rule, path=self.path, field=readable(column), remedy="rename it")
        return column

    def several(self, given: Sequence[str], flag: str) -> tuple[str, ...]:
        """The columns or paths that are meant by an option that takes several with commas."""
        return tuple(
            dict.fromkeys(self.given(name, flag) for text in given for name in listed(text, self.meant))
        )


def recognise(
    columns: Sequence[str],
    path: str,
    names: FieldNames,
    inner: Collection[str] = (),  # paths into the columns
    *,
    holds_text: Callable[[str], bool] = lambda _: True,  # whether the type of a column is that of a text
    first_rows: FirstRows = dict,
) -> Fields:
    """The fields of a file with these columns: those that are named, or else those with usual names.

    `NoTextField` if no field is a text; `CorpusError` for a name that is not there, or stands twice.
    """
    there = _Columns(columns, path, inner)
    rows = {name: list(values) for name, values in first_rows().items()}
    headings = _headings(rows)
    rows = {name: values[headings:] for name, values in rows.items()}
    doubts: list[str] = []
    if names.text:
        text = there.several(names.text, "--text-field")
    else:
        texts = [name for name in columns if not (has_text_name([name]) and _are_objects(rows.get(name, ())))]
        text, doubts = _usual_text(replace(there, names=texts), holds_text, rows)
    date = there.given(names.date, "--date-field") if names.date else there.dated(names.dates)
    if not names.date and not names.dates:
        date, said = _like_dates(rows, there.counts, date)
        doubts += said
    fields = Fields(
        text,
        date=date,
        id=there.given(names.id, "--id-field") if names.id else next(iter(there.usual(IDS)), None),
        slice=there.given(names.slice, "--slice-field") if names.slice else None,
        text_given=bool(names.text),
        date_given=bool(names.date),
        id_given=bool(names.id),
        headings=headings,
    )
    if fields.id is None:
        doubts += _like_ids(there, rows)
    fields = _with_kept(replace(fields, notes=tuple(doubts)), names.keep, there)
    twice = next((name for name in fields.columns if there.counts[name] > 1), None)
    if twice is not None:
        raise CorpusError("two columns have this name", path=path, field=twice, remedy="rename one of them")
    return replace(fields, nested=tuple(name for name in fields.columns if name not in columns))


def _usual_text(
    there: _Columns, holds_text: Callable[[str], bool], rows: Mapping[str, Iterable[object]]
) -> tuple[tuple[str, ...], list[str]]:
    """The fields with usual names of a title and of a body, and a note if others look more like the text."""
    body = there.usual(TEXTS, holds_text)
    halves = tuple(name for half in DIVIDED for name in there.usual((half,), holds_text))
    if len(halves) == len(DIVIDED) and set(body) <= set(halves):
        body = halves
    # A title of another type is taken only if nothing else could be the text: the error then names it.
    titles = tuple(name for name in there.usual(TITLES, holds_text) if holds_text(name) or not body)
    text = titles + body
    if not text:
        texts, what = list(there.like_text(rows)), "text"
        if not texts:
            texts = list(there.like_text(rows, choices=True))
            what = f"{_TICKED}; if one is the text"
        rule = "none of its fields has a usual name of a text field"
        near, value = f"{_alike(texts, what)}:" if texts else "", next(iter(texts), "NAME")
        every = [*there.names, *there.inner]
        outer, dot, name = value.rpartition(".")
        usual = (f"{outer}.{title}" for title in (*TITLES, "summary") if dot and title != name)
        beside = [title for title in usual if title in there.inner][:1]
        value = ",".join([*beside, value])
        raise _missing(rule, every, there.path, "--text-field", near=near, value=value)
    ticked = [name for name in text if _are_choices(rows.get(name, ()))]
    said = f"{_alike(text, _TICKED)}: name another --text-field" if ticked == [*text] else ""
    return text, list(filter(None, [said, _beside(text, not body, there, rows)]))


def _with_kept(fields: Fields, keep: bool | Sequence[str], there: _Columns) -> Fields:
    """The same fields, and other columns to keep: all, or those that are named, and a title."""
    if keep is True:
        bodies = [name for name in fields.text if not is_title(name)]
        twice = tuple(name for name, times in there.counts.items() if times > 1)  # such a name is ambiguous
        kept = tuple(name for name in there.names if name not in (*twice, *bodies, fields.id))
        note = f"not kept, as columns share a name: {', '.join(twice)}"
        return replace(
            fields, kept=kept, every=True, unread=twice, notes=fields.notes + (note,) * bool(twice)
        )
    if not keep:
        return fields
    shown = [name for name in fields.text[1:] and fields.text if is_title(name)]
    kept = there.several(keep, "--keep-fields")
    return replace(fields, kept=tuple(dict.fromkeys((*shown, *kept))), named=kept)


def _like_text(rows: Mapping[str, Iterable[object]]) -> dict[str, float]:
    """The fields whose values are text, not names or numbers, and the words in each, the most first.

    Their strings have several words on average, without tags of HTML. What is inside objects counts, too.

    >>> _like_text({"who": ["Ann B. Lee", None], "said": ["hail fell on all of the roofs", "it rained"]})
    {'said': 9.0}
    >>> _like_text({"by": ['[{"id": "b", "said": "<p>hail fell on roofs"}, {"said": "it rained all day"}]']})
    {'by.said': 8.0}
    """
    strings: dict[str, list[str]] = {}
    for name, values in rows.items():
        for path, text in (found for value in values for found in _strings(value, name)):
            strings.setdefault(path, []).append(_MARK.sub("", text))
    words = {
        name: sum(len(_WORD.findall(text)) + len(_UNSPACED.findall(text)) / 2 for text in own)
        for name, own in strings.items()
    }
    texts = [name for name, own in strings.items() if words[name] >= _SEVERAL * len(own)]
    return {name: words[name] for name in sorted(texts, key=words.__getitem__, reverse=True)}


def _strings(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The strings in a value, which may be JSON, each with its path; a tree of nodes is one text."""
    value = value if depth else in_json(value)
    value = text_within(value) if is_tree(value) else value
    if isinstance(value, str) and value:
        yield path, value
    elif isinstance(value, Mapping | list) and depth < _DEEPEST:
        inner = value.items() if isinstance(value, Mapping) else ((None, item) for item in value)
        for key, item in inner:
            yield from _strings(item, path if key is None else f"{path}.{key}", depth + 1)


def _are_choices(values: Iterable[object]) -> bool:
    """Whether values are short and stand there three times on average, as ticked answers of a survey do."""
    texts = _written(values)
    return len(texts) > _LEAST * len(set(texts)) and max(map(len, texts)) <= _SHOWN


def _are_objects(values: Iterable[object]) -> bool:
    """Whether all values are lists or objects that have no text within."""
    present = [value for value in values if value is not None]
    return bool(present) and all(
        isinstance(value, dict | list) and not text_within(value) for value in map(in_json, present)
    )


_MARK = re.compile(r"<[^<>]*>")
_DEEPEST = 10  # objects and lists within each other that are looked into
_LEAST = 3  # values of a column that looks like dates or ids
_NAMES_IDS = re.compile(
    r"(?i:(?:^|[\W_])(?:id|no|nr|num|number|key|ref))\W*$|[a-z](?:Id|ID|No|Nr|Number|Key|Ref)\W*$"
)
_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:[.,][0-9]*)?\s*")
"""A number, which may be a date and mostly is none."""
_YEAR = re.compile(r"\d\d")  # every date has one; to ask here is cheaper than to parse


def _days(texts: Sequence[str]) -> tuple[pl.Series, Counter[str]]:
    """The days of a column, and what its values say."""
    import polars as pl

    from .dates import DateColumn, form_of  # not above: few files need it before their dates are read

    column = DateColumn(pl.Series(texts, dtype=pl.String))
    says = column.evidence()
    return column.days(form_of(says)), says


def _may_be_dates(texts: Sequence[str]) -> bool:
    return all(len(text) <= _SHOWN and _YEAR.search(text) for text in texts)


def _are_dates(texts: Sequence[str]) -> bool:
    return _may_be_dates(texts) and not _days(texts)[0].null_count()


def _are_numbers(texts: Sequence[str]) -> bool:
    return all(map(_NUMBER.fullmatch, texts))


def is_heading(row: Sequence[str], names: Sequence[str], below: Iterable[Sequence[str]]) -> bool:
    """Whether a row tells what the columns hold, since those of numbers and dates have neither here.

    It has words in several of them or names a field, as *Start Date* does. ``below`` are the rows after it.

    >>> below = [["2020-01-01", "3", "Hail fell."], ["2020-01-02", "5", "Snow."], ["2020-01-03", "4", "Fog."]]
    >>> rows = [["Date", "", "Text"], ["when", "how long", "what"], ["", "", "Hail."], ["2020", "", "text"]]
    >>> [is_heading(row, ["date", "n", "text"], below) for row in rows]
    [True, True, False, False]
    """
    words: list[str] | None = None
    for value, *column in zip(row, *below, strict=False):
        own = [other for other in column if other.strip()]
        if len(own) >= _LEAST and (_are_numbers(own) or _are_dates(own)):
            if value.strip() and (_are_numbers([value]) or _are_dates([value])):
                return False
            words = [*(words or []), *filter(str.strip, [value])]
    if words is None:
        return False
    pairs = zip(row, names, strict=False)
    named = any(name_key(value) in {*KEYS, name_key(name)} - {""} for value, name in pairs)
    return len(words) > 1 or (named and bool(words or not _like_text({value: [value] for value in row})))


def _headings(rows: Mapping[str, Sequence[object]]) -> int:
    """How many of the first rows tell again what the columns hold, such as the questions of a survey."""
    columns = (["" if value is None else str(value) for value in own] for own in rows.values())
    values = list(zip(*columns, strict=False))
    if any(value.startswith('{"ImportId"') for row in values[1:2] for value in row):
        return 2  # of Qualtrics
    numbers = (2, 1) if values else ()
    return next((n for n in numbers if all(is_heading(row, [*rows], values[n:]) for row in values[:n])), 0)


def _like_dates(
    rows: Mapping[str, Iterable[object]], counts: Mapping[str, int], date: str | None
) -> tuple[str | None, list[str]]:
    """The date field: of a usual name, or of dates and a name that says so; a note on others of dates."""
    own = [] if date is None else _written(rows.get(date, ()))
    if own and _days(own)[0].null_count() < len(own):
        return date, []
    columns: dict[str, int] = {}
    unread: list[str] = []
    for name, values in rows.items():
        texts = _written(values)
        plain = counts.get(name) == 1 and len(texts) >= _LEAST and not any(map(_NUMBER.fullmatch, texts))
        if plain and _are_dates(texts):
            columns[name] = len(texts)
        elif plain and _may_be_dates(texts) and _days(texts)[1]["named"] == len(texts):
            unread.append(name)
    if not columns:
        rule = "no field has a usual name of a date, and what looks like dates is in no known form"
        return date, [f"{rule}: {some_of(unread, 5)}"] if unread and date is None else []
    if date is None and (named := list(filter(names_moment, columns))):
        return max(named, key=columns.__getitem__), []
    best = max(columns, key=columns.__getitem__)  # of several the fullest
    why = "no field has a usual name of a date" if date is None else f"{date} holds no dates"
    return date, [f"{why}; {_alike(list(columns), 'dates')}: --date-field {shlex.quote(best)}"]


def _like_ids(there: _Columns, rows: Mapping[str, Iterable[object]]) -> list[str]:
    """A note on the first column of different values among those that are named as ids are."""
    for name in there.names:
        if there.counts[name] > 1 or not _NAMES_IDS.search(name):
            continue
        texts = _written(rows.get(name, ()))
        if _LEAST <= len(texts) == len(set(texts)) and all(len(text) <= _SHOWN for text in texts):
            given = f"{name} looks like ids: --id-field {shlex.quote(name)}"
            return [f"no field has a usual name of an id, so documents are numbered; {given}"]
    return []


def _written(values: Iterable[object]) -> list[str]:
    """The values of a column that are not empty, as texts; of long ones no more than tells that they are."""
    texts = [str(value) for value in values if value is not None]
    return [readable(text[: _SHOWN + 1]) for text in texts if text.strip()]


def _beside(text: Sequence[str], alone: bool, there: _Columns, rows: Mapping[str, Iterable[object]]) -> str:
    """A note on other fields that are text: any beside a title ``alone``, else those with more words."""
    words = there.like_text(rows)
    own = [name for name in words if name in text or name.startswith(tuple(f"{outer}." for outer in text))]
    most = 0 if alone else max((words[name] for name in own), default=0)
    others = [name for name in words if words[name] > most and name not in own]
    said = f"the text is {' + '.join(text)}{' alone: no field has a usual name of a body' if alone else ''}"
    if not others:
        return said if alone else ""
    more = "" if alone else f", and {'has' if len(others) == 1 else 'have'} more words"
    plain = next((name for name in others if "," not in "".join((*text, name))), None)
    asked = f": --text-field {shlex.quote(','.join((*text, plain)))}" if plain else ""
    without = f", or {plain} alone" if plain and more else ""
    return f"{said}; {_alike(others, 'text, too')}{more}{asked}{without}"


def _alike(names: Sequence[str], what: str) -> str:
    return f"{some_of(names, 5)} {'looks' if len(names) == 1 else 'look'} like {what}"


def _missing(
    rule: str,
    columns: Sequence[str],
    path: str,
    flag: str,
    field: str | None = None,
    *,
    near: str = "",  # what may be meant, which the remedy says first
    value: str = "NAME",
) -> CorpusError:
    """The error for a field that is not there; ``flag`` is the option that names another."""
    data, names = _unnamed(columns)
    advice = f"{near} {'Or ' if near.endswith('?') else ''}{names}give".lstrip()
    every = some_of(columns, _MOST_NAMES) or "no fields"
    remedy = f"{advice} {flag} {shlex.quote(value)}; its fields are: {every}"
    kind = NoTextField if flag == "--text-field" else CorpusError
    return kind(f"{rule}{data}", path=path, field=field, remedy=remedy)


def _unnamed(columns: Sequence[str]) -> tuple[str, str]:
    """Additions to the rule and remedy of an error if the first row of a file looks like data."""
    data = next((name for name in columns if _DATA.search(name) and "?" not in name), None)
    if data is None:
        return "", ""
    shown = data if len(data) <= _SHOWN else f"{data[:_SHOWN]}…"
    return f", and its first row looks like data ({shown!r})", "add a row of names above it, or "
