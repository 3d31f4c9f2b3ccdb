"""The methods ``paper`` and ``online``: each token's word is updated at once, from the words around it.

The classes come first, then their loops, then the same rules in readable NumPy, which the loops are tested
against. The paper's rule is from *On Self-improving Token Embeddings*, arXiv 2504.14808.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import SUMS, kernel
from selfvec.base.threads import ROW_BLOCK
from selfvec.cooccurrence.scan import REBUILD
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.files.memory import release
from selfvec.numerics.rows import on_cache_lines, weighted_sum
from selfvec.refinement.decorrelation import Base
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.inputs import Plan

from . import Refinement

NOISE = 1e-4  # a sum shorter than this share of its terms is rounding error, not a direction
_CHUNK = 256 * REBUILD  # tokens between progress and Ctrl-C checks: some hundredths of a second
_RECORDED_CHUNK = 4 * REBUILD  # the same while recording: limits the buffer, at most one state per token


class SequentialRefinement(Refinement):
    """A sequential rule on a corpus, one chunk of tokens at a time; a round is a pass.

    Stopping between chunks and continuing gives the same bits as not stopping, because the
    kernels recompute the sum of their window at the start of each chunk.
    """

    # Values of a plan that the constructor of a method takes.
    options: ClassVar[tuple[str, ...]] = ("window", "learning_rate", "passes", "history")

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,  # the batch's types in their order, with sources
        start: Rows | Base,  # (V, d), unit or zero rows; not changed
        window: int,  # tokens, the word itself included
        learning_rate: float,  # α
        passes: int,
        history: HistoryPlan | None,
    ) -> None:
        super().__init__(batch, original, passes, history)
        self.half = window // 2
        self.rate = np.float32(learning_rate)
        self.position = 0  # in the text
        self._table = padded(start)
        self._inside = np.zeros(len(self._table), np.int32)
        self._sum = np.zeros(self._table.shape[1], np.float32)
        recording = bool(self.recorder.period.any())
        self._chunk = _RECORDED_CHUNK if recording else _CHUNK
        size = _RECORDED_CHUNK if recording else 0
        rows = np.empty((size, self._table.shape[1]), np.float32)
        # If nothing is recorded the period has length 0, which switches recording off.
        period = self.recorder.period if recording else np.zeros(0, np.int32)
        buffers = rows, np.empty(size, np.int32), np.empty(size, np.int64), np.zeros(1, np.int64)
        self._recording = Recording(period, self.recorder.seen, *buffers)

    @classmethod
    def of_plan(cls, plan: Plan) -> SequentialRefinement:
        """The refinement of a plan; it runs in one thread."""
        options: dict[str, Any] = {name: getattr(plan, name) for name in cls.options}
        return cls(plan.inputs.batch, plan.inputs.original, **options)

    @abstractmethod
    def _sweep(self, stop: int) -> None:
        """Process the tokens from `position` to ``stop``."""

    def _run(self, kernel: Callable[..., None], stop: int, terms: Any) -> None:
        batch = self.batch
        document = int(np.searchsorted(batch.offsets, self.position, side="right")) - 1
        part = batch.ids, batch.offsets, document, self.position, stop
        kernel(*part, self._table, self.half, self.rate, self._inside, self._sum, terms, self._recording)

    @property
    def table(self) -> Floats:
        """The current vectors, (V, d) float32, a view."""
        return self._table[:-1, : self.dimensions]

    def advance(self, tick: Callable[[float], None] = lambda _: None) -> int:
        """Refine the next chunk; return its number of tokens."""
        del tick
        if self.done:
            return 0
        stop = min(self.position + self._chunk, len(self.batch))
        self._sweep(stop)
        _, _, rows, words, updates, filled = self._recording
        self.recorder.add(words[: filled[0]], updates[: filled[0]], rows[: filled[0]])
        filled[0] = 0
        tokens = stop - self.position
        self.position = stop
        if stop == len(self.batch):
            self.position = 0
            self._end_round()
        return tokens


class PaperRefinement(SequentialRefinement):
    """The rule of the paper, arXiv 2504.14808, on a corpus: each token pulls its word toward those around it.

        E[t] ← normalize( E[t] + α · Σ_n E[n] )

    With many passes all words drift to one direction.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int,
        learning_rate: float = METHODS["paper"].learning_rate,
        passes: int = 1,
        history: HistoryPlan | None = None,
    ) -> None:
        super().__init__(batch, original, original.unit, window, learning_rate, passes, history)
        self._weights = np.ones(len(self._table), np.float32)

    def _sweep(self, stop: int) -> None:
        self._run(sweep_paper, stop, self._weights)


