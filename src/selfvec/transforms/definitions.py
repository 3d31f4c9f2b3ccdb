"""Vectors of unknown words from their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from .knowledge import Knowledge, WordRows
from .lexicon_files import read_knowledge
from .method import Transform

__all__ = ["Define", "definition_vectors", "with_rows"]

_RIDGE = 1.0  # in mean variances of a dimension


class Define(Transform):
    """Give unknown words the vectors of their definitions.

    A definition is the mean of the unit vectors of its words, weighted by their inverse document frequency
    in all definitions (additive composition, Mitchell and Lapata, 2010); the n-th sense of a word counts 1/n.
    A linear map from definitions to words, ridge regression on the words with a vector, then corrects what
    all definitions share (Khodak et al., 2018, *A La Carte Embedding*).

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    """

    lexicon: Sequence[str | Path] | Knowledge

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """The vectors with more rows; rows of zeros are replaced where a definition exists."""
        knowledge = read_knowledge(self.lexicon)
        words, means = _by_word(knowledge, vectors)
        finder = WordRows(vectors.key_to_index)
        rows = np.array([-1 if (row := finder.get(word)) is None else row for word in words], np.int64)
        defined = np.any(means != 0, axis=1)
        known = defined & (rows >= 0)
        known[known] = np.any(vectors.unit[rows[known]] != 0, axis=1)
        new = np.flatnonzero(defined & ~known)
        if known.sum() > vectors.vector_size:
            means = means @ _ridge(means[known], vectors.unit[rows[known]])
        self.report_ = {"defined": len(new), "learned_from": int(known.sum())}
        return with_rows(vectors, [words[i] for i in new], means[new])


def _by_word(knowledge: Knowledge, vectors: Vectors) -> tuple[list[str], Rows]:
    """The W words that have a definition, and the weighted mean of their definitions, (W, d)."""
    nodes, means = definition_vectors(knowledge, vectors)
    text_of = dict(zip(nodes, means, strict=True))
    words = list(dict.fromkeys(word for node in nodes for word in knowledge.words(node)))
    rows = np.zeros((len(words), vectors.vector_size), np.float32)
    for row, word in zip(rows, words, strict=True):
        for rank, node in enumerate((n for n in knowledge.senses_of(word) if n in text_of), 1):
            row += text_of[node] / rank
    return words, rows


def definition_vectors(knowledge: Knowledge, vectors: Vectors) -> tuple[list[str], Rows]:
    """The n nodes with a definition, and its unit vector each, (n, d); zeros if no word of it has a vector.

    Raises
    ------
    OptionError
        If the lexicon has no definitions.
    """
    from selfvec.text.document_vectors import document_vectors, inverse_document_frequency
    from selfvec.text.word_spans import find_words

    if not knowledge.definitions:
        rule = "the lexicon has no definitions"
        remedy = "add rows of word, definition, text"
        raise OptionError(rule, field="lexicon", remedy=remedy)
    found = find_words(list(knowledge.definitions.values()))
    batch = TokenBatch(found.ids, found.bounds, found.names)
    names = [name if name in vectors else name.lower() for name in found.names]
    weights = inverse_document_frequency(batch)
    return list(knowledge.definitions), document_vectors(batch, unit_rows(vectors.lookup(names)[0]), weights)


def _ridge(given: Rows, wanted: Rows) -> Rows:
    """The (d, d) map M with the least ‖given M - wanted‖² + λ ‖M‖²."""
    moment = given.T @ given
    penalty = _RIDGE * np.trace(moment) / len(moment) * np.eye(len(moment), dtype=np.float32)
    solved: Rows = np.linalg.solve(moment + penalty, given.T @ wanted)
    return solved


def with_rows(vectors: Vectors, words: Sequence[str], rows: Rows) -> Vectors:
    """The vectors and more words, (V + n, d); rows of zeros are replaced.

    New rows get the median length of the old ones. Blanks in words become ``_``.
    """
    words = [word.replace(" ", "_") for word in words]
    lengths = np.linalg.norm(vectors.vectors.astype(np.float32), axis=1)
    rows = unit_rows(rows) * (np.float32(np.median(lengths[lengths > 0])) if lengths.any() else 1)
    at = np.array([vectors.key_to_index.get(word, -1) for word in words], np.int64)
    more = np.flatnonzero(at < 0)
    matrix = np.concatenate([vectors.vectors.astype(np.float32), rows[more]])
    matrix[at[at >= 0]] = rows[at >= 0]
    sources = np.append(vectors.sources, np.full(len(more), Source.CONTEXT, np.uint8))
    sources[at[at >= 0]] = Source.CONTEXT
    counts = None if vectors.counts is None else np.append(vectors.counts, np.zeros(len(more), np.int64))
    return Vectors(
        [*vectors.index_to_key, *(words[i] for i in more.tolist())],
        matrix,
        sources=sources,
        counts=counts,
        composer=vectors.composer,
        provenance=vectors.provenance,
    )
