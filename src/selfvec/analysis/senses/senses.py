"""`Senses`: what was induced about one word, to be read, and to tell its sense in other texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .model import Model
    from .reading import Reader

__all__ = ["Reading", "Sense", "Senses"]


@dataclass(frozen=True)
class Sense:
    """One sense of a word.

    Attributes
    ----------
    label : list of str
        Words near its uses that tell it from the other senses; of an only sense, from any text.
    share : float
        Of the word's uses.
    count : int
        How many uses that is.
    vector : (d,) float32
        In the space of the refined vectors, of length 1.
    examples : list of str
        Sentences, the most typical first; words around it where the files that were read are gone.
    """

    label: list[str]
    share: float
    count: int
    vector: NDArray[np.float32] = field(repr=False)
    examples: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {
            "label": self.label,
            "share": self.share,
            "count": self.count,
            "examples": self.examples,
            "vector": [round(float(x), 6) for x in self.vector],
        }


@dataclass(frozen=True)
class Reading:
    """One occurrence of the word in a text.

    Attributes
    ----------
    start, end : int
        Where it stands, in characters.
    sense : int
        Number of its sense, from 0, as in `Senses.senses`.
    probability : float
        Of that sense.
    probabilities : list of float
        Of all senses.
    """

    start: int
    end: int
    sense: int
    probability: float
    probabilities: list[float]

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {
            "start": self.start,
            "end": self.end,
            "sense": self.sense,
            "probability": self.probability,
            "probabilities": self.probabilities,
        }


@dataclass(frozen=True)
class Senses:
    """The senses of a word in a corpus, the most frequent first.

    Attributes
    ----------
    word : str
    senses : list of Sense
    documents : (n,) int64
        The document of each use in the corpus, in reading order.
    assigned : (n,) int64
        Its sense.
    probabilities : (n, K) float64
        Of each sense.
    """

    word: str
    senses: list[Sense]
    documents: NDArray[np.int64] = field(repr=False)
    assigned: NDArray[np.int64] = field(repr=False)
    probabilities: NDArray[np.float64] = field(repr=False)
    model: Model = field(repr=False)
    reader: Reader = field(repr=False)

    def __len__(self) -> int:
        return len(self.senses)

    def __iter__(self) -> Iterator[Sense]:
        return iter(self.senses)

    def __getitem__(self, number: int) -> Sense:
        return self.senses[number]

    def disambiguate(self, text: str) -> list[Reading]:
        """The sense of each occurrence of the word in a text, in order; none where it does not occur.

        Raises
        ------
        InputError
            If the run was made of pieces of words.
        """
        spans, contexts = self.reader.read(text)
        if not spans:
            return []
        rows = self.model.posterior(contexts)
        return [
            Reading(start, end, int(row.argmax()), float(row.max()), [float(p) for p in row])
            for (start, end), row in zip(spans, rows, strict=True)
        ]

    def as_dict(self, *, uses: bool = False) -> dict[str, Any]:
        """JSON-serialisable.

        Parameters
        ----------
        uses : bool
            Whether the document and the sense of every use are told.
        """
        out: dict[str, Any] = {
            "word": self.word,
            "count": len(self.assigned),
            "senses": [sense.as_dict() for sense in self.senses],
        }
        if uses:
            out["uses"] = {
                "document": self.documents.tolist(),
                "sense": self.assigned.tolist(),
                "probability": [round(float(p), 4) for p in self.probabilities.max(axis=1)],
            }
        return out
