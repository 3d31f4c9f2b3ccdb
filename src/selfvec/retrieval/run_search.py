"""`search`: documents of a run, found by their words and their meaning."""

from __future__ import annotations

from collections.abc import Sequence

from selfvec.base.checks import check_text, check_texts
from selfvec.base.progress import Progress
from selfvec.storage.opened import GivenRun, as_run

from .kept_index import run_index
from .passages import CUT
from .scoring import check_mode
from .snippets import Found

__all__ = ["search"]


def search(
    run: GivenRun,
    query: str,
    *,
    top: int = 10,
    mode: str = "hybrid",
    filters: str | Sequence[str] = (),
    passage_words: int = CUT[0],
    overlap: int = CUT[1],
    progress: Progress | None = None,
) -> Found:
    """Find documents by their words and their meaning, and why each was found.

    Parameters
    ----------
    run : Run or path
        Its index is made when it is first searched, and kept in the run folder.
    query : str
        A question or some words.
    top : int
        Documents, at most.
    mode : "hybrid", "bm25" or "dense"
        Use words and vectors, words only, or vectors only.
    filters : str or sequence of str
        Such as ``state=IOWA``, ``size=2..5`` or ``date=1996..1998``.
    passage_words, overlap : int
        Words of the passages that a long document is cut into, and how many of them a passage repeats from
        the one before.
    progress : Progress, optional

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
    check_mode(mode)
    named = check_texts("filters", filters) if filters else []
    index = run_index(as_run(run), progress, cut=(passage_words, overlap))
    return index.search(query, top, mode=mode, filters=named)
