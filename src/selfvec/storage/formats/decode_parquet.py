"""The process that decodes a Parquet file: ``python -m selfvec.storage.formats.decode_parquet FROM TO``.

See `selfvec.storage.formats.parquet` for why it is one. Says what is wrong in its last line on standard
error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from selfvec.base.errors import SelfvecError
from selfvec.base.tensors import write_tensors

from .check import encode_words

_MOST_MEMORY = 8 << 30, 50  # bytes, and times the size of the file on top


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows
        return
    most = _MOST_MEMORY[0] + _MOST_MEMORY[1] * size
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


def main(source: Path, target: Path) -> None:
    """Decode ``source`` and write words, vectors and, where there, sources and counts to ``target``."""
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


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except SelfvecError as error:
        sys.exit(error.rule)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # Rust panics are no Exception
        sys.exit(" ".join(str(error).split())[:160] or type(error).__name__)
