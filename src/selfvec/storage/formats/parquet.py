"""Parquet: a column of words and a column of fixed-size lists.

Polars reads Parquet fast, but a damaged file can make it ask for exabytes and abort the whole process, which
no ``except`` catches. So the decoding runs in a process of its own
(`selfvec.storage.formats.decode_parquet`), which
hands the table back as safetensors; when it dies, that is one `FormatError` here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from selfvec.base.files import atomic_file
from selfvec.base.tensors import map_tensors
from selfvec.data.vectors import Vectors

from .check import columns, decode_words, encode_words, finish, writing_by_polars
from .source import Input

__all__ = ["read", "sniff", "write"]

_REMEDY = "save one column of words and one of equally long lists of floats"


def sniff(source: Input) -> bool:
    """Parquet's magic number."""
    return source.data[:4] == b"PAR1"


def read(source: Input, errors: str) -> Vectors:
    """Read the one column of words and the one column of vectors of a Parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        table, plain = Path(folder, "table.safetensors"), source.path
        if source.unpacked:
            plain = Path(folder, "table.parquet")
            plain.write_bytes(source.data)
        child = subprocess.run(
            [sys.executable, "-P", "-m", f"{__package__}.decode_parquet", plain, table],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RUST_BACKTRACE": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if child.returncode != 0:
            last = child.stderr.strip().rpartition("\n")[2][:200]
            said = last if child.returncode == 1 else "it cannot be decoded"
            raise source.error(f"is not a readable table in Parquet: {said}", remedy=_REMEDY)
        tensors = {name: np.array(tensor) for name, tensor in map_tensors(table).items()}
    words = decode_words(tensors["vocabulary"].tobytes(), source, errors)
    matrix = tensors["vectors"]
    return finish(words, matrix, source, errors, **columns(tensors, source, len(matrix)))


def write(vectors: Vectors, path: Path) -> None:
    """Write the columns word, vector (a fixed-size list), source and, where known, count."""
    import polars as pl

    encode_words(vectors.index_to_key)
    table = {"word": vectors.index_to_key, "vector": vectors.vectors, "source": vectors.sources}
    if vectors.counts is not None:
        table["count"] = vectors.counts
    with atomic_file(path) as temporary, writing_by_polars():
        pl.DataFrame(table, schema_overrides={"word": pl.String}).write_parquet(temporary)
