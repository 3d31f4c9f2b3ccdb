"""`evaluate`: every table on every task, as a `Report`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import combinations
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.vectors import Vectors
from selfvec.numerics.bootstrap import RESAMPLES, difference
from selfvec.text.preprocessing import Preprocessing

from .compared_vectors import Given, Table, distinct_names, open_tables, truncated
from .report import Report
from .task import Measurement, Task

__all__ = ["evaluate"]


def evaluate(
    vectors: Given | Mapping[str, Given] | Sequence[Given],
    tasks: Sequence[Task],
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
        A run is measured twice, "refined" and "original".
    tasks : sequence of tasks
        `Similarity`, `Analogies`, `Retrieval`, `Classification`, of ``selfvec.evaluate``.
    against : mapping of str to Vectors, optional
        Peers by name, as `selfvec.evaluation.baselines.train` gives them; the first table is compared with
        each.
    dimensions : sequence of int
        Every table is measured again in so many of its principal axes.
    seed : int
        For resamples, draws and splits.
    progress : Progress, optional

    Raises
    ------
    InputError
        If vectors or a task's file cannot be used; names the file and line.
    OptionError
        If there is nothing to measure, or a table has too few dimensions.
    MissingExtra
        If a task needs a package that is not installed.

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
    progress = progress or Progress()
    tables = open_tables(vectors)
    first, peers = tables[0].name, _peers(against or {}, tables)
    tables += peers
    costs = {table.name: _cost(table) for table in tables} if peers else {}
    apart = {table.name for table in peers}
    tables += [truncated(table, size) for size in dict.fromkeys(dimensions) for table in tables]
    rows: list[dict[str, Any]] = []
    comparisons: list[dict[str, Any]] = []
    with progress.stage("Measuring", len(tasks), "tasks") as advance:
        for task, name in zip(tasks, _names(tasks), strict=True):
            found = list(task.measure(tables, seed))
            rows += [_row(measured, task.kind, name) | costs.get(measured.vectors, {}) for measured in found]
            pairs = ((a, b) for a, b in combinations(found, 2) if _told(a, b, first, apart))
            comparisons += _comparisons(pairs, task.kind, name)
            advance(1)
    described = [_described(table) | costs.get(table.name, {}) for table in tables if not table.truncated]
    return Report(rows, comparisons, described, {"seed": seed, "resamples": RESAMPLES})


def _names(tasks: Sequence[Task]) -> list[str]:
    """A task is called as its file or folder, with what of the path tells it from others of its kind."""
    names: dict[int, str] = {}
    for kind in {task.kind for task in tasks}:
        places = [i for i, task in enumerate(tasks) if task.kind == kind]
        names |= dict(zip(places, distinct_names([tasks[i].path for i in places], stem=True), strict=True))
    return [names[i] for i in range(len(tasks))]


def _described(table: Table) -> dict[str, Any]:
    vectors = table.vectors
    return {"name": table.name, "words": len(vectors), "dimensions": vectors.vector_size}


def _peers(against: Mapping[str, Vectors], tables: Sequence[Table]) -> list[Table]:
    """Tables of peers, called as they are."""
    taken = {table.name for table in tables}
    twice = next((name for name in against if name in taken), None)
    if twice is not None:
        raise OptionError(f"two tables are called {twice!r}", field="against", remedy="rename one")
    return [Table(name, vectors, Preprocessing.of(vectors.provenance)) for name, vectors in against.items()]


def _cost(table: Table) -> dict[str, Any]:
    """``seconds`` and ``megabytes`` that a table took to make, where known: a run tells its seconds only."""
    cost = table.vectors.provenance.get("cost")
    if isinstance(cost, Mapping):
        return {"seconds": cost.get("seconds"), "megabytes": cost.get("megabytes")}
    timings = table.run.provenance.get("timings", {}) if table.run is not None else {}
    if table.run is None or table.vectors is not table.run.vectors or "refine" not in timings:
        return {}
    return {"seconds": timings.get("select", 0.0) + timings["refine"], "megabytes": None}


def _told(a: Measurement, b: Measurement, first: str, peers: Set[str]) -> bool:
    """Whether a difference belongs in the report: peers are held against the first table, not each other."""
    return a.vectors not in peers and (b.vectors not in peers or a.vectors == first)


def _row(measured: Measurement, kind: str, task: str) -> dict[str, Any]:
    low, high = measured.estimate.interval
    return {
        "vectors": measured.vectors,
        "task": task,
        "kind": kind,
        "mode": measured.mode,
        "metric": measured.metric,
        "value": measured.estimate.value,
        "low": low,
        "high": high,
        "n": measured.n,
        "covered": measured.covered,
        "dimensions": measured.dimensions,
        "truncated": measured.truncated,
        **measured.extra,
    }


def _comparisons(
    pairs: Iterable[tuple[Measurement, Measurement]], kind: str, task: str
) -> Iterator[dict[str, Any]]:
    """Every pair measured by one metric, in one way, on as many items; tables cut to one size apart."""
    for a, b in pairs:
        if _way(a) != _way(b):
            continue
        apart = difference(a.estimate, b.estimate)
        yield {
            "vectors_a": a.vectors,
            "vectors_b": b.vectors,
            "task": task,
            "kind": kind,
            "metric": a.metric,
            "mode_a": a.mode,
            "mode_b": b.mode,
            "method": a.extra.get("method"),
            "dimensions": a.dimensions if a.truncated else None,
            "difference": apart.value,
            "low": apart.low,
            "high": apart.high,
            "p": apart.p,
        }


def _way(measured: Measurement) -> tuple[Any, ...]:
    size = measured.dimensions if measured.truncated else None
    return measured.metric, measured.extra.get("method"), size, measured.n
