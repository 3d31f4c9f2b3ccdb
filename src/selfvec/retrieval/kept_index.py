"""`run_index`: the index of a run's documents, which is kept in the run's cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from selfvec.base.progress import Progress, as_progress
from selfvec.storage.cache import cached
from selfvec.storage.opened import GivenRun, as_run

from .dense_space import TABLES
from .documents import gather
from .index import Index
from .passages import CUT, Cut, check_cut

NAME = "search"  # in the cache


def run_index(
    run: GivenRun,
    progress: Progress | None = None,
    *,
    tables: Sequence[str] = TABLES,
    cut: Cut = CUT,
) -> Index:
    """The index of a run's documents.

    It is kept in the run's cache, and built again if the run or the version have changed. If several
    processes need it, one builds it and the others wait.

    Parameters
    ----------
    run : Run or path
    progress : Progress, optional
    tables : sequence of str
        Vectors of the run to use.
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.

    Raises
    ------
    InputError
        If the run has not kept its text.
    """
    run = as_run(run)
    progress = as_progress(progress)
    check_cut(cut)

    def make() -> Index:
        found = replace(gather(run, progress), cut=cut)
        return Index.memory(run, found, tables=tables, progress=progress)

    return cached(run, NAME, [list(tables), list(cut)], make, Index.write, Index.open, progress)
