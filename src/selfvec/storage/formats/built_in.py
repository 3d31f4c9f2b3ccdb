"""The built-in vectors: words as a language model knows them, `default`, and also an encoder, `english`.

The rows of a language model's tokens are in the package ``wordllama``. The sum of its tokens' rows is a
vector for every word: a good one for a word that is one token, little more than its spelling for others. For
`english`, a list of words turns these sums toward what the sentence encoder all-MiniLM-L6-v2 knows of the
word. The directions lie in the space of the token rows, beside the sums of all other words, and no encoder is
needed to read them. `benchmarks.listed_words` makes the file, says how, and records its sources in it:

    words    UTF-8 bytes, a newline after every word, compressed with Zstandard
    columns  int8, (d, V), compressed with Zstandard: the first number of all words, then the second, ...
    lengths  float16, (V,): of the sums of their rows
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

from selfvec.base.arrays import Array, Bytes, Floats, Int8s, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import map_tensors, read_metadata
from selfvec.numerics.rows import unit_in_place

from .input_file import checked_matrix, checked_vectors, open_input
from .subwords import SubwordRows, load_tokenizer

_ROWS = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
LISTED = Path(__file__).with_name("listed_words.safetensors")


def built_in(listed: Listed | None = None, limit: int | None = None) -> Vectors:
    """The built-in vectors: rows of the words that are one token; others are built when they are asked for.

    Words are lower-cased (Llama 2's byte-pair encoding, with the space marker in front). A word is the sum of
    its tokens' rows, turned to its direction if it is listed. The two files of ``wordllama`` are read
    directly, because its own loader may use the network.
    """
    spec = util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        rule = "the built-in vectors are in the package 'wordllama', which is not installed"
        remedy = "run: pip install wordllama (or name a vectors file)"
        raise OptionError(rule, remedy=remedy)
    folder = Path(spec.origin).parent
    source = replace(open_input(folder / _ROWS), limit=limit)
    composer, words, tokens = _tokens(folder)
    vectors = checked_vectors(list(words), composer.rows[tokens], source, composer=composer)
    vectors.provenance["package"] = f"wordllama {metadata.version('wordllama')}"
    return vectors if listed is None else _with_list(vectors, composer, listed, limit)


def _with_list(vectors: Vectors, plain: SubwordRows, listed: Listed, limit: int | None) -> Vectors:
    """Vectors of words that are one token, turned where they are listed, and of all other listed words."""
    words = list(dict.fromkeys([*vectors.index_to_key, *listed.words]))[:limit]
    rows = np.zeros((len(words), vectors.vector_size), np.float32)
    rows[: len(vectors)] = vectors.vectors
    listed.turn(words, rows)
    composer = ListedRows(plain.tokenizer, plain.rows, plain.pool, plain.lower, listed=listed)
    provenance = {**vectors.provenance, "listed": listed.provenance["sha256"]}
    return Vectors(words, rows, composer=composer, provenance=provenance)


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


# ---- The list of words


@dataclass(frozen=True)
class Listed:
    """Words, in lower case, and their directions in the space of the token rows."""

    words: Sequence[str]  # V
    codes: Int8s  # (V, d)
    lengths: Array  # (V,) float16
    provenance: Mapping[str, Any] = field(default_factory=dict)  # what they were made from

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The row of each word."""
        return {word: number for number, word in enumerate(self.words)}

    def turn(self, words: Sequence[str], rows: Rows) -> None:
        """Give the rows of listed words, (n, d), their directions and lengths, in place."""
        numbers = np.array([self.numbers.get(word.lower(), -1) for word in words], np.int64)
        there = np.flatnonzero(numbers >= 0)
        turned = unit_in_place(self.codes[numbers[there]].astype(np.float32))
        rows[there] = turned * self.lengths[numbers[there], None]


@lru_cache(maxsize=1)
def read_listed(path: Path) -> Listed:
    """Read what `benchmarks.listed_words` wrote; once in a process."""
    tensors = map_tensors(path)
    words = zstd.decompress(tensors["words"].tobytes()).decode().splitlines()
    columns = np.frombuffer(zstd.decompress(tensors["columns"].tobytes()), np.int8).reshape(-1, len(words))
    codes = np.ascontiguousarray(columns.T)
    provenance = json.loads(read_metadata(path)["provenance"])
    return Listed(words, codes, tensors["lengths"], provenance)


@dataclass(frozen=True, kw_only=True)
class ListedRows(SubwordRows):
    """Builds the vectors of words from tokens, but those of listed words, in any case, from the list."""

    listed: Listed

    def with_pieces(self, words: Sequence[str]) -> tuple[Floats, Bytes]:
        """As without the list; listed words have the list's rows."""
        rows, pieces = super().with_pieces(words)
        self.listed.turn(words, rows)
        return rows, pieces
