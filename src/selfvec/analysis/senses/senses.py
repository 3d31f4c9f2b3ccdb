"""`Senses`: the induced senses of one word, and their recognition in other texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.result_table import ResultTable, short_repr

if TYPE_CHECKING:
    from .clustering import SenseModel
    from .word_finder import WordFinder

__all__ = ["Reading", "Sense", "Senses"]


@dataclass(frozen=True)
class Sense:
    """One sense of a word.

    Attributes
    ----------
    label : list of str
        Words near its uses that distinguish it from the other senses, or an only sense from other text.
    share : float
        Share of the word's uses.
    count : int
        Number of uses.
    vector : (d,) float32
        Unit vector in the space of the refined vectors.
    examples : list of str
        Sentences, the most typical first; the words around the use if the original files are gone.
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
        Its place in the text, in characters.
    sense : int
        Number of its sense, from 0, as in `Senses.senses`.
    probability : float
        Probability of that sense.
    probabilities : list of float
        Probabilities of all senses.
    """

    start: int
    end: int
    sense: int
    probability: float
    probabilities: list[float]

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return asdict(self)


@dataclass(frozen=True, repr=False)
class Senses(ResultTable):
    """The senses of a word in a corpus, the most frequent first.

    Attributes
    ----------
    word : str
    senses : list of Sense
    documents : (n,) int64
        The document of each use in the corpus, in reading order.
    assigned : (n,) int64
        The sense of each use.
    probabilities : (n, K) float64
        Probabilities of the senses of each use.
    """

    word: str
    senses: list[Sense]
    documents: NDArray[np.int64] = field(repr=False)
    assigned: NDArray[np.int64] = field(repr=False)
    probabilities: NDArray[np.float64] = field(repr=False)
    model: SenseModel = field(repr=False)
    finder: WordFinder = field(repr=False)

    def __len__(self) -> int:
        return len(self.senses)

    def __iter__(self) -> Iterator[Sense]:
        return iter(self.senses)

    def __getitem__(self, number: int) -> Sense:
        return self.senses[number]

    def __repr__(self) -> str:
        title = f"Senses of {self.word!r}: {len(self)} in {len(self.assigned):,} uses"
        return short_repr(title, [f"{sense.share:.0%} {'/'.join(sense.label[:3])}" for sense in self.senses])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per sense."""
        return [sense.as_dict() for sense in self.senses]

    def records(self) -> list[dict[str, Any]]:
        """The rows with the number of each sense."""
        return [{"word": self.word, "sense": number} | row for number, row in enumerate(self.rows)]

    def disambiguate(self, text: str) -> list[Reading]:
        """The sense of each occurrence of the word in a text, in order; empty if it does not occur.

        Raises
        ------
        InputError
            If the run's tokens are pieces of words.
        """
        spans, contexts = self.finder.find(text)
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
            Whether to include the document and the sense of every use.
        """
        out: dict[str, Any] = {
            "word": self.word,
            "count": len(self.assigned),
            "senses": self.rows,
        }
        if uses:
            out["uses"] = {
                "document": self.documents.tolist(),
                "sense": self.assigned.tolist(),
                "probability": [round(float(p), 4) for p in self.probabilities.max(axis=1)],
            }
        return out
