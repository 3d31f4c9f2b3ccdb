"""Vectors of documents that a person has already, from an API or a store, as `EncodedTexts`."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats
from selfvec.base.display import count_of
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run_text import RunText
from selfvec.numerics.rows import unit_rows
from selfvec.storage.opened import is_table, vectors_of_table

from .encoded_texts import EncodedTexts, text_hashes

EMBEDDINGS = "given embeddings"
"""The name of the encoder that they are of, which is unknown."""
_FIELD = "embeddings"


def encoded_documents(given: Any, text: RunText) -> EncodedTexts:
    """The vectors of documents, each by its whole text.

    Parameters
    ----------
    given : (n, h) matrix, mapping or data frame
        A row for each document, in their order; or rows by ids of documents, as in
        `selfvec.storage.opened.vectors_of_table`, which may have others, too.
    text : RunText
        The documents.

    Raises
    ------
    OptionError
        If these are not finite vectors, or not those of the documents.
    """
    by_id = is_table(given) and not isinstance(given, list)  # two rows of two numbers are a matrix
    rows = _by_id(given, text) if by_id else _by_row(given, text)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        name = text.names([int(bad[0])])[0]
        rule = f"the vector of document {name!r} has values that are not finite numbers"
        raise OptionError(rule, field=_FIELD, remedy="correct it, or leave the document out")
    hashes, places = np.unique(text_hashes(text.texts()), return_index=True)
    return EncodedTexts(EMBEDDINGS, "", hashes, unit_rows(rows)[places].astype(np.float16))


def _by_row(given: Any, text: RunText) -> AnyFloats:
    try:
        rows = np.asarray(given)
    except (TypeError, ValueError):
        rows = np.zeros(0, object)
    if rows.ndim != 2 or rows.dtype.kind not in "iuf" or not rows.shape[1]:
        rule = f"are a matrix of numbers with a row for each document, not {type(given).__name__}"
        rule += f" of shape {rows.shape}" if rows.ndim else ""
        raise OptionError(rule, field=_FIELD, remedy="give a matrix, or a dict from ids to vectors")
    if len(rows) != len(text):
        rule = f"have {count_of(len(rows), 'row')}, and there are {count_of(len(text), 'document')}"
        remedy = "give the vectors of these documents, or by id: empty and repeated ones may be left out"
        raise OptionError(rule, field=_FIELD, remedy=remedy)
    with np.errstate(over="ignore"):  # an infinite value is refused later
        return rows.astype(np.float32)


def _by_id(given: Any, text: RunText) -> AnyFloats:
    try:
        table = vectors_of_table(given, _FIELD)
    except InputError as error:  # an id occurs twice
        raise OptionError(error.rule, field=_FIELD, remedy="give each document one vector") from None
    ids = text.ids()
    lacking = [number for number, one in enumerate(ids) if one is None or one not in table]
    if lacking:
        name = text.names(lacking[:1])[0]
        rule = f"lack {len(lacking):,} of {count_of(len(ids), 'document')}, first {name!r}"
        raise OptionError(rule, field=_FIELD, remedy="give them by the ids of the documents, or by row")
    places = [table.key_to_index[str(one)] for one in ids]
    return np.asarray(table.vectors[places], np.float32)
