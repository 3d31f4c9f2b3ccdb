"""word2vec text (fastText's .vec is the same), GloVe text (without the header line), and word2vec binary.

Both word2vec formats begin with a line ``V d``. The binary format, that of GoogleNews, has V records: the
word, a blank, d little-endian float32, and (from the C program, not from gensim) a newline. Records differ in
length, so the matrix cannot be mapped. Words that contain blanks are read from text but not written, because
other readers end a word at its first blank.

TensorFlow Projector's vectors.tsv holds the numbers and metadata.tsv the words, in the same order. It is only
written.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Floats, Ints
from selfvec.base.errors import FormatError, OptionError
from selfvec.data.vectors import Vectors

from .checked_vectors import checked_vectors, decode_words, encode_words
from .input_file import Input
from .lines import is_row, lines_from, looks_like_text, read_lines, write_lines

_BLANKS = " \t\n\v\f\r\0"
"""What no word may contain in the word2vec formats: C's ``scanf`` and gensim end a word there."""

_LONGEST = 1 << 16  # bytes in a word of the binary form
_GATHERED = 1 << 22  # bytes copied at a time; they fit the cache
_HEAD = 1 << 22  # bytes in which to look for the first hundred lines
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*(?:\n|\Z)")


def _start(source: Input) -> int:
    return len(_BOM) if source.data[:3] == _BOM else 0


def _header(source: Input) -> tuple[int, int, int] | None:
    """V, d and the offset of the rows, if the first line is a word2vec header."""
    start = _start(source)
    found = _HEADER.match(source.data[start : start + 128])
    return found and (int(found[1]), int(found[2]), start + found.end())


def _required_header(source: Input) -> tuple[int, int, int]:
    found = _header(source)
    if found is None:
        raise source.error(
            "the first line is not two whole numbers, rows and dimensions",
            line=1,
            remedy="leave the format out; a text file without such a line is format='glove'",
        )
    return found


def sniff_text(source: Input) -> bool:
    """A header. The binary format, which also has one, is tried before."""
    return _header(source) is not None


def read_text(source: Input) -> Vectors:
    """Read word2vec text: a line ``V d``, then V lines."""
    rows, dimensions, start = _required_header(source)
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=2)
    return checked_vectors(words, matrix, source, first_line=2)


def sniff_glove(source: Input) -> bool:
    """No header, and one of the first two lines is a word and at least one number."""
    head = source.data[:65536]
    if _header(source) or not looks_like_text(head):
        return False
    return any(is_row(line, 1) for line in head.split(b"\n")[:2])


def read_glove(source: Input) -> Vectors:
    """Read GloVe text. d is the most common number of fields in the first hundred lines, minus the word."""
    start = _start(source)
    rows, end = lines_from(source, start)
    head = source.data[start : min(end, start + _HEAD)].split(b"\n")
    if end > start + _HEAD and len(head) > 1:
        head.pop()  # perhaps incomplete
    fields = [len(line.split()) for line in head[:100]]
    dimensions = Counter(fields).most_common(1)[0][0] - 1
    if dimensions < 1:
        line = fields.index(dimensions + 1) + 1
        raise source.error(
            "a line is a word and its numbers, this one is not",
            line=line,
            remedy="remove or mend the line",
        )
    announced = _header(source)
    if announced and announced[1] > 1 and fields[1:2] == [announced[1] + 1]:
        raise source.error("GloVe text has no header, this file has", line=1, remedy="leave the format out")
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=1)
    return checked_vectors(words, matrix, source, first_line=1)


def write_text(vectors: Vectors, path: Path) -> None:
    """Write word2vec text."""
    _check_words(vectors)
    header = f"{len(vectors)} {vectors.vector_size}\n"
    write_lines(path, vectors.index_to_key, vectors.vectors, header=header)


def write_glove(vectors: Vectors, path: Path) -> None:
    """Write GloVe text."""
    _check_words(vectors)
    if vectors.index_to_key[0].startswith("\ufeff"):
        raise OptionError(
            "GloVe text cannot begin with the character U+FEFF",
            remedy="choose word2vec-text, which has a header",
        )
    write_lines(path, vectors.index_to_key, vectors.vectors)


def _check_words(vectors: Vectors) -> None:
    """Refuse words the word2vec formats cannot hold: empty ones and those with blanks."""
    encode_words(vectors.index_to_key, _BLANKS)
    if "" in vectors:
        raise OptionError("this format cannot hold the empty word", remedy="rename it or choose safetensors")


