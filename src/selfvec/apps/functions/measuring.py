"""`evaluate`: measure vectors on tasks, which are given as objects or by their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from selfvec import evaluation
from selfvec.base.checks import check_names, check_whole, is_path
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.evaluation import TASKS, AskedTasks, Report, Task
from selfvec.evaluation.retrieval import RM3
from selfvec.storage.opened import GivenVectors, as_run
from selfvec.storage.run_folder import is_run

__all__ = ["evaluate"]


def evaluate(
    vectors: GivenVectors | Mapping[str, GivenVectors] | Sequence[GivenVectors],
    tasks: Task[Any] | Sequence[Task[Any]] = (),
    *,
    shots: int | None = None,
    against: Mapping[str, Vectors] | str | Sequence[str] = (),
    dimensions: int | Sequence[int] = (),
    seed: int = 0,
    progress: Progress | None = None,
    **asked: Unpack[AskedTasks],
) -> Report:
    """Measure vectors on tasks, with 95 % bootstrap intervals and paired differences.

    Parameters
    ----------
    vectors : `Vectors`, `Run`, path, a sequence of them, or a mapping of names to them
        A run is measured twice, as "refined" and "original".
    tasks : task or sequence of tasks
        `Similarity`, `Retrieval`, ... of `selfvec.evaluation`, or their short forms, see ``asked``.
    shots : int, optional
        Classify from so many documents a class.
    against : mapping of str to Vectors, or names
        Baselines. Those of names are trained now on the tokens of the run.
    dimensions : int or sequence of int
        Measure again in so many principal axes.
    seed : int
        For resamples, draws and splits.
    progress : Progress, optional
    **asked
        Short forms of tasks, by the keywords of `selfvec.evaluation.TASKS`.
        ``similarity``, ``analogies``, ``retrieval``, ``questions``, ``classification``, ``dictionary`` and
        ``bias_sets`` are a path or paths: files of word pairs, files of analogies, folders in BEIR's layout,
        questions about a run's documents, folders with train.tsv and test.tsv, files of translations, and
        word sets of bias. The others are switched on by True: ``bias``, WEAT on small built-in word sets;
        ``oov``, hide known words of a run, and build their vectors from subwords and contexts;
        ``stability``, refine again with other seeds and on halves of the corpus.

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
    check_whole("seed", seed, 0)
    names = _names(against)
    rm3 = not {RM3, "all"}.isdisjoint(names)
    chosen = [tasks] if isinstance(tasks, Task) else list(_sequence(tasks, "tasks"))
    for task in chosen:
        if not isinstance(task, Task):
            rule = f"are tasks of selfvec.evaluation, not {type(task).__name__}"
            raise OptionError(rule, field="tasks", remedy="or give similarity=FILE and the like")
    chosen += _asked_tasks(asked, {"rm3": rm3, "shots": shots})
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
        if row.metavar is not None:
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
