"""Which words of a run are terms: those that tell what a text is about.

A content word comes back in the texts that it is about, a function word is strewn over all. Residual idf says
by how much a word's texts are fewer than if chance had strewn it (Church & Gale 1995, *Inverse document
frequency: a measure of deviations from Poisson*):

    RIDF    -log₂(df / D) + log₂(1 - exp(-cf / D))

A term's weight is RIDF · √df, so that neither the rarest nor the commonest words come first. Words that stand
but once in each of their texts have no RIDF to speak of; all have at least 0.05.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Float
from selfvec.refine.topic_vectors import topic_vectors
from selfvec.text.phrases import LINK

__all__ = ["Terms", "row_of", "stop_words", "subjects", "terms", "weights"]

LEAST = 0.05  # RIDF of any word
COMMON = 0.3  # share of the documents beyond which a word tells nothing


@dataclass(frozen=True)
class Terms:
    """The most telling words of a run, first to last.

    Parameters
    ----------
    rows : (n,) int64
        Their rows in the run's tables.
    names : list of n str
    weights : (n,) float32
        How telling each is.
    documents : (n,) int64
        In how many it stands.
    """

    rows: NDArray[np.int64]
    names: list[str]
    weights: NDArray[np.float32]
    documents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


def terms(run: Run, most: int, *, min_count: int = 5) -> Terms:
    """The most telling words of a run: no stop words, no numbers, nothing in more than 30 % of the documents.

    Parameters
    ----------
    run : Run
    most : int
    min_count : int
        Documents that a term stands in, at least.

    Raises
    ------
    InputError
        If the run has forgotten its tokens.
    """
    batch = run.require_tokens()
    weight, occurs = weights(batch)
    empty = stop_words(run)
    able = (occurs >= min_count) & (occurs <= max(min_count, COMMON * batch.documents))
    able &= np.any(run.vectors.unit != 0, axis=1)
    rows = [i for i in np.flatnonzero(able).tolist() if _is_word(batch.types[i], empty)]
    order = np.array(sorted(rows, key=lambda i: (-weight[i], i))[:most], np.int64)
    return Terms(order, [batch.types[i] for i in order.tolist()], weight[order], occurs[order])


def _is_word(name: str, empty: frozenset[str]) -> bool:
    return name.lower() not in empty and sum(map(str.isalpha, name)) > 1


def weights(batch: TokenBatch) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """RIDF · √df and df of every type, (V,) each.

    Examples
    --------
    >>> batch = TokenBatch.from_documents([["a", "a", "a", "b"], ["b"], ["b"], ["c"]])
    >>> found, occurs = weights(batch)
    >>> [round(float(weight), 2) for weight in found], occurs.tolist()
    ([1.08, 0.09, 0.05], [1, 3, 1])
    """
    from selfvec.text.document_kernels import document_frequencies

    occurs = document_frequencies(batch.ids, batch.offsets, len(batch.types))
    documents = max(batch.documents, 1)
    share = np.maximum(occurs, 1) / documents
    chance = -np.expm1(-np.maximum(batch.counts, 1) / documents)
    residual = np.log2(chance) - np.log2(share)
    found = np.where(occurs > 0, np.maximum(residual, LEAST) * np.sqrt(occurs), 0)
    return found.astype(np.float32), occurs


def stop_words(run: Run) -> frozenset[str]:
    """Words that are no terms, in the language of a run."""
    from selfvec.text.phrase_finding import EMPTY
    from selfvec.text.preprocessing import Preprocessing
    from selfvec.text.rules import Rulebook, Rules

    spec = Preprocessing.of(run.provenance).stop_words
    if spec is None:
        return frozenset()
    listed = Rulebook(Rules(stop_words=spec), "lower").stop_words
    return listed | EMPTY if spec == "en" else listed


def row_of(run: Run, term: str) -> int:
    """Row of a word or phrase, however its words are separated.

    Raises
    ------
    InputError
        If the run has no such word; names those that look alike.
    """
    joined = LINK.join(term.replace("-", " ").split())
    return run.index(joined if any(form in run.vectors for form in _forms(joined)) else term)


def _forms(term: str) -> tuple[str, str, str]:
    return term, term.lower(), term.title()


def subjects(run: Run) -> Float:
    """Unit rows by what the texts of a word are about, (V, d) float32; see `selfvec.refine.topic_vectors`."""
    run.require_tokens()  # without which there are none, and which says so
    topics = topic_vectors(run)
    assert topics is not None
    return topics.unit
