"""Texts with topics, from which held-out tests can tell vectors that know the topics."""

from collections.abc import Sequence

import numpy as np

TOPICS, WORDS = 6, 20
"""How many topics there are, and how many words each has."""


def topical_texts(names: Sequence[str], documents: int = 100, length: int = 8) -> list[str]:
    """Short documents, most of whose words are of one topic; ``names`` are the words, topic by topic."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(documents):
        words = rng.integers(TOPICS) * WORDS + rng.integers(0, WORDS, length)
        other = rng.random(length) < 0.4
        words[other] = rng.integers(0, TOPICS * WORDS, int(other.sum()))
        made.append(" ".join(names[i] for i in words))
    return made
