"""fastText models (.bin): word vectors and, for words never seen, vectors from character n-grams.

A model holds a row for every word and ``bucket`` rows that n-grams are hashed into. A word's vector is the
mean of its own row and those of its n-grams; a word without a row has its n-grams alone (Bojanowski et al.
2017, "Enriching word vectors with subword information"). Rows are added in fastText's own order, so the
vectors equal fastText's to the bit. The n-gram rows stay mapped.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from selfvec.data.vectors import Vectors

from .source import Input, decode_words, decoding, finish

__all__ = ["read", "sniff"]

_MAGIC = struct.pack("<i", 793712314)
_ARGUMENTS = struct.Struct("<2i 12i d")  # magic, version, then the training arguments
_DICTIONARY = struct.Struct("<3i 2q")  # size, words, labels, tokens, pruned n-grams
_ENTRY = struct.Struct("<q b")  # count, kind (0 word, 1 label); behind a word and a zero byte
_MATRIX = struct.Struct("<? 2q")  # quantised, rows, columns
_SUPERVISED = 3
_LONGEST = 1 << 12  # bytes in a word
_LONGEST_NGRAM = 64  # characters; fastText's default is 6


@dataclass(frozen=True)
class Subwords:
    """How words become n-gram rows, and the rows."""

    table: NDArray[np.float32]  # (words + bucket, d)
    words: int  # rows before the first n-gram row
    bucket: int  # n-gram rows
    shortest: int  # characters in an n-gram, inclusive
    longest: int

    def __call__(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Mean of the n-gram rows of each word, (n, d); zeros for a word without n-grams."""
        return self.compose([word.encode(errors="replace") for word in words], first_row=-1)

    def compose(self, words: Sequence[bytes], first_row: int) -> NDArray[np.float32]:
        """Mean of the rows of each word; word i has its own row ``first_row + i`` if that is not negative."""
        from .kernels import compose

        marked = [b"" if word == b"</s>" else b"<%b>" % word for word in words]
        ends = np.cumsum([0, *map(len, marked)], dtype=np.int64)
        text = np.frombuffer(b"".join(marked), np.uint8)
        out = np.zeros((len(words), self.table.shape[1]), np.float32)
        lengths = (self.shortest, self.longest if self.bucket else 0)
        compose(text, ends, first_row, self.table, self.words, max(1, self.bucket), *lengths, out)
        return out


def sniff(source: Input) -> bool:
    """fastText's magic number."""
    return source.data[:4] == _MAGIC


def read(source: Input) -> Vectors:
    """Read a dense fastText model."""
    if not sniff(source):
        raise source.error(
            "a fastText model begins with fastText's magic number, this file does not",
            remedy="leave the format out, or save it again with a current fastText",
        )
    with decoding(source.path, "fastText model"):
        return _read(source)


def _read(source: Input) -> Vectors:
    arguments = _ARGUMENTS.unpack_from(source.data)
    version, dimensions, model, bucket, shortest, longest = (arguments[i] for i in (1, 2, 9, 10, 11, 12))
    if not 11 <= version <= 12 or dimensions < 1 or bucket < 0 or longest > _LONGEST_NGRAM:
        raise source.error(
            f"version {version} with {dimensions} dimensions, {bucket} buckets and n-grams of {longest} "
            "characters is no fastText model",
            remedy="the file may be damaged: get it again, or save it with a current fastText",
        )
    if version == 11 and model == _SUPERVISED:
        longest = 0  # early classifiers have no n-grams, although their arguments have a length
    entries, position = _dictionary(source)
    table = _table(source, position, dimensions)
    names = [word for word, kind in entries if kind == 0]
    if len(table) < len(names) + bucket:
        raise source.error(
            f"{len(names)} words and {bucket} buckets need as many rows, the matrix has {len(table)}"
        )
    subwords = Subwords(table, len(names), bucket, shortest, longest)
    matrix = subwords.compose(names, first_row=0)
    notes = [f"{len(entries) - len(names)} labels left out"] if len(entries) > len(names) else []
    words = decode_words(b"\n".join(names) + b"\n", source) if names else []
    composer = subwords if bucket and longest > 0 else None
    return finish(words, matrix, source, notes=notes, composer=composer)


def _dictionary(source: Input) -> tuple[list[tuple[bytes, int]], int]:
    """Words with their kinds (0 word, 1 label; words come first), and where the dictionary ends."""
    size, words, labels, _, pruned = _DICTIONARY.unpack_from(source.data, _ARGUMENTS.size)
    position = _ARGUMENTS.size + _DICTIONARY.size
    if pruned > 0:
        _quantised(source)
    if min(size, words, labels) < 0 or words + labels != size or size * 11 > len(source.data) - position:
        raise source.error(
            f"the dictionary says {size} entries ({words} words, {labels} labels), the file is "
            f"{len(source.data)} bytes long"
        )
    entries = []
    for row in range(size):
        end = source.data.find(b"\0", position, position + _LONGEST)
        if end < 0:
            raise EOFError("the file ends inside the dictionary")
        word, kind = source.data[position:end], _ENTRY.unpack_from(source.data, end + 1)[1]
        if not word or b"\n" in word or kind != (row >= words):
            raise source.error(f"entry {row + 1} of {size} (byte {position}) is not a word")
        entries.append((word, kind))
        position = end + 1 + _ENTRY.size
    return entries, position


def _table(source: Input, position: int, dimensions: int) -> NDArray[np.float32]:
    """The input matrix, (words + bucket, d) float32, as a view of the file (it may lie at an odd address)."""
    quantised, rows, columns = _MATRIX.unpack_from(source.data, position)
    position += _MATRIX.size
    if quantised:
        _quantised(source)
    if columns != dimensions or rows < 0:
        raise source.error(f"the matrix has {columns} columns, the model {dimensions} dimensions")
    if rows * columns * 4 > len(source.data) - position:
        raise EOFError("the file ends inside the matrix")
    return source.array("<f4", rows * columns, position).reshape(rows, columns)


def _quantised(source: Input) -> NoReturn:
    raise source.error(
        "is a quantised fastText model (.ftz), only dense ones (.bin) are read",
        remedy="use the model it was made from, or write its vectors as text with fastText",
    )
