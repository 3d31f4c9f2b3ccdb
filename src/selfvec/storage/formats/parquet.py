"""Parquet: a column of words and a column of fixed-size lists.

Polars 1.36 and perhaps later versions abort the whole process on some damaged files, which no ``except``
catches. So a child process decodes the file and returns the vectors as safetensors. If it crashes, a
`FormatError` is raised here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.arrays import AnyFloats, Bytes
from selfvec.base.errors import SelfvecError
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import writing_by_polars
from selfvec.files.memory import share_of_memory
from selfvec.files.parquet_sizes import row_groups
from selfvec.files.tensors import map_tensors, write_tensors

from .input_file import (
    TOO_LARGE,
    Input,
    checked_columns,
    checked_vectors,
    decode_words,
    encode_words,
    largest_unpacked,
)

if TYPE_CHECKING:
    import polars as pl

_REMEDY = "save one column of words and one of equally long lists of floats"
_MEMORY = 8 << 30  # bytes of addresses that the child process may use, for libraries and threads
_COPIES = 6  # of the unpacked rows, for which it may use more


def sniff(source: Input) -> bool:
    return source.data[:4] == b"PAR1"


def read(source: Input) -> Vectors:
    if not sniff(source):  # no child is started for what cannot be Parquet
        raise source.error("is not Parquet", remedy=_REMEDY)
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
            remedy = "write it uncompressed if you trust it" if reason == TOO_LARGE else _REMEDY
            raise source.error(f"does not hold readable vectors in Parquet: {reason}", remedy=remedy)
        tensors = {name: np.array(tensor) for name, tensor in map_tensors(decoded).items()}
    words = decode_words(tensors["vocabulary"].tobytes(), source)
    matrix = tensors["vectors"]
    return checked_vectors(words, matrix, source, **checked_columns(tensors, source, len(matrix)))


def write(vectors: Vectors, path: Path) -> None:
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
    import polars as pl

    kinds = pl.read_parquet_schema(source)
    texts = [name for name, kind in kinds.items() if kind in (pl.String, pl.Categorical)]
    lists = [
        name
        for name, kind in kinds.items()
        if isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric()
    ]
    word, vector = _only(kinds, "word", texts), _only(kinds, "vector", lists)
    more = {
        column: tensor
        for tensor, column, kind in (("sources", "source", pl.UInt8), ("counts", "count", pl.Int64))
        if kinds.get(column) == kind
    }
    _limit_memory(source, [word, vector, *more])
    frame = pl.read_parquet(source, columns=[word, vector, *more])
    for name in (word, vector):
        if frame[name].null_count():
            sys.exit(f"column {name!r} has {frame[name].null_count()} missing values")
    tensors = {"vectors": _matrix(frame[vector]), "vocabulary": _vocabulary(frame[word], source)}
    tensors |= {more[name]: frame[name].to_numpy() for name in more if not frame[name].null_count()}
    write_tensors(target, tensors)


def _matrix(vectors: pl.Series) -> AnyFloats:
    import polars as pl

    if isinstance(vectors.dtype, pl.List):
        lengths = vectors.list.len()
        if lengths.n_unique() != 1:
            sys.exit(f"the lists in column {vectors.name!r} are not equally long")
        vectors = vectors.list.to_array(lengths[0])
    if vectors.explode().null_count():
        sys.exit(f"column {vectors.name!r} has missing values")
    matrix = vectors.to_numpy()
    half = matrix.dtype in (np.dtype(np.float16), np.dtype(np.float32))
    return matrix if half else matrix.astype(np.float32)


def _vocabulary(words: pl.Series, source: Path) -> Bytes:
    """The words of a column as they are written. A word that many rows share is in the memory once."""
    import polars as pl

    sizes = words.str.len_bytes() if words.dtype == pl.String else words.cat.len_bytes()
    if sizes.cast(pl.Int64).sum() > largest_unpacked(source.stat().st_size):
        sys.exit(TOO_LARGE)
    return np.frombuffer(encode_words(words.cast(pl.String).to_list()), np.uint8)


def _limit_memory(source: Path, columns: Sequence[str]) -> None:
    """Refuse what unpacks to too much. The process gets little more memory than the rows are said to take."""
    needed = sum(group.unpacked for group in row_groups(source, columns))
    if needed > largest_unpacked(source.stat().st_size):
        sys.exit(TOO_LARGE)
    if needed > share_of_memory():
        sys.exit(f"its rows take {needed / 1e9:,.1f} GB, more than half of the available memory")
    try:
        import resource
    except ImportError:  # no such limits on Windows
        return
    most = _MEMORY + _COPIES * needed
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


def _only(columns: Collection[str], name: str, fits: Sequence[str]) -> str:
    """The column called ``name`` or, without one, the only one that fits."""
    fits = [name] if name in fits else fits
    if len(fits) != 1:
        sys.exit(f"it has {len(fits)} columns that could be the {name}s ({', '.join(columns)[:80]})")
    return fits[0]
