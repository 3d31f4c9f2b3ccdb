"""Sentences whose words have known senses: topics with words of their own, and words that stand in some."""

from collections.abc import Iterator

TOPICS, USES = 8, 60
SENSES = {"twin": (0, 1), "triple": (2, 3, 4), "single": (5,), "plain": (6,)}
"""Planted words and the topics they stand in, as often in each."""


def plan(uses: int = USES) -> Iterator[tuple[int, str]]:
    """The topic and the planted word of each sentence."""
    for topic in range(TOPICS):
        yield from [(topic, "")] * 60
    for word, topics in SENSES.items():
        for topic in topics:
            yield from [(topic, word)] * uses
    yield from [(0, "rare")] * 7
