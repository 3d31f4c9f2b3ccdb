"""Results of `drift` kept in the run folder, so that a comparison is computed once.

A result is used again only if the run, the slices, all options and the version are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfvec.base.checksums import is_sealed, seal
from selfvec.base.errors import TargetError
from selfvec.base.files import atomic_file, writing
from selfvec.base.progress import Progress
from selfvec.base.provenance import __version__
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

from .drift_rows import Drift, chosen_slices, drift, sources_of

__all__ = ["kept_drift"]

FOLDER = "drift"  # of a run folder
FORMAT = 3  # of a result; raise it when figures change


def kept_drift(
    run: Run,
    between: str | Sequence[str | Slice] | None = None,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    **options: Any,  # the others of `drift`
) -> Drift:
    """`drift`, from the run folder if it was computed before; otherwise it is kept there, if possible."""
    slices = chosen_slices(run, between)
    path = _path(run, slices, options)
    kept = None if path is None else _read(path)
    if kept is not None:
        rows = kept.pop("rows")
        sources = sources_of(run, slices)
        return Drift(measured=rows, slices=sources, seed=options.get("seed", 0), **kept)
    found = drift(run, slices or None, jobs=jobs, progress=progress, **options)
    if path is not None:
        _write(path, found.as_dict())
    return found


def _path(run: Run, slices: Sequence[Slice], options: dict[str, Any]) -> Path | None:
    """Where the result of a comparison is kept; None for a run that is not in a folder."""
    if run.folder is None:
        return None
    parts = [(one.name, hashlib.sha256(one.documents.tobytes()).hexdigest()) for one in slices]
    content = [FORMAT, __version__, run.provenance, parts, options]
    key = hashlib.sha256(json.dumps(content, sort_keys=True, default=repr).encode()).hexdigest()
    return run.folder / FOLDER / f"{key[:32]}.json"


def _read(path: Path) -> dict[str, Any] | None:
    """A kept result; None if there is none, or it is damaged."""
    try:
        content = path.read_bytes()
        found = json.loads(content) if is_sealed(content) else None
    except (OSError, ValueError):
        return None
    names = ("a", "b", "only_a", "only_b", "left_out", "unknown", "rows")
    return {name: found[name] for name in names} if isinstance(found, dict) and names[-1] in found else None


def _write(path: Path, found: dict[str, Any]) -> None:
    """Keep a result, if the run folder can be written."""
    try:
        with writing(path):
            path.parent.mkdir(exist_ok=True)
        with atomic_file(path) as temporary:
            temporary.write_bytes(seal(found))
    except TargetError:
        return
