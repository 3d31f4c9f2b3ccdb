"""word2vec text (fastText's .vec is the same), GloVe text (without the header line), and word2vec binary.

Both word2vec formats begin with a line ``V d``. The binary format, that of GoogleNews, has V records: the
word, a blank, d little-endian float32, and (from the C program, not from gensim) a newline. Records differ in
length, so the matrix cannot be mapped. Words that contain blanks are read but not written, because other
readers end a word at its first blank.

TensorFlow Projector's vectors.tsv holds the numbers and metadata.tsv the words, in the same order. It is only
written.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from statistics import mode

import numpy as np

from selfvec.base.arrays import Floats, Ints
from selfvec.base.display import count_of
from selfvec.base.errors import FormatError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import first_not_finite

from .checked_vectors import checked_vectors, decode_words, encode_words
from .input_file import Input
from .lines import is_row, lines_from, looks_like_text, read_lines, with_points, write_lines

_BLANKS = " \t\n\v\f\r\0"
"""What no word may contain in the word2vec formats: C's ``scanf`` and gensim end a word there."""

_LONGEST = 1 << 16  # bytes in a word of the binary form
_LONGEST_PHRASE = 1 << 10  # bytes in a word that may hold blanks
_LARGEST = 1e10  # number in a vector; bytes that are read from a wrong place soon give a larger one
_SMALLEST = 1e-15  # number beside 0, where words may hold blanks
_FEW = 16  # numbers in a row; if it was cut out in the wrong place, they may all happen to be usual ones
_GATHERED = 1 << 22  # bytes copied at a time; they fit the cache
_HEAD = 1 << 22  # bytes in which to look for the first hundred lines
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"[ \t]*(\d{1,40})[ \t]+(\d{1,40})[ \t\r]*(?:\n|\Z)")


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
    lines = _first_lines(source, start, len(source.data))
    widths = [len(line.split()) - 1 for line in lines]
    found = mode(widths)
    usual = [line for line, width in zip(lines, widths, strict=True) if width == found]
    if len(usual) > widths.count(dimensions) and all(is_row(line, found) for line in usual):
        raise source.error(
            f"the first line says {count_of(dimensions, 'number')} for each word, most lines hold {found}",
            line=1,
            remedy="mend the first line, or remove it if it is no header",
        )
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=2)
    return checked_vectors(words, matrix, source, first_line=2, notes=_notes(words))


def sniff_glove(source: Input) -> bool:
    """No header, and one of the first two lines is a word and at least one number."""
    head = source.data[:65536]
    if _header(source) or not looks_like_text(head):
        return False
    return any(is_row(with_points(line), 1) for line in head.split(b"\n")[:2])


def read_glove(source: Input) -> Vectors:
    """Read GloVe text. d is the most common number of fields in the first hundred lines, minus the word."""
    start = _start(source)
    rows, end = lines_from(source, start)
    lines = _first_lines(source, start, end)
    widths = [len(line.split()) - 1 for line in lines]
    dimensions = mode(widths)  # words with blanks are the exception
    if not any(is_row(line, dimensions) for line in lines):  # or the rule, in a table of phrases
        dimensions = min(map(_numbers_at_end, filter(bytes.strip, lines))) or dimensions
    if dimensions < 1:
        line = widths.index(dimensions) + 1
        raise source.error(
            "a line is a word and its numbers, this one is not",
            line=line,
            remedy="remove or mend the line",
        )
    announced = _header(source)
    if announced and announced[1] > 1 and widths[1:2] == [announced[1]]:
        raise source.error("GloVe text has no header, this file has", line=1, remedy="leave the format out")
    words, matrix = read_lines(source, start, (rows, dimensions), first_line=1)
    return checked_vectors(words, matrix, source, first_line=1, notes=_notes(words))


def _numbers_at_end(line: bytes) -> int:
    """How many fields at the end of a line are numbers."""
    most = len(line.split()) - 1
    return next((most - back for back in range(most) if is_row(line, most - back)), 0)


def _first_lines(source: Input, start: int, end: int) -> list[bytes]:
    """The first hundred lines between two places."""
    lines = source.data[start : min(end, start + _HEAD)].split(b"\n")
    if end > start + _HEAD and len(lines) > 1:
        lines.pop()  # perhaps incomplete
    return lines[:100]


