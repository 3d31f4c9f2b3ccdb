"""Sentences whose words have known senses: topics with words of their own, and words that stand in some."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selfvec.data.vectors import Vectors

TOPICS, WORDS, LENGTH, DIMENSIONS, USES = 8, 25, 12, 48, 60
SENSES = {"twin": (0, 1), "triple": (2, 3, 4), "single": (5,), "plain": (6,)}
"""Planted words and the topics they stand in, as often in each."""


def sentence(topic: int, word: str, rng: np.random.Generator) -> str:
    """Words of a topic and some that stand anywhere, around a planted one."""
    names = [
        f"t{topic}w{w}" if rng.random() < 0.7 else f"c{rng.integers(10)}"
        for w in rng.integers(WORDS, size=LENGTH)
    ]
    return " ".join([*names[: LENGTH // 2], *([word] if word else []), *names[LENGTH // 2 :]])


def plan(uses: int = USES) -> Iterator[tuple[int, str]]:
    """The topic and the planted word of each sentence."""
    for topic in range(TOPICS):
        yield from [(topic, "")] * 60
    for word, topics in SENSES.items():
        for topic in topics:
            yield from [(topic, word)] * uses
    yield from [(0, "rare")] * 7


def table(rng: np.random.Generator) -> Vectors:
    """Words of a topic are alike; all others are like nothing."""
    centres = rng.standard_normal((TOPICS, DIMENSIONS))
    names = [f"t{t}w{w}" for t in range(TOPICS) for w in range(WORDS)]
    rows = [centres[t] + 0.8 * rng.standard_normal(DIMENSIONS) for t in range(TOPICS) for _ in range(WORDS)]
    others = [*(f"c{i}" for i in range(10)), *SENSES, "rare"]
    rows += [rng.standard_normal(DIMENSIONS) for _ in others]
    return Vectors(names + others, np.array(rows, np.float32))
