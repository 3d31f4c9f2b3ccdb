"""From text to token ids: tokenising, normalising words, and dropping unwanted ones.

>>> from selfvec.text import Rules, encode, tokenizer
"""

from .encoding import Encoding, auto_window, encode
from .rules import Rules
from .tokenizers import RawTokens, Tokenizer, tokenizer

__all__ = [
    "Encoding", "RawTokens", "Rules", "Tokenizer", "auto_window", "encode", "tokenizer",
]  # fmt: skip
