"""`Comparison`: columns over the documents of a text, and what makes two sides of it comparable.

Whatever makes a comparison fair changes these columns before anything is counted. A document has a *side*, a
*weight* and a *unit* of chance, a word the word that it counts as. Where a side has too many of a kind, or a
text several times, some documents weigh nothing; documents that came together are one unit.
What was changed, and what differs all the same, are `Finding` s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.arrays import Floats, Ids, Ints
from selfvec.base.display import printable
from selfvec.base.finding import Finding
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch

KINDS = (
    "event",  # periods in which the share of something differs from that in all others
    "language",  # the sides are in different languages
    "missing",  # documents that are on no side, since they have no date or value
    "unit",  # a field, or copies, that lie whole on one side: documents are no independent observations
    "document",  # one document that makes up most of a side
    "quotations",  # lines that an earlier document has
    "writing",  # how the sides are written
    "copies",  # texts, or nearly the same ones, that occur several times
    "calendar",  # the sides cover different months
    "mix",  # a field whose values have different shares
    "subject",  # a subject with a larger or smaller share
    "word",  # words that changed, came or went
    "passage",  # what many documents hold word for word
    "none",  # nothing beyond chance, or nothing that can be told
    "size",  # how large the sides are, and what is too small to tell
)
"""What findings are of, in the order in which a reader needs them: what makes others untrue comes first."""

_ON_PASSAGES, _BEGINS = ("writing", "passage"), 3  # kinds that tell of passages, and words that tell which
DIFFERENT = 0.01
"""p up to which the two sides differ in something but their words: fields, languages, how they are written.

It is stricter than `selfvec.numerics.statistics.LEVEL`: each comparison tries many such things, and what is
found changes how all words are compared.
"""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order in which a reader needs them; of one kind, as they are, and each once.

    A passage of which an event tells is not said again; a field is, as that says how sides are compared.
    """
    once = {finding.says: finding for finding in findings}
    told = sorted(once.values(), key=lambda finding: KINDS.index(finding.kind))
    begins = {finding.words[:_BEGINS] for finding in told if finding.kind == "event"}
    return [each for each in told if each.kind not in _ON_PASSAGES or each.words[:_BEGINS] not in begins]


def told(findings: Iterable[Finding]) -> list[str]:
    """Their sentences with the flags of remedies, which are safe to display."""
    return [printable(finding.with_flag) for finding in findings]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is compared.

    Attributes
    ----------
    tokens : TokenBatch
        D documents over V types. Each variant is its word.
    names : sequence of str
        Of the sides.
    side : (D,) int32
        The side of each document, -1 for none.
    weight : (D,) float32
        1 for documents that count, 0 for others.
    unit : (D,) int64
        Documents of a side with the same number are one observation.
    word_of : dict
        The word of each variant that is counted as its word.
    findings : sequence of Finding
        How the sides differ, and what was done about it.
    mix : list of dict
        What `confounded_fields` tells of the sides as they are.
    fields : sequence of str
        Fields of the mix that can be held equal.
    strata : (D,) int32, optional
        The number of each document's combination of their values.
    nested : bool
        Whether the sides cannot be told apart from the few values of a field.
    text : RunText, optional
        The documents as they were written.
    """

    tokens: TokenBatch
    names: Sequence[str]
    side: Ids
    weight: Floats
    unit: Ints
    word_of: Mapping[str, str]
    findings: Sequence[Finding] = ()
    mix: Sequence[Json] = ()
    fields: Sequence[str] = ()
    strata: Ids | None = None
    nested: bool = False
    text: RunText | None = None

    @classmethod
    def of(cls, batch: TokenBatch, slices: Sequence[Slice], text: RunText | None = None) -> Comparison:
        """The documents of slices, each of which is an observation and counts the same."""
        count = batch.documents
        names = [part.name for part in slices]
        side = slice_of_each(slices) if slices else np.full(count, -1, np.int32)
        return cls(batch, names, side, np.ones(count, np.float32), np.arange(count), {}, text=text)

    @property
    def slices(self) -> list[Slice]:
        """The documents that count, by side."""
        counts = self.weight > 0
        return [Slice(name, (self.side == number) & counts) for number, name in enumerate(self.names)]

    @property
    def parts(self) -> list[TokenBatch]:
        """The tokens of the documents that count, by side."""
        return [self.tokens.part(part.documents) for part in self.slices]

    @property
    def measured_sides(self) -> Comparison:
        """What is measured: its sides or, if there are none, all documents as one; no side without text."""
        if self.names or not self.tokens.documents:
            return self
        return Comparison.of(self.tokens, [Slice("all", np.ones(self.tokens.documents, bool))])

    @property
    def key(self) -> list[Any]:
        """What it is, for what is kept in a cache."""
        columns = (self.side, self.weight, self.unit, self.tokens.offsets)
        return [*self.names, *(hashlib.sha256(of.tobytes()).hexdigest() for of in columns)]

    @property
    def written_otherwise(self) -> set[str]:
        """The words that findings of how the sides are written name: what they explain is no other change."""
        return {word for finding in self.findings if finding.kind == "writing" for word in finding.words}

    @property
    def sentences(self) -> list[str]:
        """What a reader must know first, with remedies."""
        return told(self.findings)
