"""``--method auto``: every method refines a part of the text and is tested on the held-out documents.

Two tests need no labels; the first tests texts, the second words. The original vectors are a candidate too.

Self-retrieval: one half of a held-out text should find the other among those of other texts. The words of the
vocabulary are dealt to two sides at random, and a half is what a text has of one side. So no two halves have
a word in common, only the vectors can bring them together, and a text without order has no advantage: if the
halves of each text lacked only each other's words, tables that hardly tell words apart would seem better.
Context test: the words around a held-out position should rank the true word above words as frequent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from selfvec.base.arrays import Array, Doubles, Floats, Ints, Rows
from selfvec.base.display import count_of
from selfvec.base.threads import finish, in_order, one_core
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import anisotropy, ranks_among, unit_rows
from selfvec.text.kernels import document_frequencies

from .health import COLLAPSED_ANISOTROPY as COLLAPSED
from .health import effective_rank

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
) -> Choice:
    """Measure the candidates on held-out documents and choose one.

    A candidate maps a training text with the same vocabulary to unit rows, (V, d); `ORIGINAL` must be one.
    If none is likely better than the original, that is chosen; of candidates that the tests cannot tell from
    the best one, the last.
    """
    measured = {name: Measured() for name in candidates}
    tested = held_out = 0
    rng = np.random.default_rng(seed)
    for training, held in folds(batch, rng) if batch.documents > 1 and len(batch) >= _LEAST else ():
        tests: dict[str, HalvedTexts | ContextTest] = {
            "self_retrieval": HalvedTexts.draw(held, training, rng),
            "context": ContextTest.draw(held, training.counts, rng),
        }
        add = partial(_add, tests, training, tested)
        # The last candidate takes longest, so it is started first.
        slowest_first = reversed([(measured[name], make) for name, make in candidates.items()])
        finish(in_order(slowest_first, add))
        tested += held.documents
        held_out += len(held)
        if sum(map(len, measured[ORIGINAL].scores["self_retrieval"])) >= TEXTS:
            break
    if not held_out or not any(map(len, measured[ORIGINAL].scores["self_retrieval"])):
        size = f"{count_of(len(batch), 'token')} in {count_of(batch.documents, 'document')}"
        reason = f"too little text to compare methods: {size}"
        return Choice(ORIGINAL, reason, [], held_out)
    rows = [scores.row(name, measured[ORIGINAL]) for name, scores in measured.items()]
    chosen, reason = _chosen(rows, measured)
    texts = sum(map(len, measured[ORIGINAL].scores["self_retrieval"]))
    return Choice(chosen, reason, rows, held_out, measured, texts, tested)


def _add(
    tests: Mapping[str, HalvedTexts | ContextTest],
    training: TokenBatch,
    tested: int,
    candidate: tuple[Measured, Callable[[TokenBatch], Rows]],
) -> None:
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
    within = np.cumsum(batch.lengths[order]) <= most
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

    def figures(self, first: Measured) -> dict[str, Any]:
        """Mean of each test, and the probability that this candidate is better than the first one."""
        tests = [test for test, scores in self.scores.items() if sum(map(len, scores))]
        sure = {test: self.better(first, test) for test in tests}
        return {test: self.mean(test) for test in tests} | {"sure": sure}

    def row(self, name: str, original: Measured) -> dict[str, Any]:
        figures = self.figures(original)
        rank = float(np.mean(self.rank))
        shared = float(np.mean(self.shared))
        limit = max(COLLAPSED, float(np.mean(original.shared)) + 0.1)
        return {
            "name": name,
            **figures,
            "worse": [test for test, probability in figures["sure"].items() if probability < 1 - SURE],
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


# ---- The two tests


POSITIONS = 4_000  # for the context test, in each fold
_SIDE = 10  # neighbours on each side that make a context
_RIVALS = 63  # words of similar frequency that the true word is ranked among
_BATCH = 64  # positions scored at a time, whose rows fit the cache


@dataclass(frozen=True)
class ContextTest:
    """Held-out positions, each with its neighbours and with rivals: words of similar frequency."""

    words: Ints  # (P,)
    neighbours: Ints  # (P, 2 * _SIDE): -1 outside the document
    rivals: Ints  # (P, _RIVALS)
    weights: Floats  # (V,): of context words, f^(-1/2)
    documents: Ints  # (P,)

    @classmethod
    def draw(cls, held: TokenBatch, counts: Ints, rng: np.random.Generator) -> ContextTest:
        """Draw held-out positions; ``counts``, (V,) int64, falling, come from the training text."""
        places = rng.choice(len(held), min(POSITIONS, len(held)), replace=False)
        places.sort()
        document = held.document_of(places)
        shifts = np.concatenate((np.arange(-_SIDE, 0), np.arange(1, _SIDE + 1)))
        around = places[:, None] + shifts
        inside = (around >= held.offsets[document, None]) & (around < held.offsets[document + 1, None])
        neighbours = np.where(inside, held.ids[np.clip(around, 0, len(held) - 1)], -1).astype(np.int64)
        words = held.ids[places].astype(np.int64)
        # Rivals as frequent as the true word: frequency alone, which all vectors know, must not tell it.
        reach = np.maximum(words // 2, 2 * _RIVALS)  # ids are ranks by frequency
        low = np.maximum(words - reach, 0)
        high = np.minimum(words + reach + 1, len(counts))
        rivals = low[:, None] + (rng.random((len(words), _RIVALS)) * (high - low)[:, None]).astype(np.int64)
        weights = (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)
        return cls(words, neighbours, rivals, weights, document)

    def score(self, unit: Rows) -> Doubles:
        """The reciprocal rank of the true word at each position, (P,) float64; ties count half."""
        out = np.empty(len(self.words))
        for start in range(0, len(self.words), _BATCH):
            part = slice(start, start + _BATCH)
            near = self.neighbours[part]
            weight = np.where(near >= 0, self.weights[near], 0)
            context = np.einsum("pn,pnd->pd", weight, unit[near])
            truth = np.einsum("pd,pd->p", context, unit[self.words[part]])
            rivals = self.rivals[part]
            others = np.einsum("pd,prd->pr", context, unit[rivals])
            others[rivals == self.words[part, None]] = -np.inf
            out[part] = 1 / ranks_among(others, truth, included=False)
        return out


TEXTS = 500  # halved texts of a fold at most
_LENGTH = 40  # tokens of a halved text at most; longer documents are cut


@dataclass(frozen=True)
class HalvedTexts:
    """Held-out texts, each in two halves: its words of either side of the vocabulary."""

    first: list[Array]  # Q arrays of token ids, (n,)
    second: list[Array]  # Q arrays of token ids, (n,)
    documents: Ints  # (Q,): texts of the same document are not ranked against each other
    idf: Floats  # (V,)

    @classmethod
    def draw(cls, held: TokenBatch, training: TokenBatch, rng: np.random.Generator) -> HalvedTexts:
        """Cut documents into texts of at most `_LENGTH` tokens, halve them and draw `TEXTS` of them."""
        side = rng.random(len(training.types)) < 0.5
        first: list[Array] = []
        second: list[Array] = []
        documents: list[int] = []
        for k in range(held.documents):
            tokens = held.ids[held.offsets[k] : held.offsets[k + 1]]
            for text in np.array_split(tokens, -(-len(tokens) // _LENGTH)) if len(tokens) else ():
                half, rest = text[side[text]], text[~side[text]]
                if len(half) and len(rest):
                    first.append(half)
                    second.append(rest)
                    documents.append(k)
        kept = np.sort(rng.permutation(len(first))[:TEXTS]).tolist()
        seen = document_frequencies(*training.read_only, len(training.types))
        idf = np.log((2 + training.documents) / (1 + seen)).astype(np.float32)
        numbers = np.array([documents[i] for i in kept], np.int64)
        return cls([first[i] for i in kept], [second[i] for i in kept], numbers, idf)

    def score(self, unit: Rows) -> Doubles:
        """The share of other second halves that are less similar than the true one, (Q,) float64."""
        if not self.first:
            return np.zeros(0)
        cosines = self._embed(self.first, unit) @ self._embed(self.second, unit).T
        truth = np.diag(cosines)[:, None]
        rivals = self.documents[:, None] != self.documents
        less = ((cosines < truth) & rivals).sum(axis=1) + 0.5 * ((cosines == truth) & rivals).sum(axis=1)
        return np.asarray(less / np.maximum(rivals.sum(axis=1), 1), dtype=np.float64)

    def _embed(self, texts: list[Array], unit: Rows) -> Rows:
        return unit_rows(np.stack([self.idf[tokens] @ unit[tokens] for tokens in texts]))
