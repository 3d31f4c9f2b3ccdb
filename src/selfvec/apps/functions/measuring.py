"""`evaluate`: measure vectors on tasks, which are given as objects or by their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from selfvec import evaluation
from selfvec.base.checks import check_names, check_texts, is_path
from selfvec.base.declarations import checked
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.evaluation import TASKS, AskedTasks, Report, Task
from selfvec.evaluation.retrieval import RM3, Retrieval, search_settings
from selfvec.storage.opened import GivenVectors, as_run
from selfvec.storage.run_folder import is_run

__all__ = ["evaluate"]


@checked
def evaluate(
    vectors: GivenVectors | Mapping[str, GivenVectors] | Sequence[GivenVectors],
    tasks: Task[Any] | Sequence[Task[Any]] = (),
    *,
    shots: int | None = None,
    against: Mapping[str, Vectors] | str | Sequence[str] = (),
    dimensions: int | Sequence[int] = (),
    try_: str | Sequence[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
    **asked: Unpack[AskedTasks],
) -> Report:
    """Measure vectors on tasks, with confidence intervals.

    The intervals are 95 % bootstrap intervals; differences are paired.

    Parameters
    ----------
    vectors : Vectors, Run, path, or several by their names
        Run folders and vectors files, before options. A run is measured twice, as "refined" and "original".
    tasks : task or sequence of tasks
        `Similarity`, `Retrieval`, ... of `selfvec.evaluation`, or their short forms, see ``asked``.
    against : str or sequence of str, or vectors by name
        Baselines, trained now on the run's text; or all.
    progress : Progress, optional
    **asked
        Short forms of tasks, see `selfvec.evaluation.AskedTasks`.

    Other Parameters
    ----------------
    shots : int, at least 1, optional
        Classify from N documents a class.
    dimensions : int or sequence of int
        Measure again in so many principal axes: whole numbers with commas.
    try_ : str or sequence of str
        Settings of search to compare, such as mode=hybrid,bm25. Of mode, passage_words and overlap, several
        values each: every combination is measured with ``retrieval`` or ``questions``, and compared with the
        first.
    seed : int, at least 0
        Seed of all random choices: resamples, draws and splits.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        If vectors or a task's file cannot be used. `OptionError` if there is nothing to measure.

    Examples
    --------
    >>> evaluate("default", bias=True).rows[0]["kind"]
    'bias'
    """
    check_names(asked, AskedTasks.__annotations__)
    names = _names(against)
    rm3 = not {RM3, "all"}.isdisjoint(names)
    chosen = [tasks] if isinstance(tasks, Task) else list(_sequence(tasks, "tasks"))
    for task in chosen:
        if not isinstance(task, Task):
            rule = f"are tasks of selfvec.evaluation, not {type(task).__name__}"
            raise OptionError(rule, field="tasks", remedy="or give similarity=FILE and the like")
    settings = search_settings(check_texts("try_", try_, "settings of search")) if try_ else {}
    chosen += _asked_tasks(asked, {"rm3": rm3, "shots": shots, "settings": settings})
    if settings and not any(isinstance(task, Retrieval) and task.settings for task in chosen):
        rule = "compares settings of search, which --questions and --retrieval measure"
        raise OptionError(rule, field="try_", remedy="give one of these")
    if not chosen:
        flags = ", ".join(row.flag for row in TASKS)
        raise OptionError("there is nothing to measure", remedy=f"give at least one of {flags}")
    sizes = [dimensions] if isinstance(dimensions, int) else list(_sequence(dimensions, "dimensions"))
    baselines = against if isinstance(against, Mapping) else _trained(vectors, names, seed, progress)
    return evaluation.evaluate(
        vectors, chosen, against=baselines, dimensions=sizes, seed=seed, progress=progress
    )


def _asked_tasks(asked: AskedTasks, options: Mapping[str, Any]) -> list[Task[Any]]:
    """The tasks that short forms ask for, in the order of `TASKS`."""
    found: list[Task[Any]] = []
    for row in TASKS:
        value: Any = asked.get(row.keyword)
        own = {name: options[name] for name in row.options}
        if row.takes_files:
            found += [row.task(path, **own) for path in _paths(value, row.keyword)]
        elif value:
            found += [row.task(Path(name)) for name in row.paths] or [row.task(**own)]
    return found


def _names(against: Any) -> list[str]:
    """Names of baselines that are trained, checked before all else."""
    if isinstance(against, Mapping) or against is None or not against:
        return []
    from selfvec.evaluation.baselines import check_names

    names = [against] if isinstance(against, str) else list(_sequence(against, "against"))
    check_names(names)
    return names


def _trained(given: Any, names: list[str], seed: int, progress: Progress | None) -> dict[str, Vectors]:
    """Baselines, trained on the tokens of the one run that was given."""
    from selfvec.evaluation.baselines import check_names, train

    names = check_names(names)
    if not names:
        return {}
    several = list(given.values()) if isinstance(given, Mapping) else [given]
    several = list(given) if isinstance(given, list | tuple) else several
    runs = [one for one in several if isinstance(one, Run) or (is_path(one) and is_run(one))]
    if len(runs) != 1:
        rule = f"baselines are trained on the tokens of one run, {len(runs)} were given"
        raise OptionError(rule, field="against", remedy="name one run folder")
    return train(as_run(runs[0]), names, seed=seed, progress=progress)


def _paths(given: Any, name: str) -> list[Path]:
    several = [given] if is_path(given) else [] if given is None else _sequence(given, name)
    for one in several:
        if not is_path(one):
            raise OptionError(f"is a path, or several, not {type(one).__name__}", field=name)
    return [Path(one) for one in several]


def _sequence(given: Any, name: str) -> Sequence[Any]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise OptionError(f"are a sequence, not {type(given).__name__}", field=name)
    return given
