"""`evaluate`: measure all vectors on all tasks, given as objects or by their files, as a `Report`.

`TASKS` is the table of tasks. To add one, write a subclass of `Task`, and add its row and the keyword in
`AskedTasks`: both `selfvec.evaluate` and ``selfvec evaluate`` then take it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, TypedDict, Unpack

from selfvec.base.answer import Json
from selfvec.base.checks import Paths, as_paths, check_texts
from selfvec.base.declarations import Count, Natural, checked, options
from selfvec.base.errors import OptionError, flag
from selfvec.base.progress import GivenProgress, stage
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import RESAMPLES, Estimate, difference
from selfvec.storage.opened import GivenVectors
from selfvec.text.preprocessing import Preprocessing

from .bias import Bias
from .classification import Classification
from .compared_vectors import ComparedVectors, distinct_names, open_entries, truncated
from .report import Report, too_few
from .retrieval import Questions, Retrieval
from .task import Measurement, Task
from .words import Analogies, Dictionary, HiddenWords, Similarity

TASKS: dict[str, type[Task]] = {
    "similarity": Similarity,
    "analogies": Analogies,
    "retrieval": Retrieval,
    "questions": Questions,
    "dictionary": Dictionary,
    "classification": Classification,
    "bias": Bias,
    "bias_sets": Bias,
    "oov": HiddenWords,
}
"""All tasks by the keyword of `AskedTasks` that asks for them, in the order of a report."""


@options()
class AskedTasks(TypedDict, total=False):
    """The keywords of `TASKS` and what they take.

    Parameters
    ----------
    similarity : path or paths
        Similarity: rows of word, word, score.
    analogies : path or paths
        Analogies: four words a line, as Google's or MSR's.
    retrieval : path or paths
        Search: corpus.jsonl, queries.jsonl, qrels/. The first two have rows of _id and text; qrels/test.tsv
        has the columns query-id, corpus-id and score, as in BEIR.
    questions : path or paths
        Search in a run: columns question and id.
    dictionary : path or paths
        Translations: rows of word of A, word of B.
    classification : path or paths
        train.tsv and test.tsv: rows of label, text.
    bias : bool
        Bias: WEAT on small built-in word sets.
    bias_sets : path or paths
        Bias: WEAT on your word sets, TOML or JSON.
    oov : bool
        OOV: hide known words, and build their vectors.
    """

    similarity: Paths
    analogies: Paths
    retrieval: Paths
    questions: Paths
    dictionary: Paths
    classification: Paths
    bias: bool
    bias_sets: Paths
    oov: bool


@checked
def evaluate(
    vectors: GivenVectors | Mapping[str, GivenVectors] | Sequence[GivenVectors],
    tasks: Task | Sequence[Task] = (),
    *,
    shots: Count | None = None,
    against: Mapping[str, Vectors] | str | Sequence[str] = (),
    dimensions: int | Sequence[int] = (),
    seed: Natural = 0,
    progress: GivenProgress = None,
    **asked: Unpack[AskedTasks],
) -> Report:
    """Measure vectors on tasks, with confidence intervals.

    The intervals are 95 % bootstrap intervals; differences are paired. Fewer than 6 items tell no difference.

    Parameters
    ----------
    vectors : Vectors, Run, path, or several by their names
        Run folders and vectors files, before options. A run is measured twice, as "refined" and "original".
    tasks : task or sequence of tasks
        `Similarity`, `Retrieval`, ... of `selfvec.lab.evaluation`, or their short forms, see ``asked``.
    against : str or sequence of str, or vectors by name
        Baselines, trained now on the run's text; or all.
    progress : Progress or bool, optional
    **asked
        Short forms of tasks, see `selfvec.lab.evaluation.AskedTasks`.

    Other Parameters
    ----------------
    shots : int, at least 1, optional
        Classify from N documents a class.
    dimensions : int or sequence of int
        Measure again in so many principal axes: whole numbers with commas.
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
    >>> import tempfile, pathlib
    >>> from selfvec.lab.evaluation import Similarity
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "pairs.tsv")
    ...     _ = file.write_text("hail\\tstorm\\t9\\nhail\\train\\t8\\nhail\\tinvoice\\t1\\n")
    ...     report = evaluate("default", Similarity(file), bias=True)
    >>> [(row["task"], row["metric"], row["n"]) for row in report.rows[:2]]
    [('pairs', 'spearman', 3), ('built-in', 'weat_effect', 20)]
    """
    names = (
        check_texts("against", against, "names of baselines")
        if against and not isinstance(against, Mapping)
        else []
    )
    if names:
        from .baselines import check_names

        names = check_names(names)
    chosen = list(tasks) if isinstance(tasks, Sequence) else [tasks]
    for task in chosen:
        if not isinstance(task, Task):
            rule = f"are tasks of selfvec.lab.evaluation, not {type(task).__name__}"
            raise OptionError(rule, field="tasks", remedy="or give similarity=FILE and the like")
    chosen = [
        replace(task, shots=shots) if isinstance(task, Classification) and task.shots is None else task
        for task in [*chosen, *_asked_tasks(asked)]
    ]
    if shots is not None and not any(isinstance(task, Classification) for task in chosen):
        rule = "is the number of examples of each class, which --classification measures"
        raise OptionError(rule, field="shots", remedy="give it, or leave this out")
    if not chosen:
        flags = ", ".join(map(flag, TASKS))
        raise OptionError("there is nothing to measure", remedy=f"give at least one of {flags}")
    sizes = [dimensions] if isinstance(dimensions, int) else dimensions
    entries = open_entries(vectors)
    baselines = against if isinstance(against, Mapping) else _trained(entries, names, seed)
    return _measured(entries, chosen, baselines, sizes, seed)


def _measured(
    given: Sequence[ComparedVectors],
    tasks: Sequence[Task],
    against: Mapping[str, Vectors],
    dimensions: Sequence[int],
    seed: int,
) -> Report:
    entries = [*given, *_baseline_entries(given, against)]
    costs = {entry.name: _cost(entry) for entry in entries} if against else {}
    described = [
        {"name": entry.name, "words": len(entry.vectors), "dimensions": entry.vectors.vector_size}
        | costs.get(entry.name, {})
        for entry in entries
    ]
    first = entries[0].name
    entries += [truncated(entry, size) for size in dict.fromkeys(dimensions) for entry in entries]

    rows: list[Json] = []
    comparisons: list[Json] = []
    with stage("Measuring", len(tasks), "tasks") as advance:
        for task, name in zip(tasks, _task_names(tasks), strict=True):
            measured = list(task.measure(entries, seed))
            named = {"task": name, "kind": task.kind}
            rows += [_row(figure) | named | costs.get(figure.vectors, {}) for figure in measured]
            for a, b in combinations(measured, 2):
                # Baselines are compared only with the first vectors, not with each other.
                if a.vectors not in against and (b.vectors not in against or a.vectors == first):
                    comparisons += [named | row for row in _compared(a, b, task.kind)]
            advance(1)
    return Report(rows, comparisons, described, {"seed": seed, "resamples": RESAMPLES})


def _baseline_entries(
    given: Sequence[ComparedVectors], against: Mapping[str, Vectors]
) -> Iterator[ComparedVectors]:
    taken = {entry.name for entry in given}
    for name, baseline in against.items():
        if name in taken:
            rule = f"two sets of vectors are called {name!r}"
            raise OptionError(rule, field="against", remedy="rename one")
        model = str(baseline.provenance.get("baseline", "")).partition("encoder:")[2]
        preprocessing = Preprocessing.of(baseline.provenance)
        yield ComparedVectors(name, baseline, preprocessing, encoder=model or None)


def _task_names(tasks: Sequence[Task]) -> list[str]:
    """Each task's name: the end of its path that no other task of its kind has."""
    names: dict[int, str] = {}
    for kind in {task.kind for task in tasks}:
        places = [i for i, task in enumerate(tasks) if task.kind == kind]
        names |= dict(zip(places, distinct_names([tasks[i].path for i in places], stem=True), strict=True))
    return [names[i] for i in range(len(tasks))]


