"""The decorrelated update: neighbour updates that do not collapse, in whole passes.

A word moves toward its neighbours, as in the paper. But neighbours are weighted by how informative they are,
the space is whitened after every pass (subspace iteration instead of power iteration), and words return part
of the way to their original vectors, the more so the less the corpus says about them.

    base      X     unit rows of the original vectors, without a direction that all of them share
    start     E     X; words without a vector take the direction of their neighbours' sum
    pass      E  ←  unit(zca(A·E)), an even number of times
    anchor    E  ←  unit(n / (n + 20) · E + λ · X) for words that have an X
    spelling  words without a vector are mixed with words spelled alike, the more the rarer they are

Passes come in pairs: one application of A maps a word to its contexts, the second maps these back to words
with the same contexts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.base.threads import by_blocks
from selfvec.cooccurrence import Counts, Operator
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.principal_axes import axes_of_moment
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.numerics.whitening import covariance, zca

from .health import anisotropy
from .recorder import HistoryPlan, Recorder
from .spelling import EVIDENCE, blend_spelling

__all__ = [
    "ANCHOR",
    "GAMMA",
    "POWER",
    "WINDOW",
    "DecorrelatedRefinement",
    "anchored",
    "base_vectors",
    "decorrelate",
    "start_from_neighbours",
]

# Chosen on the development data (word similarity after PubMed, from two tables); see docs/decorrelated.md.
WINDOW = 41  # tokens, the word itself included
GAMMA = 0.4  # a neighbour of frequency r counts r^-γ
POWER = 0.4  # of the whitening; 0.5 is full whitening
ANCHOR = 2.25  # λ of words with a row of their own
COMPOSED = 0.2  # share of λ for words composed from their parts: a spelling is a guess
TOP_DIRECTIONS = 2  # removed from a base with a shared direction: they carry frequency, not meaning
SHARED = 0.03  # mean cosine of two words above which a table has a shared direction
_BLOCK = 4096  # rows worked on at a time, so that no copy of a table stands beside it

Table = NDArray[np.float32]


def base_vectors(
    rows: NDArray[np.floating[Any]], known: NDArray[np.bool_], counted: NDArray[np.bool_] | None = None
) -> Table:
    """Unit rows of the original vectors, without a direction that all of them share.

    If two random words have a mean cosine of `SHARED` or more, the rows are centred and lose their two
    strongest directions (all-but-the-top, Mu & Viswanath, 2018). Other tables stay as they are.

    Parameters
    ----------
    rows : (V, d) float
        Returned themselves, read-only, if nothing has to be changed.
    known : (V,) bool
        Rows that hold a vector; the others become zero.
    counted : (V,) bool, optional
        Rows that the centre and the directions are computed from; all known ones if None.

    Returns
    -------
    (V, d) float32, unit or zero rows
    """
    out = _unit_known(rows, known)
    sample = out if counted is None else out[counted]
    counted = known if counted is None else counted
    leaving = min(TOP_DIRECTIONS, rows.shape[1] // 16)  # each of a few directions carries meaning
    if leaving == 0 or np.count_nonzero(counted) <= leaving or anisotropy(sample) < SHARED:
        return out
    mean, spread = covariance(out, counted)
    top = axes_of_moment(spread)[1][:, :leaving]
    remover = (np.eye(rows.shape[1]) - top @ top.T).astype(np.float32)
    shift = mean.astype(np.float32)
    turned = np.empty_like(out)

    def turn(part: slice) -> None:
        turned[part] = unit_rows((out[part] - shift) @ remover)

    deque(by_blocks(len(out), turn), maxlen=0)
    turned[~known] = 0
    return turned


def _unit_known(rows: NDArray[np.floating[Any]], known: NDArray[np.bool_]) -> Table:
    """Unit rows where known, zeros elsewhere; a read-only view if the rows are that already."""
    squares = np.einsum("ij,ij->i", rows, rows)
    if rows.dtype == np.float32 and np.all(np.abs(squares - known) <= 1e-6 * known):
        same = rows.view()
        same.flags.writeable = False
        return same
    out = unit_rows(rows)
    out[~known] = 0
    return out


def start_from_neighbours(base: Table, known: NDArray[np.bool_], operator: Operator) -> Table:
    """The base; words that have none start in the direction of their neighbours' sum. (V, d) float32."""
    if known.all():
        return base
    out = unit_in_place(operator.apply(base))
    np.copyto(out, base, where=known[:, None])
    return out


def decorrelate(table: Table, operator: Operator, power: float, out: Table | None = None) -> Table:
    """One pass: every word becomes the whitened, weighted sum of its neighbours. Unit or zero rows.

    They are written to ``out`` if given, which may be ``table`` itself.
    """
    summed = operator.apply(table, out)
    stands = operator.degrees > 0
    out = unit_in_place(zca(summed, power, stands, out=summed))
    out[~stands] = 0  # a word without neighbours would get the whitening's shift
    return out


