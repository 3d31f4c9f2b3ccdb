"""Two texts as one, over the words of both: those of the first text, then the new ones of the second.

`selfvec.refinement.incremental` renumbers words by first appearance, as reading both at once would.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfvec.data.token_batch import TokenBatch, concatenated

__all__ = ["joined", "over_words_of"]


def over_words_of(first: TokenBatch, second: TokenBatch) -> TokenBatch:
    """The documents of the second text over the first one's types, followed by its own new types.

    >>> one, other = (TokenBatch.from_documents([text.split()]) for text in ("a b", "c a"))
    >>> both = over_words_of(one, other)
    >>> both.ids.tolist(), list(both.types)
    ([2, 0], ['a', 'b', 'c'])
    """
    index = {word: i for i, word in enumerate(first.types)}
    numbers = np.fromiter((index.setdefault(word, len(index)) for word in second.types), np.int32)
    return second.renumbered(numbers, list(index))


def joined(first: TokenBatch, second: TokenBatch) -> TokenBatch:
    """The documents of both; the types of the second text begin with those of the first."""
    return concatenated([replace(first, types=second.types), second])