_ONLINE = METHODS["online"]
COMPOSED = 0.5  # share of β for words built from subwords, whose vectors are less certain


class OnlineRefinement(SequentialRefinement):
    """The online rule: the paper's with weights, a centre and a pull back to the original vectors.

        E[t] ← normalize( E[t] + α · Σ_n w_n · (E[n] − μ) + β · X[t] )

    The rule avoids the collapse of the paper's rule in three ways. A neighbour of frequency f has the weight
    w ∝ f^(-1/2). Only its difference from the average neighbour μ is added. Every update pulls the word back
    to its base X. Words converge to a balance of neighbours and base (β/α), so further passes change little.
    """

    options: ClassVar[tuple[str, ...]] = (*SequentialRefinement.options, "anchor")

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int = _ONLINE.window,
        learning_rate: float = _ONLINE.learning_rate,
        anchor: float = _ONLINE.anchor,  # β; with 0 the rule does not converge
        passes: int = 1,
        history: HistoryPlan | None = None,
    ) -> None:
        base = Base.of(original.unit, original.sources != Source.NONE)
        super().__init__(batch, original, base, window, learning_rate, passes, history)
        pull = np.where(original.sources == Source.SUBWORDS, COMPOSED * anchor, anchor).astype(np.float32)
        pulled = padded(base)
        pulled[:-1] *= pull[:, None]
        weights, shares = neighbour_weights(batch.counts)
        self._online = OnlineTerms(
            pulled,
            np.append(weights, 0).astype(np.float32),
            np.append(shares, 0).astype(np.float32),
            np.zeros(self._table.shape[1], np.float32),
            np.zeros(1),
            np.asarray(self._table.any(axis=1)),
            np.zeros(self._table.shape[1], np.float32),
        )

    def _sweep(self, stop: int) -> None:
        if self.position == 0:
            _, _, shares, total, mass, filled, _ = self._online
            total[:] = weighted_sum(self._table, shares.astype(np.float64))
            mass[0] = np.sum(shares[filled], dtype=np.float64)
        self._run(sweep_online, stop, self._online)


# The loops of the paper's rule and of the online rule.
#
# `reference` has the rules in readable NumPy. The loops do the same with three changes:
#
# - The sum S over the window is kept: the entering row is added, the leaving row subtracted, and when the
#   row of word w moves by Δ, (occurrences of w in the window) · Δ is added. So the cost of a token does
#   not depend on the window.
# - Weights and centre need no second pass over the window: Σ_n weight_n·(E[n] − μ) = S − W·μ, with S = Σ
#   weight_n·E[n] and W = Σ weight_n. μ is kept as U, the sum of all rows by share, which moves by share·Δ
#   and is summed anew at the start of every pass.
# - The word itself is in S, so its row is scaled by 1 − α instead of being left out.
#
# The loops over columns are written into each rule. As functions of their own they would be rounded in one
# way when they have just been compiled, and in another when they are read from Numba's cache.
#
# S drifts by rounding. It is summed anew at the start of every document and every `REBUILD` tokens, so
# stopping at a multiple of `REBUILD` and continuing gives the same bits. Rows have a row of zeros after
# the last word, for where a window is clipped, and p columns, d rounded up so that loops have no
# remainder.

_COLUMNS = 32  # that loops take at a time


class OnlineTerms(NamedTuple):
    """State of the online rule."""

    origin: Rows  # (V + 1, p): β·X
    weights: Floats  # (V + 1,): from `neighbour_weights`, and a 0
    shares: Floats  # (V + 1,): from `neighbour_weights`, and a 0
    total: Floats  # (p,): U, the sum of all rows by share; kept up to date
    mass: Doubles  # (1,): the sum of the filled rows' shares; kept up to date
    filled: Mask  # (V + 1,): which rows are not empty; kept up to date
    moved: Floats  # (p,): the new row of a word, before normalising


