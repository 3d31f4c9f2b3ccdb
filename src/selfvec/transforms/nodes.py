"""Vectors of the concepts of an ontology next to its words, and kinds of words as a symbolic query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .definitions import definition_vectors, with_rows
from .knowledge import Knowledge, WordRows, kind_names
from .lexicon_files import read_knowledge
from .method import Transform
from .retrofit import smoothed

__all__ = ["NodeVectors", "is_a"]

_SPREAD = 0.5  # w of `Smooth`


class NodeVectors(Transform):
    """Add vectors of the concepts of an ontology.

    Each gets a row next to the words, under its identifier. A concept begins as the mean of its words and
    its definition; a word of n senses counts 1/n. Vectors are then propagated over the relations of
    concepts as by `Smooth`, so that concepts without known words get one, too. Words and concepts can be
    compared: ``most_similar("hail")`` also finds concepts.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    relations : str or sequence of str
        Kinds of relations that vectors are propagated over; by default all but antonym.
    """

    package = "scipy"

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str] | None = None

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """The vectors with a further row for each concept that is not one of their words."""
        knowledge = read_knowledge(self.lexicon)
        concepts = {*knowledge.labels, *knowledge.definitions, *chain(*knowledge.edges.get("is-a", ()))}
        finder = WordRows(vectors.key_to_index)
        nodes = sorted(node for node in concepts - knowledge.senses.keys() if finder.get(node) is None)
        if not nodes:
            rule = "every node of the lexicon is a word of the vectors"
            raise OptionError(rule, field="lexicon", remedy="give an ontology or WordNet")
        place = {node: i for i, node in enumerate(nodes)}
        start = self._start(knowledge, vectors, place)
        edges = [pair for kind in kind_names(self.relations) for pair in knowledge.edges.get(kind, ())]
        pairs = np.array([(place[a], place[b]) for a, b in edges if a in place and b in place], np.int64)
        rows = smoothed(start, pairs.reshape(-1, 2), 1.0, _SPREAD)
        found = np.any(rows != 0, axis=1)
        self.report_ = {"nodes": int(found.sum()), "with_own_words": int(start.any(axis=1).sum())}
        return with_rows(
            vectors, [node for node, known in zip(nodes, found, strict=True) if known], rows[found]
        )

    def _start(self, knowledge: Knowledge, vectors: Vectors, place: dict[str, int]) -> Rows:
        """Unit vectors of nodes from their words and definitions, (n, d); zeros if none has a vector."""
        start = np.zeros((len(place), vectors.vector_size), np.float32)
        finder = WordRows(vectors.key_to_index)
        for node, i in place.items():
            for word in knowledge.words(node):
                row = finder.get(word)
                rows = finder.of(word.split()) if row is None else [row]
                if rows:
                    start[i] += unit_rows(vectors.unit[rows].sum(axis=0)[None])[0] / len(
                        knowledge.senses_of(word)
                    )
        start = unit_rows(start)
        if knowledge.definitions:
            named, texts = definition_vectors(knowledge, vectors)
            kept = [i for i, node in enumerate(named) if node in place]
            start[[place[named[i]] for i in kept]] += texts[kept]
        return unit_rows(start)


def is_a(
    word: str, knowledge: Knowledge, vectors: Vectors | None = None, *, neighbours: int = 10, topn: int = 10
) -> list[tuple[str, float]]:
    """What a word may be a kind of: candidates and their scores, best first.

    For a word of the lexicon the query is symbolic, and a candidate n steps above the word's m-th sense
    scores 1/(n m). A word that the lexicon lacks takes the candidates of its nearest neighbours in vectors,
    weighted by their cosines (after Snow, Jurafsky and Ng, 2006).

    Examples
    --------
    >>> lexicon = Knowledge(edges={"is-a": [("hail", "precipitation"), ("precipitation", "weather")]})
    >>> is_a("hail", lexicon)
    [('precipitation', 1.0), ('weather', 0.5)]
    >>> vectors = Vectors(["hail", "graupel", "tax"], np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32))
    >>> [(name, round(score, 2)) for name, score in is_a("graupel", lexicon, vectors)]
    [('precipitation', 0.8), ('weather', 0.4)]
    """
    sources = {word: 1.0}
    scores: dict[str, float] = defaultdict(float)
    if vectors is not None and not knowledge.closure(word) and word in vectors:
        ranked = vectors.most_similar(word, topn=len(vectors))
        kinds = ((name, cosine) for name, cosine in ranked if cosine > 0 and knowledge.closure(_spaced(name)))
        sources = dict(islice(kinds, neighbours))
    for name, weight in sources.items():
        for rank, node in enumerate(knowledge.senses_of(_spaced(name)), 1):
            for wider, steps in knowledge.closure(_spaced(name), node=node).items():
                scores[wider] += weight / (steps * rank)
    scores.pop(word, None)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:topn]


def _spaced(word: str) -> str:
    return word.replace("_", " ")
