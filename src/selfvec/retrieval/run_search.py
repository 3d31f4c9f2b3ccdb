"""`search`: documents of a run, found by their words and their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from selfvec.base.checks import check_text, check_texts
from selfvec.base.declarations import checked
from selfvec.base.progress import Progress
from selfvec.storage.opened import GivenRun, as_run

from .kept_index import run_index
from .scoring import check_mode
from .snippets import Found


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
    check_mode(mode)
    named = check_texts("filters", filters) if filters else []
    run = as_run(run)
    index = run_index(run, progress, cut=(passage_words, overlap))
    found = index.search(query, top, mode=mode, filters=named)
    return replace(found, corpus=run.provenance.corpus_name)
