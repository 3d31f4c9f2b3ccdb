"""word2vec binary, the form GoogleNews is published in.

A line ``V d``, then V records: the word, a blank, d little-endian float32, and (from the C program, not from
gensim) a newline. Records differ in length, so the matrix cannot be mapped: one pass over the mapped file
finds the words, a second one copies the numbers into a matrix.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfvec.base.files import atomic_file
from selfvec.data.vectors import Vectors

from .check import decode_words, finish
from .lines import is_row, looks_like_text
from .source import Input
from .text import check_words, header

__all__ = ["read", "sniff", "write"]

_LONGEST = 1 << 16  # bytes in a word
_GATHERED = 1 << 22  # bytes copied at a time; they fit the cache


def sniff(source: Input) -> bool:
    """A header, and what follows is not text (or, in tiny files, could be but fits the binary layout)."""
    found = header(source)
    if found is None:
        return False
    rows, dimensions, start = found
    line = source.data[start : start + min(64 + 40 * dimensions, 1 << 22)].split(b"\n", 1)[0]
    if is_row(line, dimensions):
        return False
    if not looks_like_text(source.data[start : start + 4096]):
        return True
    return len(source.data) < 8192 and not isinstance(_walk(source, rows, dimensions, start), str)


def read(source: Input) -> Vectors:
    """Read word2vec binary."""
    found = header(source)
    if found is None:
        raise source.error(
            "the first line is two whole numbers, rows and dimensions, this one is not",
            line=1,
            remedy="leave the format out",
        )
    rows, dimensions, start = found
    walked = _walk(source, rows, dimensions, start)
    if isinstance(walked, str):
        raise source.error(walked)
    names, offsets = walked
    words = decode_words(b"\n".join(names) + b"\n", source)
    return finish(words, _gather(source, offsets, dimensions), source)


def _walk(
    source: Input, rows: int, dimensions: int, start: int
) -> tuple[list[bytes], NDArray[np.int64]] | str:
    """The words and where the numbers of each begin, (V,); or, as text, why the records do not fit."""
    size, data = 4 * dimensions, source.data
    if rows == 0 or dimensions == 0 or rows * (size + 2) > len(data) - start:
        return f"the header says {rows} rows of {dimensions} numbers, the file is {len(data)} bytes long"
    find, words, blanks, position = data.find, [], [], start
    for row in range(1, source.rows(rows) + 1):  # as little as possible for each row, the checks come after
        blank = find(b" ", position, position + _LONGEST)
        if blank < 0:
            return f"row {row} of {rows} (byte {position}): a word ends with a blank, there is none"
        words.append(data[position:blank])
        blanks.append(blank)
        position = blank + 1 + size
    if position > len(data):
        row = next(row for row, blank in enumerate(blanks) if blank + 1 + size > len(data))
        return f"row {row + 1} of {rows} (byte {blanks[row] + 1}): the file ends inside the numbers"
    words = [word.lstrip(b"\n") for word in words]
    bad = next((row for row, word in enumerate(words) if not word or b"\n" in word), None)
    if bad is not None:
        return f"row {bad + 1} of {rows} (byte {blanks[bad]}): there is no word before the blank"
    if source.limit is None and data[position : position + 4096].strip(b"\n\r "):
        return f"the header says {rows} rows, more bytes follow the last one (byte {position})"
    return words, np.array(blanks) + 1


def _gather(source: Input, offsets: NDArray[np.int64], dimensions: int) -> NDArray[np.float32]:
    """Copy the rows that begin at ``offsets`` (V,) into a (V, d) matrix; they lie at odd addresses."""
    size = 4 * dimensions
    windows = np.lib.stride_tricks.sliding_window_view(source.array(np.uint8, len(source.data), 0), size)
    matrix = np.empty((len(offsets), dimensions), np.float32)
    step = max(1, _GATHERED // size)
    for row in range(0, len(offsets), step):
        matrix[row : row + step] = windows[offsets[row : row + step]].view("<f4")
    return matrix


def write(vectors: Vectors, path: Path) -> None:
    """Write word2vec binary, with the newlines of the C program."""
    check_words(vectors)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        file.write(f"{len(vectors)} {vectors.vector_size}\n".encode())
        for word, row in zip(vectors.index_to_key, vectors.vectors, strict=True):
            file.write(b"%b %b\n" % (word.encode(), row.astype("<f4", copy=False).tobytes()))
