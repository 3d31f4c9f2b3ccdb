"""safetensors: a table in one file, its words inside or beside it.

Written here: the tensors ``vectors``, ``sources``, ``vocabulary`` (UTF-8 bytes, a newline behind every word)
and, where known, ``counts``. Read: also foreign files with one matrix and its words, or its tokenizer, beside
it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.files import atomic_file
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.data.vectors import Vectors

from . import runs
from .arrays import vocabulary_beside
from .check import as_table, columns, decode_words, encode_words, finish, read_vocabulary
from .source import Input

__all__ = ["read", "sniff", "write"]


def sniff(source: Input) -> bool:
    """A length that fits the file, then a JSON object."""
    length = int.from_bytes(source.data[:8], "little")
    return source.data[8:9] == b"{" and 2 <= length <= len(source.data) - 8


def read(source: Input, errors: str) -> Vectors:
    """Read a file written here, or a foreign one with one matrix and its words beside it."""
    if source.unpacked:
        raise source.error("is packed, so that it cannot be mapped", remedy="unpack it first")
    tensors = map_tensors(source.path)
    tables = [name for name, tensor in tensors.items() if tensor.ndim == 2]
    if "vectors" in tables:
        tables = ["vectors"]
    if len(tables) != 1:
        names = ", ".join(tensors)[:80] or "nothing"
        raise source.error(
            f"a table of vectors is one matrix, this file holds {len(tables)} ({names})",
            remedy="export the embedding table alone",
        )
    matrix = as_table(tensors[tables[0]], source)
    if "vocabulary" in tensors:
        words = decode_words(tensors["vocabulary"].tobytes(), source, errors)
    elif runs.sniff(Input(source.path.parent, b"")):
        words = runs.words(source.path.parent)
    elif source.siblings("tokenizer.json"):
        from .pieces import read_pieces

        return read_pieces(source, source.path.with_name("tokenizer.json"), tables[0], errors)
    else:
        words = read_vocabulary(vocabulary_beside(source), len(matrix), errors)
    return finish(words, matrix, source, errors, **columns(tensors, source, len(matrix)))


def write(vectors: Vectors, path: Path) -> None:
    """Write matrix, words, sources and counts into one self-contained file."""
    tensors: dict[str, NDArray[Any]] = {} if vectors.counts is None else {"counts": vectors.counts}
    tensors |= {  # widest numbers first, so that all lie at even addresses
        "vectors": vectors.vectors,
        "sources": vectors.sources,
        "vocabulary": np.frombuffer(encode_words(vectors.index_to_key), np.uint8),
    }
    with atomic_file(path) as temporary:
        write_tensors(temporary, tensors)
