"""Make a corpus from lists, data frames, columns, paths or lists of tokens.

Strings that are column names (the items of a data frame) or file names in a list are not read as texts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from selfvec.base.display import whole_words
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.forks import check_polars

from .corpus import Corpus
from .document_files import document_kind
from .fields import FieldNames, FieldOptions, given_options

if TYPE_CHECKING:
    import polars as pl

    from .documents import Part

Texts = Any
"""Anything that `as_corpus` accepts: paths, texts, a data frame, a `Corpus`."""

_MEMORY = "memory"
_SHOWN = 80  # characters of a text that is no path, in an error
_FRAME_MARKS = ("columns", "keys", "__arrow_c_stream__")
"""What data frames have, and no iterable of texts."""


def as_corpus(
    data: Any,
    name: str = "data",
    *,
    like: Mapping[str, Any] | None = None,
    **options: Unpack[FieldOptions],
) -> Corpus:
    """The documents of an object.

    Parameters
    ----------
    data : `Corpus`, path, data frame, column or iterable
        A path is read as a file or folder. A data frame (pandas, Polars, any table of Arrow) or dataset
        (Hugging Face) is read like a file with its columns. Each item of a column, list or other iterable is
        a document: a string, a mapping such as ``{"text": ..., "date": ...}``, or a list of tokens, which
        are not split again. If all items are paths, or strings that name files, these are read.
    name : str
        The name of this argument in errors.
    like : mapping, optional
        The summary of another corpus (``provenance["corpus"]``): its fields are read where none are named.
    **options
        ``text_field``, ``date_field``, ``slice_field``, ``id_field``, ``slice_by_name``, ``skip_bad_rows``
        and ``keep_fields`` of `Corpus.open`; plain texts have only ``skip_bad_rows``.

    Returns
    -------
    Corpus

    Raises
    ------
    OptionError
        If the object is none of these, or has no fields and some are named.
    CorpusError
        If it cannot be read, or lacks a field.

    Examples
    --------
    >>> import polars as pl
    >>> corpus = as_corpus(pl.DataFrame({"id": [1, 2], "text": ["Hail fell.", "A tornado formed."]}))
    >>> [text for batch in corpus.batches() for text in batch.texts]
    ['Hail fell.', 'A tornado formed.']
    >>> as_corpus([{"text": "Hail fell.", "date": "2020-05-01"}])
    <Corpus: rows>
    >>> as_corpus([["hail", "fell", "in", "the", "U.S."]]).tokenized
    True
    """
    check_polars()
    given = given_options(options)
    wanted: Any = {**given, "keep_fields": options.get("keep_fields"), "like": like}
    if isinstance(data, str):
        _check_place(data)
    if isinstance(data, str | os.PathLike):
        return Corpus.open([data], **wanted)
    if isinstance(data, Corpus):
        _refuse(given, "is chosen where a Corpus is opened", "give it to Corpus.open")
        return data
    if callable(getattr(data, "read", None)):  # whose lines would be taken for texts, whatever it holds
        raise _no_documents(data, name, f"is a path, not an open file, {_type(data)}", _DICT_READER)
    from .memory import frame_part, rows_part

    if _is(data, "pandas", "Series") and any(data.index.names) and isinstance(next(iter(data), None), str):
        data = data.to_frame("text")  # beside which its index is a column
    column = _column(data)
    frame = _frame(data, name) if column is None else None
    if frame is not None:
        return _of_rows(partial(frame_part, *frame), given, wanted)
    items, head = _begun(data if column is None else column, name)
    if head and all(map(_is_path, head)):
        return Corpus.open(head, **wanted)
    if head and _is_pair(head[-1]):
        items = list(items)
        items = head = _pairs(items) or items
    if head and isinstance(head[-1], Mapping):
        return _of_rows(partial(rows_part, items), given, wanted)
    skip_bad_rows = bool(given.pop("skip_bad_rows", False))
    remedy = 'leave it out, or give a data frame, mappings such as {"text": ...} or the path of a file'
    _refuse(given, "names a field, and texts alone have none", remedy)
    return _of_items(items, head[-1] if head else None, name, skip_bad_rows)


def _check_place(given: str) -> None:
    """`CorpusError` for a string that names no file: it may be a text."""
    from .files import STDIN

    if given.strip() and given != STDIN and "://" not in given and not os.path.lexists(given):
        remedy = "check the path; texts themselves are given as a list, as in [text]"
        place = whole_words(given, _SHOWN)
        raise CorpusError("there is no such file or folder", path=place, remedy=remedy)


def _of_rows(
    part: Callable[[FieldNames], Part], given: Mapping[str, object], wanted: dict[str, Any]
) -> Corpus:
    _refuse_slices(given)
    wanted.pop("slice_by_name", None)
    skip_bad_rows = wanted.pop("skip_bad_rows", False)
    like = wanted.pop("like")
    names = FieldNames.of(**wanted)
    rows = part(names if like is None else names.like(like))
    return Corpus([rows], rows.path, skip_bad_rows=skip_bad_rows, like=like)


def _refuse(given: Mapping[str, object], rule: str, remedy: str) -> None:
    """Raise `OptionError` for any of the options, unless it is to keep all fields."""
    _refuse_slices(given)
    for option, value in given.items():
        if value is not True or option != "keep_fields":
            raise OptionError(rule, field=option, remedy=remedy)


def _refuse_slices(given: Mapping[str, object]) -> None:
    if given.get("slice_by_name"):
        rule = "corpus makes a slice of each file, and these documents are in memory"
        raise OptionError(rule, field="slice", remedy="give the paths of files, or name a --slice-field")


def _begun(data: Any, name: str) -> tuple[Iterable[Any], list[Any]]:
    """All items, and a list of the items up to the first one that is neither a path nor missing."""
    from .columns import is_missing

    if type(data).__module__ == "_csv":
        raise _no_documents(data, name, f"is rows that have names, not {_type(data)}", _DICT_READER)
    if getattr(data, "ndim", 1) > 1:
        remedy = "give one column, such as data[:, 0], or a data frame"
        raise _no_documents(
            data, name, f"is one column of texts, not an array of {data.ndim} dimensions", remedy
        )
    if isinstance(data, bytes | bytearray | Mapping) or not isinstance(data, Iterable):
        raise _no_documents(data, name)
    head = []
    items = iter(data)
    for item in items:
        head.append(item)
        if not is_missing(item) and not _is_path(item):
            break
    return (chain(head, items) if items is data else data), head


def _pairs(items: Sequence[Any]) -> list[dict[str, str]]:
    """Pairs of an id, which no other has, and a text of several words, as rows; else none."""
    if not all(map(_is_pair, items)) or len(dict(items)) < len(items):
        return []
    return [{"id": str(own), "text": text} for own, text in items]


def _is_pair(item: Any) -> bool:
    if not isinstance(item, list | tuple) or [*map(type, item)] not in ([str, str], [int, str]):
        return False
    return len(str(item[0]).split()) == 1 < len(item[1].split())


def _of_items(items: Iterable[Any], kind: Any, name: str, skip_bad_rows: bool) -> Corpus:
    """Texts, or lists of tokens if ``kind``, the first that is not missing, is such a list."""
    from .columns import is_missing
    from .memory import texts_part

    tokenized = _is_list(kind)
    if tokenized:
        joined = (_joined(tokens, number) for number, tokens in enumerate(items, 1))
        items = joined if isinstance(items, Iterator) else list(joined)  # an iterator is read lazily
    elif not (
        is_missing(kind)
        or isinstance(kind, str | os.PathLike)
        or isinstance(items, Iterator)  # in which there may be texts; those that are none are then bad rows
        or any(isinstance(item, str) for item in items)
    ):
        raise _no_documents(kind, name, f"holds texts, not {_type(kind)}")
    parts = [texts_part(_MEMORY, items, tokenized=tokenized)]
    return Corpus(parts, _MEMORY, skip_bad_rows=skip_bad_rows)


def _joined(tokens: Any, number: int) -> str | None:
    """A text that the tokeniser ``whitespace`` splits into these tokens."""
    from .columns import is_missing

    if is_missing(tokens):
        return None
    if not _is_list(tokens):
        rule = f"a document is a list of tokens here, this is {type(tokens).__name__}"
        raise CorpusError(rule, path=_MEMORY, line=number, remedy="give lists of tokens, or only texts")
    for token in tokens:
        if not isinstance(token, str) or token.split() != [token]:
            rule = f"a token is a string without white space, this one is {token!r}"
            remedy = "leave it out, or join its words by _; a whole text is given as a string, "
            remedy += 'with an id as {"id": ..., "text": ...}'
            raise CorpusError(rule, path=_MEMORY, line=number, remedy=remedy)
    return " ".join(tokens)


def _is_list(item: Any) -> bool:
    return isinstance(item, list | tuple) or getattr(item, "ndim", None) == 1


def _is_path(item: Any) -> bool:
    """Whether an item is a path, or a string that looks like one."""
    from selfvec.files.compressed_files import COMPRESSED

    if not isinstance(item, str):
        return isinstance(item, os.PathLike)
    there = os.path.exists(item)  # noqa: PTH110  # Path.exists raises an error for a long text
    if there or ("://" in item and not any(map(str.isspace, item))):
        return True
    path = Path(item)
    suffix = path.suffix.lower()
    if not suffix or len(item.split()) > 1:
        return False
    from .row_formats import row_format_of

    return suffix in COMPRESSED or (row_format_of(path) or document_kind(suffix)) is not None


_DICT_READER = "give a path, a list of texts, or rows with names, such as csv.DictReader(file)"


def paths_of(text: Texts) -> Sequence[str | os.PathLike[str]] | None:
    """The files and folders of a text; None if the argument is the documents themselves.

    >>> paths_of("reports.jsonl"), paths_of(["hail fell on the roof"])
    (['reports.jsonl'], None)
    """
    if isinstance(text, str | os.PathLike):
        return [text]
    return text if isinstance(text, list | tuple) and text and all(map(_is_path, text)) else None


_REMEDIES = {
    Mapping: "give a data frame, the rows' texts, or one split of a dataset",
    bytes: "decode them: data.decode()",
}


def _no_documents(
    data: Any, name: str, rule: str | None = None, usual: str = "give a path or a list of texts"
) -> OptionError:
    remedy = next((text for kind, text in _REMEDIES.items() if isinstance(data, kind)), usual)
    rule = rule or f"is a path, paths, texts, a data frame or a Corpus, not {_type(data)}"
    return OptionError(rule, field=name, remedy=remedy)


def _type(data: Any) -> str:
    kind = type(data)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _is(data: Any, module: str, name: str) -> bool:
    """Whether an object is of a library's type, without importing the library."""
    return isinstance(data, getattr(sys.modules.get(module), name, ()))


