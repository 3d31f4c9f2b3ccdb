"""fastText models (.bin): word vectors. Other words are built from subwords, which are character n-grams.

A model holds a row for every word and ``bucket`` rows that n-grams are hashed to. A word's vector is the mean
of its own row and those of its n-grams; for a word without a row, that of its n-grams alone (Bojanowski et
al. 2017, "Enriching word vectors with subword information"). Rows are added in fastText's own order, so the
vectors equal fastText's to the bit. The n-gram rows stay mapped.

floret writes two more arguments; its models are read if it was trained in the mode of fastText.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from selfvec.base.arrays import Floats
from selfvec.data.vectors import Vectors
from selfvec.files.untrusted import decoding
from selfvec.numerics.ngram_rows import NgramRows

from .input_file import Input, checked_vectors, decode_words

_MAGIC = struct.pack("<i", 793712314)
_VERSION = struct.Struct("<2i")  # magic, version
_ARGUMENTS = struct.Struct("<12i d")
_FLORET = struct.Struct("<14i d")  # its mode and number of hashes come before the last two
_DICTIONARY = struct.Struct("<3i q")  # size, words, labels, tokens
_PRUNED = struct.Struct("<q")  # pruned n-grams
_ENTRY = struct.Struct("<q b")  # count, kind (0 word, 1 label); behind a word and a zero byte
_SHORTEST_ENTRY = 2 + _ENTRY.size  # bytes
_MATRIX = struct.Struct("<2q")  # rows, columns; behind a byte that says whether it is quantised
_SUPERVISED = 3  # the model of a classifier
_WORD = 0  # the kind of an entry that is no label
_LONGEST = 1 << 12  # bytes in a word
_LONGEST_NGRAM = 64  # characters; fastText's default is 6


@dataclass(frozen=True)
class ModelHeader:
    """What the version and the arguments of a model say about the rest of the file."""

    version: int
    dimensions: int
    model: int  # 3 for a classifier
    bucket: int  # n-gram rows
    shortest: int  # characters in an n-gram, inclusive
    longest: int
    dictionary: int  # offset in bytes
    floret_mode: int  # 1 as in fastText; 2 hashes words, too

    @classmethod
    def of(cls, version: int, arguments: Sequence[int], dictionary: int, floret_mode: int = 1) -> ModelHeader:
        """The header of a model whose arguments begin with the eleven that all versions have."""
        model, bucket, shortest, longest = arguments[7:11]
        return cls(version, arguments[0], model, bucket, shortest, longest, dictionary, floret_mode)


def sniff(source: Input) -> bool:
    return source.data[:4] == _MAGIC


def _has_dictionary(source: Input, position: int) -> bool:
    size, words, labels, _ = _DICTIONARY.unpack_from(source.data, position)
    room = (len(source.data) - position) // _SHORTEST_ENTRY
    return bool(0 < size == words + labels <= room and min(words, labels) >= 0)


def _header(source: Input) -> ModelHeader:
    version = _VERSION.unpack_from(source.data)[1]
    start = _VERSION.size
    dictionary = start + _ARGUMENTS.size
    in_floret = start + _FLORET.size  # where the dictionary is if floret wrote the model
    if len(source.data) >= in_floret + _DICTIONARY.size and not _has_dictionary(source, dictionary):
        arguments = _FLORET.unpack_from(source.data, start)
        mode = arguments[11]
        if mode in (1, 2) and _has_dictionary(source, in_floret):
            return ModelHeader.of(version, arguments, in_floret, mode)
    return ModelHeader.of(version, _ARGUMENTS.unpack_from(source.data, start), dictionary)


def read(source: Input) -> Vectors:
    if not sniff(source):
        rule = "does not begin with fastText's magic number"
        remedy = "leave the format out, or save it again with a current fastText"
        raise source.error(rule, remedy=remedy)
    with decoding(source.path, "fastText model"):
        header = _header(source)
        _check(header, source)
        entries, position = _dictionary(source, header)
        matrix = _matrix(source, position, header)
        names = [word for word, kind in entries if kind == _WORD]
        if len(matrix) < len(names) + header.bucket:
            needed = f"{len(names)} words and {header.bucket} buckets need as many rows"
            raise source.error(f"{needed}, the matrix has {len(matrix)}")
        # Early classifiers have no n-grams, although their arguments have a length.
        longest = 0 if header.version < 12 and header.model == _SUPERVISED else header.longest
        subwords = NgramRows(matrix, len(names), header.bucket, header.shortest, longest)
        vectors = subwords.compose(names, first_row=0)
        words = decode_words(b"\n".join(names) + b"\n", source) if names else []
        labels = len(entries) - len(names)
        notes = [f"{labels} labels left out"] if labels else []
        composer = subwords if header.bucket and longest > 0 else None
        return checked_vectors(words, vectors, source, notes=notes, composer=composer)


def _check(header: ModelHeader, source: Input) -> None:
    if header.floret_mode == 2:
        rule = "is a floret model, whose words have no rows of their own"
        remedy = "write its word vectors with floret (save_vectors) and read that file"
        raise source.error(rule, remedy=remedy)
    valid = header.dimensions > 0 and header.bucket >= 0 and header.longest <= _LONGEST_NGRAM
    if header.version not in (11, 12) or not valid:
        raise source.error(
            f"version {header.version} with {header.dimensions} dimensions, {header.bucket} buckets and "
            f"n-grams of {header.longest} characters is not a valid fastText model",
            remedy="the file may be damaged: get it again, or save it with a current fastText",
        )


def _dictionary(source: Input, header: ModelHeader) -> tuple[list[tuple[bytes, int]], int]:
    """Words with their kinds (0 word, 1 label; words come first), and the offset after the dictionary."""
    size, words, labels, _ = _DICTIONARY.unpack_from(source.data, header.dictionary)
    position = header.dictionary + _DICTIONARY.size
    if _PRUNED.unpack_from(source.data, position)[0] > 0:
        _quantised(source)
    position += _PRUNED.size
    room = (len(source.data) - position) // _SHORTEST_ENTRY
    if min(size, words, labels) < 0 or words + labels != size or size > room:
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


def _matrix(source: Input, position: int, header: ModelHeader) -> Floats:
    """The input matrix, (words + bucket, d) float32, as a view of the file (it may lie at an odd address)."""
    if source.data[position : position + 1] not in (b"", b"\0"):
        _quantised(source)
    rows, columns = _MATRIX.unpack_from(source.data, position + 1)
    position += 1 + _MATRIX.size
    if columns != header.dimensions or rows < 0:
        raise source.error(f"the matrix has {columns} columns, the model {header.dimensions} dimensions")
    if rows * columns * 4 > len(source.data) - position:
        raise EOFError("the file ends inside the matrix")
    return source.array("<f4", rows * columns, position).reshape(rows, columns)


def _quantised(source: Input) -> NoReturn:
    rule = "is a quantised fastText model (.ftz), only dense ones (.bin) are read"
    remedy = "use the model it was made from, or write its vectors as text with fastText"
    raise source.error(rule, remedy=remedy)
