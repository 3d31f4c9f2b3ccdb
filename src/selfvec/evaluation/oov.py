"""Words without a vector: are the vectors induced for them any good?

Nobody knows what vector an unknown word should have. So known words are hidden, treated as if they were
unknown, and the vectors induced for them are held against the ones they have: how many words are nearer?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.bootstrap import mean, median
from selfvec.numerics.rows import unit_rows

from .compared_vectors import Table
from .stability import Again
from .task import Measurement

__all__ = ["HoldOut", "Unknown", "ranks"]

HoldOut = Callable[
    [TokenBatch, Vectors, NDArray[np.int64]],
    Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]],
]
"""Ways to a vector for words that are hidden: `selfvec.refine.induction.hold_out`."""

_MOST = 1000  # words hidden
_SHARE = 5  # one known word in so many at most, so that enough are left to learn from
_LEAST = 10  # hidden words, for a median
_STEM = 5  # first letters that make two words kin
_BLOCK = 512


@dataclass(frozen=True)
class Unknown:
    """A sample of known words is hidden, a vector induced for each, and the true one ranked.

    A way's row of metric ``median_rank`` is over the hidden words: the rank of a word's true vector, by
    cosine to the induced one, among those of all the run's words with a row of their own; 1 is best, and a
    word that got no vector has the middle rank. ``mrr`` is the mean of 1 / rank. ``candidates`` says how many
    words are ranked, ``share`` the median rank as a share of them. A hidden word often has kin that is not
    hidden (*storm*, *storms*), which an unknown word may lack: ``median_rank_alone`` is over the ``alone``
    hidden words that share their first five letters with no known word.

    The ways: ``zero start`` (the paper's rule, in the space of the original vectors), ``context sum``,
    ``ridge``, ``spelling``, ``combination`` (in that of the base, whose centre is taken from the words not
    hidden), and ``refined``: what the run's own method makes of the words, sought in the base as well. Not in
    the refined table, whose rows hold what the same text says of the same words, and would be found by it.
    Words composed from their parts are hidden too: their parts would give the hidden ones away.

    Parameters
    ----------
    hold_out : callable
        See `HoldOut`: evaluation itself induces nothing.
    again : callable, optional
        See `stability.Again`; without it there is no row ``refined``.
    """

    hold_out: HoldOut
    again: Again | None = None
    kind: ClassVar[str] = "oov"

    @property
    def path(self) -> Path:
        """Names the task."""
        return Path("hidden words")

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """Rows for every run.

        Raises
        ------
        OptionError
            If there is no run.
        InputError
            If a run has not kept its corpus, or knows too few words.
        """
        whole = [t for t in tables if t.run is not None and t.vectors is t.run.vectors]
        if not whole:
            raise OptionError("words are hidden from runs, here is none", remedy="give a run folder")
        for table in whole:
            assert table.run is not None
            yield from self._rows(table.run, table.name.removesuffix("refined"), seed)

    def _rows(self, run: Run, prefix: str, seed: int) -> Iterator[Measurement]:
        batch, original = run.require_tokens(), run.original
        known = original.sources == Source.KNOWN
        hidden = _hidden(known, batch, seed)
        alone = _alone(batch.types, known, hidden)
        candidates = np.flatnonzero(known)
        place = np.searchsorted(candidates, hidden)
        for name, rows, truth in self._found(run, batch, hidden, seed):
            ranked = ranks(rows, truth[candidates], place)
            covered = float(rows.any(axis=1).mean())
            extra = {
                "candidates": len(candidates),
                "share": float(np.median(ranked)) / len(candidates),
                "alone": int(alone.sum()),
                "median_rank_alone": float(np.median(ranked[alone])) if alone.any() else None,
            }
            for metric, estimate in (("median_rank", median(ranked, seed)), ("mrr", mean(1 / ranked, seed))):
                size: dict[str, Any] = {"dimensions": original.vector_size}
                yield Measurement(prefix + name, metric, estimate, len(hidden), covered, extra=extra, **size)

    def _found(
        self, run: Run, batch: TokenBatch, hidden: NDArray[np.int64], seed: int
    ) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
        """Every way, and the run's own method where these words, and composed ones, are unknown."""
        truth = run.original.unit
        for name, rows, truth in self.hold_out(batch, run.original, hidden):
            yield name, rows, truth
        if self.again is None:
            return
        seen = run.original.sources == Source.KNOWN
        seen[hidden] = False
        sources = np.where(seen, Source.KNOWN, Source.NONE).astype(np.uint8)
        rows = np.where(seen[:, None], run.original.unit, np.float32(0))
        unknown = Vectors(run.original.index_to_key, rows, sources=sources, normalized=True)
        refined = self.again(run.replace(original=unknown, tokens=batch), batch, seed)
        yield "refined", refined.unit[hidden], truth


def _hidden(known: NDArray[np.bool_], batch: TokenBatch, seed: int) -> NDArray[np.int64]:
    """Known words that occur, (h,), rising."""
    pool = np.flatnonzero(known & (batch.counts > 0))
    number = min(_MOST, len(pool) // _SHARE)
    if number < _LEAST:
        rule = f"hiding words needs {_LEAST * _SHARE} that have a row of their own, this run has {len(pool)}"
        raise InputError(rule, remedy="bring more text, or vectors of its language")
    return np.sort(np.random.default_rng(seed).choice(pool, number, replace=False))


def _alone(types: Sequence[str], known: NDArray[np.bool_], hidden: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the hidden words share their first letters with no word that is known and not hidden, (h,)."""
    left = known.copy()
    left[hidden] = False
    stems = {types[i][:_STEM].lower() for i in np.flatnonzero(left).tolist()}
    return np.array([types[i][:_STEM].lower() not in stems for i in hidden.tolist()], bool)


def ranks(
    found: NDArray[np.float32], table: NDArray[np.float32], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Rank of the right row of a table by cosine to each of h vectors, (h,), from 1.

    Rows that are as near as the right one count half; a vector of zeros gets the middle rank.

    Parameters
    ----------
    found : (h, d) float32
    table : (n, d) float32
    places : (h,) int64
        The right rows.

    Examples
    --------
    >>> table = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    >>> ranks(np.array([[1, 0.1], [1, 0.1], [0, 0]], np.float32), table, np.array([0, 2, 1])).tolist()
    [1.0, 3.0, 2.0]
    """
    unit, found = unit_rows(table), unit_rows(found)
    out = np.empty(len(found))
    for start in range(0, len(found), _BLOCK):
        part = slice(start, start + _BLOCK)
        cosines = found[part] @ unit.T
        right = cosines[np.arange(len(cosines)), places[part]][:, None]
        out[part] = (1 + (cosines > right).sum(axis=1) + (cosines >= right).sum(axis=1)) / 2
    return out