def anchored(
    table: Table,
    base: Table,
    counts: NDArray[np.int64],
    strengths: NDArray[np.float32],
    out: Table | None = None,
) -> Table:
    """Pull words back to their base, the more so the rarer they are.

    Parameters
    ----------
    table, base : (V, d) float32
        Unit rows.
    counts : (V,) int64
        Occurrences in the corpus.
    strengths : (V,) float32
        λ of each word; 0 leaves its row alone, as for words that had no vector.
    out : (V, d) float32, optional
        Where the result goes; may be ``table``.
    """
    evidence = (counts / (counts + EVIDENCE)).astype(np.float32)
    out = np.empty_like(table) if out is None else out
    for start in range(0, len(table), _BLOCK):
        part = slice(start, start + _BLOCK)
        mixed = evidence[part, None] * table[part] + strengths[part, None] * base[part]
        out[part] = np.where(strengths[part, None] > 0, unit_rows(mixed), table[part])
    return out


class DecorrelatedRefinement:
    """The decorrelated update on a corpus, a pass at a time.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order, unit rows, with their sources.
    window : int
        Tokens per window, the word itself included.
    passes : int
        An even number; see the module.
    anchor : float
        λ: how strongly words are held to their base.
    history : HistoryPlan, optional
        States are recorded at the ends of passes, if ``epochs`` is set or there is room.
    jobs : int, optional
        Threads.
    operator : Operator, optional
        The neighbour operator; the scan if None.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,
        *,
        window: int = WINDOW,
        passes: int = 2,
        anchor: float = ANCHOR,
        history: HistoryPlan | None = None,
        jobs: int | None = None,
        operator: Operator | None = None,
    ) -> None:
        if window < 2:
            raise OptionError(f"a window has at least 2 tokens, not {window}", field="window")
        if passes < 1:
            raise OptionError(f"there is at least 1 pass, not {passes}", field="passes")
        self.jobs = jobs
        self.batch, self.passes, self.dimensions = batch, passes, original.vector_size
        self.operator = operator or ScanOperator(batch, window, GAMMA, jobs)
        has = original.sources != Source.NONE
        self.base = base_vectors(original.unit, has)
        self.strengths = _strengths(original.sources, anchor)
        self.sources = original.sources
        self._history(history or HistoryPlan())
        self.finished = 0
        self.table = start_from_neighbours(self.base, has, self.operator)

    def _history(self, plan: HistoryPlan) -> None:
        """Record every word at the end of each pass, if that fits; there are no single updates."""
        size = len(self.batch.types) * self.passes * self.dimensions * 2
        ends = plan.epochs or (plan.every != 0 and size <= plan.limit)
        plan = replace(plan, every=0, epochs=ends, watch=())
        periods = plan.resolve(self.batch.counts, self.batch.types, self.passes, self.dimensions)
        self.recorder = Recorder(periods, self.dimensions)

    @property
    def counts(self) -> Counts | None:
        """The co-occurrence counts, if the operator was made from them."""
        return getattr(self.operator, "counts", None)

    @property
    def done(self) -> bool:
        """Whether all passes are finished and the words anchored."""
        return self.finished >= self.passes

    def advance(self) -> int:
        """One pass, the last with the anchor; the number of tokens scanned."""
        if self.done:
            return 0
        own = None if self.table is self.base else self.table
        self.table = decorrelate(self.table, self.operator, POWER, own)
        self.finished += 1
        if self.done:
            anchored(self.table, self.base, self.batch.counts, self.strengths, self.table)
            self._blend_spelling()
        if self.recorder.periods.plan.epochs:
            every_word = np.arange(len(self.batch.types), dtype=np.int32)
            self.recorder.add(every_word, self.batch.counts * self.finished, self.table)
        return len(self.batch)

    def _blend_spelling(self) -> None:
        """The last step, for words that had no vector; record what their vectors come from."""
        known = self.sources != Source.NONE
        if known.all() or not known.any():
            return
        _, shares = blend_spelling(self.table, self.batch, known, self.jobs, self.table)
        induced = np.select([shares < 0.25, shares <= 0.75], [Source.CONTEXT, Source.MIXED], Source.SUBWORDS)
        induced[~self.table.any(axis=1)] = Source.NONE
        self.sources = np.where(known, self.sources, induced).astype(np.uint8)

    @property
    def progress(self) -> int:
        """Tokens scanned so far."""
        return self.finished * len(self.batch)

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that `restore` needs to continue from here."""
        filled = self.recorder.filled
        return {
            "place": np.array([self.finished, filled], np.int64),
            "table": self.table,
            "words": self.recorder.words[:filled],
            "updates": self.recorder.updates[:filled],
            "vectors": self.recorder.vectors[:filled],
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue from a `state` of a refinement with the same corpus, table and options."""
        self.finished, filled = (int(number) for number in state["place"])
        self.table = np.array(state["table"])
        self.recorder.restore(state, filled)


def _strengths(sources: NDArray[np.uint8], anchor: float) -> NDArray[np.float32]:
    """λ of each word by where its vector came from, (V,)."""
    if not 0 <= anchor < np.inf:
        raise OptionError(f"is a number from 0 up, not {anchor!r}", field="anchor")
    strengths = np.zeros(len(sources), np.float32)
    strengths[sources == Source.KNOWN] = anchor
    strengths[sources == Source.SUBWORDS] = anchor * COMPOSED
    return strengths
