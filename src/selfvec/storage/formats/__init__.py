"""Reading and writing vectors files: one table of formats, recognised by content.

`load` looks at what a file holds, not at its name; `save` goes by a format's name or the suffix. What all
formats promise is tested for every row of `FORMATS`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.data.vectors import Source, Vectors

from .check import first_not_finite
from .registry import FORMATS, Format, sniffed
from .source import Input, open_input

__all__ = ["FORMATS", "Format", "Vectors", "load", "save"]


def load(
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    errors: str = "strict",
    limit: int | None = None,
) -> Vectors:
    """Read vectors from a file or folder.

    Parameters
    ----------
    path : path
        A file, also packed with gzip or Zstandard; a folder (a Selfvec run, model2vec, Projector); or
        ``default``, the table that comes with Selfvec.
    format : str, optional
        A name in `FORMATS`; by default the content decides.
    errors : {"strict", "replace", "ignore"}
        ``strict`` raises an error that says where a word is not UTF-8 or occurs twice. ``replace`` puts
        U+FFFD into words that are not UTF-8, ``ignore`` drops their bad bytes; both keep the first of several
        rows for one word and say so in ``provenance["notes"]``.
    limit : int, optional
        Read the first so many rows only.

    Returns
    -------
    Vectors
        Its matrix is a read-only view of the file if the format allows.

    Raises
    ------
    FormatError
        If the file does not exist, is in no known format, or is damaged. Sizes are checked before memory is
        allocated, and nothing in a file is executed.
    OptionError
        If an option has a value it cannot have.
    """
    if errors not in ("strict", "replace", "ignore"):
        raise OptionError(f"errors is 'strict', 'replace' or 'ignore', not {errors!r}")
    if limit is not None and limit < 1:
        raise OptionError(f"limit is at least 1, not {limit}", field="limit")
    row = None if format is None else _by_name(format)
    if os.fspath(path) == "default" and row is None:
        from .wordllama import load_default

        vectors, name = load_default(limit), "default"
    else:
        source = replace(open_input(Path(path)), errors=errors, limit=limit)
        _check_kind(source, row)
        row = row or sniffed(source)
        vectors, name = row.read(source), row.name
    vectors.provenance = {"path": os.fspath(path), "format": name, **vectors.provenance}
    return vectors


def _check_kind(source: Input, row: Format | None) -> None:
    """Refuse a folder if the format is a file, and the other way round."""
    if row is None or row.name == "projector" or source.path.is_dir() == row.folder:
        return
    expected, found = ("a folder", "a file") if row.folder else ("a file", "a folder")
    raise source.error(f"{row.name} is {expected}, this is {found}", remedy="leave the format out")


def save(
    vectors: Vectors,
    path: str | os.PathLike[str],
    format: str | None = None,
    dtype: str | None = None,
    dimensions: int | None = None,
) -> list[str]:
    """Write vectors to a file or folder, atomically.

    Parameters
    ----------
    vectors : Vectors
    path : path
    format : str, optional
        A name in `FORMATS`; by default the suffix decides.
    dtype : {"float32", "float16"}, optional
        By default the matrix's own, or float32 if the format holds only that.
    dimensions : int, optional
        Keep the first so many numbers of each row.

    Returns
    -------
    list of str
        What the format has no place for, one sentence each.

    Raises
    ------
    OptionError
        If the format is unknown, cannot be written or cannot hold these words or numbers. Nothing is written.
    TargetError
        If the path cannot be written. It is left as it was.
    """
    path = Path(path)
    row = _by_suffix(path) if format is None else _by_name(format)
    if row.write is None:
        raise OptionError(f"{row.name} is read, not written", remedy=f"choose one of {_writable()}")
    row.write(_converted(vectors, row, dtype, dimensions), path)
    return _left_out(vectors, row)


def _writable() -> str:
    return ", ".join(row.name for row in FORMATS if row.write)


def _by_name(name: str) -> Format:
    for row in FORMATS:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in FORMATS)
    raise OptionError(f"there is no format {name!r}", remedy=f"choose one of {names}")


def _by_suffix(path: Path) -> Format:
    known = [(suffix, row) for row in FORMATS for suffix in row.suffixes if path.name.endswith(suffix)]
    if known:
        return max(known, key=lambda pair: len(pair[0]))[1]
    if path.suffix in (".gz", ".zst"):
        remedy = f"leave {path.suffix} off and pack the file afterwards"
        raise OptionError("packed files are read, not written", path=path, remedy=remedy)
    raise OptionError(
        f"the suffix {path.suffix!r} belongs to no format", path=path, remedy=f"name one of {_writable()}"
    )


def _converted(vectors: Vectors, row: Format, dtype: str | None, dimensions: int | None) -> Vectors:
    """The vectors with the matrix to be written."""
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
            f"{row.name} does not hold {dtype}", remedy=f"choose float32, or float16 with one of {half}"
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
        notes.append(f"{row.name} holds rows only: vectors composed from parts of words are left out")
    if vectors.counts is not None and "counts" not in row.columns:
        notes.append(f"{row.name} has no place for word counts: left out")
    if "sources" not in row.columns and np.any(vectors.sources != Source.KNOWN):
        notes.append(f"{row.name} has no place for where each vector came from: left out")
    return notes


Vectors.register_files(load, save)
