"""fastText models (.bin): word vectors. Other words are built from subwords, which are character n-grams.

A model holds a row for every word and ``bucket`` rows that n-grams are hashed to. A word's vector is the mean
of its own row and those of its n-grams; for a word without a row, that of its n-grams alone (Bojanowski et
al. 2017, "Enriching word vectors with subword information"). Rows are added in fastText's own order, so the
vectors equal fastText's to the bit. The n-gram rows stay mapped.

Models of 2016 have no magic number. floret writes two more arguments; its models are read if it was trained
in the mode of fastText.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from selfvec.base.arrays import Bytes, Floats, Ints, Rows
from selfvec.base.compiled import kernel
from selfvec.base.untrusted import decoding
from selfvec.data.vectors import Vectors

from .checked_vectors import checked_vectors
from .input_file import Input
from .words import decode_words

__all__ = ["read", "sniff"]

_MAGIC = struct.pack("<i", 793712314)
_VERSION = struct.Struct("<2i")  # magic, version
_ARGUMENTS = struct.Struct("<12i d")
_FLORET = struct.Struct("<14i d")  # its mode and number of hashes come before the last two
_DICTIONARY = struct.Struct("<3i q")  # size, words, labels, tokens
_PRUNED = struct.Struct("<q")  # pruned n-grams
_ENTRY = struct.Struct("<q b")  # count, kind (0 word, 1 label); behind a word and a zero byte
_MATRIX = struct.Struct("<2q")  # rows, columns; behind a byte that says whether it is quantised
_SUPERVISED = 3
_LIMITS = (  # of the arguments: dimensions to length of n-grams, and the rate of updates
    *((1, 10_000), (1, 10_000), (0, 1 << 30), (0, 1 << 30), (0, 1 << 20), (0, 64), (1, 4), (1, 3)),
    *((0, 1 << 30), (0, 64), (0, 64), (1, 1 << 30)),
)
_LONGEST = 1 << 12  # bytes in a word
_LONGEST_NGRAM = 64  # characters; fastText's default is 6
_FNV_OFFSET = np.uint32(2166136261)  # of the 32-bit FNV-1a hash
_FNV_PRIME = np.uint32(16777619)


@dataclass(frozen=True)
class NgramRows:
    """Builds the vectors of words from the rows of their subwords, which are character n-grams."""

    rows: Rows  # (words + bucket, d)
    words: int  # rows before the first n-gram row
    bucket: int  # n-gram rows
    shortest: int  # characters in an n-gram, inclusive
    longest: int

    def __call__(self, words: Sequence[str]) -> Floats:
        """Mean of the n-gram rows of each word, (n, d); zeros for a word without n-grams."""
        return self.compose([word.encode(errors="replace") for word in words], first_row=-1)

    def compose(self, words: Sequence[bytes], first_row: int) -> Floats:
        """Mean of the rows of each word; word i has its own row ``first_row + i`` if that is not negative."""
        marked = [b"" if word == b"</s>" else b"<%b>" % word for word in words]
        ends = np.cumsum([0, *map(len, marked)], dtype=np.int64)
        text = np.frombuffer(b"".join(marked), np.uint8)
        out = np.zeros((len(words), self.rows.shape[1]), np.float32)
        lengths = (self.shortest, self.longest if self.bucket else 0)
        _mean_of_rows(text, ends, first_row, self.rows, self.words, max(1, self.bucket), *lengths, out)
        return out


@kernel
def _mean_of_rows(
    text: Bytes,  # UTF-8 of all words, each between < and >; empty for one without n-grams
    ends: Ints,  # (n + 1,) word i is text[ends[i]:ends[i + 1]]
    first_row: int,  # row of word 0, of which word i has the i-th after it; negative if words have no rows
    rows: Rows,  # (words + bucket, d)
    words: int,  # rows before the n-gram rows
    bucket: int,  # n-gram rows
    shortest: int,  # characters in an n-gram
    longest: int,
    out: Rows,  # (n, d) zeros on entry
) -> None:
    """Mean of the rows of each word: its own row first, then those that its n-grams are hashed to."""
    dimensions = out.shape[1]
    for i in range(len(ends) - 1):
        begin = ends[i]
        end = ends[i + 1]
        total = 0
        if first_row >= 0:
            for k in range(dimensions):
                out[i, k] = rows[first_row + i, k]
            total = 1
        for start in range(begin, end):
            if text[start] & 0xC0 == 0x80:  # inside a character
                continue
            hashed = _FNV_OFFSET
            position = start
            for n in range(1, longest + 1):
                if position == end:
                    break
                while True:  # one character: its first byte and those that continue it
                    byte = np.uint32(text[position])
                    if byte & 0x80:  # fastText widens a signed char
                        byte |= np.uint32(0xFFFFFF00)
                    hashed = np.uint32((hashed ^ byte) * _FNV_PRIME)
                    position += 1
                    if position == end or text[position] & 0xC0 != 0x80:
                        break
                if n >= shortest and not (n == 1 and (start == begin or position == end)):
                    row = words + np.int64(hashed % np.uint32(bucket))
                    for k in range(dimensions):
                        out[i, k] += rows[row, k]
                    total += 1
        if total:
            scale = np.float32(1.0 / total)
            for k in range(dimensions):
                out[i, k] *= scale


@dataclass(frozen=True)
class Header:
    """The version and arguments of a model, and the offset of its dictionary."""

    version: int  # 0 for a model without a magic number
    arguments: tuple[int, ...]  # twelve
    dictionary: int  # bytes
    mode: int = 1  # of floret; 2 hashes words, too


def sniff(source: Input) -> bool:
    """fastText's magic number, or arguments and a dictionary as models of 2016 have."""
    return source.data[:4] == _MAGIC or _is_early(source)


