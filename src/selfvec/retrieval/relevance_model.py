"""BM25 with RM3: the query is expanded with words of the best documents, and searched again.

The relevance model of Lavrenko and Croft (2001), mixed with the query (Abdul-Jaleel et al., 2004). It is the
strongest classical alternative to search by vectors, and a baseline of `selfvec.evaluation.Retrieval`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ints
from selfvec.text.vocabulary import Query

from .indexed_documents import IndexedDocuments
from .scoring import Scored, Scorer


@dataclass(frozen=True)
class Feedback:
    """How a query is expanded; see docs/results/evaluation.md for the choice of the defaults."""

    documents: int = 8  # best documents, which are assumed to be relevant
    words: int = 50  # kept of their relevance model
    own: float = 0.5  # weight of the query's own words; the model has the rest


def score_rm3(scorer: Scorer, query: Query, feedback: Feedback = Feedback()) -> Scored:
    """BM25 scores of all documents for the expanded query."""
    first = scorer.score(query, "bm25")
    best = np.array(first.best_documents(first.found, feedback.documents), np.int64)
    if not len(best):
        return first
    model = relevance_model(scorer.documents, best, first.scores[best], feedback.words)
    return scorer.score(expand_query(query, model, feedback.own), "bm25")


def relevance_model(
    documents: IndexedDocuments,
    best: Ints,  # (n,) documents
    scores: Floats,  # (n,) BM25
    words: int,
) -> Doubles:
    """Probabilities of the most probable words, (V,), which sum to 1.

    They are the means of count / length over the documents, by exp(score): as a score is a sum over the words
    of the query, its exponential takes the place of the likelihood of the query. Words of equal probability
    are kept in the order of their numbers.
    """
    share = np.zeros(documents.units)
    share[best] = np.exp(scores - scores.max()) / documents.arrays["lengths"][best]
    starts = documents.arrays["starts"]
    units = documents.arrays["units"]
    places = np.flatnonzero(share[units] > 0)
    types = np.searchsorted(starts, places, side="right") - 1
    weights = share[units[places]] * documents.arrays["counts"][places]
    model = np.bincount(types, weights, minlength=len(starts) - 1)
    model[np.argsort(-model, kind="stable")[words:]] = 0
    out: Doubles = model / model.sum()
    return out


def expand_query(query: Query, model: Doubles, own: float) -> Query:
    """A query mixed with a relevance model, (V,); the sum of its counts does not change."""
    mixed = (1 - own) * model
    mixed[query.types] += own * query.counts / query.counts.sum()
    types = np.flatnonzero(mixed)
    return replace(query, types=types, counts=(mixed[types] * query.counts.sum()).astype(np.float32))
