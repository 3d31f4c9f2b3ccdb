"""Reading and writing vectors files: one table of formats, recognised by content.

`load` recognises a file by its content, not by its name. `save` uses the name of a format or the suffix. To
add a format, write a module with functions to sniff, read and write, and add a row to `FORMATS`. Tests cover
every row.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from selfvec.base.atomic_files import atomic_files, complete_replacement
from selfvec.base.checks import check_path, check_whole
from selfvec.base.compressed_files import PACKED, pack
from selfvec.base.errors import FormatError, OptionError
from selfvec.base.targets import check_target
from selfvec.base.temporary_files import remove_leftovers
from selfvec.base.tensors import first_not_finite
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.fetched_vectors import locate
from selfvec.storage.run_folder import refuse_run
from selfvec.storage.wrong_paths import no_vectors

from . import arrays, compressed, fasttext, model2vec, parquet, pieces, projector, spacy, word2vec
from .source import Input, open_input

__all__ = ["FORMATS", "Format", "Vectors", "check_save", "load", "save"]


@dataclass(frozen=True)
class Format:
    """A format: its name and its functions."""

    name: str
    description: str
    suffixes: tuple[str, ...]  # paths with these endings are written in this format
    sniff: Callable[[Input], bool]  # whether a file has this format; called in the order of `FORMATS`
    read: Callable[[Input], Vectors]
    write: Callable[[Vectors, Path], None] | None = None  # to a new path in an empty folder
    mapped: bool = False  # whether the matrix stays in the file until it is used
    folder: bool = False  # whether it is a folder of files
    half: bool = False  # whether it holds float16
    columns: tuple[str, ...] = ()  # which of sources and counts it keeps


_BOTH = ("sources", "counts")

FORMATS = (
    Format("run", "Selfvec run folder", (), arrays.sniff_run, arrays.read_run, mapped=True, folder=True),
    Format(
        "spacy", "spaCy's vectors, the folder vocab of a pipeline", (), spacy.sniff, spacy.read, folder=True
    ),
    Format(
        "model2vec",
        "model2vec folder (static sentence encoder)",
        (),
        model2vec.sniff,
        model2vec.read,
        model2vec.write,
        mapped=True,
        folder=True,
        half=True,
    ),
    Format(
        "projector",
        "TensorFlow Projector, vectors.tsv and metadata.tsv",
        (),
        projector.sniff,
        projector.read,
        projector.write,
        folder=True,
    ),
    Format("compressed", "safetensors with codes, as compress writes", (), compressed.sniff, compressed.read),
    Format(
        "safetensors",
        "safetensors with vectors and vocabulary",
        (".safetensors",),
        arrays.sniff_safetensors,
        arrays.read_safetensors,
        arrays.write_safetensors,
        mapped=True,
        half=True,
        columns=_BOTH,
    ),
    Format(
        "npy",
        "NumPy matrix with a .vocabulary.txt next to it",
        (".npy",),
        arrays.sniff_npy,
        arrays.read_npy,
        arrays.write_npy,
        mapped=True,
        half=True,
    ),
    Format(
        "npz",
        "NumPy archive with vectors and vocabulary",
        (".npz",),
        arrays.sniff_npz,
        arrays.read_npz,
        arrays.write_npz,
        half=True,
    ),
    Format(
        "parquet",
        "Parquet with columns word and vector",
        (".parquet", ".pq"),
        parquet.sniff,
        parquet.read,
        parquet.write,
        half=True,
        columns=_BOTH,
    ),
    Format("fasttext", "fastText model, with its subwords", (), fasttext.sniff, fasttext.read),
    Format(
        "word2vec",
        "word2vec binary",
        (".bin",),
        word2vec.sniff_binary,
        word2vec.read_binary,
        word2vec.write_binary,
    ),
    Format(
        "word2vec-text",
        "word2vec text, fastText .vec",
        (".vec", ".txt", ".w2v"),
        word2vec.sniff_text,
        word2vec.read_text,
        word2vec.write_text,
    ),
    Format(
        "glove",
        "GloVe text (word2vec text without its first line)",
        (".glove", ".glove.txt"),
        word2vec.sniff_glove,
        word2vec.read_glove,
        word2vec.write_glove,
    ),
)
"""All formats, in the order in which they are tried on a file."""

_PACKABLE = ("word2vec", "word2vec-text", "glove")  # formats that can also be written as .gz and .zst

_PICKLES = (*(bytes((0x80, protocol)) for protocol in range(6)), b"(dp", b"(lp", b"ccopy_reg", b"cnumpy")
_FROM_PICKLE = "save word2vec or safetensors in the program that made it (gensim: save_word2vec_format)"
_FOREIGN = (  # other files people have: (how they begin, what they are, what to do)
    (b"\x7fELF", "a program", "name the vectors file"),
    (b"MZ", "a program", "name the vectors file"),
    (b"\x89HDF", "an HDF5 file", "save its table as .npy or safetensors"),
    (b"GGUF", "a GGUF model", "save its token table as safetensors"),
    (b"ARROW1", "an Arrow file", "save it as Parquet"),
    (b"FiFu", "a finalfusion file", "convert it to word2vec text first"),
    (b"SQLite format 3", "an SQLite database", "export the vectors first"),
    (b"%PDF", "a PDF document", "name the vectors file"),
    (b"BZh", "a bzip2 file", "unpack it first"),
    (b"\xfd7zXZ", "an xz file", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
)


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
        A file, which may be compressed with gzip or Zstandard; a folder (a Selfvec run, model2vec,
        Projector); ``default``, the built-in vectors; or the name of public vectors that were fetched with
        ``selfvec vectors fetch``.
    format : str, optional
        A name in `FORMATS`; by default the content decides.
    errors : {"strict", "replace", "ignore"}
        ``strict`` raises an error with the place of a word that is not UTF-8 or occurs twice. ``replace``
        puts U+FFFD into words that are not UTF-8, ``ignore`` drops their bad bytes. Both keep the first of
        several rows for one word and record it in ``provenance["notes"]``.
    limit : int, optional
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
    """
    check_path("path", path)
    if errors not in ("strict", "replace", "ignore"):
        raise OptionError(f"errors is 'strict', 'replace' or 'ignore', not {errors!r}")
    check_whole("limit", 1 if limit is None else limit)
    row = None if format is None else _by_name(format)
    if os.fspath(path) == "default" and row is None:
        vectors, name = pieces.load_default(limit), "default"
    else:
        place = locate(path)
        complete_replacement(place)
        remove_leftovers(place)
        source = replace(open_input(place), errors=errors, limit=limit)
        _check_kind(source, row)
        row = row or _sniffed(source)
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
    row, path = check_save(path, format, overwrite=overwrite), Path(path)
    assert row.write is not None
    coded = dtype in ("int8", "binary") and row.name == "safetensors"
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
    return _left_out(vectors, _by_name("compressed") if coded else row)


