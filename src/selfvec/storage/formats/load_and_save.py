"""`load` and `save`: vectors in any format, told by the content of a file when it is read.

Written is a format that is named, or chosen by the suffix of the path. The built-in vectors have a name.

`FORMATS` has a row for each format. To add one, write a module with functions to sniff, read and write, and
add a row. Tests cover every row.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfvec.base.checks import StrPath, check_path
from selfvec.base.declarations import Count, checked
from selfvec.base.errors import OptionError
from selfvec.base.lazy import deferred
from selfvec.data.vectors import Source, Vectors
from selfvec.files.atomic_files import atomic_files, check_target
from selfvec.files.compressed_files import PACKED, pack
from selfvec.files.tensors import first_not_finite
from selfvec.files.untrusted import foreign
from selfvec.storage.folder_kinds import mistaken, text_at
from selfvec.storage.public_vectors import BUILT_IN, locate
from selfvec.storage.run_folder import refuse_run

from .input_file import Input, open_input


@dataclass(frozen=True)
class Format:
    name: str
    description: str
    suffixes: tuple[str, ...]  # paths with these endings are written in this format
    sniff: Callable[[Input], bool]  # whether a file has this format; called in the order of `FORMATS`
    read: Callable[[Input], Vectors] | None = None
    write: Callable[[Vectors, Path], None] | None = None  # to a new path in an empty folder
    folder: bool = False  # whether it is a folder of files
    file_of_folder: bool = False  # whether a file of the folder may be named instead
    mapped: bool = False  # whether the matrix stays in the file until it is used
    half: bool = False  # whether it holds float16
    packable: bool = False  # whether it can also be written as .gz and .zst
    columns: tuple[str, ...] = ()  # which of sources and counts it keeps


def _by(place: str) -> Callable[..., Any]:
    """A function of a module of this package, whose formats are loaded when a file has them."""
    return deferred(f"{__package__}.{place}")


_COLUMNS = ("sources", "counts")

# The order decides where several fit. A run's folder and a compressed file are also those of a wider format,
# a projector's numbers could be GloVe's, and both forms of word2vec begin alike. GloVe has no mark at all.
FORMATS = (
    Format("run", "Selfvec run folder", (),
           _by("safetensors.sniff_run"), _by("safetensors.read_run"), folder=True, mapped=True),
    Format("model2vec", "model2vec folder (static sentence encoder)", (),
           _by("model2vec.sniff"), _by("model2vec.read"), _by("model2vec.write"),
           folder=True, mapped=True, half=True),
    Format("projector", "TensorFlow Projector, vectors.tsv and metadata.tsv", (),
           _by("text.sniff_projector"), None, _by("text.write_projector"), folder=True, file_of_folder=True),
    Format("compressed", "safetensors with codes, as compress writes", (),
           _by("safetensors.sniff_codes"), _by("safetensors.read_codes")),
    Format("safetensors", "safetensors with vectors and vocabulary", (".safetensors",),
           _by("safetensors.sniff"), _by("safetensors.read"), _by("safetensors.write"),
           mapped=True, half=True, columns=_COLUMNS),
    Format("npy", "NumPy matrix with a .vocabulary.txt next to it", (".npy",),
           _by("npy.sniff"), _by("npy.read"), _by("npy.write"), mapped=True, half=True),
    Format("parquet", "Parquet with columns word and vector", (".parquet", ".pq"),
           _by("parquet.sniff"), _by("parquet.read"), _by("parquet.write"), half=True, columns=_COLUMNS),
    Format("fasttext", "fastText model, with its subwords", (), _by("fasttext.sniff"), _by("fasttext.read")),
    Format("word2vec", "word2vec binary", (".bin",),
           _by("word2vec.sniff"), _by("word2vec.read"), _by("word2vec.write"), packable=True),
    Format("word2vec-text", "word2vec text, fastText .vec", (".vec", ".txt", ".w2v"),
           _by("text.sniff"), _by("text.read"), _by("text.write"), packable=True),
    Format("glove", "GloVe text (word2vec text without its first line)", (".glove", ".glove.txt"),
           _by("text.sniff_glove"), _by("text.read_glove"), _by("text.write_glove"), packable=True),
)  # fmt: skip
"""All formats, in the order in which they are tried on a file."""


def format_of(name: str) -> Format:
    for row in FORMATS:
        if row.name == name:
            return row
    raise OptionError(f"there is no format {name!r}", remedy=f"choose one of {_that('name')}")


def _that(can: str) -> str:
    """The names of the formats of which something is true, such as ``write``."""
    return ", ".join(row.name for row in FORMATS if getattr(row, can))


@checked
def load(
    path: StrPath,
    format: str | None = None,
    *,
    errors: Literal["strict", "replace", "ignore"] = "strict",
    limit: Count | None = None,
) -> Vectors:
    """Read vectors from a file or folder.

    Parameters
    ----------
    path : path
        A file, which may be compressed with gzip or Zstandard; a folder (a Selfvec run, model2vec);
        ``default``, ``wordllama``, ``glosses``, built in; or the name of public vectors that `fetch` has.
    format : str, optional
        A name in `FORMATS`; by default the content decides.
    errors : {"strict", "replace", "ignore"}
        ``strict`` raises an error with the place of a word that is not UTF-8 or occurs twice. ``replace``
        puts U+FFFD into words that are not UTF-8, ``ignore`` drops their bad bytes. Both keep the first of
        several rows for one word and record it in ``provenance["notes"]``.
    limit : int, at least 1, optional
        Number of rows to read, from the first one.

    Returns
    -------
    Vectors
        The matrix is a read-only view of the file if the format allows.

    Raises
    ------
    FormatError
        If the file does not exist, has an unknown format, or is damaged. Sizes are checked before memory is
        allocated, and no code in a file is executed.
    OptionError
        If an option has an invalid value.

    Examples
    --------
    >>> load("default", limit=1000)
    <Vectors: 1,000 words × 256 dimensions, float32>
    """
    row = None if format is None else format_of(format)
    name = os.fspath(path)
    if name in BUILT_IN and row is None:
        from .built_in import READERS

        vectors = READERS[name](limit)
    else:
        place = locate(path)
        source = replace(open_input(place), errors=errors, limit=limit)
        if row is not None and not _fits(source, row):
            expected, actual = ("a folder", "a file") if row.folder else ("a file", "a folder")
            raise source.error(f"{row.name} is {expected}, this is {actual}", remedy="leave the format out")
        row = row or _sniffed(source)
        if row.read is None:
            rule = f"is in the format {row.name}, which is written but not read"
            raise source.error(rule, remedy=f"name vectors in one of {_that('read')}")
        vectors = row.read(source)
        name = row.name
    vectors.provenance = {"path": os.fspath(path), "format": name, **vectors.provenance}
    return vectors


def _fits(source: Input, row: Format) -> bool:
    return row.file_of_folder or source.path.is_dir() == row.folder


def _sniffed(source: Input) -> Format:
    for row in FORMATS:
        if _fits(source, row) and row.sniff(source):
            return row
    if mistake := foreign(source.data[:4096]) or mistaken(source.path) or text_at(source.path):
        what, remedy = mistake
        raise source.error(f"is {what}, not vectors", remedy=remedy)
    known = ", ".join(f"{row.name} ({row.description})" for row in FORMATS if row.read and _fits(source, row))
    holds = f"begins with {source.data[:24]!r}"
    if source.path.is_dir():
        holds = f"holds {', '.join(sorted(path.name for path in source.path.iterdir())[:6])}"
    raise source.error(f"is in no known format; it {holds}", remedy=f"known formats: {known}")


# Writing

_CODES = ("int8", "binary")  # only safetensors holds them


@checked
def save(
    vectors: Vectors,
    path: StrPath,
    format: str | None = None,
    dtype: Literal["float32", "float16", "int8", "binary"] | None = None,
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

    Examples
    --------
    >>> vectors = load("default", limit=1000)
    >>> save(vectors, "small.vec", dimensions=64)
    ['word2vec-text holds rows only: the vectors of subwords are left out']
    >>> load("small.vec")
    <Vectors: 1,000 words × 64 dimensions, float32>
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
            _by("safetensors.write_as")(converted, fresh, str(dtype))
        else:
            row.write(converted, fresh)
    return _left_out(vectors, format_of("compressed") if coded else row)


def check_save(path: StrPath, format: str | None = None, *, overwrite: bool = False) -> Format:
    """The format in which `save` would write; raises what it would raise. Called before the work begins."""
    check_path("output", path, "a path")
    path = Path(path)
    row = _by_suffix(path) if format is None else format_of(format)
    if row.write is None:
        remedy = f"choose one of {_that('write')}"
        raise OptionError(f"{row.name} can be read but not written", remedy=remedy)
    if path.suffix in PACKED and not row.packable:
        remedy = f"leave {path.suffix} off, or choose one of {_that('packable')}"
        raise OptionError(f"{row.name} cannot be written compressed", path=path, remedy=remedy)
    refuse_run(path)
    check_target(path, overwrite=overwrite, folder=row.folder)
    return row


def _by_suffix(path: Path) -> Format:
    name = path.stem if path.suffix in PACKED else path.name
    fitting = [(suffix, row) for row in FORMATS for suffix in row.suffixes if name.endswith(suffix)]
    if fitting:
        return max(fitting, key=lambda pair: len(pair[0]))[1]
    remedy = f"name one of {_that('write')}"
    raise OptionError(f"the suffix {path.suffix!r} belongs to no format", path=path, remedy=remedy)


def _converted(vectors: Vectors, row: Format, dtype: str | None, dimensions: int | None) -> Vectors:
    if 0 in vectors.vectors.shape:
        raise OptionError("there are no vectors to write", remedy="save vectors that have rows")
    if dimensions is not None and not 1 <= dimensions <= vectors.vector_size:
        rule = f"these vectors have {vectors.vector_size} dimensions, {dimensions} of them cannot be kept"
        remedy = f"choose a number from 1 to {vectors.vector_size}"
        raise OptionError(rule, remedy=remedy)
    own = vectors.vectors.dtype.name
    dtype = dtype or (own if row.half and own in ("float16", "float32") else "float32")
    if dtype not in ("float32", "float16") or (dtype == "float16" and not row.half):
        rule = f"{row.name} does not hold {dtype}"
        remedy = f"choose float32, float16 with one of {_that('half')}, or int8 or binary with safetensors"
        raise OptionError(rule, remedy=remedy)
    with np.errstate(over="ignore"):
        matrix = vectors.vectors[:, :dimensions].astype(dtype, copy=False)
    bad = first_not_finite(matrix)
    if bad is not None:
        rule = f"the vector of {vectors.index_to_key[bad][:40]!r} is not finite in {dtype}"
        remedy = "correct the row or leave it out"
        raise OptionError(rule, remedy=remedy)
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
