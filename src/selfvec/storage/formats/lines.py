"""Lines of a word and its numbers, to and from a matrix; used by all text formats.

Polars reads blocks of regular lines, on all cores. A parser in Python reads all other blocks: it accepts the
unusual lines of real files and explains what is wrong with an invalid one. Both give
``np.float32(float(text))``.

The last d fields of a line are the numbers. The text before them, stripped of blanks, is the word. So words
that contain blanks, as in GloVe 840B, are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats
from selfvec.base.threads import in_order, threads
from selfvec.files.targets import writing_by_polars

from .checked_vectors import decode_words
from .input_file import Input

_BLOCK = 1 << 22  # bytes parsed, or numbers written, at a time
_COUNTED = 1 << 18  # bytes searched for newlines at a time; they stay in the cache
_WORTH_IT = 1 << 20  # bytes; smaller files are read faster than Polars is imported
_FEW = 1 << 18  # numbers that may be allocated without a check
_FIELD = re.compile(rb"[^ \t]+")
_DECIMAL_COMMA = re.compile(rb"(?<=[0-9]),(?=[0-9])")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def looks_like_text(data: bytes) -> bool:
    """Whether the data has no control characters, which are frequent in binary data."""
    return _NOT_TEXT.search(data) is None


def is_row(line: bytes, dimensions: int) -> bool:
    """Whether a line is a word and so many numbers."""
    fields = line.split()
    return len(fields) > dimensions > 0 and all(map(_is_number, fields[-dimensions:]))


def with_points(text: bytes) -> bytes:
    """A text whose decimal commas are points."""
    return _DECIMAL_COMMA.sub(b".", text)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def lines_from(source: Input, start: int) -> tuple[int, int]:
    """Number of lines from byte ``start`` on, at most the source's limit, and the end of the last one.

    Blanks and empty lines at the end of the file do not count.
    """
    end = len(source.data)
    tail = b""
    while end > start and not tail:
        tail = source.data[max(start, end - 4096) : end]
        tail = tail.rstrip(b" \t\r\n")
        end = max(start, end - 4096)
    end += len(tail)
    count = 0
    for at in range(start, end, _COUNTED):
        newlines = source.array(np.uint8, min(_COUNTED, end - at), at) == 10
        found = int(np.count_nonzero(newlines))
        if source.limit is not None and count + found >= source.limit:
            return source.limit, at + int(np.flatnonzero(newlines)[source.limit - count - 1])
        count += found
    return count + (end > start), end


def read_lines(
    source: Input, start: int, shape: tuple[int, int], *, first_line: int
) -> tuple[list[str], Floats]:
    """Words and (V, d) numbers of the lines from byte ``start`` on, which is line ``first_line`` of the file.

    At most as many rows as the source's limit are read. Nothing is allocated if the file is too short for
    ``shape``, (V, d).
    """
    rows = source.rows(shape[0])
    dimensions = shape[1]
    there, end = lines_from(source, start)
    if shape[0] * dimensions == 0 or rows * dimensions > end - start + _FEW:  # a number takes two bytes
        raise source.error(
            f"{rows} rows of {dimensions} numbers do not fit into a file of {len(source.data)} bytes", line=1
        )
    if there != rows:
        raise source.error(
            f"the first line says {shape[0]} rows, but the file holds {there}",
            line=1,
            remedy="the file may be cut off: get it again, or mend the number",
        )
    matrix = np.empty((rows, dimensions), np.float32)
    large = end - start > _WORTH_IT

    def parsed(block: tuple[int, bytes]) -> list[str]:
        row, text = block
        out = matrix[row : row + text.count(b"\n") + 1]
        regular = _by_polars(text, out) if large else None
        return _by_python(text, out, source, first_line + row) if regular is None else regular

    blocks = in_order(_blocks(source, start, end), parsed, threads(None) if large else 1)
    words = list(chain.from_iterable(blocks))
    _check_ends(words, source, first_line)
    return words, matrix


def _check_ends(words: list[str], source: Input, first_line: int) -> None:
    """Refuse words that end in a blank and a fraction: their lines hold more numbers than the others."""
    for row, word in enumerate(words):
        if " " not in word and "\t" not in word:
            continue
        last = word.split()[-1].encode()
        if _is_number(last) and not last.isdigit():
            dimensions = "the line holds one number more than the others, or its word ends in one"
            raise source.error(
                f"{word[:40]!r} is no word: {dimensions}",
                line=first_line + row,
                remedy="remove the number, or join the word with _",
            )


def _blocks(source: Input, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines, several at a time, without the newline after the last one, and the row of the first."""
    row = 0
    while start < end:
        stop = source.data.find(b"\n", min(start + _BLOCK, end), end)
        stop = end if stop < 0 else stop
        text = source.data[start:stop]
        yield row, text
        row += text.count(b"\n") + 1
        start = stop + 1


