"""word2vec binary, the format of GoogleNews.

A line ``V d``, then V records: the word, a blank, d little-endian float32, and (from the C program, not from
gensim) a newline. Records differ in length, so the matrix cannot be mapped.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Floats, Ints
from selfvec.base.errors import FormatError
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import first_not_finite

from .input_file import Input, checked_vectors, decode_words
from .text import check_words, header, is_row, looks_like_text, required_header, with_points

_LONGEST = 1 << 16  # bytes in a word of the binary form
_LARGEST = 1e10  # number in a vector; bytes that are read from a wrong place soon give a larger one
_GATHERED = 1 << 22  # bytes copied at a time; they fit the cache


def sniff(source: Input) -> bool:
    """A header, followed by data that is not text (or, in tiny files, that fits the binary layout)."""
    announced = header(source)
    if announced is None:
        return False
    rows, dimensions, start = announced
    line = source.data[start : start + min(64 + 40 * dimensions, 1 << 22)].split(b"\n", 1)[0]
    if is_row(with_points(line), dimensions):
        return False
    if not looks_like_text(source.data[start : start + 4096]):
        return True
    if len(source.data) < 8192:
        with suppress(FormatError):
            return bool(_walk(source, rows, dimensions, start))
    return False


def read(source: Input) -> Vectors:
    """Read word2vec binary; a word ends at its first blank, as in the C program."""
    rows, dimensions, start = required_header(source)
    names, offsets = _walk(source, rows, dimensions, start)
    matrix = _gather(source, offsets, dimensions)
    # A word that holds a blank, or a wrong header, shifts all that follows: words are no text then, and
    # numbers are beyond all that a vector holds.
    bad = first_not_finite(matrix, _LARGEST)
    if bad is not None and not np.isfinite(matrix[bad]).all():
        bad = None
    if bad is None and not looks_like_text(b"".join(names)):
        bad = next(row for row, name in enumerate(names) if not looks_like_text(name))
    if bad is not None:
        # The row was cut out of the bytes in the wrong place.
        shown = names[bad][:40].decode(errors="replace")
        raise source.error(
            f"row {bad + 1}: what follows {shown!r} are no numbers of a vector (beyond {_LARGEST:.0e}); "
            "the header is wrong, a word holds a blank, or the file is damaged",
            remedy="write it again as text or safetensors in the program that made it",
        )
    words = decode_words(b"\n".join(names) + b"\n", source)
    return checked_vectors(words, matrix, source)


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
    words = [word.lstrip(b"\n") for word in words]  # that of the C program after the record before
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


def write(vectors: Vectors, path: Path) -> None:
    """Write word2vec binary, with the newlines of the C program."""
    check_words(vectors)
    with path.open("wb") as file:
        file.write(f"{len(vectors)} {vectors.vector_size}\n".encode())
        for word, row in zip(vectors.index_to_key, vectors.vectors, strict=True):
            file.write(b"%b %b\n" % (word.encode(), row.astype("<f4", copy=False).tobytes()))