def _column(data: Any) -> list[Any] | None:
    """The items of a data frame's column, with None for missing ones."""
    if _is(data, "polars", "Series"):
        items: list[Any] = data.to_list()
        return items
    if _is(data, "pandas", "Series"):
        if _is(data.dtype, "pandas", "PeriodDtype"):
            data = data.dt.start_time  # a quarter or a week as a date is its first day
        return [None if gone else item for item, gone in zip(data, data.isna(), strict=True)]
    if any(_is(data, "pyarrow", name) for name in ("Array", "ChunkedArray")):
        return list(data.to_pylist())
    return None


def _frame(data: Any, name: str) -> tuple[list[str], Callable[[int], pl.Series | list[Any]]] | None:
    """The names of a data frame's columns, and a function that returns the values of a column.

    None for an object that is no data frame; `OptionError` for a frame that cannot be read, because iterating
    over it may give the names of its columns.
    """
    import polars as pl

    if _is(data, "polars", "LazyFrame"):
        data = data.collect()
    if _is(data, "pandas", "DataFrame"):
        named = [level for level in data.index.names if level is not None and level not in data.columns]
        data = data.reset_index(level=named) if named else data
        return [str(name) for name in data.columns], lambda number: _column(data.iloc[:, number]) or []
    names = getattr(data, "column_names", None)
    if isinstance(names, list) and all(
        hasattr(data, name) for name in ("features", "__getitem__", "__len__")
    ):
        return names, lambda number: list(data[names[number]])
    if isinstance(data, Mapping) or not any(hasattr(data, mark) for mark in _FRAME_MARKS):
        return None
    try:  # by the interface of Arrow
        frame = pl.DataFrame(data) if hasattr(data, "__arrow_c_stream__") else None
    except pl.exceptions.PolarsError:  # a column
        frame = None
    if frame is None:
        remedy = "give what its to_arrow(), to_pandas() or compute() returns"
        rule = f"is a data frame of a kind that is not read, {_type(data)}"
        raise OptionError(rule, field=name, remedy=remedy)
    return frame.columns, frame.to_series