def _notes(words: list[str]) -> list[str]:
    """What to know of words that may hold a number of their vector."""
    doubtful = [word for word in words if " " in word and word.rpartition(" ")[2].isdigit()]
    if not doubtful:
        return []
    return [
        f"{count_of(len(doubtful), 'word')} with a blank and a number at the end, as {doubtful[0][:40]!r}"
    ]


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
    if is_row(with_points(line), dimensions):
        return False
    if not looks_like_text(source.data[start : start + 4096]):
        return True
    if len(source.data) < 8192:
        with suppress(FormatError):
            return bool(_walk(source, rows, dimensions, start))
        return _walk_blanks(source, source.rows(rows), dimensions, start) is not None
    return False


def read_binary(source: Input) -> Vectors:
    """Read word2vec binary.

    A word ends at its first blank, unless what follows are no numbers of a vector: then it holds the blank.
    """
    rows, dimensions, start = _required_header(source)
    fault: FormatError | None = None
    try:
        names, offsets = _walk(source, rows, dimensions, start)
        matrix = _gather(source, offsets, dimensions)
        bad = first_not_finite(matrix, _LARGEST)
        if bad is not None and np.isfinite(matrix[bad]).all():
            fault = _no_numbers(source, bad, names[bad])
        doubtful = bad is not None or not _are_texts(names)
        doubtful = doubtful or (dimensions <= _FEW and not _are_numbers(matrix))
    except FormatError as error:
        doubtful, fault = True, error
    if doubtful:
        found = _walk_blanks(source, source.rows(rows), dimensions, start)
        if found is not None:
            names, offsets = found
            matrix = _gather(source, offsets, dimensions)
        elif fault is not None:
            raise fault
    words = decode_words(b"\n".join(names) + b"\n", source)
    return checked_vectors(words, matrix, source)


def _no_numbers(source: Input, row: int, word: bytes) -> FormatError:
    """The error for a row that was cut out of the bytes in the wrong place."""
    shown = word[:40].decode(errors="replace")
    return source.error(
        f"row {row + 1}: what follows {shown!r} are no numbers of a vector (beyond {_LARGEST:.0e}); "
        "the header is wrong, or the file is damaged",
        remedy="write it again as text or safetensors in the program that made it",
    )


def _are_texts(words: list[bytes]) -> bool:
    """Whether all words are UTF-8 without control characters."""
    return all(map(_is_text, (b" ".join(words[at : at + 4096]) for at in range(0, len(words), 4096))))


def _is_text(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return looks_like_text(word) and word.strip() != b""


def _walk_blanks(source: Input, rows: int, dimensions: int, start: int) -> tuple[list[bytes], Ints] | None:
    """As `_walk`, of words that may hold blanks, as gensim writes them; None if that does not fit."""
    data = source.data
    names: list[bytes] = []
    offsets: list[int] = []
    position = start
    if 0 in (rows, dimensions):
        return None
    for row in range(rows):
        whole = source.limit is None and row + 1 == rows
        blank = _end_of_word(source, position, dimensions, whole)
        if blank is None:
            return None
        names.append(data[position:blank])
        offsets.append(blank + 1)
        position = _after(source, blank, dimensions)
    return names, np.array(offsets, np.int64)


def _end_of_word(source: Input, position: int, dimensions: int, is_last: bool) -> int | None:
    """The first blank after a word at this place that numbers follow, and then a word or the end."""
    data = source.data
    blank = data.find(b" ", position + 1, position + _LONGEST_PHRASE)
    while blank >= 0 and _is_text(data[position:blank]) and blank + 4 * dimensions < len(data):
        numbers = source.array("<f4", dimensions, blank + 1)
        after = _after(source, blank, dimensions)
        ahead = data[after : after + _LONGEST_PHRASE]
        fits = not ahead.strip(b"\r\n ") if is_last else b" " in ahead and _is_text(ahead.partition(b" ")[0])
        if fits and _are_numbers(numbers):
            return blank
        blank = data.find(b" ", blank + 1, position + _LONGEST_PHRASE)
    return None


def _are_numbers(found: Floats) -> bool:
    """Whether bytes are likely to be numbers of a vector. Four that end in a blank are about 1e-19."""
    sizes = np.abs(found)
    return bool(((sizes == 0) | ((sizes > _SMALLEST) & (sizes <= _LARGEST))).all())


def _after(source: Input, blank: int, dimensions: int) -> int:
    """Where the record after that with this blank begins."""
    after = blank + 1 + 4 * dimensions
    return after + (source.data[after : after + 1] == b"\n")


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
