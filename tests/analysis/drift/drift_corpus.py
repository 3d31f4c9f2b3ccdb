"""Texts whose changes are known: topics with words of their own, and words that move from one to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.refinement.pipeline import refine

TOPICS, WORDS, LENGTH, DIMENSIONS = 6, 25, 14, 48


def planted_run(
    shares: Sequence[tuple[float, float]],
    *,
    documents: tuple[int, int] = (300, 300),
    uses: tuple[int, int] = (60, 60),
    seed: int = 0,
    **options: object,
) -> Run:
    """A run over two slices, "old" and "new", of so many documents and one more for each planted use.

    Of the uses of word ``x<i>`` in the old slice a share of ``shares[i][0]`` stands in documents of topic 1,
    in the new one ``shares[i][1]``, and the others in documents of topic 0.
    """
    rng = np.random.default_rng(seed)
    texts, slices = [], []
    for side in (0, 1):
        plan: list[tuple[int, str]] = [(int(t), "") for t in rng.integers(TOPICS, size=documents[side])]
        for name, share in enumerate(shares):
            moved = round(share[side] * uses[side])
            plan += [(int(i < moved), f"x{name}") for i in range(uses[side])]
        for topic, planted in plan:
            text = [
                f"t{topic}w{w}" if rng.random() < 0.7 else f"c{rng.integers(10)}"
                for w in rng.integers(WORDS, size=LENGTH)
            ]
            text[len(text) // 2 : len(text) // 2] = [planted] if planted else []
            texts.append(" ".join(text))
            slices.append(("old", "new")[side])
    corpus = Corpus.from_texts(texts, slices=slices)
    return refine(corpus, vectors(len(shares), rng), Settings(method="original", **options))  # type: ignore[arg-type]


def vectors(planted: int, rng: np.random.Generator) -> Vectors:
    """Words of a topic are alike; common and planted words are like nothing."""
    centres = rng.standard_normal((TOPICS, DIMENSIONS))
    names = [f"t{t}w{w}" for t in range(TOPICS) for w in range(WORDS)]
    rows = [centres[t] + 0.8 * rng.standard_normal(DIMENSIONS) for t in range(TOPICS) for _ in range(WORDS)]
    others = [f"c{i}" for i in range(10)] + [f"x{i}" for i in range(planted)]
    rows += [rng.standard_normal(DIMENSIONS) for _ in others]
    return Vectors(names + others, np.array(rows, np.float32))
