"""Rows of words learned from the texts themselves: a span of a document should find the rest of it.

This is the inverse cloze task (Lee, Chang and Toutanova, 2019; Izacard et al., 2022). It needs no labels. In
each step some documents are drawn and a random span is cut out of each. The span is a question, and the rest
of the document is its answer. In half of the cases the rest loses the words of the span, so that meaning is
learned, too. Adam lowers the InfoNCE loss of both directions on the rows of the words that occur.

A document is not the only answer to one of its spans: others on the same subject are, too. With one answer
each, the rows learn to tell documents of one subject apart. So half of each target is shared among the other
documents of the step by their likeness in words (cosines of BM25 weights) and in meaning (cosines before
learning).

Spans that are kept out of learning, some of them of documents that are kept out as a whole, decide how long
to learn, and whether at all: training stops when they find their documents later than before. (People's
questions gain for longer than spans do.) Then the rows learn again for as many steps, from everything.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ints, Mask, Rows
from selfvec.base.progress import say, stage
from selfvec.base.threads import finish, in_order, one_core, prefetched
from selfvec.data.token_batch import TokenBatch, bounds_of, concatenated
from selfvec.numerics.rows import ranks_among, unit_rows
from selfvec.text.document_vectors import weighted_sums

from .kernels import MOMENTS, add_products, change_rows, invert
from .scoring import K1

# Chosen on judged collections, self-retrieval and classes: `benchmarks.quality.encoders`.
BATCH = 512  # documents of a step
SPAN = (4, 25)  # words of a question
TEMPERATURE = 0.07  # of the loss
RATE = 0.004  # of Adam
SHARED = 0.5  # share of a target that goes to other documents
LIKENESS = 0.05  # temperature of their likeness
STEPS = (6, 12, 18, 25, 32, 40, 50, 60, 75)  # after which held-out spans are asked

SHORTEST = 12  # words of a document that is learned from
LONGEST = 300  # words of a document that are read in a step: about a passage, and no more for long documents
FEWEST = 100  # documents that are learned from
FEWEST_WORDS = 50_000  # in these; fewer are learned by heart
HELD_OUT = 1000  # documents that lose a span, and (a tenth of all) that are kept out as a whole, at most
HIDDEN = 0.5  # share of the answers that lose the words of their question
CROWD = 3000  # other documents among which a held-out one should be found, at most
MOST_WORDS = 100_000  # whose rows are learned, the most frequent

_WORDS = 4096  # words whose rows a thread changes at a time


class HeldOut(NamedTuple):
    """What held-out spans find."""

    first: float = 0.0  # share of spans that find their document first
    rank: float = 0.0  # mean reciprocal rank of their document; this figure decides

    def as_dict(self) -> dict[str, float]:
        """JSON-serialisable."""
        return {name: round(value, 4) for name, value in self._asdict().items()}


def learn(
    batch: TokenBatch,
    rows: Rows,  # (V, d) float32, unweighted
    weights: Rows,  # (V,) float32, of an occurrence
    *,
    seed: int = 0,
) -> tuple[Rows, dict[str, Any]]:
    """Learn rows from documents, for as long as held-out spans find their documents no later.

    Returned are the rows, those given if nothing is learned, and what an encoder records of them.

    The vector of a text is the sum of ``weights[w] * rows[w]`` over its words, at length 1. Rows of zeros
    stay zeros. The result is the same for any number of threads.
    """
    rng = np.random.default_rng(seed)
    lengths = batch.lengths
    usable = rng.permutation(np.flatnonzero(lengths >= SHORTEST))
    words = int(lengths[usable].sum())
    about: dict[str, Any] = {"documents": len(usable), "words": words, "steps": 0}
    if len(usable) < FEWEST or words < FEWEST_WORDS:
        return rows, about | dict.fromkeys(("before", "after"), HeldOut().as_dict())
    with one_core():
        steps, before, after = _steps_chosen(batch, rows, weights, usable, rng)
        learned = rows
        with stage("Learning from documents", steps, "steps") as advance:
            for now in _steps(batch, rows, weights, usable, steps, rng):
                learned = now
                advance(1)
    if steps:
        say(
            f"learned from {len(usable):,} documents which passages belong together: a held-out passage now "
            f"finds its own document at rank {1 / after.rank:.1f} (before: {1 / before.rank:.1f})"
        )
    else:
        say("nothing learned: training made held-out retrieval worse")
    return learned, about | {"steps": steps, "before": before.as_dict(), "after": after.as_dict()}


def _steps_chosen(
    batch: TokenBatch,
    rows: Rows,
    weights: Rows,
    documents: Ints,  # in random order
    rng: np.random.Generator,
) -> tuple[int, HeldOut, HeldOut]:
    """The most steps after which held-out spans find no less, and what they find before and then."""
    unread, read = np.split(documents, [min(HELD_OUT, len(documents) // 10)])
    asked = np.zeros(batch.documents, bool)
    asked[unread] = asked[read[:HELD_OUT]] = True
    spans, rests = cut_spans(batch, np.where(asked, batch.lengths // 3, 0), rng)
    cut = np.flatnonzero(spans.lengths)
    others = rng.permutation(np.flatnonzero(spans.lengths == 0))[:CROWD]
    questions = spans.part(cut)
    answers = rests.part(np.concatenate((cut, others)))

    chosen = 0
    before = after = _found(questions, answers, rows, weights)
    with stage("Choosing how long to learn", STEPS[-1], "steps") as advance:
        for step, now in enumerate(_steps(rests, rows, weights, read, STEPS[-1], rng), 1):
            advance(1)
            if step in STEPS and (found := _found(questions, answers, now, weights)).rank >= before.rank:
                after = found
                chosen = step
    return chosen, before, after


def _found(questions: TokenBatch, answers: TokenBatch, rows: Rows, weights: Rows) -> HeldOut:
    """What Q questions find among the answers, whose first Q are their own."""
    asked, documents = (unit_rows(weighted_sums(texts, rows, weights)) for texts in (questions, answers))
    cosines = asked @ documents.T
    ranks = ranks_among(cosines, np.diag(cosines))
    return HeldOut(float((ranks < 2).mean()), float((1 / ranks).mean()))


def _steps(
    batch: TokenBatch,
    start: Rows,  # (V, d)
    weights: Rows,  # (V,)
    documents: Ints,
    number: int,
    rng: np.random.Generator,
) -> Iterator[Rows]:
    """The rows after each of a number of steps, (V, d); one array that changes."""
    size = min(BATCH, len(documents))
    each = len(documents) // size  # steps before a document is drawn again

    def batches() -> Generator[tuple[TokenBatch, Floats]]:
        """For each step the questions and then the answers, and what share of an answer each is, (D, D)."""
        for step in range(number):
            if step % each == 0:
                order = rng.permutation(documents)
            whole = stretches(batch, order[step % each * size :][:size], rng)
            target = shared_targets(whole, start, weights)
            questions, answers = cut_spans(whole, whole.lengths // 2, rng)
            answers = without_words(answers, questions, rng.random(size) < HIDDEN)
            yield concatenated([questions, answers]), target

    adam = Adam(start.copy())
    with closing(prefetched(batches())) as made:  # the next batch is made during a step
        for texts, target in made:
            adam.step(texts, weights, loss_gradient(texts, adam.rows, weights, target))
            yield adam.rows


def stretches(batch: TokenBatch, documents: Ints, rng: np.random.Generator) -> TokenBatch:
    """Some documents; of long ones as many words in a row as a text without passages may have."""
    starts = batch.offsets[documents]
    lengths = batch.offsets[documents + 1] - starts
    if np.any(lengths > LONGEST):
        starts = starts + (rng.random(len(starts)) * np.maximum(lengths - LONGEST + 1, 1)).astype(np.int64)
        lengths = np.minimum(lengths, LONGEST)
    ends = np.cumsum(lengths)
    places = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return TokenBatch(batch.ids[places], bounds_of(lengths), batch.types)


def cut_spans(batch: TokenBatch, longest: Ints, rng: np.random.Generator) -> tuple[TokenBatch, TokenBatch]:
    """A random span of each of D documents, of 4 to 25 words but at most ``longest``, (D,), and the rests."""
    lengths = batch.lengths
    sizes = np.minimum(rng.integers(SPAN[0], SPAN[1] + 1, len(lengths)), longest)
    starts = (rng.random(len(lengths)) * (lengths - sizes + 1)).astype(np.int64)
    owners = _owners(batch)
    place = np.arange(len(batch)) - batch.offsets[owners]
    inside = (place >= starts[owners]) & (place < (starts + sizes)[owners])
    return _words_of(batch, inside), _words_of(batch, ~inside)


def without_words(batch: TokenBatch, others: TokenBatch, chosen: Mask) -> TokenBatch:
    """D documents; the chosen ones, (D,) bool, lose the words of their counterparts among D others."""
    words, of_others = (_owners(each) * len(batch.types) + each.ids for each in (batch, others))
    lost = chosen[_owners(batch)]
    lost[lost] = np.isin(words[lost], of_others)
    return _words_of(batch, ~lost)


def _words_of(batch: TokenBatch, kept: Mask) -> TokenBatch:
    """The chosen words of documents, (N,) bool."""
    before = bounds_of(kept)  # chosen words before each word
    return TokenBatch(batch.ids[kept], before[batch.offsets], batch.types)


def _owners(batch: TokenBatch) -> Ints:
    """The document of each word, (N,)."""
    return np.repeat(np.arange(batch.documents), batch.lengths)


def shared_targets(batch: TokenBatch, rows: Rows, weights: Rows) -> Floats:
    """What share of an answer each of D documents is to a question from another, (D, D); rows add up to 1."""
    meaning = unit_rows(weighted_sums(batch, rows, weights))
    alike = (word_cosines(batch, weights) + meaning @ meaning.T) / 2
    np.fill_diagonal(alike, -np.inf)
    target = _softmax(np.asarray(alike / LIKENESS, np.float32)) * np.float32(SHARED)
    np.fill_diagonal(target, 1 - SHARED)
    return target


def word_cosines(batch: TokenBatch, weights: Rows) -> Floats:
    """Cosines of D documents as BM25 weights of their words, without length normalisation, (D, D) float32."""
    starts, documents, occurs = invert(*batch.read_only, len(batch.types))
    values = np.repeat(weights, np.diff(starts)) * (occurs * (K1 + 1) / (occurs + K1))
    values /= np.sqrt(np.bincount(documents, values**2, batch.documents))[documents]
    out = np.zeros((batch.documents, batch.documents), np.float32)
    add_products(starts, documents, values.astype(np.float32), out)
    return out + np.triu(out, 1).T


def loss_gradient(
    texts: TokenBatch,  # D questions, then D answers
    rows: Rows,  # (V, d)
    weights: Rows,  # (V,)
    target: Floats,  # (D, D)
) -> Floats:
    """The gradient of the loss by the sums of rows of each text, (2 D, d) float32.

    With S the cosines of questions and answers over the temperature, the loss is the mean of two
    cross-entropies: of ``target`` and the softmax of S, and of ``target`` and the softmax of its transpose.
    """
    number = len(target)
    sums = weighted_sums(texts, rows, weights)
    lengths = np.maximum(np.sqrt(np.einsum("ij,ij->i", sums, sums)), np.float32(1e-12))[:, None]
    unit = sums / lengths
    scores = (unit[:number] @ unit[number:].T) / np.float32(TEMPERATURE)
    change = _softmax(scores) - target + (_softmax(scores.T) - target).T
    change /= np.float32(2 * number * TEMPERATURE)
    slopes = np.concatenate((change @ unit[number:], change.T @ unit[:number]))
    slopes -= np.einsum("ij,ij->i", slopes, unit)[:, None] * unit  # the length of a sum does not count
    gradient: Floats = slopes / lengths
    return gradient


class Adam:
    """The rows and their moments (Kingma and Ba, 2015). Only rows of words that occur are changed."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._steps = 0
        self._fixed = ~np.any(rows != 0, axis=1)  # words without a row
        self._fixed[MOST_WORDS:] = True
        self._means = np.zeros_like(rows[:MOST_WORDS])
        self._squares = np.zeros_like(rows[:MOST_WORDS])

    def step(self, texts: TokenBatch, weights: Rows, gradient: Floats) -> None:
        """Change the rows of the words of T texts by the gradient of their sums, (T, d)."""
        self._steps += 1
        starts, owners, occurs = invert(*texts.read_only, len(self.rows))
        words = np.flatnonzero((starts[1:] > starts[:-1]) & ~self._fixed)
        bias = [1 - decay**self._steps for decay in MOMENTS]
        rate = RATE * float(np.sqrt(bias[1])) / bias[0]
        moments = self._means, self._squares

        def change(first: int) -> None:
            some = words[first : first + _WORDS]
            change_rows(some, starts, owners, occurs, weights, gradient, rate, self.rows, *moments)

        finish(in_order(range(0, len(words), _WORDS), change))


def _softmax(scores: Floats) -> Floats:
    """Along rows."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
