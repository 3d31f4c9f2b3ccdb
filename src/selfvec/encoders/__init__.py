"""Sentence encoders: whatever turns a text into a vector, under one contract, `SentenceEncoder`.

Not to be confused with `selfvec.retrieval.encoder.Encoder`, the encoder that Selfvec makes from a run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.progress import Advance
from selfvec.numerics.rows import unit_rows

PACKAGED = "use"
"""The name of a Universal Sentence Encoder of sixteen languages, which a package holds (Yang et al., 2020,
*Multilingual Universal Sentence Encoder for Semantic Retrieval*)."""


def unwatched(texts: int) -> None:
    """In place of what is told how many texts have been encoded since the last call."""


class SentenceEncoder(ABC):
    """Turns texts into unit vectors."""

    name: str  # as it was given: a name, the path of a folder, or the name of a function or class
    digest: str = ""  # SHA-256 of what decides the vectors; empty if that is unknown, as for a function
    dimensions: int = 0  # h; 0 for a function until it has been called
    place: str | None = None  # the absolute path of its folder, if it has one

    def encode(
        self,
        texts: Sequence[str],
        *,
        question: bool = False,
        advance: Advance = unwatched,
    ) -> Rows:
        """The vectors of texts, (n, h) float32, each of length 1, to the bit for any number of threads.

        A text of white space gets zeros and is not encoded. ``question``: these are questions, before which
        some encoders put other words than before a passage. `InputError` if the encoder fails, or gives
        values that are not finite numbers.
        """
        filled = [number for number, text in enumerate(texts) if text.strip()]
        advance(len(texts) - len(filled))
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        done = 0
        for block in self._blocks([texts[number] for number in filled], question):
            if not rows.shape[1]:  # the first answer of a function
                rows = np.zeros((len(texts), block.shape[1]), np.float32)
            rows[filled[done : done + len(block)]] = unit_rows(block)
            done += len(block)
            advance(len(block))
        return rows

    @abstractmethod
    def _blocks(self, texts: Sequence[str], question: bool) -> Iterator[Rows]:
        """The vectors of texts in order, some texts at a time: finite numbers of any length."""
