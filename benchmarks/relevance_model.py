"""BM25 with RM3, the strongest classical alternative to search: the query is expanded and searched again.

The words come from the best documents by the relevance model of Lavrenko and Croft (2001), and are mixed with
the query (Abdul-Jaleel et al., 2004).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.rankings import Rankings
from selfvec.base.arrays import Doubles, Floats, Ints
from selfvec.lab.evaluation.retrieval import Collection, ranked
from selfvec.retrieval import Index
from selfvec.retrieval.documents import IndexedDocuments
from selfvec.retrieval.scoring import Scored, Scorer
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.vocabulary import Query


def rm3_rankings(collection: Collection, preprocessing: Preprocessing) -> Rankings:
    """The best documents of each query by BM25 with RM3, over whole documents."""
    index = Index.words_only(collection.documents, preprocessing.by_words)
    found = (score_rm3(index.scorer, index.vocabulary.parse(query)) for query in collection.queries)
    return [ranked(one.scores, one.found) for one in found]


def score_rm3(
    scorer: Scorer,
    query: Query,
    documents: int = 8,  # the best ones, which are assumed to be relevant
    words: int = 50,  # kept of their relevance model
    own: float = 0.5,  # weight of the query's own words; the model has the rest
) -> Scored:
    """BM25 scores of all documents for the expanded query; other values of the defaults change little."""
    first = scorer.score(query, "bm25")
    best = np.array(first.best_documents(documents), np.int64)
    if not len(best):
        return first
    model = relevance_model(scorer.documents.parts[0], best, first.scores[best], words)
    return scorer.score(expand_query(query, model, own), "bm25")


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
