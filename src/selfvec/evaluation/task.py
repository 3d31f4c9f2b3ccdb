"""What a task is, and what it gives: figures of tables, each with its resamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from selfvec.numerics.bootstrap import Estimate

from .compared_vectors import Table

__all__ = ["Measurement", "Task"]


@dataclass(frozen=True)
class Measurement:
    """One figure of one table on one task.

    Parameters
    ----------
    vectors : str
        Name of the table, or of the peer that needs none ("bm25").
    metric : str
    estimate : Estimate
    n : int
        Items the figure is over.
    covered : float
        Share of what was looked up that has a vector, 0 to 1.
    mode : str, optional
        Retrieval only: dense, bm25, hybrid.
    dimensions : int, optional
        Of the table.
    truncated : bool
        Whether the table was cut to them.
    extra : mapping
        More keys of the row.
    """

    vectors: str
    metric: str
    estimate: Estimate
    n: int
    covered: float
    mode: str | None = None
    dimensions: int | None = None
    truncated: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


class Task(Protocol):
    """Something vectors can be measured on.

    Attributes
    ----------
    kind : str
        similarity, analogy, retrieval, classification, ...
    path : Path
        Names the task.
    """

    kind: ClassVar[str]

    @property
    def path(self) -> Path: ...
    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """Measure all tables on the same items, so that they can be compared pairwise."""
