"""``selfvec refine``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from selfvec.base.errors import OptionError
from selfvec.data.settings import SLICES, Settings

__all__ = ["limit_threads", "listed", "parse_window", "refine"]

TEXT, RULE, KEEP = "What is read", "How words move", "What is kept"


def refine(
    corpus: Annotated[
        list[str],
        typer.Argument(metavar="CORPUS...", help="Files or folders of text; - reads standard input."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="RUN", help="The run folder to make.", rich_help_panel=KEEP),
    ],
    vectors: Annotated[
        str, typer.Option(metavar="PATH|default|none", help="Where the words start.", rich_help_panel=RULE)
    ] = "default",
    method: Annotated[
        str, typer.Option(metavar="auto|paper|online|decorrelated|original", rich_help_panel=RULE)
    ] = "auto",
    window: Annotated[
        str,
        typer.Option(
            metavar="N|auto", help="Tokens per window; auto: the mean sentence length.", rich_help_panel=RULE
        ),
    ] = "auto",
    learning_rate: Annotated[
        float | None,
        typer.Option(help="How far neighbours pull: 0.01, or 0.005 for online.", rich_help_panel=RULE),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the corpus.", rich_help_panel=RULE)] = 1,
    passes: Annotated[int, typer.Option(help="Decorrelated passes; even.", rich_help_panel=RULE)] = 2,
    operator: Annotated[
        str,
        typer.Option(
            metavar="scan|counts|ppmi",
            help="How decorrelated passes average neighbours: by scan of the text, or by exact counts, "
            "which are kept.",
            rich_help_panel=RULE,
        ),
    ] = "scan",
    distance_weights: Annotated[
        str,
        typer.Option(
            metavar="flat|linear|harmonic",
            help="What a neighbour counts by its distance, where it is counted.",
            rich_help_panel=RULE,
        ),
    ] = "flat",
    anchor: Annotated[
        float | None,
        typer.Option(metavar="L", help="How strongly words hold on to what was known.", rich_help_panel=RULE),
    ] = None,
    oov: Annotated[
        str,
        typer.Option(
            metavar="subwords|zero",
            help="How words without a vector start: composed from their parts where possible, or zero.",
            rich_help_panel=RULE,
        ),
    ] = "subwords",
    vectors_errors: Annotated[
        str,
        typer.Option(
            metavar="strict|replace",
            help="replace: mend words of the vectors file that are not UTF-8 or stand twice.",
            rich_help_panel=RULE,
        ),
    ] = "strict",
    text_field: Annotated[
        str | None, typer.Option(metavar="F[,F...]", help="Fields that hold the text.", rich_help_panel=TEXT)
    ] = None,
    date_field: Annotated[
        str | None, typer.Option(metavar="F", help="Field that holds the date.", rich_help_panel=TEXT)
    ] = None,
    slice_by: Annotated[
        str | None,
        typer.Option(
            "--slice",
            metavar="month|quarter|year|corpus",
            help="Parts that drift compares: periods, or each CORPUS.",
            rich_help_panel=TEXT,
        ),
    ] = None,
    slice_field: Annotated[
        str | None,
        typer.Option(metavar="F", help="Field that says which part a document is of.", rich_help_panel=TEXT),
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Count malformed rows and go on.", rich_help_panel=TEXT)
    ] = False,
    tokenizer: Annotated[
        str,
        typer.Option(
            metavar="words|whitespace|FILE",
            help="whitespace: text is tokenised already; FILE: a tokenizer.json.",
            rich_help_panel=TEXT,
        ),
    ] = "words",
    lemmatize: Annotated[
        str | None, typer.Option(metavar="LANG", help="Use lemmas: en, or en,de.", rich_help_panel=TEXT)
    ] = None,
    stem: Annotated[
        str | None,
        typer.Option(metavar="LANG", help="Words of one stem are one, as en.", rich_help_panel=TEXT),
    ] = None,
    stop_words: Annotated[
        str | None,
        typer.Option(metavar="LANG|FILE", help="Leave these words out, as en.", rich_help_panel=TEXT),
    ] = None,
    pos: Annotated[
        str | None,
        typer.Option(
            metavar="POS[,POS...]", help="Keep noun, verb, adjective, adverb only.", rich_help_panel=TEXT
        ),
    ] = None,
    tagger: Annotated[
        str | None,
        typer.Option(metavar="PIPELINE", help="Tell --pos by a spaCy pipeline.", rich_help_panel=TEXT),
    ] = None,
    min_count: Annotated[int, typer.Option(help="Leave rarer words out.", rich_help_panel=TEXT)] = 1,
    phrases: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto|FILE",
            help="Multi-word terms become units: so many of those in the text, all, or those listed.",
            rich_help_panel=TEXT,
        ),
    ] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLAN",
            help="auto, none, epoch, every:K, watch:WORD,WORD or limit:SIZE; may be repeated.",
            rich_help_panel=KEEP,
        ),
    ] = None,
    keep_tokens: Annotated[
        bool,
        typer.Option(
            "--keep-tokens/--forget-tokens",
            help="Keep the corpus as numbers, to measure or slice it later.",
            rich_help_panel=KEEP,
        ),
    ] = True,
    jobs: Annotated[
        int | None, typer.Option(help="Threads; all cores otherwise.", rich_help_panel=KEEP)
    ] = None,
    seed: Annotated[int, typer.Option(help="For every random choice.", rich_help_panel=KEEP)] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.", rich_help_panel=KEEP)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a run of that name.", rich_help_panel=KEEP)
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Refine vectors on a corpus and save a run folder."""
    settings = Settings(
        method=method,
        window=parse_window(window),
        learning_rate=learning_rate,
        epochs=epochs,
        passes=passes,
        operator=operator,
        distance_weights=distance_weights,
        anchor=anchor,
        oov=oov,
        vectors_errors=vectors_errors,
        tokenizer=tokenizer,
        lemmatize=lemmatize,
        stem=stem,
        stop_words=stop_words,
        pos=listed(pos) or (),
        tagger=tagger,
        min_count=min_count,
        phrases=int(phrases) if phrases and phrases.isdecimal() else phrases,
        history=history or "auto",
        slice=_period(slice_by, slice_field),
        keep_tokens=keep_tokens,
        seed=seed,
    )
    limit_threads(jobs)
    from selfvec.corpus import Corpus
    from selfvec.storage.workspace import Workspace

    from .refine_report import report, work

    with Workspace(output, overwrite=overwrite, resume=resume) as workspace:
        opened = Corpus.open(
            corpus,
            text_fields=listed(text_field),
            date_field=date_field,
            slice_field=slice_field,
            slice_by_name=slice_by == "corpus",
            skip_bad_rows=skip_bad_rows,
        )
        run = work(opened, None if vectors == "none" else vectors, settings, workspace, jobs)
    report(run, output, as_json)


def listed(text: str | None) -> list[str] | None:
    """The parts of an option that takes several with commas; None where there are none."""
    return [part.strip() for part in text.split(",") if part.strip()] if text else None


def _period(slice_by: str | None, slice_field: str | None) -> str | None:
    """The period to slice by; None where slices are given by a field or the corpora."""
    if slice_by and slice_field:
        raise OptionError(
            "slices are by --slice or by --slice-field, here are both", remedy="leave one of them out"
        )
    if slice_by not in (None, "corpus", *SLICES):
        raise OptionError(f"is one of {', '.join(SLICES)} or corpus, not {slice_by!r}", field="slice")
    return None if slice_by == "corpus" else slice_by


def parse_window(text: str) -> int | str:
    """A number of tokens, or "auto"."""
    if text == "auto":
        return text
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"is a whole number or auto, not {text!r}", field="window") from None


def limit_threads(jobs: int | None) -> None:
    """Hold libraries to so many threads: they read it when imported, which is later than here.

    Raises
    ------
    OptionError
        If that is no number of threads.
    """
    if jobs is None:
        return
    if jobs < 1:
        raise OptionError(f"--jobs is at least 1, not {jobs}")
    for library in ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM"):
        os.environ[f"{library}_THREADS"] = str(jobs)
