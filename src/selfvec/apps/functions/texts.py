"""Text that functions take: paths, data frames, texts and others, with the fields that are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.fields import FieldOptions

__all__ = ["NewDocuments", "open_text"]


class NewDocuments(FieldOptions, total=False):
    """Documents that a run gets or loses.

    Parameters
    ----------
    withdraw : str or sequence of str
        Take the documents with these ids out.
    withdraw_file : path or paths
        Take the documents of a file out.

    Other Parameters
    ----------------
    allow_duplicates : bool
        Take documents that the run has, too.
    """

    withdraw: str | Path | Sequence[str | Path]
    withdraw_file: str | Path | Sequence[str | Path]
    allow_duplicates: bool


def open_text(
    text: Any,
    fields: FieldOptions,
    name: str = "corpus",
    *,
    keep: bool = False,
    like: Mapping[str, Any] | None = None,
) -> Corpus:
    """A corpus from anything that `selfvec.as_corpus` takes; ``name`` and ``like`` as there.

    With ``keep`` its documents keep the fields that are named, or all.
    """
    kept = fields.get("keep_fields")
    options: Any = {**fields, "keep_fields": keep and (kept is None or kept)}
    return as_corpus(text, name, like=like, **options)