class Recording(NamedTuple):
    """Which states are recorded, and the buffers for them."""

    period: Ids  # (V,): record every k-th update of a word, 0 for none; (0,) records nothing
    seen: Ints  # (V,): number of updates so far; kept up to date
    rows: Rows  # (R, p), with room for all states of a sweep
    words: Ids  # (R,)
    updates: Ints  # (R,)
    filled: Ints  # (1,): states recorded in the buffers


def padded(rows: Rows | Base) -> Floats:
    """Rows, (V, d), with a row of zeros after the last one and columns of zeros, (V + 1, p) float32."""
    height, width = rows.shape
    out = on_cache_lines(height + 1, -(-width // _COLUMNS) * _COLUMNS)
    out[-1] = 0
    out[:, width:] = 0
    for start in range(0, height, ROW_BLOCK):
        part = slice(start, min(start + ROW_BLOCK, height))
        block = rows[part]
        out[part, :width] = block
        release(block)
    return out


@kernel
def _sum_window(
    ids: Ids,
    first: int,
    last: int,
    table: Rows,
    weights: Floats,
    window_sum: Floats,  # S, written
    inside: Ids,  # written for the words of the window
) -> None:
    """Sum the weighted rows of the tokens ``first`` … ``last - 1`` anew, and count their words."""
    for j in range(window_sum.size):
        window_sum[j] = 0
    for p in range(first, last):
        inside[ids[p]] = 0
    for p in range(first, last):
        inside[ids[p]] += 1
        row = table[ids[p]]
        weight = weights[ids[p]]
        for j in range(window_sum.size):
            window_sum[j] += weight * row[j]


@kernel
def _weight_of_window(ids: Ids, first: int, last: int, weights: Floats, filled: Mask) -> float:
    """W: the weights of the tokens ``first`` … ``last - 1``, but for words without a row."""
    weight = 0.0
    for p in range(first, last):
        weight += np.float64(weights[ids[p]] * filled[ids[p]])
    return weight


@kernel
def _move_window(ids: Ids, i: int, half: int, lo: int, hi: int, nothing: int, inside: Ids) -> tuple[int, int]:
    """Move the window to the token after ``i``; return the words that enter and leave it, or ``nothing``."""
    entering = ids[i + 1 + half] if i + 1 + half < hi else nothing
    leaving = ids[i - half] if i - half >= lo else nothing
    inside[entering] += 1
    inside[leaving] -= 1
    return entering, leaving


@kernel
def _leave_window(ids: Ids, end: int, half: int, lo: int, hi: int, inside: Ids) -> None:
    """Set the counts of the words around the token ``end`` to zero, and that of the row of zeros."""
    for p in range(max(lo, end - half), min(hi, end + half + 1)):
        inside[ids[p]] = 0
    inside[-1] = 0


@kernel
def _record(word: int, row: Floats, recording: Recording) -> None:
    """Count an update of a word, and store its row if it is due."""
    period, seen, rows, words, updates, filled = recording
    seen[word] += 1
    if period[word] and seen[word] % period[word] == 0:
        place = filled[0]
        words[place] = word
        updates[place] = seen[word]
        for j in range(row.size):
            rows[place, j] = row[j]
        filled[0] = place + 1


@kernel(fastmath=SUMS)
def sweep_paper(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    document: int,  # the one that holds `start`
    start: int,  # this and `stop`: multiples of `REBUILD` or corpus ends
    stop: int,
    table: Rows,  # (V + 1, p), from `padded`; changed
    half: int,  # neighbours on each side
    rate: np.float32,  # α
    inside: Ids,  # (V + 1,): occurrences in the window, zeros before and after a sweep
    window_sum: Floats,  # (p,): S, written
    weights: Floats,  # (V + 1,): ones
    recording: Recording,
) -> None:
    """Read the tokens ``start`` … ``stop - 1`` by the paper's rule and move their rows in place."""
    nothing = len(table) - 1  # the row of zeros
    keep = np.float32(1) - rate
    while document < offsets.size - 1 and offsets[document] < stop:
        lo, hi = offsets[document], offsets[document + 1]
        document += 1
        begin, end = max(lo, start), min(hi, stop)
        stale = True  # whether S has to be summed from the window
        for i in range(begin, end):
            word = ids[i]
            row = table[word]
            first, last = max(lo, i - half), min(hi, i + half + 1)
            stale = stale or i % REBUILD == 0
            while True:
                if stale:
                    _sum_window(ids, first, last, table, weights, window_sum, inside)
                squares = np.float32(0)  # squared length of the new row
                for j in range(row.size):
                    moved = keep * row[j] + rate * window_sum[j]
                    squares += moved * moved
                # If the terms nearly cancel, rounding errors must not become a direction.
                if stale or squares >= (np.float32(0.01) * rate) ** 2:
                    break
                stale = True
            # A row that would be empty stays; S is not moved on then, so it is summed anew.
            stale = bool(squares <= 0)
            # So often the row is in S, before the window moves.
            change = np.float32(inside[word])
            entering, leaving = _move_window(ids, i, half, lo, hi, nothing, inside)
            if not stale:
                near = table[entering]
                far = table[leaving]
                scale = np.float32(1) / np.sqrt(squares)
                for j in range(row.size):
                    old = row[j]
                    new = scale * (keep * old + rate * window_sum[j])
                    row[j] = new
                    window_sum[j] += change * (new - old) + near[j] - far[j]
            if recording.period.size:
                _record(word, row, recording)
        _leave_window(ids, end, half, lo, hi, inside)


@kernel(fastmath=SUMS)
def sweep_online(
    ids: Ids,
    offsets: Ints,
    document: int,
    start: int,
    stop: int,
    table: Rows,
    half: int,
    rate: np.float32,
    inside: Ids,
    window_sum: Floats,
    online: OnlineTerms,
    recording: Recording,
) -> None:
    """The same by the online rule; parameters as of `sweep_paper`."""
    origin, weights, shares, total, mass, filled, moved = online
    nothing = len(table) - 1
    while document < offsets.size - 1 and offsets[document] < stop:
        lo, hi = offsets[document], offsets[document + 1]
        document += 1
        begin, end = max(lo, start), min(hi, stop)
        stale = True
        weight = 0.0  # W, the word's own weight included
        for i in range(begin, end):
            word = ids[i]
            row = table[word]
            pull = origin[word]
            own = weights[word]
            keep = np.float32(1) - rate * own
            first, last = max(lo, i - half), min(hi, i + half + 1)
            stale = stale or i % REBUILD == 0
            while True:
                if stale:
                    _sum_window(ids, first, last, table, weights, window_sum, inside)
                    weight = _weight_of_window(ids, first, last, weights, filled)
                around = weight - own * filled[word]  # of the neighbours
                centre = np.float32(rate * around / max(mass[0], 1e-30))  # times U it is α · W·μ
                squares = np.float32(0)
                for j in range(row.size):
                    moved[j] = keep * row[j] + rate * window_sum[j] - centre * total[j] + pull[j]
                for j in range(row.size):
                    squares += moved[j] * moved[j]
                # As in `sweep_paper`; the terms are as large as the weights around.
                if stale or squares >= (0.01 * rate * max(around, 1.0)) ** 2:
                    break
                stale = True
            # Below this a sum is rounding error, and the row stays; S is not moved on then.
            stale = bool(squares <= (NOISE * rate * around) ** 2)
            change = np.float32(inside[word]) * own
            entering, leaving = _move_window(ids, i, half, lo, hi, nothing, inside)
            if not stale:
                share = shares[word]
                if not filled[word]:  # its first vector: from now on the word counts as a neighbour
                    filled[word] = True
                    mass[0] += share
                    weight += np.float64(change)
                enter = weights[entering]
                leave = weights[leaving]
                weight += np.float64(enter * filled[entering] - leave * filled[leaving])
                near = table[entering]
                far = table[leaving]
                scale = np.float32(1) / np.sqrt(squares)
                # Before the row changes: U moves by as much as the row does.
                for j in range(row.size):
                    total[j] += share * (scale * moved[j] - row[j])
                for j in range(row.size):
                    old = row[j]
                    new = scale * moved[j]
                    row[j] = new
                    window_sum[j] += change * (new - old) + enter * near[j] - leave * far[j]
            if recording.period.size:
                _record(word, row, recording)
        _leave_window(ids, end, half, lo, hi, inside)


# The same in plain NumPy


def refine_reference(
    ids: Ids,  # (N,): rows of `table`
    offsets: Ints,  # (D + 1,): document k is ids[offsets[k]:offsets[k + 1]]
    table: Doubles,  # (V, d): unit rows, zeros for words without a vector; not changed
    *,
    window: int,  # tokens, the centre included
    learning_rate: float,  # α
    passes: int = 1,
    on_update: Callable[[int, Doubles], None] | None = None,  # row number and new vector
) -> Doubles:
    """Refine vectors with the paper's sequential neighbour updates; (V, d), dtype of ``table``.

    For every position ``i`` in order, with a window of ``window`` tokens centred on it and clipped to the
    document::

        s        = Σ_{j in window, j ≠ i} E[t_j]        # current vectors, updated ones included
        E[t_i]   = normalize(E[t_i] + α · s)            # immediately

    The paper leaves two details open. A word that recurs in its own window counts as a neighbour: only
    *position* ``i`` is left out. Zero vectors add nothing; a word stays zero if it and its neighbours are
    zero.
    """
    E = table.copy()
    for word, around in _positions(ids, offsets, window, passes):
        moved = E[word] + learning_rate * E[around].sum(axis=0)
        length = np.linalg.norm(moved)
        if length > 0:
            E[word] = moved / length
        if on_update is not None:
            on_update(word, E[word])
    return E


def _positions(ids: Ids, offsets: Ints, window: int, passes: int) -> Iterator[tuple[int, Ids]]:
    """The word of every position in order, and those around it in its window."""
    half = window // 2
    for _ in range(passes):
        for lo, hi in pairwise(offsets):
            document = ids[lo:hi]
            for i, word in enumerate(document.tolist()):
                yield word, np.concatenate((document[max(0, i - half) : i], document[i + 1 : i + half + 1]))


def neighbour_weights(
    counts: Ints,  # (V,): f, occurrences; 0 for words that do not occur yet
) -> tuple[Doubles, Doubles]:
    """Neighbour weights, (V,) float64, and shares in the average neighbour, (V,) float64.

    Weights are f^(-1/2), with mean 1 over all tokens, and 0 where f is 0. Shares are f^(1/2) with sum 1.
    """
    roots = np.sqrt(counts.astype(np.float64))
    total = roots.sum()
    inverse = np.divide(1, roots, out=np.zeros_like(roots), where=roots > 0)
    return inverse * (counts.sum() / max(total, 1)), roots / max(total, 1)


def online_reference(
    ids: Ids,  # (N,): rows of `table`
    offsets: Ints,  # (D + 1,): document k is ids[offsets[k]:offsets[k + 1]]
    table: Doubles,  # (V, d): unit rows, zeros for words without a vector; not changed
    origin: Doubles,  # (V, d): β·X, zeros for words without a base
    weights: Doubles,  # (V,), from `neighbour_weights`
    shares: Doubles,  # (V,), from `neighbour_weights`
    *,
    window: int,  # tokens, the centre included
    learning_rate: float,  # α
    passes: int = 1,
    on_update: Callable[[int, Doubles], None] | None = None,  # row number and new vector
) -> Doubles:
    """Refine vectors with anchored, centred and weighted sequential updates; (V, d), dtype of ``table``.

    For every position ``i`` in order, with a window as in `refine_reference`::

        μ        = Σ_w share_w·E[w] / Σ_w share_w                # the average neighbour, current vectors
        s        = Σ_{j in window, j ≠ i} weight_{t_j}·(E[t_j] − μ)
        E[t_i]   = normalize(E[t_i] + α·s + β·X[t_i])            # immediately

    Zero rows are left out of μ and s. If the sum is shorter than `NOISE` · α · the sum of the weights, the
    word keeps its row.
    """
    E = table.copy()
    for word, around in _positions(ids, offsets, window, passes):
        filled = np.asarray(E.any(axis=1))
        part = shares * filled
        mean = part @ E / part.sum() if filled.any() else 0 * E[0]
        weight = weights[around] * filled[around]
        moved = E[word] + learning_rate * (weight @ (E[around] - mean)) + origin[word]
        length = np.linalg.norm(moved)
        if length > NOISE * learning_rate * weight.sum():
            E[word] = moved / length
        if on_update is not None:
            on_update(word, E[word])
    return E
