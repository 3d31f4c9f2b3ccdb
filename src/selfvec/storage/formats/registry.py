"""The table of formats, and how the content of a file or folder decides which one it is.

To add a format, write a module with sniff, read and write, and add a row to `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.errors import FormatError
from selfvec.data.vectors import Vectors

from . import arrays, fasttext, model2vec, parquet, projector, safetensors, text, word2vec
from .source import Input

__all__ = ["FORMATS", "Format", "sniffed"]


@dataclass(frozen=True)
class Format:
    """One format.

    Parameters
    ----------
    name, description : str
    suffixes : tuple of str
        Names that end in these are written in this format; reading goes by the content instead.
    sniff : callable
        Whether an `Input` is in this format; asked in the order of `FORMATS`.
    read : callable
        `Input` to `Vectors`, or `FormatError`.
    write : callable, optional
        Writes `Vectors` to a path, atomically; the matrix is float32 or, if ``half``, float16.
    mapped, folder, half : bool
        Whether the matrix stays in the file until it is used; whether the format is a folder of files;
        whether it holds float16.
    columns : tuple of str
        Which of ``sources`` and ``counts`` it keeps.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    sniff: Callable[[Input], bool]
    read: Callable[[Input], Vectors]
    write: Callable[[Vectors, Path], None] | None = None
    mapped: bool = False
    folder: bool = False
    half: bool = False
    columns: tuple[str, ...] = ()


_ALL_COLUMNS = ("sources", "counts")

FORMATS = (
    Format(
        "run",
        "Selfvec run folder",
        (),
        safetensors.sniff_run,
        safetensors.read_run,
        mapped=True,
        folder=True,
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
    Format(
        "safetensors",
        "safetensors with vectors and vocabulary",
        (".safetensors",),
        safetensors.sniff,
        safetensors.read,
        safetensors.write,
        mapped=True,
        half=True,
        columns=_ALL_COLUMNS,
    ),
    Format(
        "npy",
        "NumPy matrix with a .vocabulary.txt beside it",
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
        columns=_ALL_COLUMNS,
    ),
    Format("fasttext", "fastText model, with its subwords", (), fasttext.sniff, fasttext.read),
    Format("word2vec", "word2vec binary", (".bin",), word2vec.sniff, word2vec.read, word2vec.write),
    Format(
        "word2vec-text",
        "word2vec text, fastText .vec",
        (".vec", ".txt", ".w2v"),
        text.sniff_word2vec,
        text.read_word2vec,
        text.write_word2vec,
    ),
    Format(
        "glove",
        "GloVe text (word2vec text without its first line)",
        (".glove", ".glove.txt"),
        text.sniff_glove,
        text.read_glove,
        text.write_glove,
    ),
)
"""All formats, in the order in which they are asked whether a file is theirs."""

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


def sniffed(source: Input) -> Format:
    """The format of a file or folder.

    Raises
    ------
    FormatError
        Naming what it is instead, if that can be recognised.
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
