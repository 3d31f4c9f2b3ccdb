"""Make a corpus from lists, data frames, columns, paths or lists of tokens.

Strings that are column names (the items of a data frame) or file names in a list are not read as texts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.errors import CorpusError
from selfvec.corpus.forks import using_polars

from .corpus import Corpus

if TYPE_CHECKING:
    import polars as pl

__all__ = ["as_corpus"]

_MEMORY = "memory"


def as_corpus(
    data: Any, *, text_fields: Sequence[str] | None = None, keep_fields: bool | Sequence[str] = True
) -> Corpus:
    """The documents of an object.

    Parameters
    ----------
    data : `Corpus`, path, data frame, column or iterable
        A path is read as a file or folder. A data frame (pandas, Polars, any table of Arrow) or dataset
        (Hugging Face) is read like a file with its columns. Each item of a column, list or other iterable is
        a document: a string, a mapping such as ``{"text": ..., "date": ...}``, or a list of tokens, which
        are not split again. If all items are paths, or strings that name files, these are read.
    text_fields : sequence of str, optional
        Columns joined by a blank line; without it the usual names are recognised.
    keep_fields : bool or sequence of str
        Whether documents keep the other columns, which search can filter by, or which of them.

    Raises
    ------
    CorpusError
        If the object holds no documents, or lacks a requested field.

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
    using_polars()
    named = [text_fields] if isinstance(text_fields, str) else text_fields
    kept = None if isinstance(keep_fields, bool) else keep_fields
    if isinstance(data, str | os.PathLike):
        return Corpus.open([data], text_fields=named, keep_fields=keep_fields)
    frame = _frame(data)
    if frame is not None:
        from .memory import FRAME, frame_part

        return Corpus([frame_part(*frame, named, keep_fields)], FRAME, kept_fields=kept)
    if isinstance(data, Corpus):
        corpus = data
    else:
        column = _column(data)
        items, head = _begun(data if column is None else column)
        if head and all(item is not None and _is_path(item) for item in head):
            return Corpus.open(head, text_fields=named, keep_fields=keep_fields)
        if head and isinstance(head[-1], Mapping):
            from .memory import ROW_LIST, rows_part

            return Corpus([rows_part(items, named, keep_fields)], ROW_LIST, kept_fields=kept)
        corpus = _of_items(items, head[-1] if head else None)
    if named:
        raise CorpusError(
            "it has no columns that text_fields could name",
            path=corpus.name,
            remedy="leave text_fields out, or give a data frame or the path of a file",
        )
    return corpus


def _begun(data: Any) -> tuple[Iterable[Any], list[Any]]:
    """All items, and a list of the items up to the first one that is neither a path nor missing."""
    if isinstance(data, bytes | bytearray | Mapping) or not isinstance(data, Iterable):
        raise _no_documents(data)
    head = []
    items = iter(data)
    for item in items:
        head.append(item)
        if item is not None and not _is_path(item):
            break
    return (chain(head, items) if items is data else data), head


def _of_items(items: Iterable[Any], kind: Any) -> Corpus:
    """Texts, or lists of tokens if ``kind`` is such a list."""
    if kind is None or isinstance(kind, str | os.PathLike):
        return Corpus.from_texts(items, name=_MEMORY)
    if not _is_list(kind):
        raise _no_documents(kind, "items of type {} are not text")
    joined = (_joined(tokens, number) for number, tokens in enumerate(items, 1))
    once = isinstance(items, Iterator)  # then it is read lazily
    return Corpus.from_texts(joined if once else list(joined), name=_MEMORY, tokenized=True)


def _joined(tokens: Any, number: int) -> str | None:
    """A text that the tokeniser ``whitespace`` splits into these tokens."""
    if tokens is None:
        return None
    if not _is_list(tokens):
        rule = f"a document is a list of tokens here, this is {type(tokens).__name__}"
        raise CorpusError(rule, path=_MEMORY, line=number, remedy="give lists of tokens, or only texts")
    for token in tokens:
        if not isinstance(token, str) or token.split() != [token]:
            raise CorpusError(
                f"a token is a string without white space, this one is {token!r}",
                path=_MEMORY,
                line=number,
                remedy="leave it out, or join its words by _; a whole text is given as a string",
            )
    return " ".join(tokens)


def _is_list(item: Any) -> bool:
    return isinstance(item, list | tuple) or getattr(item, "ndim", None) == 1


def _is_path(item: Any) -> bool:
    """Whether an item is a path, or a string that looks like one."""
    from selfvec.base.compressed_files import COMPRESSED

    from .document_files import document_kind
    from .row_formats import row_format_of_suffix

    if not isinstance(item, str):
        return isinstance(item, os.PathLike)
    path = Path(item)
    try:
        if path.is_file() or ("/" in item and path.is_dir()):
            return True
    except (OSError, ValueError):  # too long, or with a NUL
        return False
    suffix = path.suffix.lower()
    kind = row_format_of_suffix(suffix) or document_kind(suffix)
    known = kind is not None or suffix in COMPRESSED
    return known and len(item.split()) == 1


def _no_documents(data: Any, rule: str = "an object of type {} is not text") -> CorpusError:
    """The error for an object that is not a corpus, with a remedy."""
    remedies = {
        Mapping: "give a data frame, the rows' texts, or one split of a dataset",
        bytes: "decode them: data.decode()",
    }
    usual = "give a path, a list of texts, of paths or of lists of tokens, a data frame or a Corpus"
    remedy = next((text for kind, text in remedies.items() if isinstance(data, kind)), usual)
    kind = type(data)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return CorpusError(rule.format(name), remedy=remedy)


def _is(data: Any, module: str, name: str) -> bool:
    """Whether an object is of a library's type, without importing the library."""
    return isinstance(data, getattr(sys.modules.get(module), name, ()))


def _column(data: Any) -> list[Any] | None:
    """The items of a data frame's column, with None for missing ones."""
    if _is(data, "polars", "Series"):
        items: list[Any] = data.to_list()
        return items
    if _is(data, "pandas", "Series"):
        return [None if gone else item for item, gone in zip(data, data.isna(), strict=True)]
    if any(_is(data, "pyarrow", name) for name in ("Array", "ChunkedArray")):
        return list(data.to_pylist())
    return None


def _frame(data: Any) -> tuple[list[str], Callable[[int], pl.Series | list[Any]]] | None:
    """The names of a data frame's columns, and a function that returns the values of a column."""
    if _is(data, "polars", "LazyFrame"):
        data = data.collect()
    if _is(data, "polars", "DataFrame"):
        return data.columns, data.to_series
    if _is(data, "pandas", "DataFrame"):
        return [str(name) for name in data.columns], lambda number: _column(data.iloc[:, number]) or []
    names = getattr(data, "column_names", None)
    if isinstance(names, list) and all(
        hasattr(data, name) for name in ("features", "__getitem__", "__len__")
    ):
        return names, lambda number: list(data[names[number]])
    is_column = any(_is(data, library, "Series") for library in ("polars", "pandas"))
    if hasattr(data, "__arrow_c_stream__") and not is_column:
        import polars as pl

        try:
            return _frame(pl.DataFrame(data))
        except pl.exceptions.PolarsError:  # a column
            return None
    return None
