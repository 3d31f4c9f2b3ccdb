"""``selfvec evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from selfvec.base.errors import OptionError

from .output import TerminalProgress, print_json, say, show

if TYPE_CHECKING:
    from selfvec.base.progress import Progress
    from selfvec.data.vectors import Vectors
    from selfvec.evaluation import Task

__all__ = ["Greedy", "evaluate"]

TASKS = "What is measured"


class Greedy(TyperCommand):
    """An option that may be repeated takes all that follows it, as in ``--similarity *.tsv``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values."""
        greedy = {flag for param in self.params if getattr(param, "multiple", False) for flag in param.opts}
        out: list[str] = []
        flag, free = None, False
        for place, argument in enumerate(args):
            if argument == "--":
                out += args[place:]
                break
            if argument.startswith("-") and argument != "-":
                flag, free = (argument if argument in greedy else None), True
            elif flag is not None:
                if not free:
                    out.append(flag)
                free = False
            out.append(argument)
        return super().parse_args(ctx, out)


def evaluate(
    vectors: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|VECTORS...", help="Run folders and vectors files; first, before options."
        ),
    ],
    similarity: Annotated[
        list[Path] | None,
        typer.Option(metavar="TSV...", help="Rows of word, word, score.", rich_help_panel=TASKS),
    ] = None,
    analogies: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE...", help="Four words a line, as Google's or MSR's.", rich_help_panel=TASKS
        ),
    ] = None,
    retrieval: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="BEIR_DIR...", help="corpus.jsonl, queries.jsonl, qrels.", rich_help_panel=TASKS
        ),
    ] = None,
    classification: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR...", help="train.tsv and test.tsv, rows of label, text.", rich_help_panel=TASKS
        ),
    ] = None,
    shots: Annotated[
        int | None,
        typer.Option(min=1, help="Classify from N documents a class.", rich_help_panel=TASKS),
    ] = None,
    bias: Annotated[
        bool, typer.Option("--bias", help="WEAT on small built-in word sets.", rich_help_panel=TASKS)
    ] = False,
    bias_sets: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="WEAT on your word sets, TOML or JSON.", rich_help_panel=TASKS),
    ] = None,
    nonces: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Rows of word, definition.", rich_help_panel=TASKS),
    ] = None,
    chimeras: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Rows of id, sentences, words, ratings.", rich_help_panel=TASKS),
    ] = None,
    senses: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE...",
            help="Rows of lemma, sense, text: are uses put together?",
            rich_help_panel=TASKS,
        ),
    ] = None,
    oov: Annotated[
        bool,
        typer.Option(
            "--oov", help="Hide known words of a run, find their vectors again.", rich_help_panel=TASKS
        ),
    ] = False,
    stability: Annotated[
        bool,
        typer.Option(
            "--stability", help="Refine again, over seeds and halves of the corpus.", rich_help_panel=TASKS
        ),
    ] = False,
    encoder: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Neighbours against a contextual encoder's.", rich_help_panel=TASKS
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME...", help="Peers, trained now on the run's tokens; all for all of them."),
    ] = None,
    dimensions: Annotated[
        str | None,
        typer.Option(metavar="N[,N...]", help="Measure again in N principal axes.", rich_help_panel=TASKS),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="For every random choice.")] = 0,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.md|html", help="Write a report with charts.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure vectors on tasks: each figure with its interval, each difference with its own."""
    from selfvec.evaluation.bias_sets import BUILT_IN
    from selfvec.evaluation.evaluate import evaluate as measure
    from selfvec.evaluation.report import check_suffix

    given = {
        "similarity": similarity,
        "analogies": analogies,
        "retrieval": retrieval,
        "classification": classification,
        "bias-sets": [*([BUILT_IN] if bias else []), *(bias_sets or [])],
        "nonces": nonces,
        "chimeras": chimeras,
        "senses": senses,
    }
    if report is not None:
        check_suffix(report)
    tasks = _tasks(given, {"classification": {"shots": shots}}) + _run_tasks(oov, stability, encoder)
    if not tasks:
        flags = ", ".join(f"--{flag}" for flag in (*given, "bias", "oov", "stability", "encoder"))
        raise OptionError("there is nothing to measure", remedy=f"give at least one of {flags}")
    progress = TerminalProgress()
    peers = _trained(vectors, against, seed, progress)
    found = measure(
        vectors, tasks, against=peers, dimensions=_sizes(dimensions), seed=seed, progress=progress
    )
    if report is not None:
        found.save(report)
        say(f"wrote {report}")
    if as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.word_tables import evaluation_table

        show(evaluation_table(found.as_dict()["rows"], found.summary()))


def _tasks(given: dict[str, list[Path] | None], options: dict[str, dict[str, Any]]) -> list[Task]:
    """The tasks of every kind, in the order of `KINDS`."""
    from selfvec.evaluation import KINDS

    return [
        kind(path, **options.get(flag, {})) for flag, kind in KINDS.items() for path in given.get(flag) or ()
    ]


def _run_tasks(oov: bool, stability: bool, encoder: str | None) -> list[Task]:
    """Tasks that ask a run's own corpus."""
    from selfvec.evaluation import Contextual, Stability, Unknown
    from selfvec.evaluation.contextual import sentence_encoder
    from selfvec.refine.induction import hold_out
    from selfvec.refine.pipeline import refine_again

    tasks: list[Task] = [Unknown(hold_out, refine_again)] if oov else []
    if stability:
        tasks += [Stability(refine_again, over) for over in ("seeds", "halves")]
    if encoder is not None:
        tasks.append(Contextual(sentence_encoder(encoder), encoder))
    return tasks


def _trained(given: list[str], names: list[str] | None, seed: int, progress: Progress) -> dict[str, Vectors]:
    """Peers of the one run among what was given."""
    if not names:
        return {}
    from selfvec.evaluation.baselines import train
    from selfvec.storage.run_folder import is_run, open_run

    runs = [path for path in given if is_run(path)]
    if len(runs) != 1:
        raise OptionError(
            f"peers are trained on the tokens of one run, here are {len(runs)}",
            field="against",
            remedy="name one run folder",
        )
    return train(open_run(runs[0]), names, seed=seed, progress=progress)


def _sizes(text: str | None) -> list[int]:
    if not text:
        return []
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(
            f"is whole numbers with commas, not {text!r}", field="dimensions", remedy="try 50,100"
        ) from None