def _is_early(source: Input) -> bool:
    if len(source.data) < _ARGUMENTS.size + _DICTIONARY.size:
        return False
    *arguments, threshold = _ARGUMENTS.unpack_from(source.data)
    inside = all(a <= value <= b for value, (a, b) in zip(arguments, _LIMITS, strict=True))
    return inside and 0 <= threshold <= 1 and _has_dictionary(source, _ARGUMENTS.size)


def _has_dictionary(source: Input, position: int) -> bool:
    """Whether the sizes of a dictionary are at this offset."""
    size, words, labels, _ = _DICTIONARY.unpack_from(source.data, position)
    room = (len(source.data) - position) // 11
    return bool(0 < size == words + labels <= room and min(words, labels) >= 0)


def _header(source: Input) -> Header:
    if source.data[:4] != _MAGIC:
        return Header(0, _ARGUMENTS.unpack_from(source.data)[:12], _ARGUMENTS.size)
    version = _VERSION.unpack_from(source.data)[1]
    start = _VERSION.size
    common = start + _ARGUMENTS.size
    floret = start + _FLORET.size
    if len(source.data) >= floret + _DICTIONARY.size and not _has_dictionary(source, common):
        values = _FLORET.unpack_from(source.data, start)
        if values[11] in (1, 2) and _has_dictionary(source, floret):
            return Header(version, (*values[:11], values[13]), floret, values[11])
    return Header(version, _ARGUMENTS.unpack_from(source.data, start)[:12], common)


def read(source: Input) -> Vectors:
    """Read a dense fastText model."""
    if not sniff(source):
        raise source.error(
            "does not begin with fastText's magic number",
            remedy="leave the format out, or save it again with a current fastText",
        )
    with decoding(source.path, "fastText model"):
        return _read(source)


def _read(source: Input) -> Vectors:
    header = _header(source)
    if header.mode == 2:
        raise source.error(
            "is a floret model, whose words have no rows of their own",
            remedy="write its word vectors with floret (save_vectors) and read that file",
        )
    version = header.version
    dimensions, model, bucket, shortest, longest = (header.arguments[i] for i in (0, 7, 8, 9, 10))
    if version not in (0, 11, 12) or dimensions < 1 or bucket < 0 or longest > _LONGEST_NGRAM:
        raise source.error(
            f"version {version} with {dimensions} dimensions, {bucket} buckets and n-grams of {longest} "
            "characters is not a valid fastText model",
            remedy="the file may be damaged: get it again, or save it with a current fastText",
        )
    if version < 12 and model == _SUPERVISED:
        longest = 0  # early classifiers have no n-grams, although their arguments have a length
    entries, position = _dictionary(source, header)
    matrix = _matrix(source, position, dimensions, early=version == 0)
    names = [word for word, kind in entries if kind == 0]
    if len(matrix) < len(names) + bucket:
        raise source.error(
            f"{len(names)} words and {bucket} buckets need as many rows, the matrix has {len(matrix)}"
        )
    subwords = NgramRows(matrix, len(names), bucket, shortest, longest)
    vectors = subwords.compose(names, first_row=0)
    notes = [f"{len(entries) - len(names)} labels left out"] if len(entries) > len(names) else []
    words = decode_words(b"\n".join(names) + b"\n", source) if names else []
    composer = subwords if bucket and longest > 0 else None
    return checked_vectors(words, vectors, source, notes=notes, composer=composer)


def _dictionary(source: Input, header: Header) -> tuple[list[tuple[bytes, int]], int]:
    """Words with their kinds (0 word, 1 label; words come first), and the offset after the dictionary."""
    size, words, labels, _ = _DICTIONARY.unpack_from(source.data, header.dictionary)
    position = header.dictionary + _DICTIONARY.size
    if header.version:
        if _PRUNED.unpack_from(source.data, position)[0] > 0:
            _quantised(source)
        position += _PRUNED.size
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
        word = source.data[position:end]
        kind = _ENTRY.unpack_from(source.data, end + 1)[1]
        if not word or b"\n" in word or kind != (row >= words):
            raise source.error(f"entry {row + 1} of {size} (byte {position}) is not a word")
        entries.append((word, kind))
        position = end + 1 + _ENTRY.size
    return entries, position


def _matrix(source: Input, position: int, dimensions: int, early: bool) -> Floats:
    """The input matrix, (words + bucket, d) float32, as a view of the file (it may lie at an odd address)."""
    if not early:
        if source.data[position : position + 1] not in (b"", b"\0"):
            _quantised(source)
        position += 1
    rows, columns = _MATRIX.unpack_from(source.data, position)
    position += _MATRIX.size
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
