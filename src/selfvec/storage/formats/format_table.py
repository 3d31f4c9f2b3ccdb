"""The formats of vectors files: a row for each.

To add a format, write a module with functions to sniff, read and write, and add a row here. Tests cover every
row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors

from . import compressed, fasttext, model2vec, npy, parquet, safetensors, spacy, text, word2vec
from .input_file import Input


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


_COLUMNS = ("sources", "counts")

# The order decides where several fit. A run's folder and a compressed file are also those of a wider format,
# a projector's numbers could be GloVe's, and both forms of word2vec begin alike. GloVe has no mark at all.
FORMATS = (
    Format("run", "Selfvec run folder", (),
           safetensors.sniff_run, safetensors.read_run, folder=True, mapped=True),
    Format("spacy", "spaCy's vectors, the folder vocab of a pipeline", (),
           spacy.sniff, spacy.read, folder=True),
    Format("model2vec", "model2vec folder (static sentence encoder)", (),
           model2vec.sniff, model2vec.read, model2vec.write, folder=True, mapped=True, half=True),
    Format("projector", "TensorFlow Projector, vectors.tsv and metadata.tsv", (),
           text.sniff_projector, None, text.write_projector, folder=True, file_of_folder=True),
    Format("compressed", "safetensors with codes, as compress writes", (), compressed.sniff, compressed.read),
    Format("safetensors", "safetensors with vectors and vocabulary", (".safetensors",),
           safetensors.sniff, safetensors.read, safetensors.write, mapped=True, half=True, columns=_COLUMNS),
    Format("npy", "NumPy matrix with a .vocabulary.txt next to it", (".npy",),
           npy.sniff, npy.read, npy.write, mapped=True, half=True),
    Format("npz", "NumPy archive with vectors and vocabulary", (".npz",),
           npy.sniff_archive, None, npy.write_archive, half=True),
    Format("parquet", "Parquet with columns word and vector", (".parquet", ".pq"),
           parquet.sniff, parquet.read, parquet.write, half=True, columns=_COLUMNS),
    Format("fasttext", "fastText model, with its subwords", (), fasttext.sniff, fasttext.read),
    Format("word2vec", "word2vec binary", (".bin",),
           word2vec.sniff, word2vec.read, word2vec.write, packable=True),
    Format("word2vec-text", "word2vec text, fastText .vec", (".vec", ".txt", ".w2v"),
           text.sniff, text.read, text.write, packable=True),
    Format("glove", "GloVe text (word2vec text without its first line)", (".glove", ".glove.txt"),
           text.sniff_glove, text.read_glove, text.write_glove, packable=True),
)  # fmt: skip
"""All formats, in the order in which they are tried on a file."""


def format_of(name: str) -> Format:
    for row in FORMATS:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in FORMATS)
    raise OptionError(f"there is no format {name!r}", remedy=f"choose one of {names}")
