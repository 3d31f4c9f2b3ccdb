"""The vectors that come with Selfvec: `wordllama`, of language models, `glosses`, of clear origin, and both.

The sum of the rows of a language model's tokens, which are in the package ``wordllama``, is a vector for each
word: a good one for a word that is one token, little more than its spelling for others. `glosses` are learned
from WordNet: the sum of the rows of a text comes near the vector that a sentence encoder gives to the text.
`default` is both: a word's unit rows side by side, turned to the directions that words have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Bytes, Floats, Halves, Int8s, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.tensors import map_tensors
from selfvec.numerics.rows import unit_rows

from .glosses import GLOSSES, columns_of, is_lower_word, pieces_of, record_of, rows_of
from .input_file import checked_matrix, checked_vectors, open_input
from .subwords import SubwordRows, load_tokenizer

_ROWS = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
UNKNOWN = "[UNK]"  # the first piece, without a row: a word with a character that is in no piece
_LONGEST = 100  # characters of a word that is cut, as of BERT
AXES = Path(__file__).with_name("axes.npy")  # int16, (640, 256), in steps; `benchmarks.glosses` makes them
AXIS_STEPS, ROW_STEPS = np.float32(2**11), np.float32(2**12)  # so that sums stay below 2²⁴, and exact


def token_vectors(limit: int | None = None) -> Vectors:
    """`wordllama`: rows of the words that are one token, in lower case; others are built from tokens."""
    # The package's own loader may use the network.
    spec = util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        rule = "the built-in vectors are in the package 'wordllama', which is not installed"
        remedy = "run: pip install wordllama (or name other vectors, such as glosses)"
        raise OptionError(rule, remedy=remedy)
    folder = Path(spec.origin).parent
    source = replace(open_input(folder / _ROWS), limit=limit)
    composer, words, tokens = _tokens(folder)
    vectors = checked_vectors(list(words), composer.rows[tokens], source, composer=composer)
    origin = {"version": metadata.version("wordllama"), "licence": "MIT"}
    vectors.provenance["sources"] = {"wordllama": origin}
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
    return subwords, *subwords.whole_words(is_lower_word)


def gloss_vectors(limit: int | None = None) -> Vectors:
    """`glosses`: rows of words, in lower case; others are built from pieces when they are asked for."""
    composer, words, places, record = read_glosses(GLOSSES)
    # The encoder cuts further words into pieces, and the dictionary says little of many: the text decides.
    sources = np.where(places <= record["own"], Source.KNOWN, Source.SUBWORDS).astype(np.uint8)
    source = replace(open_input(GLOSSES), limit=limit)
    vectors = checked_vectors(words, composer.rows[places], source, composer=composer, sources=sources)
    vectors.provenance |= record
    return vectors


@lru_cache(maxsize=1)
def read_glosses(path: Path) -> tuple[SubwordRows, list[str], Ints, dict[str, Any]]:
    """The rows of the pieces; the pieces that are words, and their places, (V,); what they were made from."""
    composer = _gloss_pieces(path)
    return composer, *composer.whole_words(is_lower_word), record_of(path)


@lru_cache(maxsize=1)
def _gloss_pieces(path: Path) -> SubwordRows:
    return SubwordRows(word_pieces(pieces_of(path)), PackedRows(*columns_of(path)), pool="sum")


class PackedRows:
    """The rows of columns, (V, d), made where they are asked for: a quarter of the memory."""

    dtype = np.int8

    def __init__(self, columns: Int8s, lengths: Halves) -> None:
        self._codes, self._lengths = np.ascontiguousarray(columns.T), lengths
        self.shape = self._codes.shape

    def __getitem__(self, places: Any) -> Rows:
        return rows_of(self._codes[places].T, self._lengths[places])


def word_pieces(pieces: Sequence[str]) -> Any:
    """A tokenizer that cuts lower-cased words into the longest of these pieces, as BERT's does."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    numbers = {piece: number for number, piece in enumerate(pieces)}
    model = models.WordPiece(numbers, unk_token=UNKNOWN, max_input_chars_per_word=_LONGEST)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


class TwoTables:
    """Composes words by two tables; each has its part of a row, or zeros."""

    def __init__(self) -> None:
        self.tokens, self.glosses = token_vectors(), _gloss_pieces(GLOSSES)
        self.axes = np.load(AXES).astype(np.float32)

    def __call__(self, words: Sequence[str]) -> Rows:
        return self.with_pieces(words)[0]

    def with_pieces(self, words: Sequence[str]) -> tuple[Rows, Bytes]:
        """Rows, (n, 256), and the pieces of each word where they are fewer: 1 if a table has it whole."""
        rows, pieces = self.side_by_side(words)
        # Sums of whole numbers do not depend on their order: each machine gets the same bits.
        turned = np.rint(rows * ROW_STEPS) @ self.axes
        return turned / (ROW_STEPS * AXIS_STEPS), pieces

    def side_by_side(self, words: Sequence[str]) -> tuple[Floats, Bytes]:
        """Unit rows of both, (n, 640)."""
        (a, _, of_a), (b, of_b) = self.tokens.lookup_pieces(words), self.glosses.with_pieces(words)
        return np.hstack([unit_rows(a), unit_rows(b)]), np.minimum(of_a, np.maximum(of_b, 1))


def two_tables(limit: int | None = None) -> Vectors:
    """`default`: the words of `wordllama`; others are built from pieces in each table."""
    composer, rows = _both()
    words, origin = composer.tokens.index_to_key[:limit], composer.tokens.provenance["sources"]
    sources = {**origin, **record_of(GLOSSES)["sources"]}
    return Vectors(words, rows[:limit].copy(), composer=composer, provenance={"sources": sources})


@lru_cache(maxsize=1)
def _both() -> tuple[TwoTables, Rows]:
    """Both tables, and the rows of the words, (V, 256); made once in a process."""
    composer = TwoTables()
    return composer, composer(composer.tokens.index_to_key)


READERS = {"default": two_tables, "wordllama": token_vectors, "glosses": gloss_vectors}
