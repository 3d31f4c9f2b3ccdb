"""`report`: what is known about the text of a run, as one page to send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from selfvec.base.answer import Answer, Json
from selfvec.base.checks import StrPath, check_texts
from selfvec.base.declarations import Count, checked
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import GivenProgress
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.files.atomic_files import check_target
from selfvec.files.report_page import check_report, save_page
from selfvec.storage.opened import GivenRun, as_run

if TYPE_CHECKING:
    from selfvec.analysis.views.text_report import TextFindings
    from selfvec.analysis.word_drift.drift_result import Drift

T = TypeVar("T")
_DRAWN = 3  # words over time, if none are named
MOST_GROUPS = 8  # values of a field, those with the most text


@checked
def report(
    run: GivenRun,
    output: StrPath,
    *,
    between: str | Sequence[str | Slice] | None = None,
    words: str | Sequence[str] = (),
    filter: GivenFilter = (),
    groups: str | None = None,
    top: Count = 12,
    variants: Literal["auto"] | StrPath | None = None,
    overwrite: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Write one page about a text, to send.

    Its title says what happened when, or what the text is about. The first screen has at most three findings
    with their numbers, a chart of the first over time, and three documents worth reading. Evidence is folded
    below: tables of subjects, typical sentences, words, and how the page was made. It opens in any browser.
    What the run does not have, such as dates, is left out, and the page says so.

    Parameters
    ----------
    run : Run or path
    output : path
        The page to write, .html.
    between : sequence of slices, optional
        The two parts that are compared. By default the page says what happened in all of the time, and
        compares the halves of the text. Named as in `drift`.
    words : str or sequence of str
        Words that are followed over time; by default the first that changed. The page says how
        the share of the documents of each named word changed.
    filter : str, dict, or sequence of these
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or date=1996..1998;
        several on one field are alternatives.
    groups : str, optional
        Count subjects by a field. state=IOWA,OHIO names values; else those with the most text are shown.
    top : int, at least 1
        Words that changed.
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    overwrite : bool
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        ``path``, its size in ``bytes``, the number of ``topics``, and the ``words`` that changed. ``growth``
        has a row for each subject and chosen word, ``groups`` for each group, ``read`` for each document to
        read.

    Raises
    ------
    InputError
        If a named word does not occur, or no document passes the filters.
    NotFound
        If a part, field or value does not exist.
    TargetError
        If the page exists, and ``overwrite`` is false.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> selfvec.report(run, "weather.html", top=4)["words"]
    ['stream', 'mast', 'drone', 'panel']
    """
    from selfvec.analysis.comparison.variants import with_variants
    from selfvec.analysis.views.text_report import text_report

    run = with_variants(as_run(run), variants)
    check_report(output, (".html",))
    check_target(output, overwrite=overwrite, folder=False)
    named = check_texts("words", words, "words") if words else []
    followed = [run.vectors.index_to_key[row] for row in run.rows(named)[0]] if named else []
    by = ("", None) if groups is None else _field_and_values(groups)
    findings = _find(run, between, followed, given_filters(filter), *by, top)
    save_page(text_report(findings), output, overwrite=overwrite)
    path = Path(output)
    figures = {
        "path": str(path),
        "bytes": path.stat().st_size,
        "topics": len(findings.topics or ()),
        "words": [row["word"] for row in findings.drift or ()],
    }
    told = "the page holds sentences of the documents; it opens in any browser"
    return Answer("Report", figures | findings.as_dict(), messages=[told])


def _find(
    run: Run,
    between: str | Sequence[str | Slice] | None,
    words: Sequence[str],  # that the run has
    filters: list[str],
    field: str,  # whose values are groups, and these if they are named
    values: list[str] | None,
    top: int,
) -> TextFindings:
    """All that a report says, or why something cannot be said."""
    from selfvec.analysis.comparison.chosen_slices import (
        asked_slices,
        dated_among,
        drawn_periods,
        field_slices,
    )
    from selfvec.analysis.concepts.corpus_topics import subjects_of_report
    from selfvec.analysis.concepts.document_topics import documents_to_read
    from selfvec.analysis.concepts.shares import group_differences, word_changes
    from selfvec.analysis.views.charts import Timeline
    from selfvec.analysis.views.text_report import TextFindings
    from selfvec.analysis.word_drift.drift import drift

    chosen = asked_slices(run, between, filters=filters)
    sides, among = chosen.slices, chosen.among
    missing = [chosen.why] if filters and not sides else []
    groups = field_slices(run, field, values, MOST_GROUPS, among, option="groups") if field else []
    batch = run.tokens
    if batch is not None and among is not None:
        batch = dated_among(batch, among)
    names = [side.name for side in sides]
    time = Timeline(*drawn_periods(batch), names)
    subjects = _or_why(missing, "Subjects", lambda: subjects_of_report(run, chosen))
    whole = subjects and subjects.subjects

    def changed_words() -> Drift:
        between = None if chosen.in_time else names
        return drift(run, between, filter=filters, top=top, examples=2)

    changed = _or_why(missing, "Words", changed_words) if sides else None
    drawn = words or [row["word"] for row in (changed.standing_out[:_DRAWN] if changed else [])]
    return TextFindings(
        run,
        subjects,
        changed,
        _paths(run, drawn, time.periods, missing, named=bool(words)),
        missing,
        filters,
        chosen.why if sides else "",
        words=word_changes(run, words, sides),
        groups=group_differences(run, groups, whole.with_documents if whole else ()) if groups else [],
        field=field,
        to_read=[] if subjects is None else documents_to_read(subjects),
        time=time,
    )


def _paths(
    run: Run, words: Sequence[str], periods: Sequence[Slice], missing: list[str], *, named: bool
) -> Sequence[Json]:
    """Words over time; if they were ``named`` and the text has no time, the ``missing`` say so."""
    from selfvec.analysis.word_drift.word_paths import slice_paths

    if len(periods) > 1 and words:
        return _or_why(missing, "Words over time", lambda: slice_paths(run, words, periods)) or []
    if named:
        missing.append("Words over time: the documents have neither dates nor slices.")
    return []


def _field_and_values(groups: str) -> tuple[str, list[str] | None]:
    """The field of ``FIELD`` or ``FIELD=A,B``, and its values if they are named.

    >>> _field_and_values("state"), _field_and_values("state=IOWA, OHIO")
    (('state', None), ('state', ['IOWA', 'OHIO']))
    """
    field, equals, values = groups.partition("=")
    named = [value.strip() for value in values.split(",") if value.strip()]
    if not field.strip() or (equals and len(named) < 2):
        rule = f"is a field, or a field and several of its values, not {groups!r}"
        raise OptionError(rule, field="groups", remedy="write FIELD or FIELD=A,B")
    return field.strip(), named or None


def _or_why(missing: list[str], what: str, find: Callable[[], T]) -> T | None:
    """What is found; None if the run does not have what it needs, and the reason is added to ``missing``."""
    try:
        return find()
    except InputError as error:
        missing.append(f"{what}: {error.rule}.")
        return None
