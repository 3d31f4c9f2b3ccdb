"""An encoder of six numbers that needs no model, and the passages that a run would have it encode."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.retrieval.documents import gather


class WordSums(SentenceEncoder):
    """An encoder whose vector of a text is the sum of random vectors of its words, and a constant."""

    name = "word sums"
    dimensions = 6

    def _blocks(self, texts: Sequence[str], question: bool, jobs: int | None) -> Iterator[np.ndarray]:
        del question, jobs
        for text in texts:
            constant = np.full((1, self.dimensions), 0.5, np.float32)
            yield sum(map(self._word, text.lower().replace(".", " ").split()), constant)

    def _word(self, word: str) -> np.ndarray:
        return _row(word, self.dimensions)


@cache
def _row(word: str, dimensions: int) -> np.ndarray:
    rng = np.random.default_rng(list(word.encode()))
    return rng.standard_normal((1, dimensions)).astype(np.float32)


def passages_of(run: Run) -> list[str]:
    """The short documents of a run, and the passages of the long ones."""
    found = gather(run, Progress())
    texts = []
    for text, spans in zip(found.texts, found.spans(), strict=True):
        texts += [text[a:b] for a, b in spans] or [text]
    return texts


def encoded(texts: Sequence[str]) -> EncodedTexts:
    """The vectors of texts as a run keeps them."""
    encoder = WordSums()
    return EncodedTexts.none_of(encoder).adding(encoder, texts)
