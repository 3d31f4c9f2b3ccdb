"""Neighbour updates that do not collapse: the paper's idea, with what stops the power iteration.

A word still moves toward its neighbours. But neighbours are weighted by how informative they are, the space
is whitened after every pass (subspace iteration instead of power iteration), and words return part of the way
to what was known about them, the more so the less the corpus says.

    base      X     what was known: unit rows, freed of a shared direction where they have one
    start     E     X; words without a vector take the direction of their neighbours' sum
    pass      E  ←  unit(zca(A·E)), an even number of times
    anchor    E  ←  unit(n / (n + 20) · E + λ · X) for words that have an X
    letters   words without a vector lean on words spelled alike, the more the less often they occurred

Passes come in pairs: one application of A maps a word to its contexts, two bring it back to words with the
same contexts.
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
from .spelling import Spelling

__all__ = [
    "ANCHOR",
    "GAMMA",
    "POWER",
    "WINDOW",
    "DecorrelatedRun",
    "anchored",
    "base_vectors",
]

# Chosen on the development data (word similarity after PubMed, from two tables); see docs/decorrelated.md.
WINDOW = 41  # tokens, the centre included
GAMMA = 0.4  # a neighbour of frequency r counts r^-γ
POWER = 0.4  # of the whitening; 0.5 is full whitening
ANCHOR = 2.25  # λ of words with a row of their own
COMPOSED = 0.2  # share of λ for words composed from their parts: a spelling is a guess
EVIDENCE = 20  # occurrences at which the corpus weighs half of what it can weigh
TOP_DIRECTIONS = 2  # removed from a base with a shared direction: they carry frequency, not meaning
SHARED = 0.03  # mean cosine of two words above which a table has a shared direction
LETTERS = 0.5  # ridge of the map from spelling to vectors
SAYS_ALL = 0.4  # length of a prediction from spelling that leaves nothing to a context never seen
_BLOCK = 4096  # rows worked on at a time, so that no copy of a table stands beside it

Table = NDArray[np.float32]


def base_vectors(
    rows: NDArray[np.floating[Any]], known: NDArray[np.bool_], counted: NDArray[np.bool_] | None = None
) -> Table:
    """What is known about words: unit rows, without a direction that all of them share.

    Where two random words have a mean cosine of `SHARED` or more, the rows are centred and lose their two
    strongest directions (all-but-the-top, Mu & Viswanath, 2018); a table without that defect stays as it is.

    Parameters
    ----------
    rows : (V, d) float
        Where nothing is to be changed they come back, read-only, not as a copy.
    known : (V,) bool
        Rows that hold a vector; the others become zero.
    counted : (V,) bool, optional
        Rows that the centre and the directions are taken from, where not all that are known.

    Returns
    -------
    (V, d) float32, unit or zero rows
    """
    out = _unit_known(rows, known)
    sample = out if counted is None else out[counted]
    counted = known if counted is None else counted
    leaving = min(TOP_DIRECTIONS, rows.shape[1] // 16)  # of a few directions each says something
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
    """Unit rows where known, zeros elsewhere; where they are that already, a view that is not written to."""
    squares = np.einsum("ij,ij->i", rows, rows)
    if rows.dtype == np.float32 and np.all(np.abs(squares - known) <= 1e-6 * known):
        same = rows.view()
        same.flags.writeable = False
        return same
    out = unit_rows(rows)
    out[~known] = 0
    return out


def starting_vectors(base: Table, known: NDArray[np.bool_], operator: Operator) -> Table:
    """The base, with the direction of their neighbours' sum for the words that have none. (V, d) float32.

    The base itself where all words have one.
    """
    if known.all():
        return base
    out = unit_in_place(operator.apply(base))
    np.copyto(out, base, where=known[:, None])
    return out


def decorrelate(table: Table, operator: Operator, power: float, out: Table | None = None) -> Table:
    """One pass: every word becomes the whitened, informative sum of its neighbours. Unit or zero rows.

    They are written to ``out`` where that is given; ``table`` itself will do.
    """
    summed = operator.apply(table, out)
    stands = operator.degrees > 0
    out = unit_in_place(zca(summed, power, stands, out=summed))
    out[~stands] = 0  # beside no word: the whitening's shift is no meaning
    return out


def anchored(
    table: Table,
    base: Table,
    counts: NDArray[np.int64],
    strengths: NDArray[np.float32],
    out: Table | None = None,
) -> Table:
    """Pull words back to what was known about them, the more the less often they occurred.

    Parameters
    ----------
    table, base : (V, d) float32
        Unit rows.
    counts : (V,) int64
        Occurrences in the corpus.
    strengths : (V,) float32
        λ of each word; 0 keeps its row. An anchor on a word's first guess would pull it back to the guess.
    out : (V, d) float32, optional
        Where the result goes; ``table`` itself will do.
    """
    evidence = (counts / (counts + EVIDENCE)).astype(np.float32)
    out = np.empty_like(table) if out is None else out
    for start in range(0, len(table), _BLOCK):
        part = slice(start, start + _BLOCK)
        mixed = evidence[part, None] * table[part] + strengths[part, None] * base[part]
        out[part] = np.where(strengths[part, None] > 0, unit_rows(mixed), table[part])
    return out


def lettered(
    table: Table,
    known: NDArray[np.bool_],
    counts: NDArray[np.int64],
    letters: Spelling,
    out: Table | None = None,
) -> tuple[Table, NDArray[np.float32]]:
    """Words that had no vector, mixed with what words spelled alike have come to be.

    A ridge map from n-grams to rows is learned on all words, each as far as it can be trusted: known ones
    fully, the others by n / (n + 20). A word seen n times then goes to unit((1 - s) · E + 20 / (n + 20) · S)
    with S the map's prediction and s = 20 / (n + 20) · min(1, |S| / 0.4): spelling stands in where there is
    little text, and as far as other words share it.

    Parameters
    ----------
    table : (V, d) float32
        Unit rows.
    known : (V,) bool
        Words that stay as they are.
    counts : (V,) int64
    letters : Spelling
        Of the same words.
    out : (V, d) float32, optional
        Where the table goes; ``table`` itself will do.

    Returns
    -------
    table : (V, d) float32
    shares : (V,) float32
        How much of each word's vector is spelling, 0 to 1.
    """
    doubt = (EVIDENCE / (counts + EVIDENCE)).astype(np.float32)
    has = table.any(axis=1)
    spelled = letters.predict(table, np.where(known, np.float32(1), (1 - doubt) * has), LETTERS)
    sizes = np.sqrt(np.einsum("ij,ij->i", spelled, spelled))
    spelling, context = doubt * sizes, np.where(has, 1 - doubt * np.minimum(1, sizes / SAYS_ALL), 0)
    spelling[known] = 0
    out = np.empty_like(table) if out is None else out
    for start in range(0, len(table), _BLOCK):
        part = slice(start, start + _BLOCK)
        mixed = unit_rows(context[part, None] * table[part] + doubt[part, None] * spelled[part])
        out[part] = np.where(known[part, None], table[part], mixed)
    return out, spelling / np.maximum(spelling + context, np.float32(1e-30))


class DecorrelatedRun:
    """The decorrelated update on a corpus, a pass at a time; stopped and resumed between passes.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        The batch's types in their order, unit rows, with their sources.
    window : int
        Tokens per window, the centre included.
    passes : int
        Even numbers bring words back to words with the same contexts.
    anchor : float
        λ, how strongly words hold on to what was known; 0 lets go.
    history : HistoryPlan, optional
        States are kept at the ends of passes where ``epochs`` is set or there is room.
    jobs : int, optional
        Threads.
    operator : Operator, optional
        The neighbour operator; by scan where not given.
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
        self.table = starting_vectors(self.base, has, self.operator)

    def _history(self, plan: HistoryPlan) -> None:
        """Every word at the end of each pass where that fits; single updates there are none."""
        size = len(self.batch.types) * self.passes * self.dimensions * 2
        ends = plan.epochs or (plan.every != 0 and size <= plan.limit)
        plan = replace(plan, every=0, epochs=ends, watch=())
        periods = plan.resolve(self.batch.counts, self.batch.types, self.passes, self.dimensions)
        self.recorder = Recorder(periods, self.dimensions)

    @property
    def counts(self) -> Counts | None:
        """The co-occurrence counts, where the operator was made of them."""
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
            self._lean_on_letters()
        if self.recorder.periods.plan.epochs:
            every_word = np.arange(len(self.batch.types), dtype=np.int32)
            self.recorder.add(every_word, self.batch.counts * self.finished, self.table)
        return len(self.batch)

    def _lean_on_letters(self) -> None:
        """The last step, for words without a vector of their own, and what their vectors rest on."""
        known = self.sources != Source.NONE
        if known.all() or not known.any():
            return
        letters = Spelling(self.batch.types, self.jobs)
        _, shares = lettered(self.table, known, self.batch.counts, letters, self.table)
        induced = np.select([shares < 0.25, shares <= 0.75], [Source.CONTEXT, Source.MIXED], Source.SUBWORDS)
        induced[~self.table.any(axis=1)] = Source.NONE
        self.sources = np.where(known, self.sources, induced).astype(np.uint8)

    @property
    def progress(self) -> int:
        """Tokens scanned so far."""
        return self.finished * len(self.batch)

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that `restore` needs to go on from here."""
        filled = self.recorder.filled
        return {
            "place": np.array([self.finished, filled], np.int64),
            "table": self.table,
            "words": self.recorder.words[:filled],
            "updates": self.recorder.updates[:filled],
            "vectors": self.recorder.vectors[:filled],
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a `state` of a run with the same corpus, table and options."""
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
