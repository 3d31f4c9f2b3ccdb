"""The built-in vectors, `default`: words as a language model knows them, and a sentence encoder.

The rows of a language model's tokens are in the PyPI package ``wordllama``. The sum of its tokens' rows is
a vector for every word: a good one if the word is one token, little more than its spelling if it is three.
So a list of words can be laid over it, with directions that are made of that sum and of a sentence
encoder's vector of the word alone. They lie in the space of the token rows, where they stand beside the
sums of all other words, and no encoder is needed to read them. `benchmarks.listed_words` makes the file of a
list, says how, and records in it what it was made from:

    words    UTF-8 bytes, a newline after every word, compressed with Zstandard
    columns  int8, (d, V), compressed with Zstandard: the first number of all words, then the second, ...
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Bytes, Floats, Int8s, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import map_tensors, read_metadata, write_tensors
from selfvec.numerics.rows import unit_rows

from .input_file import checked_matrix, checked_vectors, open_input
from .subwords import SubwordRows, load_tokenizer

_ROWS = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
_LEVEL = 19  # of Zstandard: the file is written once


def load_default(limit: int | None = None) -> Vectors:
    """The built-in vectors."""
    return built_in(None, limit)


def built_in(listed: Listed | None, limit: int | None = None) -> Vectors:
    """Rows of the words that are one token; others are built when they are asked for.

    Words are lower-cased (Llama 2's byte-pair encoding, with the space marker in front). A word is the sum of
    its tokens' rows, turned to its direction if it is listed. The two files of ``wordllama`` are read
    directly, because its own loader may use the network.
    """
    spec = util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise OptionError(
            "the built-in vectors are in the package 'wordllama', which is not installed",
            remedy="run: pip install wordllama (or name a vectors file)",
        )
    folder = Path(spec.origin).parent
    source = replace(open_input(folder / _ROWS), limit=limit)
    composer, words, tokens = _tokens(folder)
    rows = composer.rows[tokens]
    provenance = {"package": f"wordllama {metadata.version('wordllama')}"}
    if listed is not None:
        composer = ListedRows(composer.tokenizer, composer.rows, composer.pool, composer.lower, listed=listed)
        composer.turn(words, rows)
        provenance["listed"] = listed.provenance["sha256"]
    vectors = checked_vectors(list(words), rows, source, composer=composer)
    vectors.provenance |= provenance
    return vectors


@lru_cache(maxsize=1)
def _tokens(folder: Path) -> tuple[SubwordRows, list[str], Ints]:
    """The token rows, the words that are one token, and those tokens (V,); read once in a process."""
    source = open_input(folder / _ROWS)
    tensors = list(map_tensors(source.path).values())
    if len(tensors) != 1:
        raise source.error("does not hold exactly one tensor", remedy="reinstall wordllama")
    tokenizer = load_tokenizer(folder / _TOKENIZER)
    rows = checked_matrix(tensors[0], source).astype(np.float32)  # 32 MB; adding halves is many times slower
    if len(rows) < tokenizer.get_vocab_size():
        raise source.error("lacks a row for every token of its tokenizer", remedy="reinstall wordllama")
    subwords = SubwordRows(tokenizer, rows, pool="sum", lower=True)
    return subwords, *subwords.whole_words(_is_lower_word)


def _is_lower_word(text: str) -> bool:
    return text.isalnum() and text == text.lower()


# ---- The words of the list


@dataclass(frozen=True)
class Listed:
    """Words, in lower case, and their directions in the space of the token rows."""

    words: Sequence[str]  # V
    codes: Int8s  # (V, d)
    provenance: Mapping[str, Any] = field(default_factory=dict)  # what they were made from

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The row of each word."""
        return {word: number for number, word in enumerate(self.words)}


@lru_cache(maxsize=1)
def read_listed(path: Path) -> Listed:
    """Read what `write_listed` wrote; once in a process."""
    tensors = map_tensors(path)
    words = zstd.decompress(tensors["words"].tobytes()).decode().splitlines()
    columns = np.frombuffer(zstd.decompress(tensors["columns"].tobytes()), np.int8).reshape(-1, len(words))
    return Listed(words, np.ascontiguousarray(columns.T), json.loads(read_metadata(path)["provenance"]))


def write_listed(listed: Listed, path: Path) -> None:
    """Write words and directions; the same version of Zstandard writes the same bytes."""
    parts = {
        "words": "".join(f"{word}\n" for word in listed.words).encode(),
        # By columns, since each has a spread of its own, by which Zstandard shortens its numbers.
        "columns": listed.codes.T.tobytes(),
    }
    tensors = {name: np.frombuffer(zstd.compress(part, _LEVEL), np.uint8) for name, part in parts.items()}
    write_tensors(path, tensors, {"provenance": json.dumps(listed.provenance, sort_keys=True)})


@dataclass(frozen=True, kw_only=True)
class ListedRows(SubwordRows):
    """Builds the vectors of words: the sum of their tokens' rows, turned to the direction of a listed word.

    A listed word of several tokens counts as built from them all the same. Search is no better if refining
    holds it to its direction (docs/results/listed.md).
    """

    listed: Listed

    def with_pieces(self, words: Sequence[str]) -> tuple[Floats, Bytes]:
        """As without the list; of listed words the direction changes, not the length."""
        rows, pieces = super().with_pieces(words)
        self.turn(words, rows)
        return rows, pieces

    def turn(self, words: Sequence[str], rows: Rows) -> None:
        """Give the sums of listed words, (n, d), their directions, in place."""
        numbers = np.array([self.listed.numbers.get(word.lower(), -1) for word in words], np.int64)
        there = np.flatnonzero(numbers >= 0)
        lengths = np.linalg.norm(rows[there], axis=1, keepdims=True)
        rows[there] = unit_rows(self.listed.codes[numbers[there]].astype(np.float32)) * lengths
