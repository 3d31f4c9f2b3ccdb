"""The built-in vectors, `default`: the token rows of a language model, from the package ``wordllama``."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import map_tensors

from .input_file import checked_matrix, checked_vectors, open_input
from .subwords import SubwordRows, load_tokenizer

_ROWS = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")


def load_default(limit: int | None = None) -> Vectors:
    """Rows of the words that are one token; others are built when they are asked for.

    Words are lower-cased (Llama 2's byte-pair encoding, with the space marker in front). A word is the sum of
    its tokens' rows. The two files of ``wordllama`` are read directly, because its own loader may use the
    network.
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
