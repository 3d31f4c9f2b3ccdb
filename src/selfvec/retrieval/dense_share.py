"""The share of the dense part in a collection's hybrid scores, chosen without labels.

It grows with the agreement of BM25 and dense. If many documents share a subject, the two agree on half of the
first documents, and dense adds documents in other words. If every document has its own subject, they agree on
a third, and the additions of dense are mostly chance. (Agreement of rankings as an estimate of their quality:
Aslam and Pavlu, 2007.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.text.passages import random_words
from selfvec.text.vocabulary import Vocabulary

from .encoder_part import ENCODER
from .scoring import Scorer, best_documents

# Chosen on collections with and without judgements, each left out in turn; see docs/results/search.md.
SLOPE = 3.0  # the share grows by 0.3 for 0.1 more agreement
NONE = 0.35  # agreement at which the share would be 0
# of the share
LEAST = 0.1
MOST = 0.7
UNKNOWN = 0.5  # the share if the agreement cannot be measured

QUERIES = 200  # texts that serve as queries, at most
QUERY_WORDS = 200  # of each, at most
NEAREST = 10  # documents of each ranking
FEWEST_QUERIES = 20


def dense_share(agreed: float | None) -> float:
    """The share for an `agreement`.

    >>> [round(dense_share(agreed), 2) for agreed in (0.3, 0.45, 0.5, 0.8, None)]
    [0.1, 0.3, 0.45, 0.7, 0.5]
    """
    return UNKNOWN if agreed is None else float(np.clip(SLOPE * (agreed - NONE), LEAST, MOST))


def agreement(
    vocabulary: Vocabulary, scorer: Scorer, texts: Sequence[str], seed: int = 0, part: str = "dense"
) -> float | None:
    """The mean share of documents that BM25 and a part both rank among the first ten.

    The queries are 200 of the texts, or 200 words of a longer text; a text does not count as its own result.
    The part ``encoder`` ranks by the text's own vector. Shorter queries distinguish collections less well,
    and sentences depend on punctuation and case. None if there are too few texts.
    """
    most = min(NEAREST, len(texts) // NEAREST)
    if not most:
        return None
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(len(texts))[:QUERIES].tolist()
    queries = [random_words(texts[number], QUERY_WORDS, rng) for number in numbers]
    shared = []
    for number, query in zip(numbers, vocabulary.parse_all(queries), strict=True):
        if len(query.types) < 2:
            continue
        if scorer.encoder is not None and part == ENCODER:
            near = scorer.near_encoded(scorer.encoder.vectors.at(np.array([number]))[0])
        else:
            near = scorer.score(query, "dense")
        rankings: list[set[int]] = []
        for scored in (scorer.score(query, "bm25"), near):
            scored.found[number] = False
            rankings.append(set(best_documents(scored.scores, scored.found, most)))
        shared.append(len(rankings[0] & rankings[1]) / most)
    return float(np.mean(shared)) if len(shared) >= FEWEST_QUERIES else None
