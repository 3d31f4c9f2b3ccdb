"""The share of the dense part in a collection's hybrid scores, chosen without labels.

It grows with the agreement of BM25 and dense: the share of documents that both rank among the first ten, for
sentences of the collection, not counting the sentence's own document. If documents come in groups about one
subject, the two agree on half of them, and dense adds those in other words. If every document has its own
subject, they agree on a quarter or less, and what dense adds is mostly chance. (Agreement of rankings as an
estimate of their quality: Aslam and Pavlu, 2007.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.text.lexicon import Lexicon
from selfvec.text.sentences import sentence_spans

from . import kernels
from .scoring import Scorer

__all__ = ["agreement", "dense_share"]

QUERIES, NEAREST, FEWEST = 200, 10, 20  # sentences; documents of each ranking; sentences needed

# Chosen on judged collections and on some without judgements, each left out in turn; see docs/search.md.
SLOPE, NONE = 3.0, 0.3  # the share grows by 0.3 for 0.1 more agreement, from 0 at 0.3
LEAST, MOST, UNKNOWN = 0.1, 0.7, 0.5


def dense_share(agreed: float | None) -> float:
    """The share of the dense part in a hybrid score; a half if the agreement is unknown.

    >>> [round(dense_share(agreed), 2) for agreed in (0.2, 0.4, 0.5, 0.8, None)]
    [0.1, 0.3, 0.6, 0.7, 0.5]
    """
    return UNKNOWN if agreed is None else float(np.clip(SLOPE * (agreed - NONE), LEAST, MOST))


def agreement(lexicon: Lexicon, scorer: Scorer, texts: Sequence[str], seed: int = 0) -> float | None:
    """The mean share of documents that BM25 and dense both rank first, for sentences of the texts.

    Parameters
    ----------
    lexicon : Lexicon
    scorer : Scorer
        Of the texts.
    texts : sequence of D str
    seed : int
        Draws 200 texts, and a sentence of each.

    Returns
    -------
    float or None
        0 to 1; None if there are too few sentences or documents.
    """
    most = min(NEAREST, len(texts) // NEAREST)
    rng = np.random.default_rng(seed)
    owners: list[int] = []
    queries: list[str] = []
    for number in rng.permutation(len(texts))[:QUERIES].tolist():
        spans = sentence_spans(texts[number])
        if spans:
            start, end = spans[rng.integers(len(spans))]
            owners.append(number)
            queries.append(texts[number][start:end])
    values = []
    for number, query in zip(owners, lexicon.parse_all(queries), strict=True):
        if len(query.types) < 2:
            continue
        first: list[set[int]] = []
        for mode in ("bm25", "dense"):
            one = scorer.score(query, mode)
            one.found[number] = False
            first.append(set(kernels.best_documents(one.scores, one.found, max(most, 1)).tolist()))
        values.append(len(first[0] & first[1]) / max(most, 1))
    return float(np.mean(values)) if most and len(values) >= FEWEST else None