def _cost(entry: ComparedVectors) -> Json:
    """The ``seconds`` that vectors took to make, if known."""
    if "seconds" in entry.vectors.provenance:
        return {"seconds": entry.vectors.provenance["seconds"]}
    timings = entry.run.provenance.timings if entry.run is not None and entry.refined else {}
    if "refine" not in timings:
        return {}
    return {"seconds": timings.get("select", 0.0) + timings["refine"]}


def _row(measured: Measurement) -> Json:
    named = ("vectors", "mode", "metric", "n", "covered", "dimensions", "truncated")
    row = {name: getattr(measured, name) for name in named} | _figure(measured.estimate)
    if measured.n_common is not None:
        row |= _figure(measured.common, "_common") | {"n_common": measured.n_common}
    return {**row, **measured.extra}


def _figure(estimate: Estimate | None, over: str = "") -> Json:
    """A figure and its interval; ``over`` ends the names of the keys."""
    low, high = (None, None) if estimate is None else estimate.interval
    value = None if estimate is None else estimate.value
    return {f"value{over}": value, f"low{over}": low, f"high{over}": high}


def _compared(a: Measurement, b: Measurement, kind: str) -> Iterator[Json]:
    """The difference of two figures, if they have the same metric, method, items and truncation."""
    same = {
        (side.metric, side.extra.get("method"), side.n, side.dimensions if side.truncated else None)
        for side in (a, b)
    }
    if len(same) > 1:
        return
    metric, method, _, size = same.pop()
    asked = {"a": a.extra.get("question"), "b": b.extra.get("question")}
    common: Json = {}
    if a.n_common is not None:
        common = _difference(a.common, b.common, a.n_common, kind, "_common") | {"n_common": a.n_common}
    yield {
        "vectors_a": a.vectors,
        "vectors_b": b.vectors,
        "metric": metric,
        "mode_a": a.mode,
        "mode_b": b.mode,
        "method": method,
        "dimensions": size,
        **_difference(a.estimate, b.estimate, a.n, kind),
        **common,
        **{f"question_{x}": by for x, by in asked.items() if by},
    }


