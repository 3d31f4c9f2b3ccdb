"""The default vectors: the 256-dimensional token table inside the PyPI package ``wordllama``.

Its two files are read directly. The package itself is not imported, because its loader may use the network.
A word's vector is the sum of the vectors of its pieces (Llama 2's byte-pair encoding, lower-cased, with the
space marker in front); words of one piece are the table's rows.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata, util
from pathlib import Path

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.base.tensors import map_tensors
from selfvec.data.vectors import Vectors

from .check import as_table, finish
from .pieces import Pieces, load_tokenizer
from .source import open_input

__all__ = ["load_default"]

_TABLE = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")


def load_default(limit: int | None = None) -> Vectors:
    """The embedded table: 256 dimensions, lower-case words, any word composed from its pieces.

    Raises
    ------
    OptionError
        If the package is not installed.
    """
    spec = util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise OptionError(
            "the default vectors are in the package 'wordllama', which is not installed",
            remedy="run: pip install wordllama (or name a vectors file)",
        )
    folder = Path(spec.origin).parent
    source = replace(open_input(folder / _TABLE), limit=limit)
    tensors = list(map_tensors(source.path).values())
    if len(tensors) != 1:
        raise source.error("holds one table", remedy="reinstall wordllama")
    tokenizer = load_tokenizer(folder / _TOKENIZER)
    table = as_table(tensors[0], source).astype(np.float32)  # 32 MB; adding halves is many times slower
    pieces = Pieces(tokenizer, table, pool="sum", lower=True)
    if len(table) < tokenizer.get_vocab_size():
        raise source.error("holds a row for every token of its tokenizer", remedy="reinstall wordllama")
    words, tokens = pieces.whole_words(_is_lower_word)
    vectors = finish(words, table[tokens], source, composer=pieces)
    vectors.provenance |= {"package": f"wordllama {metadata.version('wordllama')}"}
    return vectors


def _is_lower_word(text: str) -> bool:
    return text.isalnum() and text == text.lower()
