"""TensorFlow Projector: vectors.tsv with the numbers and metadata.tsv with the words, in the same order.

Metadata with one column has no header. Metadata with several columns has one, and the words are in the column
called word, label or name, or else in the first column.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from selfvec.data.vectors import Vectors

from .checked_vectors import checked_vectors
from .input_file import Input, open_input
from .lines import is_row, lines_from, looks_like_text, read_lines, write_lines
from .words import encode_words, read_vocabulary

__all__ = ["read", "sniff", "write"]

_VECTORS = ("vectors.tsv", "vecs.tsv", "tensors.tsv", "tensor.tsv")
_METADATA = ("metadata.tsv", "meta.tsv")
_WORD_COLUMNS = ("word", "label", "name")


def _pair(path: Path) -> tuple[Path, Path] | None:
    """The files of vectors and of words, for a folder or for a file of vectors."""
    candidates = [path / name for name in _VECTORS] if path.is_dir() else [path]
    for vectors in candidates:
        kind = next((name for name in _VECTORS if vectors.name.endswith(name)), "")
        for name in _METADATA:
            words = vectors.with_name(vectors.name.removesuffix(kind) + name)
            if kind and vectors.is_file() and words.is_file():
                return vectors, words
    return None


def sniff(source: Input) -> bool:
    """A folder with both files, or a file of tab-separated numbers with its words next to it."""
    if source.path.is_dir():
        return _pair(source.path) is not None
    head = source.data[:65536]
    line = b"x\t" + head.split(b"\n", 1)[0]
    return looks_like_text(head) and is_row(line, line.count(b"\t")) and _pair(source.path) is not None


def read(source: Input) -> Vectors:
    """Read both files."""
    pair = _pair(source.path)
    if pair is None:
        raise source.error(
            "holds no vectors.tsv with a metadata.tsv next to it", remedy="put the words into metadata.tsv"
        )
    vectors, metadata = pair
    numbers = replace(source.open(vectors), limit=None)  # all words are read, so all rows are
    first = numbers.data[: 1 << 22].split(b"\n", 1)[0]
    dimensions = first.rstrip(b"\r\t ").count(b"\t") + 1
    rows, _ = lines_from(numbers, 0)
    words = _words(metadata, rows, numbers)
    _, matrix = read_lines(numbers, 0, (rows, dimensions), first_line=1, worded=False)
    return checked_vectors(words, matrix, replace(numbers, limit=source.limit), first_line=1)


def _words(path: Path, rows: int, numbers: Input) -> list[str]:
    columns = open_input(path).data[:65536].decode(errors="replace").split("\n")[0].rstrip("\r").split("\t")
    if len(columns) == 1:
        return read_vocabulary(path, rows, numbers)
    lowered = [column.lower() for column in columns]
    column = next((lowered.index(name) for name in _WORD_COLUMNS if name in lowered), 0)
    lines = read_vocabulary(path, rows + 1, numbers)[1:]
    return [(line.split("\t") + [""] * column)[column] for line in lines]


def write(vectors: Vectors, path: Path) -> None:
    """Write a folder with vectors.tsv and metadata.tsv (words only, no header)."""
    words = encode_words(vectors.index_to_key, "\t\n\r")
    path.mkdir()
    write_lines(path / "vectors.tsv", None, vectors.vectors, separator="\t")
    (path / "metadata.tsv").write_bytes(words)
