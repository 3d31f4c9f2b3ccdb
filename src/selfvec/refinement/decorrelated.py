"""The decorrelated update: whole passes over the text that do not collapse; docs/explanation/decorrelated.md.

A pass is E ← unit(zca(A·E)): the weighted neighbour sum, whitened (subspace instead of power iteration).
Passes come in pairs: A maps a word to its contexts, the second A maps these to words with the same contexts.
The last step is an anchor to the base X, E ← unit(n / (n + 20) · E + λ · X) for words seen n times.

Words built from subwords count as half known. Their initial vectors lie between their base X and the sum of
their neighbours. Like unknown words, they are mixed with words of similar spelling. At the end they are
pulled to X. The pull is weaker for words of many subwords (*warfarin* as *war*, *far*, *in* says little). For
frequent words it also depends on how well X agrees with the vector from the text. Phrases built from their
words are anchored to X with a fifth of λ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats, Ints, Mask, Rows
from selfvec.base.errors import OptionError
from selfvec.base.memory import release
from selfvec.base.threads import by_blocks, one_core
from selfvec.cooccurrence import Operator
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.numerics.whitening import axes_of_moment, covariance, whitened, whitening

from .health import anisotropy
from .kept_sums import KeptSums, SumsOfPasses
from .refinement import HistoryPlan, Refinement
from .spelling import EVIDENCE, blend_spelling

__all__ = [
    "ANCHOR",
    "GAMMA",
    "POWER",
    "WINDOW",
    "Base",
    "DecorrelatedRefinement",
    "anchored",
    "base_vectors",
    "decorrelate",
    "start_from_neighbours",
]

# Chosen on development data (word similarity after PubMed, two sets of vectors); see docs/results/gains.md.
WINDOW = 41  # tokens, the word itself included
GAMMA = 0.4  # a neighbour of frequency r counts r^-γ
POWER = 0.4  # of the whitening; 0.5 is full whitening
ANCHOR = 2.25  # λ of words with a row of their own
PHRASE = 0.2  # share of λ for phrases built from their words
# Words built from subwords; chosen on word similarity after PubMed, Ohsumed, storm reports, film sentences.
COMPOSED = 2 / 3  # share of λ for words of two subwords
PER_PIECE = 0.5  # factor of that share for each further subword
AGREES = 0.3  # cosine of base and text vector from which the base of a frequent word has its full weight
COMPOSED_DOUBT = 5  # occurrences at which spelling has half of its maximum weight
TOP_DIRECTIONS = 2  # removed from a base with a shared direction: they carry frequency, not meaning
SHARED = 0.03  # mean cosine of two words from which vectors have a shared direction


class Base:
    """Unit rows of the original vectors without their shared direction, computed when they are read.

    If two random words have a mean cosine of `SHARED` or more, the rows are centred and their two strongest
    directions are removed (all-but-the-top, Mu & Viswanath, 2018). ``base[part]`` returns the rows of a slice
    or of an array of row numbers. No second matrix of all rows is kept in memory.
    """

    def __init__(
        self,
        rows: AnyFloats,  # (V, d)
        known: Mask,  # (V,): rows that hold a vector; the others become zero
        counted: Mask | None = None,  # (V,): rows that give the directions; None: all known
    ) -> None:
        self.rows, self.known = _unit_known(rows, known), known
        self.projection: tuple[Rows, Rows] | None = None  # the mean, (d,), and the matrix, (d, d)
        sample = self.rows if counted is None else self.rows[counted]
        counted = known if counted is None else counted
        leaving = min(TOP_DIRECTIONS, rows.shape[1] // 16)  # with few dimensions each one carries meaning
        if leaving and np.count_nonzero(counted) > leaving and anisotropy(sample) >= SHARED:
            mean, spread = covariance(self.rows, counted)
            top = axes_of_moment(spread)[1][:, :leaving]
            with one_core():
                remover = (np.eye(rows.shape[1]) - top @ top.T).astype(np.float32)
            self.projection = mean.astype(np.float32), remover

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """(V, d)."""
        return self.rows.shape

    def __getitem__(self, part: slice | Ints) -> Rows:
        rows: Rows = self.rows[part]
        if self.projection is None:
            return rows
        shift, remover = self.projection
        with one_core():
            projected = unit_rows((rows - shift) @ remover)
        release(rows)
        projected[~self.known[part]] = 0
        return projected

    def copy_to(self, out: Rows, where: Mask) -> None:
        """Write the rows where ``where``, (V,) bool, is true into ``out``, (V, d), in threads."""

        def copy(part: slice) -> None:
            own = self[part]
            np.copyto(out[part], own, where=where[part, None])
            release(own)

        deque(by_blocks(len(out), copy), maxlen=0)


def base_vectors(rows: AnyFloats, known: Mask, counted: Mask | None = None) -> Rows:
    """All rows of `Base`, (V, d) float32; a read-only view of ``rows`` if nothing changes."""
    base = Base(rows, known, counted)
    if base.projection is None:
        return base.rows
    out = np.empty_like(base.rows)
    base.copy_to(out, np.ones(len(out), bool))
    return out


def _unit_known(rows: AnyFloats, known: Mask) -> Rows:
    """Unit rows where known, zeros elsewhere; a read-only view if the rows have this form."""
    if rows.dtype == np.float32 and all(by_blocks(len(rows), partial(_is_unit, rows, known))):
        same = rows.view()
        same.flags.writeable = False
        return same
    out = unit_rows(rows)
    out[~known] = 0
    return out


def _is_unit(rows: AnyFloats, known: Mask, part: slice) -> bool:
    squares = np.einsum("ij,ij->i", rows[part], rows[part])
    release(rows[part])
    return bool(np.all(np.abs(squares - known[part]) <= 1e-6 * known[part]))


def start_from_neighbours(base: Rows, known: Mask, operator: Operator) -> Rows:
    """Initial vectors, (V, d) float32: the base, or the unit sum of the neighbours for words without one."""
    if known.all():
        return base
    out = unit_in_place(operator.apply(base))
    np.copyto(out, base, where=known[:, None])
    return out


@runtime_checkable
class Decorrelating(Protocol):
    """An operator that performs a whole pass itself, on the machines that hold its rows."""

    def decorrelated(self, table: Rows, power: float, out: Rows | None = None) -> Rows:
        """The same result as `decorrelate`."""


def decorrelate(
    table: Rows,
    operator: Operator,
    power: float,
    out: Rows | None = None,
    note: Callable[[Rows, Rows, Rows], None] = lambda _summed, _shift, _whitener: None,
) -> Rows:
    """One pass, (V, d) float32: the whitened, weighted sum of each word's neighbours, unit or zero rows.

    The result is written to ``out`` if given, which may be ``table`` itself. An operator that is
    `Decorrelating` performs the pass itself. ``note`` is called with the sums and the whitening.
    """
    if isinstance(operator, Decorrelating):
        return operator.decorrelated(table, power, out)
    summed = operator.apply(table, out)
    occurring = operator.degrees > 0
    shift, whitener = whitening(summed, power, occurring)
    note(summed, shift, whitener)
    return whitened(summed, occurring, shift, whitener, summed)


def anchored(
    table: Rows,  # (V, d) float32, unit
    base: Rows | Base,  # (V, d) float32, unit
    counts: Ints,  # (V,): occurrences in the corpus
    strengths: Floats,  # (V,): λ; 0 leaves the row unchanged, as for words without a vector
    out: Rows | None = None,
) -> Rows:
    """Pull rare words back to their base, (V, d) float32; ``out`` may be ``table``."""
    evidence = (counts / (counts + EVIDENCE)).astype(np.float32)
    out = np.empty_like(table) if out is None else out

    def pull(part: slice) -> None:
        own = base[part]
        mixed = evidence[part, None] * table[part] + strengths[part, None] * own
        out[part] = np.where(strengths[part, None] > 0, unit_rows(mixed), table[part])
        release(own)

    deque(by_blocks(len(table), pull), maxlen=0)
    return out


class DecorrelatedRefinement(Refinement):
    """The decorrelated update on a corpus; a round is a pass. ``operator`` defaults to `ScanOperator`.

    States are recorded only at the ends of passes: if ``history`` sets ``pass_ends``, or if they fit its
    limit.
    """

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,  # the batch's types in their order, unit rows, with sources
        *,
        window: int = WINDOW,  # tokens, the word itself included
        passes: int = 2,  # even; see the module
        anchor: float = ANCHOR,  # λ
        history: HistoryPlan | None = None,
        jobs: int | None = None,
        operator: Operator | None = None,
    ) -> None:
        if window < 2:
            raise OptionError(f"a window has at least 2 tokens, not {window}", field="window")
        if passes < 1:
            raise OptionError(f"there is at least 1 pass, not {passes}", field="passes")
        plan = history or HistoryPlan()
        size = len(batch.types) * passes * original.vector_size * 2
        ends = plan.pass_ends or (plan.every != 0 and size <= plan.limit)
        super().__init__(batch, original, passes, replace(plan, every=0, pass_ends=ends, watch=()))
        self.jobs, self.operator = jobs, operator or ScanOperator(batch, window, GAMMA, jobs)
        self.counts = getattr(self.operator, "counts", None)
        if not 0 <= anchor < np.inf:
            raise OptionError(f"is a number from 0 up, not {anchor!r}", field="anchor")
        known = original.sources != Source.NONE
        self.base, self.anchor = Base(original.unit, known), anchor
        parts = np.full(len(original), 2) if original.pieces is None else original.pieces.astype(np.int64)
        self.composed = (original.sources == Source.SUBWORDS) & (parts > 0)
        self.whole = known & ~self.composed
        self._trust = COMPOSED * PER_PIECE ** np.maximum(parts - 2, 0)
        self._kept: SumsOfPasses | None = None
        found = getattr(self.operator, "occurrences", None)
        # With a half-life, words have weighted counts.
        self.words = batch if found is None else TokenBatch.of_counts(batch.types, found)
        self._table = self._start()

    def _start(self) -> Rows:
        """The base; the sum of known neighbours for unknown words; a mix for words built from subwords."""
        out = np.zeros((len(self.base), self.dimensions), np.float32)
        self.base.copy_to(out, self.whole)
        if self.whole.all():
            return out
        unit_in_place(self.operator.apply(out, out))
        self.base.copy_to(out, self.whole)
        near = (self.words.counts / (self.words.counts + EVIDENCE)).astype(np.float32)
        self._mix_composed(out, near, 1 - near)
        return out

    def _mix_composed(self, table: Rows, own: Array, composition: Array, tested: Array | None = None) -> None:
        """Mix the rows of words built from subwords with their base, by two weights, each (V,) float32.

        ``tested``, (V,) from 0 to 1, is the share of the base's weight that depends on its agreement with the
        row.
        """
        words = np.flatnonzero(self.composed)

        def mix(part: slice) -> None:
            some = words[part]
            rows, base, weight = table[some], self.base[some], composition[some]
            if tested is not None:
                agrees = np.clip(np.einsum("ij,ij->i", rows, base) / AGREES, 0, 1) ** 2
                weight = weight * (1 - tested[some] * (1 - agrees))
            table[some] = unit_rows(own[some, None] * rows + weight[:, None] * base)
            release(self.base.rows[some[0] : some[-1] + 1])

        deque(by_blocks(len(words), mix), maxlen=0)

    def advance(self) -> int:
        """Run one pass, the last one with the anchor; return the number of tokens scanned."""
        if self.done:
            return 0
        if self._kept is None:
            decorrelate(self._table, self.operator, POWER, self._table)
        else:
            self._kept.before(self._table)
            decorrelate(self._table, self.operator, POWER, self._table, self._kept.after)
        if self.finished + 1 == self.rounds:
            strengths = np.where(self.sources == Source.KNOWN, self.anchor, 0).astype(np.float32)
            strengths[self.whole & (self.sources == Source.SUBWORDS)] = self.anchor * PHRASE
            anchored(self._table, self.base, self.words.counts, strengths, self._table)
            self._blend_spelling()
            self._pull_composed()
        self._end_round()
        return len(self.batch)

    def keep_sums(self) -> None:
        """Keep the sums of the passes, if there are two passes and both scan the text."""
        if self.rounds == 2 and type(self.operator) is ScanOperator and not self.finished:
            projection = self.base.projection
            base = np.zeros((0, self.dimensions), np.float32) if projection is None else np.vstack(projection)
            self._kept = SumsOfPasses(self.operator, base)

    @property
    def sums(self) -> KeptSums | None:
        """The sums, if they were kept."""
        return None if self._kept is None else self._kept.kept

    def _blend_spelling(self) -> None:
        """Mix words without a row of their own with words spelled alike; record sources of unknown words."""
        if self.whole.all() or not self.whole.any():
            return
        doubt = np.where(self.composed, COMPOSED_DOUBT, EVIDENCE)
        _, shares = blend_spelling(self._table, self.words, self.whole, doubt, self.jobs, self._table)
        induced = np.select([shares < 0.25, shares <= 0.75], [Source.CONTEXT, Source.MIXED], Source.SUBWORDS)
        induced[~self._table.any(axis=1)] = Source.NONE
        self.sources = np.where(self.sources == Source.NONE, induced, self.sources).astype(np.uint8)

    def _pull_composed(self) -> None:
        """The last step for words built from subwords: pull them to their base by its trust."""
        evidence = (self.words.counts / (self.words.counts + EVIDENCE)).astype(np.float32)
        pull = (self.anchor * self._trust).astype(np.float32)
        self._mix_composed(self._table, np.ones_like(pull), pull, evidence)
