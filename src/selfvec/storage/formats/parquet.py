"""Parquet: a column of words and a column of fixed-size lists.

Polars can abort the whole process on a damaged file, which no ``except`` catches. So a process of its own
(`selfvec.storage.formats.decode_parquet`) decodes the file and returns the table as safetensors. If it dies,
that is one `FormatError` here.
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


def read(source: Input) -> Vectors:
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
            reason = last if child.returncode == 1 else "it cannot be decoded"
            raise source.error(f"is not a readable table in Parquet: {reason}", remedy=_REMEDY)
        tensors = {name: np.array(tensor) for name, tensor in map_tensors(table).items()}
    words = decode_words(tensors["vocabulary"].tobytes(), source)
    return finish(words, tensors["vectors"], source, **columns(tensors, source, len(tensors["vectors"])))


def write(vectors: Vectors, path: Path) -> None:
    """Write the columns of `Vectors.to_polars`."""
    encode_words(vectors.index_to_key)
    with atomic_file(path) as temporary, writing_by_polars():
        vectors.to_polars().write_parquet(temporary)
