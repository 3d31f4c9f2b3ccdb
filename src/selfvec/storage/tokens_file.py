"""``tokens.safetensors`` of a run folder: the corpus as numbers of words, with dates, slices, sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.errors import CorpusError, FormatError
from selfvec.base.tensors import Forms, check_tensors, map_tensors, read_metadata, write_tensors
from selfvec.base.text_files import misfit
from selfvec.base.untrusted import decoding, parse_json
from selfvec.data.token_batch import TokenBatch

TOKENS = "tokens.safetensors"

_FORMS: Forms = {
    "ids": ("i4", ("N",)),
    "offsets": ("i8", ("D + 1",)),
    "days": ("i8", ("D",)),
    "slices": ("i4", ("D",)),
    "texts": ("u8", ("D",)),
    "sentences": ("i4", ("D",)),
}
_REQUIRED = ("ids", "offsets")
_FIRST_DAY, _LAST_DAY = np.array(["0001-01-01", "9999-12-31"], "datetime64[D]").astype(np.int64)
_NO_DAY = np.iinfo(np.int64).min
_MOST_SENTENCES = 1 << 46
_AGAIN = "make the run again"


def write_tokens(path: Path, batch: TokenBatch) -> None:
    """Write the tokens of a run to a new file."""
    tensors: dict[str, Array] = {"ids": batch.ids, "offsets": batch.offsets}
    if batch.dates is not None:
        tensors["days"] = batch.dates.astype("datetime64[D]").astype(np.int64)
    described = {"sentences": str(batch.sentences)}
    if batch.slices is not None:
        tensors["slices"] = batch.slices
        described["slices"] = json.dumps(list(batch.slice_names), ensure_ascii=False)
    if batch.fingerprints is not None:
        tensors["texts"] = batch.fingerprints
    if batch.sentence_counts is not None:
        tensors["sentences"] = batch.sentence_counts
    write_tensors(path, tensors, described)


def read_tokens_later(path: Path, words: Sequence[str]) -> Callable[[], TokenBatch]:
    """A function that reads the tokens, and raises `FormatError` if they are damaged.

    The file is mapped now, because the folder may be replaced later.
    """
    try:
        tensors = map_tensors(path)
        described = read_metadata(path)
    except FormatError as error:
        return partial(_raise, error)
    return partial(_read_tokens, path, words, tensors, described)


def _raise(error: FormatError) -> TokenBatch:
    raise error


def _read_tokens(
    path: Path, words: Sequence[str], tensors: dict[str, Array], described: dict[str, str]
) -> TokenBatch:
    present = {name: form for name, form in _FORMS.items() if name in tensors or name in _REQUIRED}
    check_tensors(tensors, present, path, _AGAIN)
    with decoding(path, "corpus of the run", _AGAIN):
        sentences = int(described.get("sentences", 0))
        slice_names = parse_json(described.get("slices", "[]"))
        _check_values(tensors, sentences, slice_names)
        days = tensors.get("days")
        try:
            return TokenBatch(
                tensors["ids"],
                tensors["offsets"],
                words,
                dates=None if days is None else days.astype("datetime64[D]"),
                sentences=sentences,
                slices=tensors.get("slices"),
                slice_names=slice_names,
                fingerprints=tensors.get("texts"),
                sentence_counts=tensors.get("sentences"),
            )
        except CorpusError as error:
            raise FormatError(f"does not fit the run: {error}", path=path, remedy=_AGAIN) from None


def _check_values(tensors: dict[str, Array], sentences: int, slice_names: object) -> None:
    """Raise `ValueError` for numbers that no run has."""
    days = tensors.get("days")
    if days is not None and np.any(((days < _FIRST_DAY) | (days > _LAST_DAY)) & (days != _NO_DAY)):
        raise ValueError("dates are not all of the years 1 to 9999")
    counts = tensors.get("sentences")
    if not 0 <= sentences < _MOST_SENTENCES or (counts is not None and np.any(counts < 0)):
        raise ValueError("a number of sentences is negative")
    if misfit(slice_names, [str]) is not None:
        raise ValueError("a name of a slice is not a text")
