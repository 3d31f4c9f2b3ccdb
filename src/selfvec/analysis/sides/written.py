"""`written`: how the two sides of a comparison are written differently, before anything is compared."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from selfvec.base.display import printable
from selfvec.corpus.slices import Slice, documents_of
from selfvec.data.run import Run
from selfvec.storage.cache import cached, read_result, write_result

from .mix import confounded_fields
from .notation import notation

Row = dict[str, Any]
_FORMAT = 1  # of what is kept in a cache: another number, and what an older version kept is made again
_FIELDS = 3  # named that go with what is compared


@dataclass(frozen=True)
class Sides:
    """How two sides are written.

    Attributes
    ----------
    a, b : str
        Their names.
    notation : list of dict
        Measures of how documents are written, see `notation`.
    mix : list of dict
        Fields that go with the sides, see `confounded_fields`.
    variants : list of dict
        Words of which one vanishes as the other comes, see `variant_pairs`.
    """

    a: str = ""
    b: str = ""
    notation: list[Row] = field(default_factory=list)
    mix: list[Row] = field(default_factory=list)
    variants: list[Row] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """What a reader must know first, with the remedy; empty if both sides are written alike."""
        return [printable(sentence) for sentence in (*self._on_notation(), *self._on_mix())]

    def as_dict(self) -> dict[str, Any]:
        """The rows, and the sentences."""
        return asdict(self) | {"sentences": self.sentences}

    def _on_notation(self) -> list[str]:
        rows = {row["measure"]: row for row in self.notation if row["differs"]}
        return [_SAID[name].format(**_ordered(self, row)) for name, row in rows.items()]

    def _on_mix(self) -> list[str]:
        """A sentence for each field that goes with what is compared."""
        notes = []
        for row in self.mix[:_FIELDS]:
            a, b = (
                f"{row[f'share_{side}']:.0%} of {name} ({row[f'words_{side}']:.0%} of its words)"
                for side, name in (("a", self.a), ("b", self.b))
            )
            told = f"{row['field']} differs: {row['value']} is {b}, {a}"
            within = shlex.quote(f"{row['field']}={row['within']}")
            remedy = f"; compare within one: --filter {within}" if row["within"] is not None else ""
            notes.append(f"{told}{remedy}.")
        return notes


_SAID = {
    "capitals": "{more} is written in capitals ({high:.0%} of the letters, {low:.0%} in {less}).",
    "digits": "{more} has more digits ({high:.0%} of the characters, {low:.0%} in {less}).",
    "punctuation": "{more} has more punctuation ({high:.0%} of the characters, {low:.0%} in {less}).",
    "words in a document": (
        "The documents of {more} are longer (in the middle {high:.0f} words, {low:.0f} in {less})."
    ),
    "words in a sentence": (
        "The sentences of {more} are longer (in the middle {high:.0f} words, {low:.0f} in {less})."
    ),
}


def _ordered(sides: Sides, row: Row) -> dict[str, Any]:
    """The sides of a measure by what they have of it."""
    less, more = sorted(((row["a"], sides.a), (row["b"], sides.b)), key=lambda side: side[0])
    return {"more": more[1], "less": less[1], "high": more[0], "low": less[0]}


def written(run: Run, slices: Sequence[Slice]) -> Sides:
    """How the first and the last of some slices are written; nothing is said of less than two."""
    if len(slices) < 2 or run.tokens is None:
        return Sides()
    ends = [slices[0], slices[-1]]

    def make() -> dict[str, Any]:
        a, b = (part.name for part in ends)
        return asdict(Sides(a, b, notation(run, ends), confounded_fields(run, ends)))

    kept = cached(run, "sides", [_FORMAT, documents_of(ends)], make, write_result, read_result)
    return Sides(**kept)