def check_save(path: str | os.PathLike[str], format: str | None = None, *, overwrite: bool = False) -> Format:
    """The format in which `save` would write; raises what it would raise. Called before the work begins."""
    check_path("output", path, "a path")
    path = Path(path)
    row = _by_suffix(path) if format is None else _by_name(format)
    if row.write is None:
        raise OptionError(f"{row.name} can be read but not written", remedy=f"choose one of {_writable()}")
    if path.suffix in PACKED and row.name not in _PACKABLE:
        remedy = f"leave {path.suffix} off, or choose one of {', '.join(_PACKABLE)}"
        raise OptionError(f"{row.name} cannot be written compressed", path=path, remedy=remedy)
    refuse_run(path)
    check_target(path, overwrite=overwrite, folder=row.folder)
    return row


def _writable() -> str:
    return ", ".join(row.name for row in FORMATS if row.write)


def _by_name(name: str) -> Format:
    for row in FORMATS:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in FORMATS)
    raise OptionError(f"there is no format {name!r}", remedy=f"choose one of {names}")


def _by_suffix(path: Path) -> Format:
    name = path.stem if path.suffix in PACKED else path.name
    known = [(suffix, row) for row in FORMATS for suffix in row.suffixes if name.endswith(suffix)]
    if known:
        return max(known, key=lambda pair: len(pair[0]))[1]
    raise OptionError(
        f"the suffix {path.suffix!r} belongs to no format", path=path, remedy=f"name one of {_writable()}"
    )


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


def _sniffed(source: Input) -> Format:
    """The format of a file or folder; the error names the actual kind of file if it can be recognised."""
    folder = source.path.is_dir()
    for row in FORMATS:
        if (row.folder == folder or row.name == "projector") and row.sniff(source):
            return row
    raise _unknown_folder(source) if folder else _unknown_file(source)


def _unknown_folder(source: Input) -> FormatError:
    try:
        names = ", ".join(sorted(path.name for path in source.path.iterdir())[:6])
    except OSError as error:
        return source.error(f"cannot be read: {error.strerror}", remedy="check its permissions")
    kinds = ", ".join(f"{row.name} ({row.description})" for row in FORMATS if row.folder)
    other = f"holds no vectors of a known kind, but {names}", f"known folders: {kinds}"
    what, remedy = no_vectors(source.path) or other
    return source.error(what, remedy=remedy)


def _unknown_file(source: Input) -> FormatError:
    head = source.data[:4096]
    if head.startswith(_PICKLES):
        return source.error("is a Python pickle, which could run code: refused", remedy=_FROM_PICKLE)
    if head.startswith(b"PK\x03\x04") and b"data.pkl" in head:
        return source.error("is a PyTorch file, a pickle, which could run code: refused", remedy=_FROM_PICKLE)
    if head.startswith(b"PK\x03\x04"):
        return source.error("is a zip archive without .npy files", remedy="unpack it first")
    for magic, what, remedy in _FOREIGN:
        if head.startswith(magic):
            return source.error(f"is {what}, not vectors", remedy=remedy)
    what = f"is in no known format; it begins with {head[:24]!r}"
    formats = f"formats: {', '.join(row.name for row in FORMATS)}"
    what, remedy = no_vectors(source.path) or (what, formats)
    return source.error(what, remedy=remedy)


Vectors.register_files(load, save)
