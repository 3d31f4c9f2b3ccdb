"""``selfvec evaluate``."""

from __future__ import annotations

from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

from selfvec.apps.cli.arguments import MORE, Output, Seed, arg, opt
from selfvec.apps.cli.option_records import keyword_option, with_keywords
from selfvec.apps.cli.output import print_json, say, show
from selfvec.base.errors import OptionError
from selfvec.evaluation import TASKS, TaskRow
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["evaluate"]


def evaluate(
    vectors: Annotated[list[str], arg("RUN|VECTORS...", "Run folders and vectors files, before options.")],
    *,
    shots: Annotated[int | None, opt("Classify from N documents a class.", "N", min=1, panel=MORE)] = None,
    against: Annotated[
        list[str] | None, opt("Baselines, trained now on the run's text; bm25-rm3; or all.", "NAME...")
    ] = None,
    dimensions: Annotated[
        str | None, opt("Measure again in N principal axes.", "N[,N...]", panel=MORE)
    ] = None,
    seed: Seed = 0,
    output: Output,
    **asked: Any,
) -> None:
    """Measure vectors on tasks, with confidence intervals.

    Examples:
        selfvec evaluate run --similarity men3000.tsv
        selfvec evaluate run --retrieval scifact/ --against all
    """
    from selfvec.apps.functions.measuring import evaluate

    found = evaluate(
        vectors,
        shots=shots,
        against=against or (),
        dimensions=_sizes(dimensions),
        seed=seed,
        progress=TerminalProgress(),
        **{keyword: value for keyword, value in asked.items() if value},
    )
    if output.report is not None:
        found.save(output.report, overwrite=output.overwrite)
        say(f"wrote {output.report}")
    if output.as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.run_tables import evaluation_table

        show(evaluation_table(found))


def _task_option(row: TaskRow) -> Parameter:
    """The option of a task: its files, or a switch."""
    flags = (row.flag, *(() if row.old_flag is None else (row.old_flag,)))
    option = opt(row.help, row.metavar, *flags)
    if row.metavar is None:
        return keyword_option(row.keyword, Annotated[bool, option], False)
    return keyword_option(row.keyword, Annotated[list[Path] | None, option], None)


with_keywords(evaluate, [_task_option(row) for row in TASKS], before="shots")


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        rule = f"is whole numbers with commas, not {text!r}"
        raise OptionError(rule, field="dimensions", remedy="try 50,100") from None
