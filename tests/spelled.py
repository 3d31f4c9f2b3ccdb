"""Tokens as they are spelled: one after the other, or those of each text."""

from itertools import pairwise

from selfvec.data.token_batch import TokenBatch
from selfvec.text import RawTokens


def spelled(tokens: TokenBatch | RawTokens) -> list[str]:
    """All tokens."""
    types = list(tokens.types)
    return [types[i] for i in tokens.ids.tolist()]


def spelled_texts(tokens: TokenBatch | RawTokens) -> list[list[str]]:
    """The tokens of each text."""
    words = spelled(tokens)
    return [words[a:b] for a, b in pairwise(tokens.offsets.tolist())]