def sniff_binary(source: Input) -> bool:
    """A header, followed by data that is not text (or, in tiny files, that fits the binary layout)."""
    found = _header(source)
    if found is None:
        return False
    rows, dimensions, start = found
    line = source.data[start : start + min(64 + 40 * dimensions, 1 << 22)].split(b"\n", 1)[0]
    if is_row(line, dimensions):
        return False
    if not looks_like_text(source.data[start : start + 4096]):
        return True
    if len(source.data) < 8192:
        with suppress(FormatError):
            return bool(_walk(source, rows, dimensions, start))
    return False


def read_binary(source: Input) -> Vectors:
    """Read word2vec binary."""
    rows, dimensions, start = _required_header(source)
    names, offsets = _walk(source, rows, dimensions, start)
    words = decode_words(b"\n".join(names) + b"\n", source)
    return checked_vectors(words, _gather(source, offsets, dimensions), source)


def _walk(source: Input, rows: int, dimensions: int, start: int) -> tuple[list[bytes], Ints]:
    """The words and the offset of the numbers of each, (V,)."""
    size = 4 * dimensions
    data = source.data
    if rows == 0 or dimensions == 0 or rows * (size + 2) > len(data) - start:
        raise source.error(
            f"the header says {rows} rows of {dimensions} numbers, the file is {len(data)} bytes long"
        )
    find = data.find
    words = []
    blanks = []
    position = start
    for row in range(1, source.rows(rows) + 1):  # little work per row; the checks come later
        blank = find(b" ", position, position + _LONGEST)
        if blank < 0:
            raise source.error(f"row {row} of {rows} (byte {position}): no blank after the word")
        words.append(data[position:blank])
        blanks.append(blank)
        position = blank + 1 + size
    if position > len(data):
        row = next(row for row, blank in enumerate(blanks) if blank + 1 + size > len(data))
        raise source.error(
            f"row {row + 1} of {rows} (byte {blanks[row] + 1}): the file ends inside the numbers"
        )
    words = [word.lstrip(b"\n") for word in words]
    bad = next((row for row, word in enumerate(words) if not word or b"\n" in word), None)
    if bad is not None:
        raise source.error(f"row {bad + 1} of {rows} (byte {blanks[bad]}): there is no word before the blank")
    if source.limit is None and data[position : position + 4096].strip(b"\n\r "):
        raise source.error(f"the header says {rows} rows, more bytes follow the last one (byte {position})")
    return words, np.array(blanks) + 1


def _gather(source: Input, offsets: Ints, dimensions: int) -> Floats:
    """Copy the rows that begin at ``offsets`` (V,) into a (V, d) matrix; they lie at odd addresses."""
    size = 4 * dimensions
    windows = np.lib.stride_tricks.sliding_window_view(source.array(np.uint8, len(source.data), 0), size)
    matrix = np.empty((len(offsets), dimensions), np.float32)
    step = max(1, _GATHERED // size)
    for row in range(0, len(offsets), step):
        matrix[row : row + step] = windows[offsets[row : row + step]].view("<f4")
    return matrix


def write_binary(vectors: Vectors, path: Path) -> None:
    """Write word2vec binary, with the newlines of the C program."""
    _check_words(vectors)
    with path.open("wb") as file:
        file.write(f"{len(vectors)} {vectors.vector_size}\n".encode())
        for word, row in zip(vectors.index_to_key, vectors.vectors, strict=True):
            file.write(b"%b %b\n" % (word.encode(), row.astype("<f4", copy=False).tobytes()))


# TensorFlow Projector

_VECTORS = "vectors.tsv"
_NAMES = (_VECTORS, "vecs.tsv", "tensors.tsv", "tensor.tsv")  # that other programs use


def sniff_projector(source: Input) -> bool:
    """A file of the usual names, or a folder that holds one. Their numbers could be taken for GloVe's."""
    files = source.path.iterdir() if source.path.is_dir() else (source.path,)
    return any(file.name in _NAMES for file in files)


def write_projector(vectors: Vectors, path: Path) -> None:
    """Write a folder with vectors.tsv and metadata.tsv (words only, no header)."""
    words = encode_words(vectors.index_to_key, "\t\n\r")
    path.mkdir()
    write_lines(path / _VECTORS, None, vectors.vectors, separator="\t")
    (path / "metadata.tsv").write_bytes(words)
