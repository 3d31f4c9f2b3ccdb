"""The index of a run, which is kept in its cache, and `search` in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from selfvec.base.checks import check_text, check_texts
from selfvec.base.declarations import checked
from selfvec.base.progress import Progress, as_progress
from selfvec.storage.cache import cached
from selfvec.storage.opened import GivenRun, as_run

from .dense_space import TABLES
from .documents import gather
from .index import Index
from .passages import CUT, Cut, check_cut
from .snippets import Found


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

    return cached(run, "search", [list(tables), list(cut)], make, Index.write, Index.open, progress)


@checked
def search(
    run: GivenRun,
    query: str,
    *,
    top: int = 10,
    mode: str = "hybrid",
    filters: str | Sequence[str] = (),
    passage_words: int = 200,
    overlap: int = 40,
    progress: Progress | None = None,
) -> Found:
    """Find documents by their words and their meaning, and show why.

    Parameters
    ----------
    run : Run or path
        A run folder. Its index is made when it is first searched, and kept there.
    query : str
        A question or some words.
    mode : {"hybrid", "bm25", "dense"}
        Use words and vectors, words only, or vectors only.
    top : int, at least 1
        Documents shown, of different texts. Copies are named with the first of their text.
    filters : str or sequence of str
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    progress : Progress, optional

    Other Parameters
    ----------------
    passage_words : int, at least 20
        Words of the passages that a long document is cut into.
    overlap : int, at least 0
        Words that a passage repeats from the one before.

    Returns
    -------
    Found
        ``hits`` has marks and reasons, too, which ``rows`` leave out.

    Raises
    ------
    OptionError
        If the query is empty, or an option is wrong.
    InputError
        If there is no run, or it has not kept its text.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> run = selfvec.Refiner(method="decorrelated").fit(texts).run_
    >>> search(run, "hail on roofs", top=1).rows[0]["id"]
    '0'
    """
    check_text("query", query)
    named = check_texts("filters", filters) if filters else []
    run = as_run(run)
    index = run_index(run, progress, cut=(passage_words, overlap))
    found = index.search(query, top, mode=mode, filters=named)
    return replace(found, corpus=run.provenance.corpus_name)
