"""The history: the recorded states of the vectors while they are refined.

The paper keeps every update, N·d floats per pass: more than the corpus and the vectors together. The number
of updates of every word is known in advance, so the size of a history is exact and memory is allocated once.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints
from selfvec.base.errors import OptionError
from selfvec.data.token_batch import bounds_of
from selfvec.data.trajectory import History

DEFAULT_LIMIT = 64 << 20  # bytes


@dataclass(frozen=True)
class HistoryPlan:
    """Which states are recorded."""

    every: int | None = None  # record every k-th update of a word; 0: none; None: as many as fit
    pass_ends: bool = False  # record every word at the end of each pass
    watch: tuple[str, ...] = ()  # words whose every update is recorded
    limit: int = DEFAULT_LIMIT  # bytes of recorded vectors (float16)


def _finest(updates: Ints, room: int) -> int:
    """The smallest period whose records fit into ``room``; 0 if no period does."""
    if len(updates) == 0 or room <= 0:
        return 0
    periods = range(1, int(updates.max()) + 2)  # the last one always fits: it records nothing
    return periods[bisect_left(periods, -room, key=lambda period: -int((updates // period).sum()))]


def parse_history(texts: Sequence[str]) -> HistoryPlan:
    """Read ``--history`` values, which may be repeated or joined by ``;``.

    ``auto`` (as fine as 64 MB allow), ``none``, ``pass``, ``every:K``, ``watch:WORD[,WORD]``,
    ``limit:SIZE``.

    >>> parse_history(["every:10", "watch:hail,tornado", "limit:1GB"])
    HistoryPlan(every=10, pass_ends=False, watch=('hail', 'tornado'), limit=1000000000)
    """
    every, pass_ends, limit = None, False, DEFAULT_LIMIT
    watch: dict[str, None] = {}
    for text in (part.strip() for joined in texts for part in joined.split(";") if part.strip()):
        match text.split(":", 1):
            case ["auto"]:
                pass
            case ["none"]:
                every = 0
            case ["pass"]:
                pass_ends = True
            case ["every", number] if number.isdecimal() and int(number):
                every = int(number)
            case ["watch", words] if words:
                watch |= dict.fromkeys(filter(None, map(str.strip, words.split(","))))
            case ["limit", size]:
                limit = parse_size("history", size)
            case _:
                raise OptionError(
                    f"{text!r} is not a valid history",
                    field="history",
                    remedy="use auto, none, pass, every:K, watch:WORD,WORD or limit:SIZE (as limit:200MB)",
                )
    if every is None and (pass_ends or watch):
        every = 0
    return HistoryPlan(every, pass_ends, tuple(watch), limit)


def parse_size(name: str, text: str) -> int:
    """A number of bytes as people write it; `OptionError` names the option ``name``.

    >>> parse_size("below", "5MB"), parse_size("below", "2 MiB"), parse_size("below", "77")
    (5000000, 2097152, 77)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?", text.strip().lower())
    if match is None:
        raise OptionError(f"is a size, not {text!r}", field=name, remedy="try 5MB")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** " kmg".index(match[2] or " "))


class Recorder:
    """Records the states that a plan asks for as float16, in memory that is allocated once.

    Raises `OptionError` if a watched word is not in the corpus or the plan needs more than its limit.
    """

    def __init__(
        self,
        plan: HistoryPlan,
        counts: Ints,  # (V,)
        words: Sequence[str],
        rounds: int,  # passes over the corpus
        dimensions: int,
    ) -> None:
        for word in plan.watch:
            if word not in words:
                rule = f"the watched word {word!r} does not occur in the corpus"
                remedy = "write the word as in the vocabulary (lower case, lemma)"
                raise OptionError(rule, field="history", remedy=remedy)
        watched = np.array([word in plan.watch for word in words], bool)
        updates = counts * rounds
        fixed = int(updates[watched].sum()) + (len(counts) * rounds if plan.pass_ends else 0)
        every = plan.every
        if every is None:
            every = _finest(updates[~watched], plan.limit // (2 * dimensions) - fixed)
        needed = fixed + (int((updates[~watched] // every).sum()) if every else 0)
        if needed * 2 * dimensions > plan.limit:
            raise OptionError(
                f"the history needs {needed * 2 * dimensions / 1e6:.0f} MB, "
                f"the limit is {plan.limit / 1e6:.0f} MB",
                field="history",
                remedy="keep less (a larger K, fewer watched words) or set limit:SIZE, as limit:1GB",
            )
        self.plan = replace(plan, every=every)
        self.period = np.where(watched, 1, every).astype(np.int32)  # (V,): every k-th update; 0 for none
        self.seen = np.zeros(len(counts), np.int64)  # updates per word so far
        self.words = np.empty(needed, np.int32)
        self.updates = np.empty(needed, np.int64)
        self.vectors = np.empty((needed, dimensions), np.float16)
        self.filled = 0

    def add(self, words: Ids, updates: Ints, rows: Floats) -> None:
        """Append states: words (n,), updates so far of each (n,), rows (n, >= d)."""
        end = self.filled + len(words)
        self.words[self.filled : end] = words
        self.updates[self.filled : end] = updates
        self.vectors[self.filled : end] = rows[:, : self.vectors.shape[1]]
        self.filled = end

    def history(self) -> History:
        """The recorded states, sorted by word and then by number of updates."""
        words, updates = self.words[: self.filled], self.updates[: self.filled]
        order = np.lexsort((updates, words))
        starts = bounds_of(np.bincount(words, minlength=len(self.seen)))
        return History(starts, updates[order], self.vectors[order])

    def as_dict(self) -> dict[str, Any]:
        """The description of the history in ``run.json``."""
        return {
            "every": self.plan.every,
            "at_epoch_ends": self.plan.pass_ends,
            "watched": list(self.plan.watch),
            "records": len(self.words),
            "bytes": self.vectors.nbytes,
            "limit": self.plan.limit,
            "dtype": "float16",
        }
