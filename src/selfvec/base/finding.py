"""`Finding`: one thing that a comparison or check found: size, certainty, evidence, remedy.

Who draws it decides what becomes of the remedy: a flag, a control on the page, nothing in a report.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import Any

from .display import printable
from .view import Pieces


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
        What it is about: of two sides one of `selfvec.analysis.comparison.comparison.KINDS`.
    says : str
        A sentence about it, without its remedy.
    p, q : float, optional
        How often chance alone gives as much; q is the false discovery rate among as many questions.
    effect, low, high : float, optional
        Its size, in the unit that the sentence names, and the ends of its 95 % interval.
    words, documents : tuple of str
        Words, and names of documents, that show it.
    remedy : Remedy or str, optional
        What to ask for so that it makes no difference; of a check, what to do.
    level : str
        Of a check: "ok", "warn" or "fail". Its kind is the name of what was found.
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
    remedy: Remedy | str | None = None
    level: str = ""

    @property
    def with_flag(self) -> str:
        """The sentence and, as a second one, what to type.

        >>> remedy = Remedy("variants", "auto", "count each pair as one word")
        >>> Finding("writing", "2001 writes wx for weather.", remedy=remedy).with_flag
        '2001 writes wx for weather. Count each pair as one word: --variants auto.'
        """
        if isinstance(self.remedy, str):
            return f"{self.says}. What to do: {self.remedy}."
        if self.remedy is None:
            return self.says
        does = self.remedy.does
        return f"{self.says} {does[:1].upper()}{does[1:]}: {self.remedy.flag}."

    @property
    def pieces(self) -> str | Pieces:
        """As views have it: with its remedy; of a check after its level and name."""
        said = printable(self.with_flag)
        if not self.level:
            return said
        return [(f"{self.level.upper()} ", self.level), (self.kind, "strong"), (f": {said}", "")]

    def as_dict(self) -> dict[str, Any]:
        """As commands print it with ``--json``."""
        row = asdict(self) | {"words": list(self.words), "documents": list(self.documents)}
        if not self.level:
            del row["level"]
        return row

    @classmethod
    def of(cls, row: dict[str, Any]) -> Finding:
        remedy = Remedy(**row["remedy"]) if isinstance(row["remedy"], dict) else row["remedy"]
        tuples = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
        return cls(**{**row, **tuples, "remedy": remedy})
