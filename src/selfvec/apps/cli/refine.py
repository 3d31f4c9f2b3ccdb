"""``selfvec refine``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from selfvec.base.errors import OptionError
from selfvec.data.settings import RULE, SLICES, TEXT, Settings

from .arguments import AsJson, NewRun, Reading, Work

__all__ = ["refine"]


def refine(
    *,
    corpus: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS...", help="Files or folders of text; - reads standard input."),
    ],
    output: NewRun,
    vectors: Annotated[
        str,
        typer.Option(
            metavar="PATH|default|none",
            help="The vectors to start from; none: random directions.",
            rich_help_panel=RULE,
        ),
    ] = "default",
    reading: Reading,
    slice_by: Annotated[
        str | None,
        typer.Option(
            "--slice",
            metavar="month|quarter|year|corpus",
            help="Parts that drift compares: periods, or each CORPUS.",
            rich_help_panel=TEXT,
        ),
    ] = None,
    settings: Settings,
    work: Work,
    as_json: AsJson = False,
) -> None:
    """Refine vectors on a corpus and save a run folder.

    Example: selfvec refine reports.csv --text-field narrative -o run
    """
    settings = replace(settings, slice=_period(slice_by, reading.slice_field))
    from selfvec.corpus import Corpus
    from selfvec.storage.workspace import Workspace

    from .refine_report import refine_and_save, report

    with Workspace(output, overwrite=work.overwrite, resume=work.resume) as workspace:
        opened = Corpus.open(
            corpus,
            **reading.fields,
            slice_by_name=slice_by == "corpus",
            skip_bad_rows=reading.skip_bad_rows,
        )
        run = refine_and_save(opened, vectors, settings, workspace, work.jobs)
    report(run, output, as_json)


def _period(slice_by: str | None, slice_field: str | None) -> str | None:
    """The period to slice by; None if the slices are a field's values, or the corpora."""
    if slice_by and slice_field:
        rule = "slices are defined by --slice or by --slice-field, not by both"
        raise OptionError(rule, remedy="leave one of them out")
    if slice_by not in (None, "corpus", *SLICES):
        raise OptionError(f"is one of {', '.join(SLICES)} or corpus, not {slice_by!r}", field="slice")
    return None if slice_by == "corpus" else slice_by
