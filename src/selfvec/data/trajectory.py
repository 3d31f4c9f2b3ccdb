"""The recorded states of a run (`History`), and those of one word (`Trajectory`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.base.answer import Answer, short_repr
from selfvec.base.arrays import AnyFloats, Floats, Halves, Ints, Mask
from selfvec.numerics.rows import unit_rows

from .token_batch import bounds_of


@dataclass(frozen=True, repr=False)
class Trajectory(Answer):
    """The recorded path of one word.

    Parameters
    ----------
    word : str
    updates : (T,) int64
        Number of updates that the word had received at each state, increasing; 0 is the original vector.
    vectors : (T, d) float32
        The vector at each state, unit length (zeros at first for an out-of-vocabulary word without a vector).
    """

    word: str
    updates: Ints
    vectors: Floats

    def __len__(self) -> int:
        return len(self.updates)

    def __repr__(self) -> str:
        end = f"at last {self.to_original()[-1]:.3f} to the first"
        return short_repr(f"Trajectory of {self.word!r}: {len(self)} states, {end}", [])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per state."""
        states = zip(self.updates.tolist(), self.to_original().tolist(), strict=True)
        return [
            {"word": self.word, "updates": updates, "cosine_to_original": cosine}
            for updates, cosine in states
        ]

    def as_dict(self) -> dict[str, Any]:
        """A row of ``selfvec run trajectory --json``."""
        cosines = self.to_original().tolist()
        return {"word": self.word, "updates": self.updates.tolist(), "cosine_to_original": cosines}

    def turns(self) -> Floats:
        """Angle in degrees between each state and the one before it, (T,); 0 where either is zero."""
        # From chords, because arccos of a float32 cosine loses small angles to rounding.
        chords = np.linalg.norm(np.diff(self.vectors, axis=0, prepend=self.vectors[:1]), axis=1)
        there = self.vectors.any(axis=1)
        degrees: Floats = np.degrees(2 * np.arcsin(np.minimum(chords / 2, 1.0)))
        return degrees * (there & np.roll(there, 1))

    def thinned(self, most: int) -> Ints:
        """Indices of at most ``most`` states, (S,), with the first and the last.

        They are evenly spaced in the mean of two quantities: states passed and angle travelled. So both the
        fast turn at the start of a path and the slow rest are kept.
        """
        if len(self) <= most:
            return np.arange(len(self))
        travelled = np.cumsum(self.turns(), dtype=np.float64)
        clock = np.linspace(0, 1, len(self)) + travelled / (travelled[-1] or 1.0)
        return np.unique(np.searchsorted(clock, np.linspace(0, clock[-1], most)))

    def to_original(self) -> Floats:
        """Cosine of every state to the first one that is not zero, (T,)."""
        cosines: Floats = self.vectors @ self.vectors[self.vectors.any(axis=1).argmax()]
        return cosines.clip(-1, 1)


@dataclass(frozen=True, repr=False)
class History:
    """Recorded states, sorted by word and then by number of updates."""

    starts: Ints  # (V + 1,) word w has the records starts[w]:starts[w + 1]
    updates: Ints  # (R,) number of updates that the word had received
    vectors: Halves  # (R, d)

    def __repr__(self) -> str:
        return f"<History: {len(self):,} states of {len(self.starts) - 1:,} words>"

    def __len__(self) -> int:
        return len(self.updates)

    def of_words(self, kept: Mask) -> History:
        """The same of some words, (n,) bool: of those here, and then of others, which have no records."""
        sizes = np.diff(self.starts, append=np.full(len(kept) - len(self.starts) + 1, len(self)))
        records = slice(None) if kept.all() else np.repeat(kept, sizes)  # without a copy if all are kept
        starts = bounds_of(sizes[kept])
        return History(starts, self.updates[records], self.vectors[records])

    def trajectory(
        self,
        word: str,
        index: int,  # its row
        original: AnyFloats,  # (d,)
        final: AnyFloats,  # (d,)
        updates: int,  # number of updates that the word received in all
    ) -> Trajectory:
        """The path of a word: its original vector, the recorded states, and its final vector."""
        span = slice(self.starts[index], self.starts[index + 1])
        before = self.updates[span] < updates
        steps = np.concatenate([[0], self.updates[span][before], [updates]])
        rows = np.concatenate([original[None], self.vectors[span][before], final[None]])
        last_of_each = np.diff(steps, append=updates + 1) > 0  # the end of a pass may repeat an update
        return Trajectory(word, steps[last_of_each], unit_rows(rows[last_of_each]))
