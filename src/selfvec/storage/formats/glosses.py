"""The file of `glosses`, and its rows of whole words.

`benchmarks.glosses` makes it, says how, and records its sources in it:

    pieces   UTF-8 bytes, a newline after each, compressed with Zstandard: the pieces of the encoder, then
             words; ``##`` is before what stands inside a word
    columns  int8, (d, V), compressed with Zstandard: the first number of all pieces, then the second, ...
    lengths  float16, (V,): of their rows, whose directions the columns give
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Halves, Int8s, Rows
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import map_tensors, read_metadata
from selfvec.numerics.rows import unit_in_place

GLOSSES = Path(__file__).with_name("glosses.safetensors")
COLUMNS = 384  # of their rows: those of the encoder that they were learned from


@lru_cache(maxsize=1)
def gloss_words() -> dict[str, int]:
    """The words, in lower case, that have a row of their own in `glosses`, with their places.

    They are found without the tokenizer, which takes ten times as long to tell all words.
    """
    own = pieces_of(GLOSSES)[: record_of(GLOSSES)["own"] + 1]
    return {piece: place for place, piece in enumerate(own) if is_lower_word(piece)}


def gloss_rows(words: Sequence[str]) -> Rows:
    """The rows of some of `gloss_words`, (n, d), as in `selfvec.storage.formats.built_in.gloss_vectors`."""
    columns, lengths = _own_columns()
    places = [gloss_words()[word] for word in words]
    return rows_of(columns[:, places], lengths[places])


@lru_cache(maxsize=1)
def _own_columns() -> tuple[Int8s, Halves]:
    """Those of the words; the others, three fifths, are not kept in memory."""
    columns, lengths = columns_of(GLOSSES)
    size = 1 + max(gloss_words().values())
    return columns[:, :size].copy(), lengths[:size]


def pieces_of(path: Path) -> list[str]:
    return zstd.decompress(map_tensors(path)["pieces"].tobytes()).decode().splitlines()


def columns_of(path: Path) -> tuple[Int8s, Halves]:
    """The columns, (d, V), and the lengths, (V,)."""
    tensors = map_tensors(path)
    columns = np.frombuffer(zstd.decompress(tensors["columns"].tobytes()), np.int8)
    return columns.reshape(-1, len(tensors["lengths"])), tensors["lengths"]


def record_of(path: Path) -> dict[str, Any]:
    """What they were made from."""
    record: dict[str, Any] = json.loads(read_metadata(path)["provenance"])
    return record


def rows_of(columns: Int8s, lengths: Halves) -> Rows:
    """The rows, (n, d), of some columns, (d, n), and their lengths, (n,)."""
    rows = unit_in_place(np.ascontiguousarray(columns.T, np.float32))
    rows *= lengths[:, None]
    return rows


def is_lower_word(text: str) -> bool:
    return text.isalnum() and text == text.lower()
