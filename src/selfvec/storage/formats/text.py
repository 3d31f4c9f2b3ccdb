"""Vectors as text: word2vec text, which fastText's .vec is, and GloVe text, which has no first line ``V d``.

The last d fields of a line are its numbers, and the text before them, stripped of blanks, is its word. So
words that contain blanks, as in GloVe 840B, are read. They are not written, because other readers end a word
at its first blank.

Polars reads blocks of regular lines, on all cores. A parser in Python reads all other blocks: it accepts the
unusual lines of real files and explains what is wrong with an invalid one. Both give
``np.float32(float(text))``.

TensorFlow Projector's vectors.tsv holds the numbers and metadata.tsv the words, in the same order. It is only
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from statistics import mode

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.threads import in_order, threads
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import writing_by_polars

from .input_file import Input, checked_vectors, decode_words, encode_words

_BLANKS = " \t\n\v\f\r\0"
"""What no word may contain in the word2vec formats: C's ``scanf`` and gensim end a word there."""

_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[ \t]*(\d{1,40})[ \t]+(\d{1,40})[ \t\r]*(?:\n|\Z)")
_HEAD = 1 << 22  # bytes in which to look for the first lines
_FIRST_LINES = 100  # enough to tell a few odd words from a wrong number of dimensions
_BLOCK = 1 << 22  # bytes parsed, or numbers written, at a time
_COUNTED = 1 << 18  # bytes searched for newlines at a time; they stay in the cache
_WORTH_IT = 1 << 20  # bytes; smaller files are read faster than Polars is imported
_FEW = 1 << 18  # numbers that may be allocated without a check
_FIELD = re.compile(rb"[^ \t]+")
_DECIMAL_COMMA = re.compile(rb"(?<=[0-9]),(?=[0-9])")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")


# The first line, and what the lines after it say


def header(source: Input) -> tuple[int, int, int] | None:
    """V, d and the offset of the rows, if the first line is a word2vec header."""
    start = _start(source)
    line = _HEADER.match(source.data[start : start + 128])
    return line and (int(line[1]), int(line[2]), start + line.end())


def required_header(source: Input) -> tuple[int, int, int]:
    announced = header(source)
    if announced is None:
        rule = "the first line is not two whole numbers, rows and dimensions"
        remedy = "leave the format out; a text file without such a line is format='glove'"
        raise source.error(rule, line=1, remedy=remedy)
    return announced


def _start(source: Input) -> int:
    return len(_BOM) if source.data[:3] == _BOM else 0


def _first_lines(source: Input, start: int, end: int) -> tuple[list[bytes], list[int]]:
    """The first lines between two places, and the number of fields after the word of each."""
    lines = source.data[start : min(end, start + _HEAD)].split(b"\n")
    if end > start + _HEAD and len(lines) > 1:
        lines.pop()  # perhaps incomplete
    lines = lines[:_FIRST_LINES]
    return lines, [len(line.split()) - 1 for line in lines]


# word2vec text


def sniff(source: Input) -> bool:
    """A header. The binary format, which also has one, is tried before."""
    return header(source) is not None


def read(source: Input) -> Vectors:
    """Read word2vec text: a line ``V d``, then V lines."""
    rows, dimensions, start = required_header(source)
    lines, widths = _first_lines(source, start, len(source.data))
    usual = mode(widths)  # a word with blanks is the exception
    alike = [line for line, width in zip(lines, widths, strict=True) if width == usual]
    if len(alike) > widths.count(dimensions) and all(is_row(line, usual) for line in alike):
        rule = f"the first line says {count_of(dimensions, 'number')} for each word, most lines hold {usual}"
        remedy = "correct the first line, or remove it if it is no header"
        raise source.error(rule, line=1, remedy=remedy)
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=2)
    return checked_vectors(words, matrix, source, first_line=2, notes=_notes(words))


def write(vectors: Vectors, path: Path) -> None:
    check_words(vectors)
    first = f"{len(vectors)} {vectors.vector_size}\n"
    write_lines(path, vectors.index_to_key, vectors.vectors, header=first)


