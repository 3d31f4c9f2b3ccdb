"""The formats: adding one is writing a module with sniff, read and write, and adding a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfvec.data.vectors import Vectors

from . import arrays, fasttext, model2vec, parquet, projector, runs, safetensors, text, word2vec
from .source import Input

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True)
class Format:
    """One format.

    Parameters
    ----------
    name, description : str
    suffixes : tuple of str
        Names ending so are written in this format; the reader looks at the content instead.
    sniff : callable
        Whether an `Input` is of this format; asked in the order of `FORMATS`.
    read : callable
        `Input` and ``errors`` to `Vectors`, or `FormatError`.
    write : callable, optional
        Writes `Vectors` with a float32 or (where ``half``) float16 matrix to a path, atomically.
    mapped : bool
        Whether the matrix stays in the file until it is used.
    folder : bool
        Whether it is a folder of files.
    half : bool
        Whether it holds float16.
    columns : tuple of str
        Which of ``sources`` and ``counts`` it keeps.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    sniff: Callable[[Input], bool]
    read: Callable[[Input, str], Vectors]
    write: Callable[[Vectors, Path], None] | None = None
    mapped: bool = False
    folder: bool = False
    half: bool = False
    columns: tuple[str, ...] = ()


FORMATS = (
    Format("run", "Selfvec run folder", (), runs.sniff, runs.read, mapped=True, folder=True),
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
        columns=("sources", "counts"),
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
        columns=("sources", "counts"),
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
"""All formats, in the order they are asked whether a file is theirs."""