def _by_polars(text: bytes, out: Floats) -> list[str] | None:
    """Parse lines into ``out`` (n, d); return their words, or None if a line is unusual."""
    import polars as pl

    schema = {"word": pl.String, **{f"n{i}": pl.Float64 for i in range(out.shape[1])}}
    first = text[: text.find(b"\n") + 1]
    if b"\t" in first or first.endswith((b" \n", b"\r\n")):  # the C programs end their lines in a blank
        text = text.replace(b"\t", b" ").replace(b"\r\n", b"\n").replace(b" \n", b"\n").rstrip()
    try:
        frame = pl.read_csv(text, has_header=False, separator=" ", quote_char=None, schema=schema)
    except pl.exceptions.PolarsError:
        return None
    if len(frame) != len(out) or any(column.null_count() for column in frame):
        return None
    with np.errstate(over="ignore"):
        out[:] = frame[:, 1:].to_numpy()
    return frame["word"].to_list()


def _by_python(text: bytes, out: Floats, source: Input, first_line: int) -> list[str]:
    """Parse lines, of which the first is line ``first_line`` of the file, into ``out`` (n, d)."""
    with np.errstate(over="ignore"):
        words = [
            _parse_line(line, row, source, number)
            for number, (line, row) in enumerate(zip(text.split(b"\n"), out, strict=True), first_line)
        ]
    return decode_words(b"\n".join(words) + b"\n", source, first_line=first_line)


def _parse_line(text: bytes, out: Floats, source: Input, line: int) -> bytes:
    """Parse one line, which is line ``line`` of the file, into ``out`` (d,); return its word."""
    word, numbers = _fields(text.rstrip(b" \t\r"), len(out))
    if len(numbers) != len(out) or not word:
        wrong = f"a line is a word and {len(out)} numbers, this one is not"
    elif not all(map(_is_number, numbers)):
        field = next(field for field in numbers if not _is_number(field))
        wrong = f"{field[:40].decode(errors='replace')!r} is not a number"
        if _is_number(with_points(field)):
            raise source.error(wrong, line=line, remedy="write decimal points instead of decimal commas")
    else:
        out[:] = [float(field) for field in numbers]
        return word
    raise source.error(wrong, line=line, remedy="remove or mend the line")


def _fields(text: bytes, dimensions: int) -> tuple[bytes, list[bytes]]:
    """The word, and the last ``dimensions`` fields."""
    fields = text.split(b" ")
    if len(fields) == dimensions + 1 and b"" not in fields and b"\t" not in text:
        return fields[0], fields[1:]
    spans = [found.span() for found in _FIELD.finditer(text)]
    before = spans[:-dimensions]
    word = text[before[0][0] : before[-1][1]] if before else b""
    return word, [text[start:end] for start, end in spans[-dimensions:]]


def write_lines(
    path: Path, words: list[str] | None, matrix: AnyFloats, *, header: str = "", separator: str = " "
) -> None:
    """Write ``header``, then a line for every row: its word, if there are words, and its numbers.

    Every number of the (V, d) matrix is written with the fewest digits that identify its float32.
    """
    import polars as pl

    names = [f"n{i}" for i in range(matrix.shape[1])]
    step = max(1, _BLOCK // len(names))
    with path.open("wb") as file, writing_by_polars():
        file.write(header.encode())
        for start in range(0, len(matrix), step):
            block = np.asarray(matrix[start : start + step], np.float32)
            frame = pl.DataFrame(block, schema=names, orient="row")
            if words is not None:
                frame.insert_column(0, pl.Series("word", words[start : start + step], pl.String))
            frame.write_csv(file, include_header=False, separator=separator, quote_style="never")
