"""word2vec text, which is also fastText's .vec, and GloVe text, which has no header line ``V d``.

Words that contain blanks are read but not written: other readers end a word at its first blank.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from selfvec.base.errors import OptionError
from selfvec.base.files import atomic_file
from selfvec.data.vectors import Vectors

from .check import encode_words, finish
from .lines import is_row, lines_from, looks_like_text, read_lines, write_lines
from .source import Input

__all__ = [
    "check_words",
    "header",
    "read_glove",
    "read_word2vec",
    "sniff_glove",
    "sniff_word2vec",
    "write_glove",
    "write_word2vec",
]

BLANKS = " \t\n\v\f\r\0"
"""What no word may contain in the word2vec formats: C's ``scanf`` and gensim end a word there."""

_HEAD = 1 << 22  # bytes in which to look for the first hundred lines
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*(?:\n|\Z)")


def _start(source: Input) -> int:
    return len(_BOM) if source.data[:3] == _BOM else 0


def header(source: Input) -> tuple[int, int, int] | None:
    """V, d and the byte where the rows begin, if the first line is a word2vec header."""
    start = _start(source)
    found = _HEADER.match(source.data[start : start + 128])
    return found and (int(found[1]), int(found[2]), start + found.end())


def sniff_word2vec(source: Input) -> bool:
    """A header (the binary form, which has one too, is asked before)."""
    return header(source) is not None


def read_word2vec(source: Input) -> Vectors:
    """Read word2vec text: a line ``V d``, then V lines."""
    found = header(source)
    if found is None:
        raise source.error(
            "the first line is two whole numbers, rows and dimensions, this one is not",
            line=1,
            remedy="if the file has no such line, load it with format='glove'",
        )
    rows, dimensions, start = found
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=2)
    return finish(words, matrix, source, first_line=2)


def sniff_glove(source: Input) -> bool:
    """No header, and one of the first two lines is a word and at least one number."""
    head = source.data[:65536]
    if header(source) or not looks_like_text(head):
        return False
    return any(is_row(line, 1) for line in head.split(b"\n")[:2])


def read_glove(source: Input) -> Vectors:
    """Read GloVe text. d is the usual number of fields in the first hundred lines, less the word."""
    start = _start(source)
    rows, end = lines_from(source, start)
    head = source.data[start : min(end, start + _HEAD)].split(b"\n")
    if end > start + _HEAD and len(head) > 1:
        head.pop()  # cut short
    fields = [len(line.split()) for line in head[:100]]
    dimensions = Counter(fields).most_common(1)[0][0] - 1
    if dimensions < 1:
        line = fields.index(dimensions + 1) + 1
        raise source.error(
            "a line is a word and its numbers, this one is not", line=line, remedy="remove or mend the line"
        )
    announced = header(source)
    if announced and announced[1] > 1 and fields[1:2] == [announced[1] + 1]:
        raise source.error("GloVe text has no header, this file does", line=1, remedy="leave the format out")
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=1)
    return finish(words, matrix, source, first_line=1)


def write_word2vec(vectors: Vectors, path: Path) -> None:
    """Write word2vec text."""
    check_words(vectors)
    header = f"{len(vectors)} {vectors.vector_size}\n"
    with atomic_file(path) as temporary:
        write_lines(temporary, vectors.index_to_key, vectors.vectors, header=header)


def write_glove(vectors: Vectors, path: Path) -> None:
    """Write GloVe text."""
    check_words(vectors)
    if vectors.index_to_key[0].startswith("\ufeff"):
        raise OptionError(
            "GloVe text cannot begin with the character U+FEFF",
            remedy="choose word2vec-text, which has a header",
        )
    with atomic_file(path) as temporary:
        write_lines(temporary, vectors.index_to_key, vectors.vectors)


def check_words(vectors: Vectors) -> None:
    """Refuse words the word2vec formats cannot hold: empty ones and those with blanks.

    Raises
    ------
    OptionError
        Naming the word.
    """
    encode_words(vectors.index_to_key, BLANKS)
    if "" in vectors:
        raise OptionError("this format cannot hold the empty word", remedy="rename it or choose safetensors")
