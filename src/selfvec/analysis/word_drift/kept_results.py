"""A cache of the results of `drift` in the run folder, so that a comparison is computed once.

The command line, the web page and the MCP tools share it. A result holds the measures of every word; the
listed words are chosen when it is read. A result is reused only if the run, the slices, the options and the
version are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfvec.base.atomic_files import atomic_file
from selfvec.base.checksums import is_sealed, seal
from selfvec.base.errors import FormatError, TargetError
from selfvec.base.progress import Progress
from selfvec.base.schema import misfit
from selfvec.base.targets import writing
from selfvec.base.text_files import read_json
from selfvec.base.untrusted import parse_json
from selfvec.base.versions import __version__
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

from .drift_rows import Drift, measure_all, named_words
from .permutation_test import DriftTest
from .slices import chosen_slices, sources_of
from .word_choice import WordChoice

__all__ = ["is_kept", "kept_drift"]

FOLDER = "drift"  # of a run folder
FORMAT = 6  # of a result; raise it when figures change
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
    """The result of `drift`: read from the run folder, or else computed and saved there if possible."""
    test = DriftTest(min_count, permutations, seed)
    which = which or WordChoice()
    slices = chosen_slices(run, between)
    named_words(run, slices, which, min_count)
    path = _path(run, slices, test)
    kept = None if path is None else _read(path)
    if kept is not None and _of_words(kept["rows"], run):
        found = Drift(**kept, min_count=min_count, slices=sources_of(run, slices), seed=seed)
    else:
        found = measure_all(run, slices, test, jobs=jobs, progress=progress)
        if path is not None:
            _write(path, {name: getattr(found, name) for name in _FIELDS})
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
    path = _path(run, chosen_slices(run, between), DriftTest(min_count, permutations, seed))
    return path is not None and path.is_file()


def _path(run: Run, slices: Sequence[Slice], test: DriftTest) -> Path | None:
    """The path of the saved result of a comparison.

    None for a run without a folder, or if the folder now holds another run, for example after an update.
    """
    if run.folder is None:
        return None
    try:
        written = read_json(run.folder / "run.json", "")
    except (FormatError, OSError):
        return None
    content = _content(run.provenance)
    if content != _content({name: written[name] for name in run.provenance if name in written}):
        return None
    parts = [(one.name, hashlib.sha256(one.documents.tobytes()).hexdigest()) for one in slices]
    key = json.dumps([FORMAT, __version__, content, parts, asdict(test)], sort_keys=True, default=repr)
    return run.folder / FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _content(provenance: Mapping[str, Any]) -> str:
    """The identity of a run. The option ``slice`` is left out, because the compared slices are in the key."""
    options = {**provenance.get("options", {}), "slice": None}
    return json.dumps({**provenance, "options": options}, sort_keys=True, default=repr)


def _read(path: Path) -> dict[str, Any] | None:
    """A saved result; None if it is missing or damaged."""
    try:
        content = path.read_bytes()
        found = parse_json(content) if is_sealed(content) else None
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or any(name not in found for name in _FIELDS):
        return None
    return {name: found[name] for name in _FIELDS}


def _of_words(rows: Any, run: Run) -> bool:
    """Whether rows are those of words of a run."""
    return misfit(rows, [{...: ("word",), "word": str}]) is None and all(
        row["word"] in run.vectors for row in rows
    )


def _write(path: Path, found: dict[str, Any]) -> None:
    """Save a result if the run folder is writable."""
    try:
        with writing(path):
            path.parent.mkdir(exist_ok=True)
        with atomic_file(path, overwrite=True) as temporary:
            temporary.write_bytes(seal(found))
    except TargetError:
        return
