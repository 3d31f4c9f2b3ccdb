"""Encoders that need no model: one whose vectors are drawn by chance, and one that adds up those of words."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from selfvec.encoders import SentenceEncoder


@cache
def drawn(text: str, dimensions: int) -> np.ndarray:
    """A random vector, (1, h), the same for the same text."""
    rng = np.random.default_rng([*text.encode("utf-8", "surrogatepass")])
    return rng.standard_normal((1, dimensions)).astype(np.float32)


class Toy(SentenceEncoder):
    """Draws the vector of a text. It lists what it encodes, and may break off."""

    name, dimensions = "toy", 3

    def __init__(self, dimensions: int | None = None, digest: str = "a" * 64, stop: int = 1 << 30) -> None:
        self.digest, self.stop = digest, stop
        if dimensions is not None:
            self.dimensions = dimensions
        self.encoded: list[str] = []

    def _blocks(self, texts: Sequence[str], question: bool) -> Iterator[np.ndarray]:
        for text in texts:
            if len(self.encoded) == self.stop:
                raise KeyboardInterrupt
            self.encoded.append(text)
            yield self.vector(text, question)

    def vector(self, text: str, question: bool) -> np.ndarray:
        return drawn(f"{question}{text}", self.dimensions)


class WordSums(Toy):
    """The sum of the vectors of a text's words, and a constant."""

    name, dimensions = "word sums", 6

    def vector(self, text: str, question: bool) -> np.ndarray:
        del question
        words = map(self.word, text.lower().replace(".", " ").split())
        return sum(words, np.full((1, self.dimensions), 0.5, np.float32))

    def word(self, word: str) -> np.ndarray:
        return drawn(word, self.dimensions)
