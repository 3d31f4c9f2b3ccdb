"""The history: which states of the vectors are recorded, decided before the first update.

The paper keeps every update, N·d floats per epoch: more than the corpus and the table together. The number of
updates of every word is known in advance, so the size of a plan is exact and memory is allocated once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.data.history import History

__all__ = ["HistoryPlan", "Recorder", "parse_history"]

DEFAULT_LIMIT = 64 << 20  # bytes
_UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


@dataclass(frozen=True)
class HistoryPlan:
    """Which states are recorded."""

    every: int | None = None  # record every k-th update of a word; 0: none; None: as many as fit
    epochs: bool = False  # record every word at the end of each epoch
    watch: tuple[str, ...] = ()  # words whose every update is recorded
    limit: int = DEFAULT_LIMIT  # bytes of recorded vectors (float16)

    def resolve(
        self,
        counts: NDArray[np.int64],  # (V,)
        words: Sequence[str],
        epochs: int,
        dimensions: int,
    ) -> Periods:
        """Decide the recording period of every word.

        Raises `OptionError` if a watched word is not in the corpus or the plan needs more than ``limit``.
        """
        watched = np.zeros(len(counts), bool)
        index = {word: i for i, word in enumerate(words)} if self.watch else {}
        for word in self.watch:
            if word not in index:
                raise OptionError(
                    f"the watched word {word!r} does not occur in the corpus",
                    field="history",
                    remedy="watch a word as it stands in the vocabulary (lower case, lemma)",
                )
            watched[index[word]] = True
        updates = counts * epochs
        fixed = int(updates[watched].sum()) + (len(counts) * epochs if self.epochs else 0)
        room = self.limit // (2 * dimensions) - fixed
        every = self.every
        if every is None:
            every = _finest(updates[~watched], room)
        needed = fixed + (int((updates[~watched] // every).sum()) if every else 0)
        if needed * 2 * dimensions > self.limit:
            raise OptionError(
                f"the history asked for takes {needed * 2 * dimensions / 1e6:.0f} MB, "
                f"the limit is {self.limit / 1e6:.0f} MB",
                field="history",
                remedy="keep less (a larger K, fewer watched words) or set limit:SIZE, as limit:1GB",
            )
        period = np.where(watched, 1, every).astype(np.int32)
        return Periods(period, every, needed, replace(self, every=every), epochs)


@dataclass(frozen=True)
class Periods:
    """A `HistoryPlan` applied to a corpus: a recording period for each word and the number of records."""

    period: NDArray[np.int32]  # (V,)
    every: int
    records: int
    plan: HistoryPlan
    epochs: int

    def as_dict(self, dimensions: int) -> dict[str, Any]:
        """The description of the history in ``run.json``."""
        return {
            "every": self.every,
            "at_epoch_ends": self.plan.epochs,
            "watched": list(self.plan.watch),
            "records": self.records,
            "bytes": self.records * dimensions * 2,
            "limit": self.plan.limit,
            "dtype": "float16",
        }


def _finest(updates: NDArray[np.int64], room: int) -> int:
    """The smallest period whose records fit into ``room``; 0 if there is none."""
    if len(updates) == 0 or room <= 0:
        return 0
    low, high = 1, int(updates.max()) + 1  # `high` always fits: it records nothing
    while low < high:
        middle = (low + high) // 2
        if int((updates // middle).sum()) <= room:
            high = middle
        else:
            low = middle + 1
    return low


def parse_history(texts: Sequence[str]) -> HistoryPlan:
    """Read ``--history`` values, which may be repeated or joined by ``;``.

    ``auto`` (as fine as 64 MB allow), ``none``, ``epoch``, ``every:K``, ``watch:WORD[,WORD]``,
    ``limit:SIZE``.

    >>> parse_history(["every:10", "watch:hail,tornado", "limit:1GB"])
    HistoryPlan(every=10, epochs=False, watch=('hail', 'tornado'), limit=1073741824)
    """
    plan, given = HistoryPlan(), False
    for text in (part.strip() for joined in texts for part in joined.split(";") if part.strip()):
        name, _, value = text.partition(":")
        if name == "auto" and not value:
            continue
        if name == "none" and not value:
            plan = replace(plan, every=0)
        elif name == "epoch" and not value:
            plan = replace(plan, epochs=True, every=plan.every if given else 0)
        elif name == "every" and value.isdecimal() and int(value) > 0:
            plan, given = replace(plan, every=int(value)), True
        elif name == "watch" and value:
            watch = tuple(dict.fromkeys((*plan.watch, *filter(None, map(str.strip, value.split(","))))))
            plan = replace(plan, watch=watch, every=plan.every if given else 0)
        elif name == "limit" and value:
            plan = replace(plan, limit=_parse_size(value))
        else:
            raise OptionError(
                f"{text!r} is not a way to keep history",
                field="history",
                remedy="use auto, none, epoch, every:K, watch:WORD,WORD or limit:SIZE (as limit:200MB)",
            )
    return plan


def _parse_size(text: str) -> int:
    number, unit = text[:-2], text[-2:].upper()
    if unit in _UNITS and number.isdecimal():
        return int(number) * _UNITS[unit]
    raise OptionError(
        f"{text!r} is not a size", field="history", remedy="write a whole number of KB, MB or GB, as 200MB"
    )


class Recorder:
    """Collects the states of `Periods` as float16, in memory that is allocated once."""

    def __init__(self, periods: Periods, dimensions: int) -> None:
        self.periods = periods
        self.seen = np.zeros(len(periods.period), np.int64)  # updates per word so far
        self.words = np.empty(periods.records, np.int32)
        self.updates = np.empty(periods.records, np.int64)
        self.vectors = np.empty((periods.records, dimensions), np.float16)
        self.filled = 0

    def add(self, words: NDArray[np.int32], updates: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        """Append states: words (n,), updates so far of each (n,), rows (n, >= d)."""
        end = self.filled + len(words)
        self.words[self.filled : end] = words
        self.updates[self.filled : end] = updates
        self.vectors[self.filled : end] = rows[:, : self.vectors.shape[1]]
        self.filled = end

    def restore(self, state: Mapping[str, NDArray[Any]], filled: int) -> None:
        """Restore the first ``filled`` records of a saved state."""
        for name in ("words", "updates", "vectors"):
            getattr(self, name)[:filled] = state[name]
        self.filled = filled

    def history(self) -> History:
        """The recorded states, sorted by word and then by number of updates."""
        words, updates = self.words[: self.filled], self.updates[: self.filled]
        order = np.lexsort((updates, words))
        counts = np.bincount(words, minlength=len(self.seen))
        starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        return History(starts, updates[order], self.vectors[: self.filled][order])
