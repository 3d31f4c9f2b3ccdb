"""The results of `drift` are cached in the run folder, so that a comparison is computed once.

The command line, the web page and the MCP tools share them. A result holds the measures of every word; the
listed words are chosen when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfvec.base.errors import FormatError
from selfvec.base.progress import Progress
from selfvec.base.schema import misfit
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.storage.cache import cached, is_cached, read_result, write_result

from .drift_rows import Drift, measure_all, named_words
from .permutation_test import DriftTest
from .slices import chosen_slices, sources_of
from .word_choice import WordChoice

__all__ = ["is_kept", "kept_drift"]

NAME = "drift"  # in the cache
_FIELDS = ("a", "b", "only_a", "only_b", "reasons", "rows")  # of a result


def kept_drift(
    run: Run,
    between: str | Sequence[str | Slice] | None = None,
    *,
    which: WordChoice | None = None,
    min_count: int = 5,
    permutations: int = 1000,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """The result of `drift`, from the run's cache if it is there."""
    test = DriftTest(min_count, permutations, seed)
    which = which or WordChoice()
    slices = chosen_slices(run, between)
    named_words(run, slices, which, min_count)
    made: list[Drift] = []  # it holds more than is written

    def make() -> dict[str, Any]:
        made.append(measure_all(run, slices, test, jobs=jobs, progress=progress))
        return {name: getattr(made[0], name) for name in _FIELDS}

    def read(folder: Path) -> dict[str, Any]:
        return _of_words(read_result(folder), run, folder)

    figures = cached(run, NAME, _key(slices, test), make, write_result, read, progress)
    found = (
        made[0] if made else Drift(**figures, min_count=min_count, slices=sources_of(run, slices), seed=seed)
    )
    return found.choose(run, which)


def is_kept(
    run: Run,
    between: str | Sequence[str | Slice] | None = None,
    *,
    min_count: int = 5,
    permutations: int = 1000,
    seed: int = 0,
) -> bool:
    """Whether `kept_drift` can read this result and need not compute it."""
    return is_cached(run, NAME, _key(chosen_slices(run, between), DriftTest(min_count, permutations, seed)))


def _key(slices: Sequence[Slice], test: DriftTest) -> Any:
    """The compared documents and the options of the test."""
    parts = [(one.name, hashlib.sha256(one.documents.tobytes()).hexdigest()) for one in slices]
    return [parts, asdict(test)]


def _of_words(found: dict[str, Any], run: Run, folder: Path) -> dict[str, Any]:
    """The fields of a result; `FormatError` unless its rows are those of words of the run."""
    rows = found["rows"]
    if misfit(rows, [{...: ("word",), "word": str}]) or any(row["word"] not in run.vectors for row in rows):
        raise FormatError("is no result of this run", path=folder, remedy="remove it")
    return {name: found[name] for name in _FIELDS}
