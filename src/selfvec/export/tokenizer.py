"""An encoder's way of reading as a ``tokenizer.json`` of the Hugging Face ``tokenizers`` library.

The library spells a whole text anew and then cuts it by a regular expression. Both are written out here so
that its words are ours to the letter: characters are listed by code point from our own table, because what
``\\p{L}`` means depends on the Unicode version that a library was built with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.search.encoder.reading import REPLACED
from selfvec.storage.formats.model2vec import word_level_tokenizer
from selfvec.text.characters import APOSTROPHE, DIGIT, POINT, SPACE, WORD, table

if TYPE_CHECKING:
    from selfvec.search.encoder import Encoder

__all__ = ["UNKNOWN", "possessive", "token", "tokenizer_json"]

UNKNOWN = "[UNK]"  # no word can be spelled so: brackets separate words, and words have no capitals


def tokenizer_json(encoder: Encoder) -> str:
    """The JSON of a tokeniser that gives every word of an encoder its number, and V to all others.

    Equal to `Encoder.read` for every text of characters that the running Python's Unicode has.
    """
    normalizers: list[dict[str, Any]] = [{"type": "Lowercase"}]
    normalizers += [_replace({"String": old}, new) for old, new in REPLACED.items()]
    normalizers += [{"type": "NFC"}]
    if encoder.split == "words":
        normalizers += [_replace({"Regex": possessive()}, "")]
    return word_level_tokenizer(
        encoder.words,
        UNKNOWN,
        {"type": "Sequence", "normalizers": normalizers},
        {
            "type": "Split",
            "pattern": {"Regex": token(encoder.split)},
            "behavior": "Removed",
            "invert": True,
        },
    )


def token(split: str) -> str:
    """A regular expression that finds the tokens of `selfvec.text.kernels.spans`.

    Also runs without a letter or number, which that leaves out: no vocabulary has them.
    """
    if split == "whitespace":
        return f"[^{_listed(split, SPACE)}]+"
    word, digit = f"[{_listed(split, WORD)}]", f"[{_listed(split, DIGIT)}]"
    apostrophe, point = f"[{_listed(split, APOSTROPHE)}]", f"[{_listed(split, POINT)}]"
    return f"{word}+(?:(?:{apostrophe}|(?<={digit}){point}(?={digit})){word}+)*"


def possessive() -> str:
    """A regular expression that finds the *'s* that ends a word."""
    word = f"[{_listed('words', WORD)}]"
    return f"(?<={word})'s(?!{word}|[{_listed('words', APOSTROPHE)}]{word})"


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _listed(split: str, flag: int) -> str:
    """The characters that have a flag, as the inside of a bracket expression."""
    has = np.concatenate(([False], table(split) & flag != 0, [False]))
    edges = np.flatnonzero(has[1:] != has[:-1]).reshape(-1, 2).tolist()
    return "".join(
        rf"\x{{{first:X}}}" + (rf"-\x{{{last - 1:X}}}" if last - first > 1 else "") for first, last in edges
    )
