"""`Refinement`, the contract of all methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from selfvec.base.arrays import Array, Bytes, Rows
from selfvec.cooccurrence import Counts
from selfvec.data.run import RunPart
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import filled_rows
from selfvec.refinement.history import HistoryPlan, Recorder

__all__ = ["Refinement", "found_sources"]


class Refinement:
    """A refinement in rounds over a corpus. It can be stopped between two steps and continued.

    A method overrides `advance`, and `state` and `restore` if it has more state than its vectors.
    """

    counts: Counts | None = None  # co-occurrence counts, if the method computed them

    def keep_sums(self) -> None:
        """Keep the sums that an update adds to, if the method has sums."""

    @property
    def sums(self) -> RunPart | None:
        """The sums kept by `keep_sums`, or None."""
        return None

    def __init__(
        self,
        batch: TokenBatch,
        original: Vectors,  # the batch's types in their order, with sources
        rounds: int = 0,
        history: HistoryPlan | None = None,
    ) -> None:
        self.batch = batch
        self.rounds = rounds
        self.sources = original.sources  # the `Source` of each word's vector, (V,) uint8
        self.dimensions = original.vector_size
        plan = history or HistoryPlan()
        self.recorder = Recorder(plan, batch.counts, batch.types, rounds, self.dimensions)
        self.finished = 0  # rounds
        self._table: Rows = original.unit

    @property
    def table(self) -> Rows:
        """The current vectors, (V, d) float32; may be a view."""
        return self._table

    @property
    def done(self) -> bool:
        """Whether all rounds are finished."""
        return self.finished >= self.rounds

    @property
    def progress(self) -> int:
        """Tokens read so far, in all rounds."""
        return self.finished * len(self.batch)

    def advance(self, tick: Callable[[float], None] = lambda _: None) -> int:
        """Perform a step; return the number of tokens read.

        A long step calls ``tick``, in any thread, with the tokens it has read since the last call. If that
        raises an error, the refinement can only be continued from a saved state.
        """
        del tick
        return 0

    def _end_round(self) -> None:
        """Count a round, and record every word if the plan asks for it."""
        self.finished += 1
        if self.recorder.plan.pass_ends:
            every_word = np.arange(len(self.batch.types), dtype=np.int32)
            self.recorder.add(every_word, self.batch.counts * self.finished, self.table)

    @property
    def state(self) -> dict[str, Array]:
        """The arrays that `restore` continues from."""
        return {"finished": np.array([self.finished]), "table": self._table} | self.recorder.state

    def restore(self, state: Mapping[str, Array]) -> None:
        """Continue from a `state` of a refinement with the same corpus, vectors and options."""
        self.finished = int(state["finished"][0])
        self._restore_table(state["table"])
        self.recorder.restore(state)

    def _restore_table(self, table: Rows) -> None:
        self._table = np.array(table)


def found_sources(original: Vectors, after: Bytes, rows: Rows) -> Bytes:
    """The sources of refined vectors, (V,) uint8: `Source.CONTEXT` for rows that only the context gave.

    ``after`` are the sources that the method records, (V,); ``rows`` the refined vectors, (V, d).
    """
    only_context = (original.sources == Source.NONE) & filled_rows(rows) & (after == Source.NONE)
    return np.where(only_context, Source.CONTEXT, after).astype(np.uint8)