def _difference(a: Estimate | None, b: Estimate | None, items: int, kind: str, over: str = "") -> Json:
    """``a`` minus ``b``; ``over`` ends the names of the keys."""
    both = None if a is None or b is None else difference(a, b)
    if both is not None and too_few(items, kind):  # the resamples of a single item are all alike
        p = max(both.p, min(1.0, 2.0 ** (1 - items)))  # that all differ in the same direction
        both = replace(both, low=min(both.low, 0.0), high=max(both.high, 0.0), p=p)
    keys = {"difference": "value", "low": "low", "high": "high", "p": "p"}
    return {f"{key}{over}": getattr(both, name, None) for key, name in keys.items()}


def _asked_tasks(asked: AskedTasks) -> list[Task]:
    """The tasks that short forms ask for, in the order of `TASKS`."""
    tasks: list[Task] = []
    for keyword, task in TASKS.items():
        given: Any = asked.get(keyword)
        if given is True:  # on what is built in
            tasks.append(Bias() if task is Bias else HiddenWords())
        else:
            tasks += map(task, as_paths(given or None))
    return tasks


def _trained(given: Sequence[ComparedVectors], names: list[str], seed: int) -> dict[str, Vectors]:
    """Baselines, trained on the tokens of the one run that was given."""
    if not names:
        return {}
    from .baselines import train

    runs = [entry.run for entry in given if entry.run is not None and entry.refined]
    if len(runs) != 1:
        rule = f"baselines are trained on the tokens of one run, {len(runs)} were given"
        raise OptionError(rule, field="against", remedy="name one run folder")
    return train(runs[0], names, seed=seed)
