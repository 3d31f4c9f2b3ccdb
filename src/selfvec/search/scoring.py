"""From a question to a score for every document: the one place where BM25, dense and hybrid are computed.

    words     BM25 of the question's words, words of one stem as one
    related   the same, with words of like meaning counted in part: a word gives idf · x / (x + k), where x is
              Σ likeness · count over it and the sixteen words nearest to it (late interaction by types,
              saturated as in BM25)
    meaning   the cosine of two vectors, of the question and of the text; in the hybrid, where words say the
              rest, by their first 128 axes

The hybrid is a mean of what words say and what meaning says, each counted in standard deviations over all
documents: (1 - m) / 2 · (z(words) + z(related)) + m · z(meaning). The share of meaning, m, is that of the
collection (`selfvec.search.fusion_weight`). Then the question moves toward the five best documents (Rocchio,
1971) and meaning is computed again. A long document scores half as a whole, half as its best passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.numerics.rows import unit_rows
from selfvec.text.lexicon import Asked

from . import kernels
from .dense_space import Space
from .segment import NARROW, Segment

__all__ = ["MODES", "PARTS", "Blend", "Scored", "Scorer", "check_mode"]

MODES = ("hybrid", "bm25", "dense")
PARTS = ("words", "related", "meaning")
K1, B = 1.2, 0.75
Rows = NDArray[np.float32]
_NOTHING = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Blend:
    """Parts to one score; see docs/search.md for how it was chosen, and how little the rest of it matters.

    Parameters
    ----------
    meaning : float, optional
        The share of meaning in the hybrid; that of the collection where not given.
    feedback : int
        Documents that the question moves to; 0 leaves it where it is.
    beta : float
        How far it moves: their mean direction counts so much beside its own.
    best : float
        Share of its best passage in a long document's score.
    """

    meaning: float | None = None
    feedback: int = 5
    beta: float = 1.0
    best: float = 0.5


def check_mode(mode: str) -> None:
    """Refuse what is no mode.

    Raises
    ------
    OptionError
    """
    if mode not in MODES:
        raise OptionError(f"is one of {', '.join(MODES)}, not {mode!r}", field="mode")


@dataclass(frozen=True)
class Scored:
    """What a question gives the documents of one segment.

    Parameters
    ----------
    scores : (D,) float32
    found : (D,) bool
        Whether the question meets it at all.
    best : (D,) int32
        Its best passage; -1 where it has none.
    parts : (3, D + P) float32
        Each of `PARTS`, of each unit, before scaling.
    scales, shifts : (3,) float32
        A part counts ``scale · part - shift`` in the hybrid.
    """

    scores: Rows
    found: NDArray[np.bool_]
    best: NDArray[np.int32]
    parts: Rows
    scales: Rows
    shifts: Rows


@dataclass(frozen=True)
class Scorer:
    """The documents of some segments, ready to be scored.

    Parameters
    ----------
    segments : sequence of Segment
    alive : sequence of (D,) bool
        Documents that are not deleted.
    removed : sequence of (T,) int32
        How many of the deleted ones each type occurs in.
    space : Space
    blend : Blend
    """

    segments: Sequence[Segment]
    alive: Sequence[NDArray[np.bool_]]
    removed: Sequence[NDArray[np.int32]]
    space: Space
    blend: Blend = Blend()

    @cached_property
    def documents(self) -> int:
        """How many there are."""
        return sum(int(np.count_nonzero(alive)) for alive in self.alive)

    @cached_property
    def _saturation(self) -> list[Rows]:
        """The count at which a word gives a unit half of its weight, (U,) of each segment."""
        pairs = list(zip((segment.arrays["lengths"] for segment in self.segments), self.alive, strict=True))
        tokens = sum(int(lengths[: len(alive)][alive].sum()) for lengths, alive in pairs)
        mean = np.float32(max(tokens, 1) / max(self.documents, 1))
        return [(K1 * (1 - B) + K1 * B * (lengths / mean)).astype(np.float32) for lengths, _ in pairs]

    @cached_property
    def _shares(self) -> Rows:
        """Of words, related words and meaning in the hybrid, (3,)."""
        meaning = self.space.share if self.blend.meaning is None else self.blend.meaning
        return np.array([(1 - meaning) / 2, (1 - meaning) / 2, meaning], np.float32)

    def score(self, asked: Asked, mode: str = "hybrid") -> list[Scored]:
        """Every document of every segment.

        Raises
        ------
        OptionError
            If there is no such mode.
        """
        check_mode(mode)
        parts = [np.zeros((3, segment.units), np.float32) for segment in self.segments]
        if mode != "dense":
            self._lexical(asked, parts, softened=mode == "hybrid")
        query = self.space.asked(asked.types, asked.counts) if mode != "bm25" else _NOTHING
        if mode == "hybrid":
            query = query[:NARROW]
        self._meaning(query, parts)
        shares = {"bm25": (1, 0, 0), "dense": (0, 0, 1)}.get(mode)
        if shares is not None:
            flat = np.array(shares, np.float32)
            return self._documents(parts, flat, flat, np.zeros(3, np.float32))
        own = self._shares
        scaling = self._scaling(parts)
        first = self._documents(parts, own, *scaling)
        moved = self._moved(query, first)
        if moved is None:
            return first
        self._meaning(moved, parts)
        meaning = self._scaling(parts, (2,))
        return self._documents(
            parts, own, *(np.append(a[:2], b[2]) for a, b in zip(scaling, meaning, strict=True))
        )

    def _lexical(self, asked: Asked, parts: list[Rows], *, softened: bool) -> None:
        """BM25 and its softened form, into the first two parts; twice the first where it is not asked for."""
        occurs = np.zeros(len(asked.types), np.int64)
        for segment, removed in zip(self.segments, self.removed, strict=True):
            occurs += segment.frequencies(asked.types, removed)
        idf = np.log1p((self.documents - occurs + 0.5) / (occurs + 0.5))
        weights = (idf * asked.counts).astype(np.float32)
        groups = [self.related(int(own)) if softened else [(int(own), 1.0)] for own in asked.types]
        likeness = np.array([like for group in groups for _, like in group], np.float32)
        types = np.array([other for group in groups for other, _ in group], np.int64)
        bounds = np.cumsum([0, *map(len, groups)], dtype=np.int64)
        for segment, saturation, part in zip(self.segments, self._saturation, parts, strict=True):
            lists = segment.postings(types)
            units, counts = segment.arrays["units"], segment.arrays["counts"]
            kernels.add_terms(units, counts, lists, likeness, bounds, weights, saturation, part[0], part[1])

    def related(self, own: int) -> list[tuple[int, float]]:
        """A type and those related to it, with what one occurrence counts."""
        if own >= len(self.space.related):
            return [(own, 1.0)]
        pairs = zip(self.space.related[own].tolist(), self.space.likeness[own].tolist(), strict=True)
        return [(own, 1.0), *((other, like) for other, like in pairs if other >= 0)]

    def _meaning(self, query: Rows, parts: list[Rows]) -> None:
        """Products with a query, into the last part; of the front axes only where it has no others."""
        largest = float(np.abs(query).max(initial=0))
        if largest == 0:
            return
        whole = np.rint(query * (32767 / largest)).astype(np.int16)
        step = largest / 32767
        for segment, part in zip(self.segments, parts, strict=True):
            front, back, scales = (segment.arrays[name] for name in ("front", "back", "scales"))
            width = front.shape[1]
            kernels.dot_products(front, scales, whole[:width], step, part[2])
            if len(query) > width:
                rest = np.empty_like(part[2])
                kernels.dot_products(back, scales, whole[width:], step, rest)
                part[2] += rest

    def _scaling(self, parts: list[Rows], which: Sequence[int] = (0, 1, 2)) -> tuple[Rows, Rows]:
        """What makes standard deviations of the parts, over the documents that are there, times shares."""
        scales, shifts = np.zeros(3, np.float32), np.zeros(3, np.float32)
        for k in which:
            share = self._shares[k]
            sums = [kernels.moments(part[k], alive) for part, alive in zip(parts, self.alive, strict=True)]
            number, total, squares = (sum(one[i] for one in sums) for i in range(3))
            mean = total / max(number, 1)
            spread = max(squares / max(number, 1) - mean * mean, 0.0) ** 0.5
            if spread > 1e-6:
                scales[k], shifts[k] = share / spread, share * mean / spread
        return scales, shifts

    def _documents(self, parts: list[Rows], shares: Rows, scales: Rows, shifts: Rows) -> list[Scored]:
        """Scores of documents from the parts of their units; those without a share find nothing."""
        out = []
        for segment, alive, part in zip(self.segments, self.alive, parts, strict=True):
            scores = np.empty(segment.documents, np.float32)
            best = np.empty(segment.documents, np.int32)
            found = np.empty(segment.documents, bool)
            owners = segment.arrays["owners"]
            kernels.whole_and_best(
                part, shares, scales, shifts, owners, self.blend.best, alive, scores, best, found
            )
            out.append(Scored(scores, found, best, part, scales, shifts))
        return out

    def _moved(self, query: Rows, scored: list[Scored]) -> Rows | None:
        """The question's vector, moved toward those of the best documents; None where there are none."""
        most = self.blend.feedback
        if most < 1:
            return None
        best = [
            (-float(one.scores[d]), number, int(d))
            for number, one in enumerate(scored)
            for d in kernels.best_documents(one.scores, one.found, most)
        ]
        if not best:
            return None
        rows = [self.segments[number].front(d) for _, number, d in sorted(best)[:most]]
        toward = unit_rows(np.sum(rows, axis=0)[None])[0]
        moved: Rows = unit_rows((query + np.float32(self.blend.beta) * toward)[None])[0]
        return moved
