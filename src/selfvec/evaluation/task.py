"""A task: items read from a file or a run, on which every table is measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from selfvec.base.errors import OptionError
from selfvec.numerics.statistics import Estimate

from .compared_vectors import Table

__all__ = ["Measurement", "Task"]

Items = TypeVar("Items")


@dataclass(frozen=True)
class Measurement:
    """One figure of one table on one task.

    Parameters
    ----------
    vectors : str
        Name of the table, or of a baseline without vectors ("bm25").
    metric : str
    estimate : Estimate
        The value and its bootstrap replicates.
    n : int
        Number of items.
    covered : float
        Share of what was looked up that has a vector, 0 to 1.
    mode : str, optional
        Retrieval only: dense, bm25 or hybrid.
    dimensions : int, optional
        Of the table.
    truncated : bool
        Whether the table was cut to that many principal axes.
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

    @classmethod
    def of(
        cls,
        table: Table,
        metric: str,
        estimate: Estimate,
        n: int,
        covered: float,
        mode: str | None = None,
        **extra: Any,
    ) -> Measurement:
        """A figure of this table; further keywords become keys of the row."""
        size = table.vectors.vector_size
        return cls(table.name, metric, estimate, n, covered, mode, size, table.truncated, extra)


@dataclass(frozen=True)
class Task(ABC, Generic[Items]):
    """Base of all tasks: `load` reads the items once, `score` measures one table on them.

    All tables are scored on the same items, so that they can be compared item by item.

    Parameters
    ----------
    path : path
        The file or folder that holds the items. Its name becomes the task's name.

    Attributes
    ----------
    kind : str
        As in the report: similarity, analogy, retrieval, ...
    runs_only : bool
        Whether the task needs a run's corpus; it then measures the refined table of each run.
    """

    path: Path
    kind: ClassVar[str]
    runs_only: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @abstractmethod
    def load(self, seed: int) -> Items:
        """Read the items.

        Raises
        ------
        InputError
            If a file is missing or malformed; names the file and line.
        """

    @abstractmethod
    def score(self, table: Table, items: Items, seed: int) -> Iterator[Measurement]:
        """Figures of one table."""

    def score_baseline(self, tables: Sequence[Table], items: Items, seed: int) -> Iterator[Measurement]:
        """Figures of a method that needs no vectors, such as BM25; none by default."""
        yield from ()

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """Figures of all tables.

        Raises
        ------
        InputError
            If the items cannot be read, or a run has not kept its corpus.
        OptionError
            If the task needs a run and there is none.
        """
        if self.runs_only:
            tables = [table for table in tables if table.refined and not table.truncated]
            if not tables:
                rule = f"{self.path} is measured on runs, none was given"
                raise OptionError(rule, remedy="give a run folder")
        items = self.load(seed)
        for table in tables:
            yield from self.score(table, items, seed)
        yield from self.score_baseline(tables, items, seed)
