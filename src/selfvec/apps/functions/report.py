"""`report`: what is known about the text of a run, as one page to send."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from selfvec.base.checks import check_texts
from selfvec.base.declarations import checked
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import Figures
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice
from selfvec.files.atomic_files import check_target
from selfvec.files.report_page import check_report, save_page
from selfvec.storage.opened import GivenRun, as_run

T = TypeVar("T")
_DRAWN = 3  # words over time, if none are named
MOST_GROUPS = 8  # values of a field, those with the most text


@checked
def report(
    run: GivenRun,
    output: str | os.PathLike[str],
    *,
    between: str | Sequence[str | Slice] | None = None,
    words: str | Sequence[str] = (),
    filter: GivenFilter = (),
    groups: str | None = None,
    top: int = 12,
    variants: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Write one page about a text, to send.

    Its first screen says what the text is, of when and how much, shows the subjects in one picture, and has
    three findings with their numbers and three documents worth reading. Then comes the evidence: subjects
    with typical sentences, words that changed, and at the end how the page was made. It opens in any
    browser. What the run does not have, such as dates, is left out, and the page says so.

    Parameters
    ----------
    run : Run or path
    output : path
        The page to write, .html.
    between : sequence of slices, optional
        The two parts that are compared; by default the last two whole years. Named as in `drift`, whose
        default they are.
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
    progress : Progress, optional

    Returns
    -------
    Figures
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
    from selfvec.analysis.variants import with_variants

    run = with_variants(as_run(run), variants)
    check_report(output, (".html",))
    check_target(output, overwrite=overwrite, folder=False)
    named = check_texts("words", words, "words") if words else []
    rows, _ = run.rows(named) if named else ([], [])
    passed = given_filters(filter)
    field, values = (None, None) if groups is None else _field_and_values(groups)
    from selfvec.analysis.comparison.chosen_slices import asked_slices, comparable_slices, field_slices
    from selfvec.analysis.concepts.corpus_topics import few_subjects_of, passing
    from selfvec.analysis.concepts.document_topics import documents_to_read
    from selfvec.analysis.concepts.group_differences import group_differences
    from selfvec.analysis.concepts.growth import Sides, default_sides, word_changes
    from selfvec.analysis.views.text_report import TextFindings, text_report
    from selfvec.analysis.word_drift.drift import drift
    from selfvec.analysis.word_drift.word_paths import slice_paths

    missing: list[str] = []
    part = passing(run, passed)  # in memory; drift, which keeps what it measures, has the filters
    parts = [] if field is None else field_slices(part, field, values, MOST_GROUPS, option="groups")
    compared = asked_slices(part, between)
    sides = Sides(*compared.slices) if compared.slices else None
    why = compared.why if sides else ""
    if between is None and sides is None and (sides := default_sides(part)):
        why = "Compared: the halves of the text, as periods are too small to tell."
    subjects = _or_why(missing, "Subjects", lambda: few_subjects_of(part, sides, progress))
    changed, paths = None, []
    if sides is not None:
        asked = [side.name for side in sides]
        changed = _or_why(
            missing, "Words", lambda: drift(run, asked, filter=passed, top=top, examples=2, progress=progress)
        )
    chosen = [run.vectors.index_to_key[row] for row in rows]
    drawn = chosen or [row["word"] for row in (changed.standing_out[:_DRAWN] if changed else [])]
    slices = comparable_slices(part)
    if slices and drawn:
        paths = _or_why(missing, "Words over time", lambda: slice_paths(part, drawn, slices)) or []
    elif named:
        missing.append("Words over time: the documents have neither dates nor slices.")
    findings = TextFindings(
        part,
        subjects,
        changed,
        paths,
        missing,
        passed,
        why,
        words=word_changes(part, chosen, sides),
        groups=group_differences(part, subjects, parts) if parts else [],
        field=field or "",
        to_read=[] if subjects is None else documents_to_read(subjects),
    )
    save_page(text_report(findings), output, overwrite=overwrite)
    path = Path(output)
    figures = {"path": str(path), "bytes": path.stat().st_size, "topics": len(subjects or ())}
    told = "the page holds sentences of the documents; it opens in any browser"
    figures["words"] = [row["word"] for row in changed or ()]
    return Figures("Report", figures | findings.as_dict(), messages=[told])


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
