"""The vectors that come with Selfvec: `default`, rows of a language model, and `glosses`, of clear origin.

The rows of a language model's tokens are in the package ``wordllama``. The sum of its tokens' rows is a
vector for every word: a good one for a word that is one token, little more than its spelling for others.

`glosses` are learned from WordNet as `selfvec.encoders.student` learns from the text of a run: the sum of the
rows of a text comes near the vector that the encoder all-MiniLM-L6-v2 gives to the text. So no encoder is
needed to use them. Their file is read by `selfvec.storage.formats.glosses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.tensors import map_tensors

from .glosses import GLOSSES, columns_of, is_lower_word, pieces_of, record_of, rows_of
from .input_file import checked_matrix, checked_vectors, open_input
from .subwords import SubwordRows, load_tokenizer

_ROWS = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
UNKNOWN = "[UNK]"
"""The first piece, without a row: a word with a character that is in no piece."""
_LONGEST = 100  # characters of a word that is cut, as of BERT


def token_vectors(limit: int | None = None) -> Vectors:
    """`default`: rows of the words that are one token; others are built when they are asked for.

    Words are lower-cased (Llama 2's byte-pair encoding, with the space marker in front). The two files of
    ``wordllama`` are read directly, because its own loader may use the network.
    """
    spec = util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        rule = "the built-in vectors are in the package 'wordllama', which is not installed"
        remedy = "run: pip install wordllama (or name other vectors, such as glosses)"
        raise OptionError(rule, remedy=remedy)
    folder = Path(spec.origin).parent
    source = replace(open_input(folder / _ROWS), limit=limit)
    composer, words, tokens = _tokens(folder)
    vectors = checked_vectors(list(words), composer.rows[tokens], source, composer=composer)
    vectors.provenance["sources"] = {
        "wordllama": {"version": metadata.version("wordllama"), "licence": "MIT"}
    }
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


# ---- What an encoder gives to the definitions of a dictionary


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
    """What `benchmarks.glosses` wrote, once in a process.

    The rows of the pieces; the pieces that are words, and their places, (V,); and what they were made from.
    """
    composer = SubwordRows(word_pieces(pieces_of(path)), rows_of(*columns_of(path)), pool="sum")
    return composer, *composer.whole_words(is_lower_word), record_of(path)


def word_pieces(pieces: Sequence[str]) -> Any:
    """A tokenizer that cuts a word into the longest of these pieces, from its beginning, as BERT's does.

    Capitals and accents are taken off, signs are pieces of their own.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    numbers = {piece: number for number, piece in enumerate(pieces)}
    model = models.WordPiece(numbers, unk_token=UNKNOWN, max_input_chars_per_word=_LONGEST)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer
