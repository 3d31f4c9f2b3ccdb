"""``selfvec evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from selfvec.base.errors import OptionError

from .arguments import MORE, Output, Seed, arg, open_run, opt
from .output import TerminalProgress, print_json, say, show

if TYPE_CHECKING:
    from selfvec.base.progress import Progress
    from selfvec.data.vectors import Vectors
    from selfvec.evaluation import Task

__all__ = ["evaluate"]


Paths = list[Path] | None


@dataclass(frozen=True)
class TaskOptions:
    """What to measure."""

    similarity: Annotated[Paths, opt("Similarity: rows of word, word, score.", "TSV...")] = None
    analogies: Annotated[Paths, opt("Analogies: four words a line, as Google's or MSR's.", "FILE...")] = None
    retrieval: Annotated[Paths, opt("Search: corpus.jsonl, queries.jsonl, qrels/.", "BEIR_DIR...")] = None
    questions: Annotated[Paths, opt("Search in a run: columns question and id.", "CSV...")] = None
    classification: Annotated[Paths, opt("train.tsv and test.tsv: rows of label, text.", "DIR...")] = None
    shots: Annotated[int | None, opt("Classify from N documents a class.", "N", min=1, panel=MORE)] = None
    lexicon: Annotated[
        Paths, opt("Translations: rows of word of A, word of B.", "TSV...", "--dictionary", "--lexicon")
    ] = None
    bias: Annotated[bool, opt("Bias: WEAT on small built-in word sets.", None, "--bias")] = False
    bias_sets: Annotated[Paths, opt("Bias: WEAT on your word sets, TOML or JSON.", "FILE...")] = None
    oov: Annotated[bool, opt("OOV: hide known words, and build their vectors.", None, "--oov")] = False
    stability: Annotated[
        bool,
        opt("Refine again with other seeds and on half the text.", None, "--stability"),
    ] = False

    def tasks(self, *, rm3: bool = False) -> list[Task[Any]]:
        """The tasks that were asked for, at least one; ``rm3`` adds that baseline to retrieval."""
        from selfvec import evaluation as tasks

        of_files: list[tuple[Paths, Callable[[Path], Task[Any]]]] = [
            (self.similarity, tasks.Similarity),
            (self.analogies, tasks.Analogies),
            (self.retrieval, partial(tasks.Retrieval, rm3=rm3)),
            (self.questions, partial(tasks.Questions, rm3=rm3)),
            (self.lexicon, tasks.Lexicon),
            (self.classification, partial(tasks.Classification, shots=self.shots)),
        ]
        found = [kind(path) for paths, kind in of_files for path in paths or ()]
        found += [tasks.Bias()] if self.bias else []
        found += [tasks.Bias(path) for path in self.bias_sets or ()]
        found += [tasks.HiddenWords()] if self.oov else []
        found += [tasks.Stability(Path(name)) for name in ("seeds", "halves")] if self.stability else []
        if not found:
            names = [field.name for field in fields(self) if field.name not in ("shots", "lexicon")]
            flags = [f"--{name.replace('_', '-')}" for name in (*names, "dictionary")]
            remedy = f"give at least one of {', '.join(flags)}"
            raise OptionError("there is nothing to measure", remedy=remedy)
        return found


def evaluate(
    vectors: Annotated[list[str], arg("RUN|VECTORS...", "Run folders and vectors files, before options.")],
    task_options: TaskOptions,
    against: Annotated[
        list[str] | None, opt("Baselines, trained now on the run's text; bm25-rm3; or all.", "NAME...")
    ] = None,
    dimensions: Annotated[
        str | None, opt("Measure again in N principal axes.", "N[,N...]", panel=MORE)
    ] = None,
    seed: Seed = 0,
    *,
    output: Output,
) -> None:
    """Measure vectors on tasks, with confidence intervals.

    Examples:
        selfvec evaluate run --similarity men3000.tsv
        selfvec evaluate run --retrieval scifact/ --against all
    """
    from selfvec.evaluation import evaluate as measure
    from selfvec.evaluation.baselines import check_names
    from selfvec.evaluation.retrieval import RM3

    check_names(against or ())  # before all else: an unknown name is the first thing to say
    tasks = task_options.tasks(rm3=not {RM3, "all"}.isdisjoint(against or ()))
    progress, sizes = TerminalProgress(), _sizes(dimensions)
    baselines = _trained(vectors, against, seed, progress)
    found = measure(vectors, tasks, against=baselines, dimensions=sizes, seed=seed, progress=progress)
    if output.report is not None:
        found.save(output.report, overwrite=output.overwrite)
        say(f"wrote {output.report}")
    if output.as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.run_tables import evaluation_table

        show(evaluation_table(found))


def _trained(given: list[str], names: list[str] | None, seed: int, progress: Progress) -> dict[str, Vectors]:
    """Baselines, trained on the tokens of the one run that was given."""
    from selfvec.evaluation.baselines import check_names, train

    names = check_names(names or ())
    if not names:
        return {}
    from selfvec.storage.run_folder import is_run

    runs = [path for path in given if is_run(path)]
    if len(runs) != 1:
        rule = f"baselines are trained on the tokens of one run, {len(runs)} were given"
        raise OptionError(rule, field="against", remedy="name one run folder")
    return train(open_run(Path(runs[0])), names, seed=seed, progress=progress)


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        rule = f"is whole numbers with commas, not {text!r}"
        raise OptionError(rule, field="dimensions", remedy="try 50,100") from None
