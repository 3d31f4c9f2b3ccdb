"""TensorFlow Projector: vectors.tsv with the numbers and metadata.tsv with the words, in the same order.

It is only written.
"""

from __future__ import annotations

from pathlib import Path

from selfvec.data.vectors import Vectors

from .input_file import Input
from .lines import write_lines
from .words import encode_words

_VECTORS = "vectors.tsv"
_NAMES = (_VECTORS, "vecs.tsv", "tensors.tsv", "tensor.tsv")  # that other programs use


def sniff(source: Input) -> bool:
    """A file of the usual names, or a folder that holds one. Their numbers could be taken for GloVe's."""
    files = source.path.iterdir() if source.path.is_dir() else (source.path,)
    return any(file.name in _NAMES for file in files)


def write(vectors: Vectors, path: Path) -> None:
    """Write a folder with vectors.tsv and metadata.tsv (words only, no header)."""
    words = encode_words(vectors.index_to_key, "\t\n\r")
    path.mkdir()
    write_lines(path / _VECTORS, None, vectors.vectors, separator="\t")
    (path / "metadata.tsv").write_bytes(words)
