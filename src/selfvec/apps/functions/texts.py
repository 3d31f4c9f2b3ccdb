"""Text that functions take: paths, with the fields that are read, or documents in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from selfvec.base.checks import check_names
from selfvec.base.errors import OptionError
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.sources import paths_of

__all__ = ["Fields", "corpus_options", "open_text"]


class Fields(TypedDict, total=False):
    """How documents are read from files, as the options of the same names."""

    text_field: str | Sequence[str] | None
    date_field: str | None
    slice_field: str | None
    slice_by_name: bool
    skip_bad_rows: bool
    keep_fields: str | Sequence[str] | None


def open_text(text: Any, fields: Fields, name: str = "corpus", *, keep: bool = False) -> Corpus:
    """A corpus from a path, paths, a `Corpus`, a data frame, or texts.

    With ``keep`` its documents keep the fields that are named, or all.

    Raises
    ------
    OptionError
        If a field is named that only files have, or ``text`` is none of these; ``name`` is the parameter's.
    CorpusError
        If the text cannot be read.
    """
    named = corpus_options(fields)
    named["keep_fields"] = keep and named.get("keep_fields", True)
    if text is None or isinstance(text, int | float | bytes):
        rule = f"is a path, paths, texts, a data frame or a Corpus, not {type(text).__name__}"
        raise OptionError(rule, field=name)
    paths = paths_of(text)
    if paths is not None:
        return Corpus.open(paths, **named)
    columns, kept = named.pop("text_fields", None), named.pop("keep_fields")
    for given in named:
        rule = "names what is read from files, and the documents are in memory"
        raise OptionError(rule, field=given, remedy="leave it out, or give the path of a file")
    return as_corpus(text, text_fields=columns, keep_fields=kept)


def corpus_options(fields: Fields) -> dict[str, Any]:
    """The fields that are named, as `Corpus.open` takes them; `OptionError` for other names.

    >>> corpus_options({"text_field": "title, text", "date_field": None})
    {'text_fields': ['title', 'text']}
    """
    check_names(fields, Fields.__annotations__)
    named: dict[str, Any] = {key: value for key, value in fields.items() if value}
    columns = _listed(named.pop("text_field", ()))
    if "keep_fields" in named:
        named["keep_fields"] = _listed(named["keep_fields"])
    return ({"text_fields": columns} if columns else {}) | named


def _listed(names: str | Sequence[str]) -> list[str]:
    if isinstance(names, str):
        return [part.strip() for part in names.split(",") if part.strip()]
    return list(names)
