"""Stability: would another seed, or another half of the same text, have given the same neighbours?

A list of neighbours that changes with the half of the text it was learned from says little about the text.
The same words are refined again with the run's own method and options, and compared: by their ten nearest
neighbours, and by the cosine between the two vectors of a word.

Vectors that were left as they are have not moved and are stable; a collapsed table is stable in its one
direction. Stability is read beside what the vectors are good for, never instead of it.
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
from selfvec.numerics.bootstrap import RESAMPLES, Estimate, mean

from .agreement import WHOLE, cosines, frequent_words, neighbour_overlap, turned_cosines
from .compared_vectors import Table
from .task import Measurement

__all__ = ["Again", "Stability", "split_documents", "takes_seed"]

Again = Callable[[Run, TokenBatch, int], Vectors]
"""Refines a run's words again, on a text over them and with a seed: `refine.pipeline.refine_again`."""

_HALF = 5  # occurrences in either half below which a word says more about chance than about the method
_BANDS = ((10, 100), (100, 1000), (1000, None))


@dataclass(frozen=True)
class Stability:
    """The same words refined again, over other seeds or over random halves of the documents.

    Rows have metric ``overlap@10`` (what two sets of ten neighbours share by what they hold together) and
    ``cosine`` (between a word's two vectors), means over words, then the same by how often they occur. The
    words are the 10,000 most frequent of those that occur ten times, or five times in either half; neighbours
    are sought among them. ``covered`` is the share of them that have a vector both times.

    All rules keep the orientation of the space they start in, so that two vectors of a word can be compared
    as they are. Only the random directions of two seeds (``--vectors none``) have none in common: the second
    space is turned upon the first by orthogonal Procrustes, fitted on every other word and applied to the
    rest, and ``aligned`` says so. Where nothing depends on the seed nothing is refined: the figures are 1.

    Parameters
    ----------
    again : callable
        See `Again`: evaluation itself refines nothing.
    over : "halves" or "seeds"
    repeats : int
        Splits or seeds; a word's figure is the mean over them.
    """

    again: Again
    over: str = "halves"
    repeats: int = 3
    kind: ClassVar[str] = "stability"

    def __post_init__(self) -> None:
        if self.over not in ("halves", "seeds"):
            raise OptionError(f"is halves or seeds, not {self.over!r}", field="over")

    @property
    def path(self) -> Path:
        """Names the task."""
        return Path(self.over)

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """Rows for the refined table of every run.

        Raises
        ------
        OptionError
            If there is no run.
        InputError
            If a run has not kept its corpus, or too little of it to tell.
        """
        refined = [table for table in tables if table.run is not None and table.vectors is table.run.vectors]
        if not refined:
            raise OptionError("stability is measured on runs, here is none", remedy="give a run folder")
        for table in refined:
            assert table.run is not None
            yield from self._rows(table, table.run, seed)

    def _rows(self, table: Table, run: Run, seed: int) -> Iterator[Measurement]:
        batch = run.require_tokens()
        extra: dict[str, Any] = {"repeats": self.repeats}
        if self.over == "seeds" and not takes_seed(run):
            exact = Estimate(1.0, np.ones(RESAMPLES))
            words = frequent_words(batch.counts, WHOLE)
            for metric in ("overlap@10", "cosine"):
                note = {"method": "takes no seed", "repeats": 0}
                yield Measurement(table.name, metric, exact, len(words), 1.0, **table.size, extra=note)
            return
        if self.over == "seeds":
            compared = self._over_seeds(run, batch)
            extra["aligned"] = _random_start(run)
        else:
            compared = self._over_halves(run, batch, seed)
        overlap, cosine, there = (np.full((self.repeats, len(batch.types)), np.nan) for _ in range(3))
        for i, (words, one, other) in enumerate(compared):
            a, b = one.unit[words], other.unit[words]
            overlap[i, words] = neighbour_overlap(a, b)
            cosine[i, words] = turned_cosines(a, b) if extra.get("aligned") else cosines(a, b)
            there[i, words] = a.any(axis=1) & b.any(axis=1)
        for metric, values in (("overlap@10", overlap), ("cosine", cosine)):
            yield from _by_frequency(metric, values, there, batch.counts, table, seed, extra)

    def _over_seeds(
        self, run: Run, batch: TokenBatch
    ) -> Iterator[tuple[NDArray[np.int64], Vectors, Vectors]]:
        words = frequent_words(batch.counts, WHOLE)
        first = int(run.provenance.get("seed", 0))
        for seed in range(first + 1, first + 1 + self.repeats):
            yield words, run.vectors, self.again(run, batch, seed)

    def _over_halves(
        self, run: Run, batch: TokenBatch, seed: int
    ) -> Iterator[tuple[NDArray[np.int64], Vectors, Vectors]]:
        rng, own = np.random.default_rng(seed), int(run.provenance.get("seed", 0))
        for _ in range(self.repeats):
            halves = split_documents(batch, rng)
            words = frequent_words(np.minimum(halves[0].counts, halves[1].counts), _HALF)
            one, other = (self.again(run, half, own) for half in halves)
            yield words, one, other


def takes_seed(run: Run) -> bool:
    """Whether chance has a part: ``auto`` holds documents out, ``--vectors none`` starts at random."""
    return run.provenance.get("options", {}).get("method") == "auto" or _random_start(run)


def _random_start(run: Run) -> bool:
    return bool(np.any(run.original.sources == Source.RANDOM))


def split_documents(batch: TokenBatch, rng: np.random.Generator) -> tuple[TokenBatch, TokenBatch]:
    """Two random halves of the documents over one vocabulary.

    Raises
    ------
    InputError
        If there is one document.
    """
    if batch.documents < 2:
        raise InputError("halves need two documents, the corpus has one", remedy="give a document per line")
    first = np.zeros(batch.documents, bool)
    first[rng.permutation(batch.documents)[: batch.documents // 2]] = True
    return batch.part(first), batch.part(~first)


def _by_frequency(
    metric: str,
    values: NDArray[np.float64],
    there: NDArray[np.float64],
    counts: NDArray[np.int64],
    table: Table,
    seed: int,
    extra: dict[str, Any],
) -> Iterator[Measurement]:
    """A figure over all words compared, and one for each band of frequencies that holds any."""
    compared = np.flatnonzero(~np.isnan(values).all(axis=0))
    figure, known = (np.nanmean(kept[:, compared], axis=0) for kept in (values, there))
    for band in (None, *_BANDS):
        inside = np.ones(len(compared), bool) if band is None else _within(counts[compared], *band)
        if inside.any():
            yield Measurement(
                table.name,
                metric,
                mean(figure[inside], seed),
                n=int(inside.sum()),
                covered=float(known[inside].mean()),
                extra=extra | ({} if band is None else {"method": _named(*band)}),
                **table.size,
            )


def _within(counts: NDArray[np.int64], low: int, high: int | None) -> NDArray[np.bool_]:
    return (counts >= low) & (counts < (high or np.inf))


def _named(low: int, high: int | None) -> str:
    return f"{low}-{high - 1} times" if high else f"{low}+ times"
