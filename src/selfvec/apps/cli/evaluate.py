"""``selfvec evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfvec.base.errors import OptionError

from .arguments import AsJson, Command, Seed
from .output import TerminalProgress, print_json, say, show

if TYPE_CHECKING:
    from selfvec.base.progress import Progress
    from selfvec.data.vectors import Vectors
    from selfvec.evaluation import Task

__all__ = ["Greedy", "evaluate"]


class Greedy(Command):
    """A repeatable option takes all values that follow it, as in ``--similarity *.tsv``."""

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


def _task(help: str, metavar: str | None = None, *flags: str, **options: Any) -> Any:
    """An option that adds a task."""
    return typer.Option(*flags, help=help, metavar=metavar, rich_help_panel="What to measure", **options)


Paths = list[Path] | None


@dataclass(frozen=True)
class TaskOptions:
    """What to measure."""

    similarity: Annotated[Paths, _task("Rows of word, word, score.", "TSV...")] = None
    analogies: Annotated[Paths, _task("Four words a line, as Google's or MSR's.", "FILE...")] = None
    retrieval: Annotated[Paths, _task("corpus.jsonl, queries.jsonl, qrels.", "BEIR_DIR...")] = None
    classification: Annotated[Paths, _task("train.tsv and test.tsv, rows of label, text.", "DIR...")] = None
    shots: Annotated[int | None, _task("Classify from N documents a class.", min=1)] = None
    bias: Annotated[bool, _task("WEAT on small built-in word sets.", None, "--bias")] = False
    bias_sets: Annotated[Paths, _task("WEAT on your word sets, TOML or JSON.", "FILE...")] = None
    oov: Annotated[bool, _task("Hide known words of a run and induce vectors for them.", None, "--oov")] = (
        False
    )
    stability: Annotated[
        bool, _task("Refine again with other seeds and on halves of the corpus.", None, "--stability")
    ] = False

    def tasks(self) -> list[Task[Any]]:
        """The tasks that were asked for.

        Raises
        ------
        OptionError
            If there are none.
        """
        from selfvec import evaluation as tasks

        of_files: list[tuple[Paths, Callable[[Path], Task[Any]]]] = [
            (self.similarity, tasks.Similarity),
            (self.analogies, tasks.Analogies),
            (self.retrieval, tasks.Retrieval),
            (self.classification, partial(tasks.Classification, shots=self.shots)),
        ]
        found = [kind(path) for paths, kind in of_files for path in paths or ()]
        found += [tasks.Bias()] if self.bias else []
        found += [tasks.Bias(path) for path in self.bias_sets or ()]
        found += [tasks.HiddenWords()] if self.oov else []
        found += [tasks.Stability(Path(name)) for name in ("seeds", "halves")] if self.stability else []
        if not found:
            flags = [f"--{field.name.replace('_', '-')}" for field in fields(self) if field.name != "shots"]
            remedy = f"give at least one of {', '.join(flags)}"
            raise OptionError("there is nothing to measure", remedy=remedy)
        return found


def evaluate(
    vectors: Annotated[
        list[str],
        typer.Argument(metavar="RUN|VECTORS...", help="Run folders and vectors files, before any options."),
    ],
    task_options: TaskOptions,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME...", help="Baselines, trained now on the run's tokens; or all."),
    ] = None,
    dimensions: Annotated[
        str | None, typer.Option(metavar="N[,N...]", help="Measure again in N principal axes.")
    ] = None,
    seed: Seed = 0,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.md|html", help="Write a report with charts.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure vectors on tasks, with confidence intervals and paired differences.

    Example: selfvec evaluate run --similarity men3000.tsv --oov
    """
    from selfvec.evaluation import evaluate as measure
    from selfvec.evaluation.report import check_suffix

    if report is not None:
        check_suffix(report)
    tasks, progress, sizes = task_options.tasks(), TerminalProgress(), _sizes(dimensions)
    baselines = _trained(vectors, against, seed, progress)
    found = measure(vectors, tasks, against=baselines, dimensions=sizes, seed=seed, progress=progress)
    if report is not None:
        found.save(report)
        say(f"wrote {report}")
    if as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.run_tables import evaluation_table

        show(evaluation_table(found.rows, found.summary()))


def _trained(given: list[str], names: list[str] | None, seed: int, progress: Progress) -> dict[str, Vectors]:
    """Baselines, trained on the tokens of the one run that was given."""
    if not names:
        return {}
    from selfvec.evaluation.baselines import train
    from selfvec.storage.run_folder import is_run, open_run

    runs = [path for path in given if is_run(path)]
    if len(runs) != 1:
        rule = f"baselines are trained on the tokens of one run, {len(runs)} were given"
        raise OptionError(rule, field="against", remedy="name one run folder")
    return train(open_run(runs[0]), names, seed=seed, progress=progress)


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        rule = f"is whole numbers with commas, not {text!r}"
        raise OptionError(rule, field="dimensions", remedy="try 50,100") from None
