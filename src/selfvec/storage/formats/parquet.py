"""Parquet: a column of words and a column of fixed-size lists.

Polars can abort the whole process on a damaged file, which no ``except`` catches. So a child process decodes
the file and returns the vectors as safetensors. If it crashes, a `FormatError` is raised here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.errors import SelfvecError
from selfvec.base.targets import writing_by_polars
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.data.vectors import Vectors

from .checked_vectors import checked_columns, checked_vectors, decode_words, encode_words
from .input_file import Input

if TYPE_CHECKING:
    import polars as pl

_REMEDY = "save one column of words and one of equally long lists of floats"
_MEMORY = 8 << 30  # bytes that the child process may use
_MEMORY_PER_BYTE = 50  # bytes more for each byte of the file


def sniff(source: Input) -> bool:
    """Parquet's magic number."""
    return source.data[:4] == b"PAR1"


def read(source: Input) -> Vectors:
    """Read the one column of words and the one column of vectors of a Parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        decoded = Path(folder, "vectors.safetensors")
        plain = source.path
        if source.unpacked:
            plain = Path(folder, "vectors.parquet")
            plain.write_bytes(source.data)
        child = subprocess.run(
            [sys.executable, "-P", "-c", f"from {__name__} import _decode; _decode()", plain, decoded],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RUST_BACKTRACE": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if child.returncode != 0:
            last = child.stderr.strip().rpartition("\n")[2][:200]
            reason = last if child.returncode == 1 else "it cannot be decoded"
            raise source.error(f"does not hold readable vectors in Parquet: {reason}", remedy=_REMEDY)
        tensors = {name: np.array(tensor) for name, tensor in map_tensors(decoded).items()}
    words = decode_words(tensors["vocabulary"].tobytes(), source)
    matrix = tensors["vectors"]
    return checked_vectors(words, matrix, source, **checked_columns(tensors, source, len(matrix)))


def write(vectors: Vectors, path: Path) -> None:
    """Write the columns of `Vectors.to_polars`."""
    encode_words(vectors.index_to_key)
    with writing_by_polars():
        vectors.to_polars().write_parquet(path)


def _decode() -> None:
    """Run by the child process: decode the first argument into the second, or print the fault last."""
    try:
        _write_tensors(Path(sys.argv[1]), Path(sys.argv[2]))
    except SelfvecError as error:
        sys.exit(error.rule)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # Rust panics are no Exception
        sys.exit(" ".join(str(error).split())[:160] or type(error).__name__)


def _write_tensors(source: Path, target: Path) -> None:
    """Decode ``source`` and write words, vectors and, if there, sources and counts to ``target``."""
    import polars as pl

    _limit_memory(source.stat().st_size)
    frame = pl.read_parquet(source)
    kinds = frame.schema.items()
    words = _only(frame, "word", [name for name, kind in kinds if kind in (pl.String, pl.Categorical)])
    lists = [name for name, kind in kinds if isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric()]
    vectors = _only(frame, "vector", lists)
    if isinstance(vectors.dtype, pl.List):
        lengths = vectors.list.len()
        if lengths.n_unique() != 1:
            sys.exit(f"the lists in column {vectors.name!r} are not equally long")
        vectors = vectors.list.to_array(lengths[0])
    if vectors.explode().null_count():
        sys.exit(f"column {vectors.name!r} has missing values")
    matrix = vectors.to_numpy()
    wide = matrix.dtype not in (np.dtype(np.float16), np.dtype(np.float32))
    tensors = {
        "vectors": matrix.astype(np.float32) if wide else matrix,
        "vocabulary": np.frombuffer(encode_words(words.cast(pl.String).to_list()), np.uint8),
    }
    for name, column, kind in (("sources", "source", pl.UInt8), ("counts", "count", pl.Int64)):
        if column in frame.columns and frame[column].dtype == kind and not frame[column].null_count():
            tensors[name] = frame[column].to_numpy()
    write_tensors(target, tensors)


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows
        return
    most = _MEMORY + _MEMORY_PER_BYTE * size
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


def _only(frame: pl.DataFrame, name: str, fits: Sequence[str]) -> pl.Series:
    """The column called ``name`` or, without one, the only one that fits; without missing values."""
    fits = [name] if name in fits else fits
    if len(fits) != 1:
        sys.exit(f"it has {len(fits)} columns that could be the {name}s ({', '.join(frame.columns)[:80]})")
    column = frame[fits[0]]
    if column.null_count():
        sys.exit(f"column {fits[0]!r} has {column.null_count()} missing values")
    return column
