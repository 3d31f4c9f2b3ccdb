"""`Finding`: one thing that a comparison found, with its size, its certainty, its evidence and its remedy.

An answer is findings, in the order in which a reader needs them, then a table. Who draws a finding decides
what becomes of its remedy: a flag in the terminal, a control on the page, an argument in Python, nothing in a
report.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from selfvec.base.display import printable

KINDS = (
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
    "none",  # nothing beyond chance, or nothing that can be told
    "size",  # how large the sides are, and what is too small to tell
)
"""What findings are of, in the order in which a reader needs them: what makes others untrue comes first."""

DIFFERENT = 0.01
"""p up to which the two sides differ in something but their words: fields, languages, how they are written.

It is stricter than `selfvec.numerics.statistics.LEVEL`: each comparison tries many such things, and what is
found changes how all words are compared.
"""


@dataclass(frozen=True)
class Remedy:
    """An option of the same command, with the value that helps, and what it does, as an imperative."""

    option: str
    value: str
    does: str

    @property
    def flag(self) -> str:
        """As it is written on the command line.

        >>> Remedy("filter", "kind=short text", "compare within one").flag
        "--filter 'kind=short text'"
        """
        return f"--{self.option.replace('_', '-')} {shlex.quote(self.value)}"


@dataclass(frozen=True)
class Finding:
    """One thing that differs between two sides.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    says : str
        A sentence about it, without its remedy.
    p, q : float, optional
        How often chance alone gives as much; q is the false discovery rate among as many questions.
    effect, low, high : float, optional
        Its size, in the unit that the sentence names, and the ends of its 95 % interval.
    words : tuple of str
        Words that show it.
    documents : tuple of str
        Names of documents that show it.
    remedy : Remedy, optional
        What to ask for so that it makes no difference.
    """

    kind: str
    says: str
    p: float | None = None
    q: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    remedy: Remedy | None = field(default=None)

    @property
    def with_flag(self) -> str:
        """The sentence and, as a second one, what to type.

        >>> remedy = Remedy("variants", "auto", "count each pair as one word")
        >>> Finding("writing", "2001 writes wx for weather.", remedy=remedy).with_flag
        '2001 writes wx for weather. Count each pair as one word: --variants auto.'
        """
        if self.remedy is None:
            return self.says
        does = self.remedy.does
        return f"{self.says} {does[:1].upper()}{does[1:]}: {self.remedy.flag}."

    def as_dict(self) -> dict[str, Any]:
        """As commands print it with ``--json``."""
        return asdict(self) | {"words": list(self.words), "documents": list(self.documents)}

    @classmethod
    def of(cls, row: dict[str, Any]) -> Finding:
        """A finding from its row, as `as_dict` makes it."""
        remedy = row["remedy"] and Remedy(**row["remedy"])
        tuples = {name: tuple(row[name]) for name in ("words", "documents")}
        return cls(**{**row, **tuples, "remedy": remedy})


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order in which a reader needs them; of one kind, as they are."""
    return sorted(findings, key=lambda finding: KINDS.index(finding.kind))


def told(findings: Iterable[Finding]) -> list[str]:
    """Their sentences with the flags of remedies, which are safe to display."""
    return [printable(finding.with_flag) for finding in findings]
