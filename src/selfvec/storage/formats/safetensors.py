"""safetensors: a matrix, which is mapped, and its words; and the run folder, which holds such a file.

A file written here holds ``vectors``, ``sources``, ``vocabulary`` (UTF-8 bytes, a newline after every word)
and, if known, ``counts``. A file of another program is read if it holds one matrix, with words or a tokenizer
next to it. The vectors of a run folder, and one of its files, are read as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array
from selfvec.data.run import split_state, state_name
from selfvec.data.vectors import Vectors
from selfvec.files import text_files
from selfvec.files.tensors import map_tensors, write_tensors
from selfvec.files.untrusted import decoding
from selfvec.storage.run_folder import is_run, open_run

from .input_file import (
    Input,
    checked_columns,
    checked_matrix,
    checked_vectors,
    decode_words,
    encode_words,
    read_vocabulary,
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
