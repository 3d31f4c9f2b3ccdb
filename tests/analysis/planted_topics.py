"""Texts of topics with words of their own, in which words of known use are planted."""

from collections.abc import Sequence

import numpy as np

from selfvec.data.vectors import Vectors

WORDS, DIMENSIONS = 25, 48


def topic_text(topic: int, word: str, length: int, rng: np.random.Generator) -> str:
    """Words of a topic and some that stand anywhere, around a planted one."""
    names = [
        f"t{topic}w{w}" if rng.random() < 0.7 else f"c{rng.integers(10)}"
        for w in rng.integers(WORDS, size=length)
    ]
    return " ".join([*names[: length // 2], *([word] if word else []), *names[length // 2 :]])


def topic_vectors(topics: int, planted: Sequence[str], rng: np.random.Generator) -> Vectors:
    """Words of a topic are alike; common and planted words are like nothing."""
    centres = rng.standard_normal((topics, DIMENSIONS))
    names = [f"t{t}w{w}" for t in range(topics) for w in range(WORDS)]
    rows = [centres[t] + 0.8 * rng.standard_normal(DIMENSIONS) for t in range(topics) for _ in range(WORDS)]
    others = [*(f"c{i}" for i in range(10)), *planted]
    rows += [rng.standard_normal(DIMENSIONS) for _ in others]
    return Vectors(names + others, np.array(rows, np.float32))
