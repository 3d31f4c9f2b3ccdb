"""safetensors: a table in one file, with its words inside or beside it; and the tables of a run folder.

Written here: the tensors ``vectors``, ``sources``, ``vocabulary`` (UTF-8 bytes, a newline behind every word)
and, if known, ``counts``. Files of others are read if they hold one matrix, with words or a tokenizer beside
it. A run folder holds such a file and its ``vocabulary.txt``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.files import atomic_file
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.base.vocabulary import read_vocabulary as read_run_vocabulary
from selfvec.data.vectors import Vectors

from .arrays import vocabulary_beside
from .check import as_table, columns, decode_words, encode_words, finish, read_vocabulary
from .pieces import read_pieces
from .source import Input, decoding

__all__ = ["read", "read_run", "sniff", "sniff_run", "write"]

_RUN = ("run.json", "vocabulary.txt", "vectors.safetensors")


def sniff(source: Input) -> bool:
    """A length that fits the file, then a JSON object."""
    length = int.from_bytes(source.data[:8], "little")
    return source.data[8:9] == b"{" and 2 <= length <= len(source.data) - 8


def read(source: Input) -> Vectors:
    """Read a file written here, or one with a single matrix and its words beside it."""
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
        words = decode_words(tensors["vocabulary"].tobytes(), source)
    elif _is_run(source.path.parent):
        vocabulary = source.path.with_name("vocabulary.txt")
        with decoding(vocabulary, "vocabulary"):
            words = read_run_vocabulary(vocabulary)
    elif source.siblings("tokenizer.json"):
        return read_pieces(source, source.path.with_name("tokenizer.json"), tables[0])
    else:
        words = read_vocabulary(vocabulary_beside(source), len(matrix), source)
    return finish(words, matrix, source, **columns(tensors, source, len(matrix)))


def write(vectors: Vectors, path: Path) -> None:
    """Write matrix, words, sources and counts into one self-contained file."""
    tensors: dict[str, NDArray[Any]] = {} if vectors.counts is None else {"counts": vectors.counts}
    tensors |= {  # widest numbers first, so that all begin at aligned addresses
        "vectors": vectors.vectors,
        "sources": vectors.sources,
        "vocabulary": np.frombuffer(encode_words(vectors.index_to_key), np.uint8),
    }
    with atomic_file(path) as temporary:
        write_tensors(temporary, tensors)


def _is_run(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _RUN)


def sniff_run(source: Input) -> bool:
    """A folder with a run's three main files."""
    return _is_run(source.path)


def read_run(source: Input) -> Vectors:
    """Read the refined table of a run folder."""
    if not _is_run(source.path):
        raise source.error(
            f"a run folder holds {', '.join(_RUN)}, this one does not", remedy="name the folder of a run"
        )
    return read(source.open(source.path / "vectors.safetensors"))
