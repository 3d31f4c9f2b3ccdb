"""`save`: write vectors in a format that is named, or chosen by the suffix of the path."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from selfvec.base.atomic_files import atomic_files
from selfvec.base.checks import check_path
from selfvec.base.compressed_files import PACKED, pack
from selfvec.base.errors import OptionError
from selfvec.base.targets import check_target
from selfvec.base.tensors import first_not_finite
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.formats import compressed
from selfvec.storage.run_folder import refuse_run

from .format_table import FORMATS, Format, format_of

_CODES = ("int8", "binary")  # only safetensors holds them


def save(
    vectors: Vectors,
    path: str | os.PathLike[str],
    format: str | None = None,
    dtype: str | None = None,
    dimensions: int | None = None,
    *,
    overwrite: bool = False,
) -> list[str]:
    """Write vectors to a file or folder, atomically.

    Parameters
    ----------
    vectors : Vectors
    path : path
    format : str, optional
        A name in `FORMATS`; by default the suffix decides. word2vec and GloVe files are compressed if the
        path ends in .gz or .zst.
    dtype : {"float32", "float16", "int8", "binary"}, optional
        By default that of the matrix, or float32 if the format holds nothing else. int8 takes a byte and
        binary a bit per number; only safetensors holds these codes, and `load` returns them as float32.
    dimensions : int, optional
        Number of dimensions to keep of each row, from the first one.
    overwrite : bool
        Whether to replace an existing file, or a folder whose files are all written anew.

    Returns
    -------
    list of str
        What the format cannot store, one sentence each.

    Raises
    ------
    OptionError
        If the format is unknown, cannot be written or cannot hold these words or numbers. Nothing is written.
    TargetError
        If the path exists and ``overwrite`` is false, or cannot be written. The target is unchanged then.
    """
    if not isinstance(vectors, Vectors):
        raise OptionError(f"are a Vectors, not {type(vectors).__name__}", field="vectors")
    row = check_save(path, format, overwrite=overwrite)
    path = Path(path)
    assert row.write is not None
    coded = dtype in _CODES and row.name == "safetensors"
    converted = _converted(vectors, row, "float32" if coded else dtype, dimensions)
    with atomic_files(path, overwrite=overwrite) as fresh:
        if path.suffix in PACKED:
            plain = fresh.with_name("plain")
            row.write(converted, plain)
            pack(plain, fresh)
            plain.unlink()
        elif coded:
            compressed.write_as(converted, fresh, str(dtype))
        else:
            row.write(converted, fresh)
    return _left_out(vectors, format_of("compressed") if coded else row)


def check_save(path: str | os.PathLike[str], format: str | None = None, *, overwrite: bool = False) -> Format:
    """The format in which `save` would write; raises what it would raise. Called before the work begins."""
    check_path("output", path, "a path")
    path = Path(path)
    row = _by_suffix(path) if format is None else format_of(format)
    if row.write is None:
        raise OptionError(f"{row.name} can be read but not written", remedy=f"choose one of {_writable()}")
    if path.suffix in PACKED and not row.packable:
        packable = ", ".join(row.name for row in FORMATS if row.packable)
        remedy = f"leave {path.suffix} off, or choose one of {packable}"
        raise OptionError(f"{row.name} cannot be written compressed", path=path, remedy=remedy)
    refuse_run(path)
    check_target(path, overwrite=overwrite, folder=row.folder)
    return row


def _by_suffix(path: Path) -> Format:
    name = path.stem if path.suffix in PACKED else path.name
    known = [(suffix, row) for row in FORMATS for suffix in row.suffixes if name.endswith(suffix)]
    if known:
        return max(known, key=lambda pair: len(pair[0]))[1]
    raise OptionError(
        f"the suffix {path.suffix!r} belongs to no format", path=path, remedy=f"name one of {_writable()}"
    )


def _writable() -> str:
    return ", ".join(row.name for row in FORMATS if row.write)


def _converted(vectors: Vectors, row: Format, dtype: str | None, dimensions: int | None) -> Vectors:
    """The vectors with the matrix in the dtype and dimensions to write."""
    if 0 in vectors.vectors.shape:
        raise OptionError("there are no vectors to write", remedy="save vectors that have rows")
    if dimensions is not None and not 1 <= dimensions <= vectors.vector_size:
        raise OptionError(
            f"these vectors have {vectors.vector_size} dimensions, {dimensions} of them cannot be kept",
            remedy=f"choose a number from 1 to {vectors.vector_size}",
        )
    own = vectors.vectors.dtype.name
    dtype = dtype or (own if row.half and own in ("float16", "float32") else "float32")
    if dtype not in ("float32", "float16") or (dtype == "float16" and not row.half):
        half = ", ".join(other.name for other in FORMATS if other.half)
        raise OptionError(
            f"{row.name} does not hold {dtype}",
            remedy=f"choose float32, float16 with one of {half}, or int8 or binary with safetensors",
        )
    with np.errstate(over="ignore"):
        matrix = vectors.vectors[:, :dimensions].astype(dtype, copy=False)
    bad = first_not_finite(matrix)
    if bad is not None:
        raise OptionError(
            f"the vector of {vectors.index_to_key[bad][:40]!r} is not finite in {dtype}",
            remedy="mend the row or leave it out",
        )
    return Vectors(vectors.index_to_key, matrix, sources=vectors.sources, counts=vectors.counts)


def _left_out(vectors: Vectors, row: Format) -> list[str]:
    notes = []
    if vectors.composer is not None:
        notes.append(f"{row.name} holds rows only: the vectors of subwords are left out")
    if vectors.counts is not None and "counts" not in row.columns:
        notes.append(f"{row.name} has no place for word counts: left out")
    if "sources" not in row.columns and np.any(vectors.sources != Source.KNOWN):
        notes.append(f"{row.name} has no place for where each vector came from: left out")
    return notes
