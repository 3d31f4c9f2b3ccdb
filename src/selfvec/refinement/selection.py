"""``--method auto``: every method refines a part of the text and is tested on the held-out documents.

Self-retrieval: the words of a held-out text are dealt to two halves; one should find the other among those
of other texts. Context test: the words around a position should rank the true word above words of similar
frequency. Self-retrieval tests texts, the context test words. The original vectors are a candidate too. No
labels are needed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.threads import in_order, one_core, threads
from selfvec.data.token_batch import TokenBatch

from .health import COLLAPSED_ANISOTROPY as COLLAPSED
from .health import anisotropy, effective_rank
from .held_out_tests import POSITIONS, TEXTS, ContextTest, HalvedTexts

ORIGINAL = "original"
ENOUGH = 100_000  # tokens drawn from a longer text, so that choosing takes less than a second
_FOLDS = 5  # parts of the documents, each held out in turn until there are enough texts
_LEAST = 100  # tokens that are needed to compare candidates
SURE = 0.975  # probability from which a difference is significant
LIKELY = 0.99  # probability by self-retrieval from which a candidate replaces the original; there are three
RANK_KEPT = 0.75  # share of the original's effective rank that a candidate keeps


@dataclass(frozen=True)
class Choice:
    """Result of `choose`: the measurements and the chosen method."""

    chosen: str  # name of a candidate
    reason: str
    # For each candidate: name, mean of "self_retrieval" and "context", "sure" (by test, the probability that
    # it is better than the original), "effective_rank", "collapsed", and "worse", the tests in which it is
    # significantly worse than the original.
    rows: list[dict[str, Any]]
    held_out: int  # held-out tokens of all folds
    measured: Mapping[str, Measured] = field(default_factory=dict, repr=False)
    texts: int = 0  # in self-retrieval
    documents: int = 0  # that these texts come from

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON-serialisable data, for the run folder."""
        return {
            "chosen": self.chosen,
            "reason": self.reason,
            "candidates": self.rows,
            "held_out_tokens": self.held_out,
            "held_out_texts": self.texts,
            "held_out_documents": self.documents,
        }


def choose(
    batch: TokenBatch,  # types by falling frequency
    candidates: Mapping[str, Callable[[TokenBatch], Rows]],
    seed: int = 0,
    jobs: int | None = None,
) -> Choice:
    """Measure the candidates on held-out documents and choose one.

    A candidate maps a training text with the same vocabulary to unit rows, (V, d); `ORIGINAL` must be one.
    If the tests cannot tell candidates apart, the last one is chosen.
    """
    measured = {name: Measured() for name in candidates}
    tested = held_out = 0
    rng = np.random.default_rng(seed)
    for training, held in folds(batch, rng) if batch.documents > 1 and len(batch) >= _LEAST else ():
        tests: dict[str, HalvedTexts | ContextTest] = {
            "self_retrieval": HalvedTexts.draw(held, training, rng),
            "context": ContextTest.draw(held, training.counts, POSITIONS, rng),
        }
        add = partial(_add, tests, training, tested)
        # The last candidate takes longest, so it is started first.
        slowest_first = reversed([(measured[name], make) for name, make in candidates.items()])
        deque(in_order(slowest_first, add, threads(jobs)), maxlen=0)
        tested += held.documents
        held_out += len(held)
        if sum(map(len, measured[ORIGINAL].scores["self_retrieval"])) >= TEXTS:
            break
    if not held_out or not any(map(len, measured[ORIGINAL].scores["self_retrieval"])):
        reason = f"too little text to compare methods: {len(batch)} tokens in {batch.documents} documents"
        return Choice(ORIGINAL, reason, [], held_out)
    rows = [one.row(name, measured[ORIGINAL]) for name, one in measured.items()]
    chosen, reason = _chosen(rows, measured)
    texts = sum(map(len, measured[ORIGINAL].scores["self_retrieval"]))
    return Choice(chosen, reason, rows, held_out, measured, texts, tested)


