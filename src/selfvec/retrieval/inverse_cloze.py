"""Rows of words learned from the texts themselves: a span of a document should find the rest of it.

This is the inverse cloze task (Lee, Chang and Toutanova, 2019; Izacard et al., 2022). It needs no labels. In
each step some documents are drawn and a random span is cut out of each. The span is a question, and the rest
of the document is its answer. In half of the cases the rest loses the words of the span, so that meaning is
learned, too. Adam lowers the InfoNCE loss of both directions on the rows of the words that occur.

A document is not the only answer to one of its spans: others on the same subject are, too. With one answer
each, the rows learn to tell documents of one subject apart. So half of each target is shared among the other
documents of the step by their likeness in words (cosines of BM25 weights) and in meaning (cosines before
learning).

Spans that are kept out of learning decide how long to learn, and whether at all. They should find as much as
possible. Most are of documents whose rests are learned from, like questions to these documents. Some are of
documents that are kept out as a whole, like new texts: these alone should find no less than before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import kernel
from selfvec.base.progress import Progress
from selfvec.base.threads import in_order, one_core, threads
from selfvec.data.token_batch import TokenBatch, concatenated
from selfvec.numerics.ranks import ranks_among
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import weighted_sums

from .bm25 import K1

__all__ = ["Learned", "learn"]

# Chosen on judged collections, self-retrieval and classes: `benchmarks.quality.encoders`.
BATCH = 512  # documents of a step
SPAN = (4, 25)  # words of a question
TEMPERATURE = 0.07  # of the loss
RATE = 0.002  # of Adam
SHARED = 0.5  # share of a target that goes to other documents
LIKENESS = 0.05  # temperature of their likeness
STEPS = (25, 50, 75, 100, 150)  # after which held-out spans are asked

MOMENTS = (0.9, 0.999)  # decay of the mean gradient and of its square, of Adam
SHORTEST = 12  # words of a document that is learned from
FEWEST = 500  # documents; fewer are learned by heart
HELD_OUT = 1000  # documents that lose a span, and (a tenth of all) that are kept out as a whole, at most
HIDDEN = 0.5  # share of the answers that lose the words of their question
CROWD = 3000  # other documents among which a held-out one should be found, at most
FIRST = 10  # documents found, and documents most like a held-out one
MOST_WORDS = 100_000  # whose rows are learned, the most frequent

_WORDS = 1024  # words whose rows a thread changes at a time


@dataclass(frozen=True, eq=False)
class Learned:
    """Learned rows, and what held-out spans find before and after."""

    rows: Rows  # (V, d) float32; those given if nothing was learned
    documents: int  # long enough to learn from
    steps: int  # 0 if nothing was learned
    before: Found
    after: Found

    @property
    def about(self) -> dict[str, Any]:
        """What an encoder records."""
        found = {"before": self.before.about, "after": self.after.about}
        return {"documents": self.documents, "steps": self.steps, **found}

    def __str__(self) -> str:
        if self.documents < FEWEST:
            return f"nothing to learn: {self.documents:,} texts have {SHORTEST} words or more, not {FEWEST}"
        if not self.steps:
            return (
                "nothing learned: held-out spans of the texts would find no more, or those of new texts less"
            )
        return (
            f"learned from {self.documents:,} documents: held-out spans find their document first in "
            f"{self.after.first:.0%} of cases ({self.before.first:.0%} before) and "
            f"{FIRST * self.after.alike:.1f} of the ten most like it ({FIRST * self.before.alike:.1f} before)"
        )


@dataclass(frozen=True)
class Found:
    """What spans of held-out documents find."""

    first: float = 0.0  # share of spans that find their document first
    rank: float = 0.0  # mean reciprocal rank of their document
    alike: float = 0.0  # share, among the first ten, of the ten documents most like theirs

    @property
    def figure(self) -> float:
        """The figure that decides: questions ask for one document, or for all on a subject."""
        return (self.rank + self.alike) / 2

    @property
    def about(self) -> dict[str, float]:
        """Rounded, for a record."""
        return {"first": round(self.first, 4), "rank": round(self.rank, 4), "alike": round(self.alike, 4)}


def learn(
    batch: TokenBatch,
    rows: Rows,  # (V, d) float32, unweighted
    weights: Rows,  # (V,) float32, of an occurrence
    *,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Learn rows from documents, until held-out spans find most.

    The vector of a text is the sum of ``weights[w] * rows[w]`` over its words, at length 1. Rows of zeros
    stay zeros. The result is the same for any number of ``jobs``.
    """
    with one_core():
        return _learned(batch, rows, weights, np.random.default_rng(seed), jobs, progress or Progress())


