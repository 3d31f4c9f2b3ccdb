"""`report`: what is known about the text of a run, as one page to send."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from selfvec.base.checks import check_texts
from selfvec.base.declarations import checked
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.result_table import Figures
from selfvec.corpus.filters import GivenFilter, filtered_documents, given_filters
from selfvec.files.atomic_files import check_target
from selfvec.files.report_page import check_report, save_page
from selfvec.storage.opened import GivenRun, as_run

if TYPE_CHECKING:
    from selfvec.analysis.concepts import Topics
    from selfvec.analysis.word_drift import Drift
    from selfvec.data.run import Run

T = TypeVar("T")
_DRAWN = 3  # words over time, if none are named


@checked
def report(
    run: GivenRun,
    output: str | os.PathLike[str],
    *,
    words: str | Sequence[str] = (),
    filter: GivenFilter = (),
    top: int = 12,
    variants: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Write one page about a text, to send.

    It says what the text is about, its topics with sentences that are typical of them, which words changed
    with sentences as evidence, some words over time, and how sure each is. The page holds all it needs, and
    opens in any browser. What the run does not have, such as dates, is left out, and the page says so.

    Parameters
    ----------
    run : Run or path
    output : path
        The page to write, .html.
    words : str or sequence of str
        Words that are drawn over time; by default the first that changed.
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or date=1996..1998;
        several on one field are alternatives.
    top : int, at least 1
        Words that changed.
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    overwrite : bool
    progress : Progress, optional

    Returns
    -------
    Figures
        ``path``, its size in ``bytes``, the number of ``topics``, and the ``words`` that changed.

    Raises
    ------
    InputError
        If a named word does not occur, or no document passes the filters.
    TargetError
        If the page exists, and ``overwrite`` is false.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.report(run, "weather.html", top=4)["words"]
    ['stream', 'mast', 'panel', 'drone']
    """
    from selfvec.analysis.variants import with_variants

    run = with_variants(as_run(run), variants)
    check_report(output, (".html",))
    check_target(output, overwrite=overwrite, folder=False)
    named = check_texts("words", words, "words") if words else []
    rows, _ = run.rows(named) if named else ([], [])
    passed = given_filters(filter)
    documents = int(filtered_documents(run, passed).sum()) if passed else None
    from selfvec.analysis.word_drift import comparable_slices, drift, slice_paths
    from selfvec.views.text_report import TextFindings, text_report

    missing: list[str] = []
    subjects = _or_why(missing, "Topics", lambda: _topics(run, passed, progress))
    changed = _or_why(
        missing, "Changes", lambda: drift(run, filter=passed, top=top, examples=2, progress=progress)
    )
    drawn = [run.vectors.index_to_key[row] for row in rows] or _first_words(changed)
    paths = []
    if (slices := comparable_slices(run, passed)) and drawn:
        paths = _or_why(missing, "Words over time", lambda: slice_paths(run, drawn, slices)) or []
    elif named:
        missing.append("Words over time: the documents have neither dates nor slices.")
    page = text_report(TextFindings(run, subjects, changed, paths, missing, passed, documents))
    save_page(page, output, overwrite=overwrite)
    path = Path(output)
    figures = {"path": str(path), "bytes": path.stat().st_size, "topics": len(subjects or ())}
    told = "the page holds sentences of the documents; it opens in any browser"
    figures["words"] = [row["word"] for row in changed or ()]
    return Figures("Report", figures, messages=[told])


def _topics(run: Run, filters: Sequence[str], progress: Progress | None) -> Topics:
    """The topics of the documents that pass, with their shares in periods if there are some."""
    from selfvec.analysis.concepts import topics

    subjects = topics(run, filter=filters, progress=progress)
    return with_periods(subjects.run or run, subjects)  # the run of the documents that pass


def with_periods(run: Run, topics: Topics) -> Topics:
    """The topics of a run with their shares in its periods, if there are some."""
    from selfvec.analysis.concepts.corpus_topics import topic_shares
    from selfvec.analysis.word_drift import comparable_slices

    periods = comparable_slices(run)
    return replace(topics, groups=topic_shares(run, topics, periods)) if periods else topics


def _first_words(changed: Drift | None) -> list[str]:
    return [row["word"] for row in (changed or ())][:_DRAWN]


def _or_why(missing: list[str], what: str, find: Callable[[], T]) -> T | None:
    """What is found; None if the run does not have what it needs, and the reason is added to ``missing``."""
    try:
        return find()
    except InputError as error:
        missing.append(f"{what}: {error.rule}.")
        return None
