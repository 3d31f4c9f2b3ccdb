"""`run_index`: the index of a run's documents, which is kept in the run's cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from selfvec.base.errors import InputError, TargetError
from selfvec.base.progress import Progress, as_progress
from selfvec.corpus.sources import Texts
from selfvec.data.run import Run
from selfvec.storage.cache import cached
from selfvec.storage.opened import GivenRun, as_run

from .dense_space import TABLES
from .documents import GatheredDocuments, gather, kept_tokens
from .index import Index
from .passages import CUT, Cut, check_cut

__all__ = ["run_index"]

NAME = "search"  # in the cache


def run_index(
    run: GivenRun,
    corpus: Texts = None,
    progress: Progress | None = None,
    *,
    tables: Sequence[str] = TABLES,
    or_tokens: bool = False,
    cut: Cut = CUT,
) -> Index:
    """The index of a run's documents, or of others.

    That of a run's own documents is kept in the run's cache, and built again if the run or the version have
    changed. If several processes need it, one builds it and the others wait. The index of a run made with
    ``--forget-tokens`` is not kept.

    Parameters
    ----------
    run : Run or path
    corpus : paths, texts or whatever else `selfvec.as_corpus` takes, optional
        The run's own documents by default. A run that was fitted from texts in memory does not keep them:
        give them here.
    progress : Progress, optional
    tables : sequence of str
        Vectors of the run to use.
    or_tokens : bool
        Whether to search the tokens that the run kept if its documents cannot be read.
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.

    Raises
    ------
    InputError
        If the documents cannot be read.
    """
    run = as_run(run)
    progress = as_progress(progress)
    check_cut(cut)
    whole = True

    def make() -> Index:
        nonlocal whole
        found, whole = _documents(run, corpus, cut, progress, or_tokens)
        return Index.memory(run, found, tables=tables, progress=progress)

    def write(index: Index, folder: Path) -> None:
        if not whole:
            raise TargetError("some documents are missing", path=folder, remedy="put their files back")
        index.write(folder)

    if run.folder is not None and not keeps_text(run):
        progress.say("the run keeps no text (--forget-tokens): its index is made for this command only")
    if corpus is not None or not keeps_text(run):
        return make()
    return cached(run, NAME, [list(tables), list(cut)], make, write, Index.open, progress)


def keeps_text(run: Run) -> bool:
    """Whether texts may be written into the run folder; not after ``--forget-tokens``."""
    return run.provenance.options.get("keep_tokens") is not False


def _documents(
    run: Run, corpus: Texts, cut: Cut, progress: Progress, or_tokens: bool
) -> tuple[GatheredDocuments, bool]:
    """The documents, and whether they are as they were written; see `run_index`."""
    try:
        found = gather(run, corpus, progress, partly=True)
        return replace(found, cut=cut), not found.gone
    except InputError:
        if not or_tokens or run.tokens is None:
            raise
    return replace(kept_tokens(run), cut=cut), False
