"""How much meaning may say in a collection, told without labels: as much as it agrees with words.

Where documents come in groups about one thing, the ten that words find and the ten that meaning finds are
half the same, and meaning adds those that use other words. Where each document stands alone they share a
quarter or less: what meaning then finds beside the one is mostly chance. So sentences of the documents are
asked, and what both find is counted, the sentence's own document left out. (Agreement of rankings as a guess
of how good they are: Aslam and Pavlu, 2007.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.text.lexicon import Lexicon
from selfvec.text.sentences import sentence_spans

from . import kernels
from .scoring import Scorer

__all__ = ["agreement", "share_of_meaning"]

ASKED, NEAREST, FEWEST = 200, 10, 20  # sentences; documents of either ranking; sentences that tell nothing

# Chosen on judged collections and on some without judgements, each left out in turn; see docs/search.md.
SLOPE, AGREED = 3.0, 0.3  # the share grows by 0.3 for a tenth more documents in common, from 0 at 0.3
LEAST, MOST, UNKNOWN = 0.1, 0.7, 0.5


def share_of_meaning(agreed: float | None) -> float:
    """The share of meaning in a hybrid score; a half where nothing is known.

    >>> [round(share_of_meaning(agreed), 2) for agreed in (0.2, 0.4, 0.5, 0.8, None)]
    [0.1, 0.3, 0.6, 0.7, 0.5]
    """
    return UNKNOWN if agreed is None else float(np.clip(SLOPE * (agreed - AGREED), LEAST, MOST))


def agreement(lexicon: Lexicon, scorer: Scorer, texts: Sequence[str], seed: int = 0) -> float | None:
    """The mean share of documents that words and meaning both find first, for sentences of the texts.

    Parameters
    ----------
    lexicon : Lexicon
    scorer : Scorer
        Of one segment, the texts' own.
    texts : sequence of D str
    seed : int
        Draws 200 of them, and a sentence of each.

    Returns
    -------
    float or None
        0 to 1; None where there are too few sentences or documents to tell.
    """
    most = min(NEAREST, len(texts) // NEAREST)
    rng = np.random.default_rng(seed)
    owners: list[int] = []
    asked: list[str] = []
    for number in rng.permutation(len(texts))[:ASKED].tolist():
        spans = sentence_spans(texts[number])
        if spans:
            start, end = spans[rng.integers(len(spans))]
            owners.append(number)
            asked.append(texts[number][start:end])
    values = []
    for number, words in zip(owners, lexicon.read_all(asked), strict=True):
        if len(words.types) < 2:
            continue
        first: list[set[int]] = []
        for mode in ("bm25", "dense"):
            (one,) = scorer.score(words, mode)
            one.found[number] = False
            first.append(set(kernels.best_documents(one.scores, one.found, max(most, 1)).tolist()))
        values.append(len(first[0] & first[1]) / max(most, 1))
    return float(np.mean(values)) if most and len(values) >= FEWEST else None
