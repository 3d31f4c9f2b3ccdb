"""Texts whose changes are known: topics with words of their own, and words that move from one to another."""

from collections.abc import Sequence

import numpy as np
from tests.analysis.planted_topics import topic_text, topic_vectors

from selfvec.analysis.usage.occurrence_vectors import OccurrenceSpace, WordBlocks, block_sums
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.pipeline import refine

TOPICS = 6


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
            texts.append(topic_text(topic, planted, 14, rng))
            slices.append(("old", "new")[side])
    corpus = Corpus.from_texts(texts, slices=slices)
    table = topic_vectors(TOPICS, [f"x{i}" for i in range(len(shares))], rng)
    return refine(corpus, table, Settings(method="original", **options))  # type: ignore[arg-type]


def slice_means(space: OccurrenceSpace) -> list[np.ndarray]:
    """The mean vector of each word in every slice: S arrays, (V, d) unit rows."""
    types, sides = len(space.batch.types), len(space.centres)
    blocks = WordBlocks(np.ones((types, sides), np.int64), np.full(types, space.batch.documents))
    sums = np.concatenate([part.rows for part in block_sums(space, np.arange(types), blocks, 0)])
    return [unit_rows(sums[side::sides]) for side in range(sides)]
