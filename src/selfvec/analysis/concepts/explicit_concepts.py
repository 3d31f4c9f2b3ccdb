"""Explicit semantic analysis: words and texts as weights of named concepts, which explain a similarity.

A concept is a document about one subject, such as an article of an encyclopaedia. The vector of a word has a
number for each concept, the tf-idf of the word in it; the vector of a text is the sum over its words. The
cosine of two such vectors is a sum over concepts, so the contribution of each concept can be listed. After E.
Gabrilovich and S. Markovitch (2007), *Computing Semantic Relatedness using Wikipedia-based Explicit Semantic
Analysis*, with the idf of BM25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles
from selfvec.base.checks import check_whole
from selfvec.base.errors import InputError
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.corpus import as_corpus
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems

_NAME = 60  # characters of the name of a text


@dataclass(frozen=True)
class SharedConcept:
    """A concept that two texts share."""

    concept: str
    contribution: float  # its part of the cosine of the two vectors
    weight_a: float  # its number in either unit vector
    weight_b: float


@dataclass(frozen=True, repr=False)
class WhyConcepts(RecordTable[SharedConcept]):
    """The concepts that make two words or texts similar.

    Attributes
    ----------
    a, b : str
    concept_cosine : float
        The sum of all contributions.
    concepts : list of SharedConcept
        The largest contribution first.
    rest : float
        Contribution of the concepts that are not listed.
    """

    listed = "concepts"

    a: str
    b: str
    concept_cosine: float
    concepts: list[SharedConcept]
    rest: float

    def __repr__(self) -> str:
        title = f"Why {self.a!r} and {self.b!r} are similar: cosine {self.concept_cosine:.2f} of concepts"
        return short_repr(title, [f"{row.concept} {row.contribution:.3f}" for row in self.concepts])


class ConceptVectors:
    """Vectors over concepts, each a text whose first line is its name.

    Attributes
    ----------
    names : list of str
        One for each of the C concepts.

    >>> found = ConceptVectors(["Ice: hail and snow", "Bank: a loan of cash"]).why("snow", "hail")
    >>> round(found.concept_cosine, 3), found.concepts[0].concept
    (1.0, 'Ice: hail and snow')
    """

    def __init__(self, texts: Sequence[str], preprocessing: Preprocessing | None = None) -> None:
        """Count the words of the concepts, tokenised by ``preprocessing`` like a run's corpus."""
        self._cut = (preprocessing or Preprocessing()).by_words
        self.names = [_name(text) for text in texts]
        batch = self._words(texts)
        if len(batch) == 0:
            raise InputError("the concepts hold no words", remedy="name a file with a text for each concept")
        self._index = {word: i for i, word in enumerate(batch.types)}
        documents = np.repeat(np.arange(len(texts)), np.diff(batch.offsets))
        pairs, counts = np.unique(batch.ids.astype(np.int64) * len(texts) + documents, return_counts=True)
        words, self._concepts = np.divmod(pairs, len(texts))
        self._idf = inverse_document_frequency(batch).astype(np.float64)
        weights = (1 + np.log(counts)) * self._idf[words]
        lengths = np.sqrt(np.bincount(self._concepts, weights**2, minlength=len(texts)))
        self._weights = weights / lengths[self._concepts]
        self._starts = np.searchsorted(words, np.arange(len(batch.types) + 1))

    @classmethod
    def of(cls, corpus: Any, run: Run) -> ConceptVectors:
        """The concepts of a corpus, see `selfvec.as_corpus`, tokenised like the corpus of a run."""
        read = as_corpus(corpus, "corpus", keep_fields=False)
        texts = [text or "" for batch in read.batches() for text in batch.texts]
        return cls(texts, Preprocessing.of(run.provenance))

    def vector(self, text: str) -> Doubles:
        """The unit vector of a word or text, (C,) float64; zeros if its words occur in no concept."""
        out = np.zeros(len(self.names))
        batch = self._words([text])
        for word, count in zip(batch.types, batch.counts.tolist(), strict=True):
            row = self._index.get(word)
            if row is not None and count:
                own = slice(self._starts[row], self._starts[row + 1])
                out[self._concepts[own]] += (1 + np.log(count)) * self._idf[row] * self._weights[own]
        return out / max(float(np.linalg.norm(out)), 1e-300)

    def why(self, a: str, b: str, top: int = 12) -> WhyConcepts:
        """The concepts that make two words or texts similar.

        Raises
        ------
        InputError
            If the words of a text occur in no concept.
        """
        check_whole("top", top)
        one = self.vector(a)
        other = self.vector(b)
        for text, vector in ((a, one), (b, other)):
            if not vector.any():
                remedy = "choose other words, or give concepts that contain them"
                raise InputError(f"no concept has a word of {text!r}", remedy=remedy)
        shared = one * other
        order = np.argsort(-shared, kind="stable")[:top]
        listed = order[shared[order] > 0].tolist()
        rows = [
            SharedConcept(self.names[c], float(shared[c]), float(one[c]), float(other[c])) for c in listed
        ]
        return WhyConcepts(a, b, float(shared.sum()), rows, float(shared.sum() - shared[listed].sum()))

    def _words(self, texts: Sequence[str]) -> TokenBatch:
        return merge_stems(encode_texts(texts, self._cut), self._cut)


def _name(text: str) -> str:
    """The first line of a text, or its first words.

    >>> _name("Hail\\n\\nBalls of ice that fall in storms.")
    'Hail'
    """
    line = text.strip().partition("\n")[0].strip()
    return line if len(line) <= _NAME else line[:_NAME].rpartition(" ")[0] + " …"
