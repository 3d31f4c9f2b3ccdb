"""`Guess`: what the values of a field are, which is told from all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from selfvec.data.field_types import (
    DAY,
    INTEGER,
    LIST,
    MOMENT,
    NOTHING,
    NUMBER,
    TEXT,
    TRUTH,
    list_items,
    parsed,
    without_missing,
)

if TYPE_CHECKING:
    import polars as pl

# Digits of these are not counted with: 1.10 is another version than 1.1.
_NAMES_CODES = re.compile(
    r"(?i)(?:^|[\W_]|(?<=[a-z])(?=[A-Z]))(?:versions?|release|zip|post(?:al)?code|plz|phone|tel|fax|code|sku|isbn"
    r"|issn|ean|hash|sha\d*|md5|uuid)(?:$|[\W_])"
)
_COMMAS = "number with a decimal comma"
_WORD = re.compile(r"[^\W\d_]{2}")  # two letters, which no number or time has side by side
_TRIED = 20  # values of a column: most that are not of a kind show it here


@dataclass
class Guess:
    """What the values of a field are, as far as they were seen.

    >>> import polars as pl
    >>> def kind(*values):
    ...     guess = Guess("f")
    ...     guess.add(pl.Series(values, dtype=pl.String))
    ...     return guess.kind
    >>> kind("4", "n/a", None), kind("4", "4.5"), kind("1.10", "1.9"), kind("007"), kind("2024-01-01")
    ('integer', 'number', 'text', 'text', 'day')
    >>> kind("true", "False"), kind('["a"]', "[]"), kind("2024-01-01T10:30Z", "2024-01-02"), kind()
    ('truth', 'list of text', 'moment', 'nothing')
    """

    name: str
    values: int = 0  # that there are
    alive: list[str] = field(default_factory=lambda: [TRUTH, INTEGER, DAY, MOMENT, NUMBER, _COMMAS, LIST])
    fractions: set[int] = field(default_factory=set)  # digits after the decimal mark
    padded: bool = False  # whether a fraction ends with a zero, as of a version
    items: set[type] = field(default_factory=set)  # of lists

    def add(self, values: pl.Series) -> None:
        """See some more of the values."""
        import polars as pl

        if self.is_text:
            return
        unique = without_missing(pl.col("")).drop_nulls().unique(maintain_order=True)
        own = values.to_frame("").select(unique).to_series()
        self.values += len(own)
        if _NAMES_CODES.search(self.name):
            self.alive = []
        if len(own) and _WORD.search(own[0]):  # to try each kind would be a call of Polars
            self.alive = [kind for kind in self.alive if kind in (TRUTH, LIST)]
        for some in (own.head(_TRIED), own):  # most fields fail at once
            self.alive = [kind for kind in self.alive if self._fits(some, kind)]
        if NUMBER in self.alive:
            digits = own.str.extract(r"\.([0-9]+)$").drop_nulls()
            self.fractions |= set(digits.str.len_bytes().unique())
            self.padded |= digits.str.contains("[0-9]0$").any()

    def _fits(self, own: pl.Series, kind: str) -> bool:
        if kind == LIST:
            for text in own:
                items = list_items(text)
                if items is None:
                    return False
                self.items |= {type(item) for item in items if item is not None}
            return True
        how = (NUMBER, ",") if kind == _COMMAS else (kind,)
        return not parsed(own, *how).has_nulls()

    @property
    def is_text(self) -> bool:
        """Whether no further value can make it anything else."""
        return self.values > 0 and not self.alive

    @property
    def decimal(self) -> str:
        """The decimal mark of its numbers."""
        return "." if NUMBER in self.alive else ","

    @property
    def kind(self) -> str:
        """The kind of all values."""
        if not self.values:
            return NOTHING
        first = self.alive[0] if self.alive else TEXT
        if first in (NUMBER, _COMMAS):
            return TEXT if self.padded and len(self.fractions) > 1 and first == NUMBER else NUMBER
        if first != LIST:
            return first
        if self.items <= {int}:
            return LIST + (INTEGER if self.items else TEXT)
        return LIST + (NUMBER if self.items <= {int, float} else TRUTH if self.items == {bool} else TEXT)
