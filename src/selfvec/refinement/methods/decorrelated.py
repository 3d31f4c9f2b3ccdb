"""The method ``decorrelated``: whole passes over the text that do not collapse.

See docs/explanation/decorrelated.md.

A pass is E ← unit(zca(A·E)): the weighted neighbour sum, whitened with the exponent `POWER`
(subspace instead of power iteration).
Passes come in pairs: A maps a word to its contexts, the second A maps these to words with the same contexts.
The last step is an anchor to the base X, E ← unit(n / (n + 20) · E + λ · X) for words seen n times.

Words built from subwords count as half known. Their initial vectors lie between their base X and the sum of
their neighbours. Like unknown words, they are mixed with words of similar spelling. At the end they are
pulled to X. The pull is weaker for words of many subwords (*warfarin* as *war*, *far*, *in* says little).
For frequent words it also depends on how well X agrees with the vector from the text. Where more than half
of the text is words built from subwords, the initial vectors are of another language or of another kind of
text: what they build says little there, and spelling counts little. Phrases built from their words are
anchored to X with a fifth of λ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Bytes, Doubles, Floats, Ints, Rows
from selfvec.base.errors import CorpusError
from selfvec.base.threads import each_block
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import KNOWN_TEXT, Source, Vectors
from selfvec.files.memory import release
from selfvec.numerics.rows import filled_rows, mix_rows, unit_rows
from selfvec.refinement.decorrelation import GAMMA, Base, decorrelate
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.inputs import Plan
from selfvec.refinement.spelling import EVIDENCE, blend_spelling

from . import Refinement

_DEFAULTS = METHODS["decorrelated"]

PHRASE = 0.2  # share of λ for phrases built from their words
# Words built from subwords; chosen on word similarity after PubMed, Ohsumed, storm reports, film sentences.
PER_PIECE = 0.5  # factor of that share for each further subword
AGREES = 0.6  # cosine of base and text vector from which the base of a frequent word has its full weight


class Trust(NamedTuple):
    """How far spelling is trusted where words are built from subwords."""

    composed: float  # share of λ for words of two subwords
    doubt: float  # occurrences at which words of similar spelling have half of their maximum weight


# Little where the initial vectors know less than `KNOWN_TEXT`; see docs/results/gains.md.
FULL, LITTLE = Trust(2 / 3, 10), Trust(0.1, 3)


def _operator_of(plan: Plan) -> ScanOperator:
    """The operator of a plan: of a text that is elsewhere, or of one whose documents may have weights."""
    if plan.inputs.scan is not None:
        return plan.inputs.scan(plan.window)
    batch, half_life = plan.inputs.batch, plan.settings.half_life
    weights = None if half_life is None else half_life_weights(batch, half_life)
    return ScanOperator(batch, plan.window, GAMMA, weights)


def half_life_weights(batch: TokenBatch, half_life: float) -> Doubles:
    """The weight of each document, (D,): 1 for the newest, halved for each ``half_life`` days of age.

    Ages are rounded down to eighths of a half-life and limited to 20 half-lives. Documents without a date
    have the weight 1.
    """
    if batch.dates is None or np.all(np.isnat(batch.dates)):
        raise CorpusError(
            "there are no dates to weight documents by --half-life",
            remedy="give --date-field FIELD when the run is made, or leave out --half-life",
        )
    # Rounded, because the scan visits the documents of each weight apart: so there are at most 161 weights.
    days = batch.dates.astype("datetime64[D]")
    ages = (np.nanmax(days) - days).astype(np.float64)
    ages[np.isnat(days)] = 0
    return np.asarray(2.0 ** (-np.minimum(np.floor(8 * ages / half_life), 160) / 8))


def pull_to_base(
    rows: Rows,  # (V, d), unit; changed
    base: Rows | Base,  # (V, d), unit
    counts: Ints,  # (V,): occurrences in the corpus
    strengths: Floats,  # (V,): λ; 0 leaves the row unchanged, as for words without a vector
) -> None:
    """Pull rare words back to their base."""
    tested = evidence(counts)

    def pull(part: slice) -> None:
        pulled = strengths[part] > 0
        if pulled.any():
            own = base[part]
            mix_rows(rows[part], own, tested[part], strengths[part], pulled)
            release(own)

    each_block(len(rows), pull)


class Anchors:
    """The original vectors of words as the method uses them: as first rows, and to hold words to at the end.

    `first_rows` is the step before the first pass, `finish` the steps after the last one.
    """

    def __init__(self, original: Vectors) -> None:
        self.sources = original.sources  # the `Source` of each word's vector, (V,) uint8
        filled = original.sources != Source.NONE
        self.base = Base.of(original.unit, filled)
        pieces = np.full(len(original), 2) if original.pieces is None else original.pieces.astype(np.int64)
        # Phrases are built from words, not from subwords; they have 0 pieces.
        self.composed = (original.sources == Source.SUBWORDS) & (pieces > 0)
        self.whole = filled & ~self.composed
        self.per_piece = PER_PIECE ** np.maximum(pieces - 2, 0)

    def first_rows(self, operator: ScanOperator, counts: Ints) -> Rows:
        """The base; the sum of known neighbours for unknown words; a mix for words built from subwords."""
        out = np.zeros(self.base.shape, np.float32)
        self.base.copy_to(out, self.whole)
        if self.whole.all():
            return out
        operator.apply(out, out, words=~self.whole)
        near = evidence(counts)

        def mix(part: slice) -> None:
            base = self.base[part]  # both kinds of words are nearly everywhere
            out[part] = unit_rows(out[part])
            np.copyto(out[part], base, where=self.whole[part, None])
            mix_rows(out[part], base, near[part], 1 - near[part], self.composed[part])
            release(base)

        each_block(len(out), mix)
        return out

    def finish(self, rows: Rows, words: TokenBatch, anchor: float) -> Bytes:
        """Anchor the rows of the last pass, (V, d), in place; return the sources of the result, (V,) uint8.

        ``words`` gives the words and their counts, ``anchor`` is λ.
        """
        # An anchor on all words would pull unknown ones back to the first guess that their neighbours gave.
        strengths = np.where(self.sources == Source.KNOWN, anchor, 0).astype(np.float32)
        strengths[self.whole & (self.sources == Source.SUBWORDS)] = anchor * PHRASE
        pull_to_base(rows, self.base, words.counts, strengths)
        trust = self.trust(words.counts)
        # After the anchor, so that spelling is learned from final rows. What words built from subwords get
        # from it is then pulled to their base, too.
        sources = self._blend_spelling(rows, words, trust)
        pull = (anchor * trust.composed * self.per_piece).astype(np.float32)
        self._mix_composed(rows, pull, evidence(words.counts))
        return sources

    def trust(self, counts: Ints) -> Trust:
        """How far spelling is trusted in a text with these occurrences of words."""
        total = counts.sum()
        return FULL if counts[self.composed].sum() <= (1 - KNOWN_TEXT) * total else LITTLE

    def _mix_composed(self, rows: Rows, weights: Floats, tested: Floats) -> None:
        """Mix the rows of words built from subwords with their base, by the base's weights, (V,).

        ``tested``, (V,) from 0 to 1, is the share of the weight that depends on how well base and row agree.
        """

        def mix(part: slice) -> None:
            if not self.composed[part].any():
                return
            base = self.base[part]
            # Squared, so that a base that hardly agrees with the text hardly counts.
            agrees = np.clip(np.einsum("ij,ij->i", rows[part], base) / AGREES, 0, 1) ** 2
            weight = weights[part] * (1 - tested[part] * (1 - agrees))
            mix_rows(rows[part], base, np.ones_like(weight), weight, self.composed[part])
            release(base)

        each_block(len(rows), mix)

    def _blend_spelling(self, rows: Rows, words: TokenBatch, trust: Trust) -> Bytes:
        """Mix words without a row of their own with words spelled alike; return the sources of all words."""
        if self.whole.all() or not self.whole.any():
            return self.sources
        doubt = np.where(self.composed, trust.doubt, EVIDENCE)
        shares = blend_spelling(rows, words, self.whole, doubt)
        # As docs/explanation/unknown-words.md names the sources: mixed between a quarter and three quarters.
        induced = np.select([shares < 0.25, shares <= 0.75], [Source.CONTEXT, Source.MIXED], Source.SUBWORDS)
        induced[~filled_rows(rows)] = Source.NONE
        return np.where(self.sources == Source.NONE, induced, self.sources).astype(np.uint8)


def evidence(counts: Ints) -> Floats:
    """The weight of the text for words seen n times, n / (n + 20), (V,)."""
    return (counts / (counts + EVIDENCE)).astype(np.float32)


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
        window: int = _DEFAULTS.window,  # tokens, the word itself included; at least 2
        passes: int = 2,  # even; see the module
        anchor: float = _DEFAULTS.anchor,  # λ, at least 0
        history: HistoryPlan | None = None,
        operator: ScanOperator | None = None,
    ) -> None:
        plan = history or HistoryPlan()
        size = len(batch.types) * passes * original.vector_size * 2
        ends = plan.pass_ends or (plan.every != 0 and size <= plan.limit)
        super().__init__(batch, original, passes, replace(plan, every=0, pass_ends=ends, watch=()))
        self.operator = operator or ScanOperator(batch, window, GAMMA)
        self.anchor = anchor
        self.anchors = Anchors(original)
        # With a half-life, words have weighted counts: an old word is as little evidence as a rare one.
        self.words = TokenBatch.of_counts(batch.types, self.operator.occurrences)
        self._begun = False

    @classmethod
    def of_plan(cls, plan: Plan) -> DecorrelatedRefinement:
        """The refinement of a plan."""
        return cls(
            plan.inputs.batch,
            plan.inputs.original,
            window=plan.window,
            passes=plan.passes,
            anchor=plan.anchor,
            history=plan.history,
            operator=_operator_of(plan),
        )

    def advance(self, tick: Callable[[float], None] = lambda _: None) -> int:
        """Run one pass, the last one with the anchor; return the number of tokens scanned."""
        if self.done:
            return 0
        # Words without a row need a scan of their own before the first pass, which the progress counts, too.
        scans = 1 if self._begun or self.anchors.whole.all() else 2
        self.operator.tick = lambda tokens: tick(tokens / scans)
        if not self._begun:
            self._table = self.anchors.first_rows(self.operator, self.words.counts)
            self._begun = True
        self._table = decorrelate(self._table, self.operator, self._table)
        if self.finished + 1 == self.rounds:
            self.sources = self.anchors.finish(self._table, self.words, self.anchor)
        self._end_round()
        return int(self.batch.counts.sum())