def _add(
    tests: Mapping[str, HalvedTexts | ContextTest],
    training: TokenBatch,
    tested: int,
    candidate: tuple[Measured, Callable[[TokenBatch], Rows]],
) -> None:
    """Compute a candidate's vectors and add their scores."""
    measured, make = candidate
    with one_core():  # so that scores do not depend on candidates that run at the same time
        measured.add(tests, make(training), tested)


def folds(batch: TokenBatch, rng: np.random.Generator) -> Iterator[tuple[TokenBatch, TokenBatch]]:
    """Training and held-out text of each fold; documents are drawn, both parts keep the vocabulary."""
    number = min(_FOLDS, batch.documents)
    fold = rng.permutation(batch.documents) % number
    for k in range(number):
        yield batch.part(fold != k), batch.part(fold == k)


def draw_documents(batch: TokenBatch, most: int, rng: np.random.Generator) -> TokenBatch:
    """Random documents in corpus order, at most ``most`` tokens; all if the corpus has fewer."""
    if len(batch) <= most:
        return batch
    order = rng.permutation(batch.documents)
    within = np.cumsum(np.diff(batch.offsets)[order]) <= most
    within[:2] = True  # at least one to train on and one to hold out
    chosen = np.zeros(batch.documents, bool)
    chosen[order[within]] = True
    return batch.part(chosen)


class Measured:
    """The scores of one candidate in all folds."""

    def __init__(self) -> None:
        self.scores: dict[str, list[Doubles]] = {"self_retrieval": [], "context": []}
        self.documents: dict[str, list[Ints]] = {"self_retrieval": [], "context": []}
        self.rank: list[float] = []
        self.shared: list[float] = []

    def add(self, tests: Mapping[str, HalvedTexts | ContextTest], table: Rows, first: int) -> None:
        """Score vectors; ``first`` is the number of documents in earlier folds."""
        for name, test in tests.items():
            self.scores[name].append(test.score(table))
            self.documents[name].append(test.documents + first)
        self.rank.append(effective_rank(table))
        self.shared.append(anisotropy(table))

    def mean(self, test: str) -> float:
        return float(np.concatenate(self.scores[test]).mean())

    def better(self, other: Measured, test: str) -> float:
        """The probability that the mean score is above that of another candidate, sampled by document."""
        difference = np.concatenate(self.scores[test]) - np.concatenate(other.scores[test])
        if not np.any(difference):
            return 0.5
        spread = np.bincount(np.concatenate(self.documents[test]), difference - difference.mean())
        error = math.sqrt(float(spread @ spread)) / len(difference)
        return float(0.5 * math.erfc(-difference.mean() / max(error, 1e-12) / math.sqrt(2)))

    def row(self, name: str, original: Measured) -> dict[str, Any]:
        tests = [test for test, scores in self.scores.items() if sum(map(len, scores))]
        sure = {test: self.better(original, test) for test in tests}
        rank = float(np.mean(self.rank))
        shared = float(np.mean(self.shared))
        limit = max(COLLAPSED, float(np.mean(original.shared)) + 0.1)
        return {
            "name": name,
            **{test: self.mean(test) for test in tests},
            "sure": sure,
            "worse": [test for test, probability in sure.items() if probability < 1 - SURE],
            "effective_rank": rank,
            "collapsed": shared >= limit or rank < RANK_KEPT * float(np.mean(original.rank)),
        }


def _chosen(rows: Sequence[Mapping[str, Any]], measured: Mapping[str, Measured]) -> tuple[str, str]:
    """The candidate with the best self-retrieval that is likely better than the original.

    Candidates that have collapsed or are significantly worse than the original in a test are excluded. Of
    those that self-retrieval cannot tell from the best, the last one is chosen.
    """
    eligible = [
        row
        for row in rows
        if row["name"] != ORIGINAL
        and not row["collapsed"]
        and not row["worse"]
        and row["sure"]["self_retrieval"] >= LIKELY
    ]
    if not eligible:
        return ORIGINAL, "no method is likely to be better than the original vectors"
    best = measured[max(eligible, key=lambda row: float(row["self_retrieval"]))["name"]]
    near = [row for row in eligible if best.better(measured[row["name"]], "self_retrieval") < SURE]
    return str(near[-1]["name"]), "it scored best on held-out text"
