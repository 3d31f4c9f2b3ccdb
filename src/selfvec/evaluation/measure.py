"""`evaluate`: measure all vectors on all tasks, as a `Report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import RESAMPLES, difference
from selfvec.storage.opened import GivenVectors
from selfvec.text.preprocessing import Preprocessing

from .compared_vectors import ComparedVectors, distinct_names, open_entries, truncated
from .report import Report
from .retrieval import RM3
from .task import Measurement, Task

__all__ = ["evaluate"]

Row = dict[str, Any]


def evaluate(
    vectors: GivenVectors | Mapping[str, GivenVectors] | Sequence[GivenVectors],
    tasks: Sequence[Task[Any]],
    *,
    against: Mapping[str, Vectors] | None = None,
    dimensions: Sequence[int] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Measure vectors on tasks, with 95 % bootstrap intervals and paired differences.

    Parameters
    ----------
    vectors : `Vectors`, `Run`, path, a sequence of them, or a mapping of names to them
        A run is measured twice, as "refined" and "original".
    tasks : sequence of tasks
        `Similarity`, `Analogies`, `Retrieval`, `Classification`, ... of ``selfvec.evaluation``.
    against : mapping of str to Vectors, optional
        Baselines by name, as `selfvec.evaluation.baselines.train` returns them. Only the first vectors
        are compared with them.
    dimensions : sequence of int
        All vectors are measured again in each of these numbers of principal axes.
    seed : int
        For resamples, draws and splits.
    progress : Progress, optional

    Raises
    ------
    InputError
        If vectors or a task's file cannot be used; names the file and line. `OptionError` if there is nothing
        to measure, or vectors have too few dimensions; `MissingExtra` if a package is not installed.

    Examples
    --------
    >>> import selfvec, tempfile, pathlib
    >>> from selfvec.evaluation import Similarity
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "pairs.tsv")
    ...     _ = file.write_text("hail\\tstorm\\t9\\nhail\\train\\t8\\nhail\\tinvoice\\t1\\n")
    ...     report = selfvec.evaluate("default", [Similarity(file)])
    >>> report.rows[0]["task"], report.rows[0]["metric"], report.rows[0]["n"]
    ('pairs', 'spearman', 3)
    """
    if not tasks:
        raise OptionError("there is no task to measure", remedy="give at least one")
    entries = _entries(vectors, against or {})
    costs = {entry.name: _cost(entry) for entry in entries} if against else {}
    described = [_described(entry) | costs.get(entry.name, {}) for entry in entries]
    first = entries[0].name
    baselines = {RM3, *(against or {})}
    entries += [truncated(entry, size) for size in dict.fromkeys(dimensions) for entry in entries]

    rows: list[Row] = []
    comparisons: list[Row] = []
    with as_progress(progress).stage("Measuring", len(tasks), "tasks") as advance:
        for task, name in zip(tasks, _names(tasks), strict=True):
            found = list(task.measure(entries, seed))
            named = {"task": name, "kind": task.kind}
            rows += [_row(measured) | named | costs.get(measured.vectors, {}) for measured in found]
            for a, b in task.pairs(found):
                # Baselines are compared only with the first vectors, not with each other.
                if a.vectors not in baselines and (b.vectors not in baselines or a.vectors == first):
                    comparisons += [named | row for row in _compared(a, b)]
            advance(1)
    return Report(rows, comparisons, described, {"seed": seed, "resamples": RESAMPLES})


def _entries(
    vectors: GivenVectors | Mapping[str, GivenVectors] | Sequence[GivenVectors],
    against: Mapping[str, Vectors],
) -> list[ComparedVectors]:
    """The given vectors, then the baselines."""
    entries = open_entries(vectors)
    taken = {entry.name for entry in entries}
    for name, baseline in against.items():
        if name in taken:
            raise OptionError(
                f"two sets of vectors are called {name!r}", field="against", remedy="rename one"
            )
        model = str(baseline.provenance.get("baseline", "")).partition("encoder:")[2]
        preprocessing = Preprocessing.of(baseline.provenance)
        entries.append(ComparedVectors(name, baseline, preprocessing, encoder=model or None))
    return entries


def _described(entry: ComparedVectors) -> Row:
    return {"name": entry.name, "words": len(entry.vectors), "dimensions": entry.vectors.vector_size}


def _names(tasks: Sequence[Task[Any]]) -> list[str]:
    """Each task's name: the end of its path that no other task of its kind has."""
    names: dict[int, str] = {}
    for kind in {task.kind for task in tasks}:
        places = [i for i, task in enumerate(tasks) if task.kind == kind]
        names |= dict(zip(places, distinct_names([tasks[i].path for i in places], stem=True), strict=True))
    return [names[i] for i in range(len(tasks))]


def _cost(entry: ComparedVectors) -> Row:
    """``seconds`` and ``megabytes`` that vectors took to make, if known; a run records only seconds."""
    cost = entry.vectors.provenance.get("cost")
    if isinstance(cost, Mapping):
        return {"seconds": cost.get("seconds"), "megabytes": cost.get("megabytes")}
    timings = entry.run.provenance.timings if entry.run is not None and entry.refined else {}
    if "refine" not in timings:
        return {}
    return {"seconds": timings.get("select", 0.0) + timings["refine"], "megabytes": None}


def _row(measured: Measurement) -> Row:
    low, high = measured.estimate.interval
    return {
        "vectors": measured.vectors,
        "mode": measured.mode,
        "metric": measured.metric,
        "value": measured.estimate.value,
        "low": low,
        "high": high,
        "n": measured.n,
        "covered": measured.covered,
        "dimensions": measured.dimensions,
        "truncated": measured.truncated,
        **_common(measured),
        **measured.extra,
    }


def _common(measured: Measurement) -> Row:
    """The figure over common items, which all vectors have, if the task measures it; None if too few."""
    if measured.n_common is None:
        return {}
    value = None
    low = None
    high = None
    if measured.common is not None:
        value = measured.common.value
        low, high = measured.common.interval
    return {"value_common": value, "low_common": low, "high_common": high, "n_common": measured.n_common}


def _compared(a: Measurement, b: Measurement) -> Iterator[Row]:
    """The difference of two figures, if they have the same metric, method, items and truncation."""
    method = a.extra.get("method")
    size = a.dimensions if a.truncated else None
    same = (a.metric, method, a.n, size)
    if same != (b.metric, b.extra.get("method"), b.n, b.dimensions if b.truncated else None):
        return
    apart = difference(a.estimate, b.estimate)
    yield {
        "vectors_a": a.vectors,
        "vectors_b": b.vectors,
        "metric": a.metric,
        "mode_a": a.mode,
        "mode_b": b.mode,
        "method": method,
        "dimensions": size,
        "difference": apart.value,
        "low": apart.low,
        "high": apart.high,
        "p": apart.p,
        **_compared_on_common(a, b),
    }


def _compared_on_common(a: Measurement, b: Measurement) -> Row:
    """The difference over common items, if the task measures it."""
    if a.n_common is None:
        return {}
    keys = {"difference_common": "value", "low_common": "low", "high_common": "high", "p_common": "p"}
    found = None if a.common is None or b.common is None else difference(a.common, b.common)
    return {key: getattr(found, name, None) for key, name in keys.items()} | {"n_common": a.n_common}
