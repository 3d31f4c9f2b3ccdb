"""From text to token ids: cutting it up, naming what was cut, leaving out what is not wanted.

>>> from selfvec.text import Rules, encode, tokenizer
"""

from .encoding import Documents, Encoding, auto_window, encode
from .rules import Rules
from .tokenizers import RawTokens, Tokenizer, tokenizer

__all__ = [
    "Documents",
    "Encoding",
    "RawTokens",
    "Rules",
    "Tokenizer",
    "auto_window",
    "encode",
    "tokenizer",
]
