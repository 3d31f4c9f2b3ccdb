"""safetensors: a matrix, which is mapped, and its words; and the run folder, which holds such a file.

A file written here holds ``vectors``, ``sources``, ``vocabulary`` (UTF-8 bytes, a newline after every word)
and, if known, ``counts``. A file of another program is read if it holds one matrix, with words or a tokenizer
next to it. The vectors of a run folder, and one of its files, are read as well.

A file of compressed vectors, in which several words may share a row, holds the arrays of
`selfvec.numerics.quantization` for R rows, and

    vocabulary   UTF-8 bytes, a newline after every word, compressed with Zstandard
    mapped       the row that each of the last V - R words shares with one of the first R; absent if R is V

Its metadata are ``format``, ``method``, and ``provenance`` as JSON, which records how texts are tokenised.
The rows are unpacked to float32 when the file is read, at most to 256 times its size.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Bytes
from selfvec.data.run import split_state, state_name
from selfvec.data.vectors import Source, Vectors
from selfvec.files import text_files
from selfvec.files.compressed_files import decompressed, zstd
from selfvec.files.tensors import Forms, Tensor, check_tensors, map_tensors, read_metadata, write_tensors
from selfvec.files.untrusted import DAMAGED, decoding
from selfvec.numerics.quantization import CODES, PER_ROW, decode, encode
from selfvec.storage.run_folder import is_run, open_run

from .input_file import (
    Input,
    checked_columns,
    checked_matrix,
    checked_vectors,
    decode_words,
    encode_words,
    largest_unpacked,
    read_vocabulary,
    unpack,
    vocabulary_beside,
)
from .subwords import read_token_rows


def sniff(source: Input) -> bool:
    """A length that fits the file, then a JSON object."""
    length = int.from_bytes(source.data[:8], "little")
    return source.data[8:9] == b"{" and 2 <= length <= len(source.data) - 8


def read(source: Input) -> Vectors:
    """Read a file written here, or one with a single matrix and its words next to it."""
    if source.unpacked:
        raise source.error("is compressed, so it cannot be mapped", remedy="unpack it first")
    tensors = map_tensors(source.path)
    matrices = [name for name, tensor in tensors.items() if tensor.ndim == 2]
    if "vectors" in matrices:
        matrices = ["vectors"]
    if len(matrices) != 1:
        names = ", ".join(tensors)[:80] or "nothing"
        rule = f"vectors are one matrix, but this file holds {len(matrices)} ({names})"
        remedy = "export the embeddings alone"
        raise source.error(rule, remedy=remedy)
    matrix = checked_matrix(tensors[matrices[0]], source)
    if "vocabulary" in tensors:
        words = decode_words(tensors["vocabulary"].tobytes(), source)
    elif (vocabulary := _run_words(source.path)) is not None:
        with decoding(vocabulary, "vocabulary"):
            words = text_files.read_vocabulary(vocabulary)
    elif source.siblings("tokenizer.json"):
        return read_token_rows(source, matrices[0])
    else:
        words = read_vocabulary(vocabulary_beside(source), len(matrix), source)
    return checked_vectors(words, matrix, source, **checked_columns(tensors, source, len(matrix)))


def write(vectors: Vectors, path: Path) -> None:
    """Write matrix, words, sources and counts into one self-contained file."""
    tensors: dict[str, Array] = {} if vectors.counts is None else {"counts": vectors.counts}
    tensors |= {  # widest numbers first, so that all begin at aligned addresses
        "vectors": vectors.vectors,
        "sources": vectors.sources,
        "vocabulary": np.frombuffer(encode_words(vectors.index_to_key), np.uint8),
    }
    write_tensors(path, tensors)


def sniff_run(source: Input) -> bool:
    """A run folder, whatever is left of it."""
    return is_run(source.path)


def read_run(source: Input) -> Vectors:
    run = open_run(source.path).vectors
    return checked_vectors(run.index_to_key, run.vectors, source, sources=run.sources, counts=run.counts)


def _run_words(vectors: Path) -> Path | None:
    _, state = split_state(vectors.name)
    words = vectors.with_name(state_name("vocabulary.txt", state))
    return words if words.is_file() and words.with_name("run.json").is_file() else None


# Compressed vectors

FORMAT = "selfvec compressed 1"
_LEVEL = 19  # of Zstandard
_SMALL = 1 << 26  # bytes; up to this size rows may be unpacked from a file of any size
_HIGHEST_RATIO = 256  # beyond that of any codes and words that are written here
_FORMS: dict[str, Forms] = {
    "half": {"half": Tensor("f2", ("R", "d"))},
    "int8": {"int8": Tensor("i1", ("R", "d")), "scales": Tensor("f4", ("R",))},
    "signs": {"signs": Tensor("u1", ("R", "d / 8")), "scales": Tensor("f4", ("d",))},
    "codes": {"codes": Tensor("u1", ("R", "m")), "codebooks": Tensor("f2", (CODES, "d"))},
}
"""By the array with a row for each word: the arrays of its method."""
_SHARED: Forms = {
    "empty": Tensor("i4", ("empty",), 0, "R", optional=True),
    "mapped": Tensor("u4", ("mapped",), 0, "R", optional=True),
    "vocabulary": Tensor("u1", ("B",)),
}

Tensors = Mapping[str, Array]


def packed_words(vectors: Vectors) -> Bytes:
    return np.frombuffer(zstd.compress(encode_words(vectors.index_to_key), _LEVEL), np.uint8)


def write_codes(
    path: Path, tensors: Tensors, method: str, provenance: Mapping[str, Any] | None = None
) -> None:
    metadata = {"format": FORMAT, "method": method, "provenance": json.dumps(provenance or {})}
    widest_first = sorted(tensors.items(), key=lambda item: -item[1].itemsize)  # so that all are aligned
    write_tensors(path, dict(widest_first), metadata)


def write_as(vectors: Vectors, path: Path, method: str) -> None:
    rows = np.asarray(vectors.vectors, np.float32)
    write_codes(path, {**encode(rows, method), "vocabulary": packed_words(vectors)}, method)


def sniff_codes(source: Input) -> bool:
    """The header of a safetensors file that names this format."""
    length = int.from_bytes(source.data[:8], "little")
    head = source.data[8 : 8 + min(length, 1 << 16)]
    return head[:1] == b"{" and json.dumps(FORMAT).encode() in head


def read_codes(source: Input) -> Vectors:
    if source.unpacked:
        raise source.error("is compressed twice", remedy="unpack the outer file first")
    tensors = map_tensors(source.path)
    _check_codes(tensors, source)
    packed = tensors["vocabulary"].tobytes()
    with decoding(source.path, "compressed vocabulary"):
        text = unpack(decompressed(io.BytesIO(packed), packed), largest_unpacked(len(packed)), source.path)
        words = decode_words(text[:], source)
        provenance = json.loads(read_metadata(source.path).get("provenance", "{}"))
    with np.errstate(over="ignore", invalid="ignore"):  # numbers of a damaged file are checked below
        matrix = decode({name: tensors[name] for name in tensors if name not in ("mapped", "vocabulary")})
        if "mapped" in tensors:
            matrix = np.concatenate([matrix, matrix[tensors["mapped"]]])
        sources = np.where(matrix.any(axis=1), Source.KNOWN, Source.NONE).astype(np.uint8)
    found = checked_vectors(words, matrix, source, sources=sources)
    found.provenance |= provenance if isinstance(provenance, dict) else {}
    return found


def _check_codes(tensors: Tensors, source: Input) -> None:
    """Raise a `FormatError` if an array does not fit the others, or the rows would be too large."""
    own = next((name for name in PER_ROW if name in tensors), "codes")
    forms = {**_FORMS[own], **_SHARED}
    check_tensors(tensors, forms, source.path, DAMAGED)
    rows, columns = tensors[own].shape
    if own == "signs":
        width = tensors["scales"].size
        right_width = columns == (width + 7) // 8
    else:
        width = tensors["codebooks"].shape[1] if own == "codes" else columns
        right_width = columns <= width
    if not (tensors.keys() <= forms.keys() and min(rows, columns, width) > 0 and right_width):
        shown = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in tensors.items())[:160]
        raise source.error(f"the arrays do not fit each other: {shown}")
    mapped = tensors["mapped"].size if "mapped" in tensors else 0
    if 4 * (rows + mapped) * width > max(_SMALL, _HIGHEST_RATIO * source.path.stat().st_size):
        raise source.error(
            f"unpacks to more than {_HIGHEST_RATIO} times its size, as no file written here does"
        )
