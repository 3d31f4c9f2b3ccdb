"""Telling by its content which format a file or folder is in, and what it is when it is in none."""

from __future__ import annotations

from selfvec.base.errors import FormatError

from .source import Input
from .table import FORMATS, Format

__all__ = ["sniffed"]

_PICKLES = (*(bytes((0x80, protocol)) for protocol in range(6)), b"(dp", b"(lp", b"ccopy_reg", b"cnumpy")
_FROM_PICKLE = "save word2vec or safetensors in the program that made it (gensim: save_word2vec_format)"
_FOREIGN = (  # what else people have at hand: (how it begins, what it is, what to do)
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


def sniffed(source: Input) -> Format:
    """The format a file or folder is in.

    Raises
    ------
    FormatError
        Naming what it is instead, where that can be told.
    """
    folder = source.path.is_dir()
    for row in FORMATS:
        if (row.folder == folder or row.name == "projector") and row.sniff(source):
            return row
    raise _unknown_folder(source) if folder else _unknown_file(source)


def _unknown_folder(source: Input) -> FormatError:
    try:
        names = ", ".join(sorted(path.name for path in source.path.iterdir())[:6]) or "nothing"
    except OSError as error:
        return source.error(f"cannot be read: {error.strerror}", remedy="check its permissions")
    kinds = ", ".join(f"{row.name} ({row.description})" for row in FORMATS if row.folder)
    return source.error(f"holds no vectors of a known kind, but {names}", remedy=f"known folders: {kinds}")


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
    return source.error(
        f"is in no known format; it begins with {head[:24]!r}",
        remedy=f"formats: {', '.join(row.name for row in FORMATS)}",
    )