def check_words(vectors: Vectors) -> None:
    encode_words(vectors.index_to_key, _BLANKS)
    if "" in vectors:
        raise OptionError("this format cannot hold the empty word", remedy="rename it or choose safetensors")


def _notes(words: list[str]) -> list[str]:
    """What to know of words that may hold a number of their vector."""
    doubtful = [word for word in words if " " in word and word.rpartition(" ")[2].isdigit()]
    if not doubtful:
        return []
    return [
        f"{count_of(len(doubtful), 'word')} with a blank and a number at the end, as {doubtful[0][:40]!r}"
    ]


# GloVe text


def sniff_glove(source: Input) -> bool:
    """No header, and one of the first two lines is a word and at least one number."""
    head = source.data[:65536]
    if header(source) or not looks_like_text(head):
        return False
    return any(is_row(with_points(line), 1) for line in head.split(b"\n")[:2])


def read_glove(source: Input) -> Vectors:
    """Read GloVe text; its first lines tell d."""
    start = _start(source)
    rows, end = lines_from(source, start)
    _, widths = _first_lines(source, start, end)
    dimensions = mode(widths)  # a word with blanks is the exception
    if dimensions < 1:
        rule = "a line is a word and its numbers, this one is not"
        raise source.error(rule, line=widths.index(dimensions) + 1, remedy="remove or correct the line")
    announced = header(source)
    if announced and announced[1] > 1 and widths[1:2] == [announced[1]]:
        raise source.error("GloVe text has no header, this file has", line=1, remedy="leave the format out")
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=1)
    return checked_vectors(words, matrix, source, first_line=1, notes=_notes(words))


def write_glove(vectors: Vectors, path: Path) -> None:
    check_words(vectors)
    if vectors.index_to_key[0].startswith("\ufeff"):
        rule = "GloVe text cannot begin with the character U+FEFF"
        remedy = "choose word2vec-text, which has a header"
        raise OptionError(rule, remedy=remedy)
    write_lines(path, vectors.index_to_key, vectors.vectors)


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


# Lines of a word and its numbers, to and from a matrix


def looks_like_text(data: bytes) -> bool:
    """Whether the data has no control characters, which are frequent in binary data."""
    return _NOT_TEXT.search(data) is None


def is_row(line: bytes, dimensions: int) -> bool:
    fields = line.split()
    return len(fields) > dimensions > 0 and all(map(_is_number, fields[-dimensions:]))


def with_points(text: bytes) -> bytes:
    return _DECIMAL_COMMA.sub(b".", text)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python reads 1_0 as a number, no other program does


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
        ends = int(np.count_nonzero(newlines))
        if source.limit is not None and count + ends >= source.limit:
            return source.limit, at + int(np.flatnonzero(newlines)[source.limit - count - 1])
        count += ends
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
        rule = f"the first line says {shape[0]} rows, but the file holds {there}"
        remedy = "the file may be cut off: get it again, or correct the number"
        raise source.error(rule, line=1, remedy=remedy)
    matrix = np.empty((rows, dimensions), np.float32)
    large = end - start > _WORTH_IT

    def parsed(block: tuple[int, bytes]) -> list[str]:
        row, text = block
        out = matrix[row : row + text.count(b"\n") + 1]
        regular = _by_polars(text, out) if large else None
        return _by_python(text, out, source, first_line + row) if regular is None else regular

    blocks = in_order(_blocks(source, start, end), parsed, threads() if large else 1)
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
            rule = f"{word[:40]!r} is no word: {dimensions}"
            remedy = "remove the number, or join the word with _"
            raise source.error(rule, line=first_line + row, remedy=remedy)


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
    raise source.error(wrong, line=line, remedy="remove or correct the line")


def _fields(text: bytes, dimensions: int) -> tuple[bytes, list[bytes]]:
    fields = text.split(b" ")
    if len(fields) == dimensions + 1 and b"" not in fields and b"\t" not in text:
        return fields[0], fields[1:]
    spans = [field.span() for field in _FIELD.finditer(text)]
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