def _learned(
    batch: TokenBatch,
    rows: Rows,
    weights: Rows,
    rng: np.random.Generator,
    jobs: int | None,
    progress: Progress,
) -> Learned:
    lengths = np.diff(batch.offsets)
    usable = rng.permutation(np.flatnonzero(lengths >= SHORTEST))
    if len(usable) < FEWEST:
        return Learned(rows, len(usable), 0, Found(), Found())
    unread, read = np.split(usable, [min(HELD_OUT, len(usable) // 10)])
    asked = np.zeros(batch.documents, bool)
    asked[unread] = asked[read[:HELD_OUT]] = True
    spans, rests = cut_spans(batch, np.where(asked, lengths // 3, 0), rng)
    test = _HeldOut(batch, spans, rests, rows, weights, rng, jobs)
    of_unread = _words_of(spans, np.isin(_owners(spans), unread))
    new = _HeldOut(batch, of_unread, rests, rows, weights, rng, jobs)
    best = rows
    kept = 0
    before = after = test.found(rows)
    least = new.found(rows).figure
    with progress.stage("Learning from documents", STEPS[-1], "steps") as advance:
        for step, now in enumerate(_steps(rests, rows, weights, read, rng, jobs), 1):
            advance(1)
            if step not in STEPS:
                continue
            found = test.found(now)
            if found.figure > after.figure and new.found(now).figure >= least:
                after = found
                kept = step
                best = now.copy()
            if step == STEPS[-1]:
                break
    result = Learned(best, len(usable), kept, before, after)
    progress.say(str(result))
    return result


def _steps(
    batch: TokenBatch,
    start: Rows,  # (V, d)
    weights: Rows,  # (V,)
    documents: Ints,
    rng: np.random.Generator,
    jobs: int | None,
) -> Iterator[Rows]:
    """The rows after each step, (V, d); one array that changes."""
    adam = Adam(start.copy(), jobs)
    size = min(BATCH, len(documents))
    while True:
        order = rng.permutation(documents)
        for first in range(0, len(order) - size + 1, size):
            whole = batch.part(order[first : first + size])
            target = shared_targets(whole, start, weights, jobs)
            questions, answers = cut_spans(whole, np.diff(whole.offsets) // 2, rng)
            answers = without_words(answers, questions, rng.random(size) < HIDDEN)
            texts = concatenated([questions, answers])
            adam.step(texts, weights, loss_gradient(texts, adam.rows, weights, target, jobs))
            yield adam.rows


def cut_spans(batch: TokenBatch, longest: Ints, rng: np.random.Generator) -> tuple[TokenBatch, TokenBatch]:
    """A random span of each of D documents, of 4 to 25 words but at most ``longest``, (D,), and the rests."""
    lengths = np.diff(batch.offsets)
    sizes = np.minimum(rng.integers(SPAN[0], SPAN[1] + 1, len(lengths)), longest)
    starts = (rng.random(len(lengths)) * (lengths - sizes + 1)).astype(np.int64)
    own = _owners(batch)
    place = np.arange(len(batch)) - batch.offsets[own]
    inside = (place >= starts[own]) & (place < (starts + sizes)[own])
    return _words_of(batch, inside), _words_of(batch, ~inside)


def without_words(batch: TokenBatch, others: TokenBatch, chosen: Mask) -> TokenBatch:
    """D documents; the chosen ones, (D,) bool, lose the words of their counterparts among D others."""
    own = _owners(batch)
    types = len(batch.types)
    shared = np.isin(own * types + batch.ids, _owners(others) * types + others.ids)
    return _words_of(batch, ~(shared & chosen[own]))


def _words_of(batch: TokenBatch, kept: Mask) -> TokenBatch:
    """The chosen words of documents, (N,) bool."""
    before = np.concatenate(([0], np.cumsum(kept)))  # chosen words before each word
    return TokenBatch(batch.ids[kept], before[batch.offsets], batch.types)


def _owners(batch: TokenBatch) -> Ints:
    """The document of each word, (N,)."""
    return np.repeat(np.arange(batch.documents), np.diff(batch.offsets))


def shared_targets(batch: TokenBatch, rows: Rows, weights: Rows, jobs: int | None = None) -> Floats:
    """What share of an answer each of D documents is to a question from another, (D, D); rows add up to 1."""
    meaning = unit_rows(weighted_sums(batch, rows, weights, jobs))
    alike = (word_cosines(batch, batch, weights) + meaning @ meaning.T) / 2
    np.fill_diagonal(alike, -np.inf)
    target = _softmax(np.asarray(alike / LIKENESS, np.float32)) * np.float32(SHARED)
    np.fill_diagonal(target, 1 - SHARED)
    return target


def word_cosines(batch: TokenBatch, others: TokenBatch, weights: Rows) -> Floats:
    """Cosines of documents as BM25 weights of their words, without length normalisation, (D, E) float32."""
    out = np.zeros((batch.documents, others.documents), np.float32)
    _add_products(*_by_word(batch, weights), *_by_word(others, weights), out)
    return out


def _by_word(batch: TokenBatch, weights: Rows) -> tuple[Ints, Ids, Rows]:
    """Documents that have each word, and the share of the word in their unit vectors of BM25 weights.

    The first array, (V + 1,), has the start of each word in the other two.
    """
    number = batch.documents
    pairs, counts = np.unique(batch.ids.astype(np.int64) * number + _owners(batch), return_counts=True)
    words = pairs // number
    documents = pairs % number
    values = weights[words] * counts * (K1 + 1) / (counts + K1)
    values /= np.sqrt(np.bincount(documents, values**2, number))[documents]
    starts = np.searchsorted(words, np.arange(len(batch.types) + 1))
    return starts, documents.astype(np.int32), values.astype(np.float32)


def loss_gradient(
    texts: TokenBatch,  # D questions, then D answers
    rows: Rows,  # (V, d)
    weights: Rows,  # (V,)
    target: Floats,  # (D, D)
    jobs: int | None = None,
) -> Floats:
    """The gradient of the loss by the sums of rows of each text, (2 D, d) float32.

    With S the cosines of questions and answers over the temperature, the loss is the mean of two
    cross-entropies: of ``target`` and the softmax of S, and of ``target`` and the softmax of its transpose.
    """
    number = len(target)
    sums = weighted_sums(texts, rows, weights, jobs)
    lengths = np.maximum(np.sqrt(np.einsum("ij,ij->i", sums, sums)), np.float32(1e-12))[:, None]
    unit = sums / lengths
    scores = (unit[:number] @ unit[number:].T) / np.float32(TEMPERATURE)
    change = _softmax(scores) - target + (_softmax(scores.T) - target).T
    change /= np.float32(2 * number * TEMPERATURE)
    slopes = np.concatenate((change @ unit[number:], change.T @ unit[:number]))
    slopes -= np.einsum("ij,ij->i", slopes, unit)[:, None] * unit  # the length of a sum does not count
    found: Floats = slopes / lengths
    return found


class Adam:
    """The rows and their moments (Kingma and Ba, 2015). Only rows of words that occur are changed."""

    def __init__(self, rows: Rows, jobs: int | None = None) -> None:
        self.rows = rows
        self._jobs = jobs
        self._steps = 0
        self._fixed = ~np.any(rows != 0, axis=1)  # words without a row
        self._fixed[MOST_WORDS:] = True
        self._means = np.zeros_like(rows[:MOST_WORDS])
        self._squares = np.zeros_like(rows[:MOST_WORDS])

    def step(self, texts: TokenBatch, weights: Rows, gradient: Floats) -> None:
        """Change the rows of the words of T texts by the gradient of their sums, (T, d)."""
        self._steps += 1
        learned = ~self._fixed[texts.ids]
        ids = texts.ids[learned]
        order = np.argsort(ids, kind="stable")
        words, starts = np.unique(ids[order], return_index=True)
        ends = np.append(starts, len(order))
        owners = _owners(texts).astype(np.int32)[learned][order]
        bias = [1 - decay**self._steps for decay in MOMENTS]
        rate = RATE * float(np.sqrt(bias[1])) / bias[0]
        width = self.rows.shape[1]

        def change(first: int) -> None:
            part = slice(first, first + _WORDS)
            slope = np.empty(width, np.float32)
            some = words[part]
            _change_rows(
                some, ends[first : first + len(some) + 1], owners, weights, gradient, slope, rate,
                self.rows, self._means, self._squares,
            )  # fmt: skip

        for _ in in_order(range(0, len(words), _WORDS), change, threads(self._jobs)):
            pass


def _softmax(scores: Floats) -> Floats:
    """Along rows."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


class _HeldOut:
    """Held-out spans, and a crowd of documents among which they should find theirs."""

    def __init__(
        self,
        batch: TokenBatch,  # whole documents
        spans: TokenBatch,  # cut out of some of them, empty texts for the others
        rests: TokenBatch,
        rows: Rows,  # (V, d) before learning
        weights: Rows,  # (V,)
        rng: np.random.Generator,
        jobs: int | None,
    ) -> None:
        own = np.flatnonzero(np.diff(spans.offsets))
        others = rng.permutation(np.setdiff1d(np.arange(batch.documents), own))[:CROWD]
        documents = np.concatenate((own, others))
        self._spans = spans.part(own)
        self._documents = rests.part(documents)
        self._weights = weights
        self._jobs = jobs
        whole = batch.part(documents)
        vectors = self._vectors(whole, rows)
        alike = vectors[: len(own)] @ vectors.T + word_cosines(batch.part(own), whole, weights)
        np.fill_diagonal(alike, -np.inf)
        self._alike = largest(alike, FIRST)

    def _vectors(self, texts: TokenBatch, rows: Rows) -> Rows:
        return unit_rows(weighted_sums(texts, rows, self._weights, self._jobs))

    def found(self, rows: Rows) -> Found:
        """What the spans find with some rows."""
        cosines = self._vectors(self._spans, rows) @ self._vectors(self._documents, rows).T
        ranks = ranks_among(cosines, np.diag(cosines))
        np.fill_diagonal(cosines, -np.inf)
        both = np.concatenate((largest(cosines, FIRST), self._alike), axis=1)
        both.sort(axis=1)
        alike = (both[:, 1:] == both[:, :-1]).sum(axis=1) / self._alike.shape[1]
        return Found(float((ranks < 2).mean()), float((1 / ranks).mean()), float(alike.mean()))


def largest(values: Floats, number: int) -> Ints:
    """Columns of the largest values of each row, in no order."""
    number = min(number, values.shape[1])
    found: Ints = np.argpartition(-values, number - 1, axis=1)[:, :number]
    return found


@kernel
def _add_products(
    starts: Ints,  # (V + 1,) of each word in the next two
    documents: Ids,
    values: Floats,
    other_starts: Ints,  # the same of the other documents
    other_documents: Ids,
    other_values: Floats,
    out: Floats,  # (D, E) added to
) -> None:
    """Dot products of sparse rows that are stored by column."""
    for word in range(len(starts) - 1):
        for i in range(starts[word], starts[word + 1]):
            row = documents[i]
            value = values[i]
            for j in range(other_starts[word], other_starts[word + 1]):
                out[row, other_documents[j]] += value * other_values[j]


@kernel
def _change_rows(
    words: Ids,  # (W,) distinct
    starts: Ints,  # (W + 1,) of the texts of each word in `owners`
    owners: Ids,  # texts, a text once for each time that it has the word
    weights: Floats,  # (V,)
    gradient: Floats,  # (T, d) by the sums of the texts
    slope: Floats,  # (d,) scratch: the gradient by a row
    rate: float,
    rows: Floats,  # (V, d) changed
    means: Floats,  # (V, d) changed
    squares: Floats,  # (V, d) changed
) -> None:
    """One step of Adam on the rows of some words."""
    width = rows.shape[1]
    keep = np.float32(MOMENTS[0])
    keep_square = np.float32(MOMENTS[1])
    one = np.float32(1)
    for i in range(len(words)):
        word = words[i]
        for k in range(width):
            slope[k] = 0
        for place in range(starts[i], starts[i + 1]):
            text = owners[place]
            for k in range(width):
                slope[k] += gradient[text, k]
        weight = weights[word]
        for k in range(width):
            by_row = weight * slope[k]
            means[word, k] = keep * means[word, k] + (one - keep) * by_row
            squares[word, k] = keep_square * squares[word, k] + (one - keep_square) * by_row * by_row
            rows[word, k] -= (
                np.float32(rate) * means[word, k] / (np.sqrt(squares[word, k]) + np.float32(1e-8))
            )
