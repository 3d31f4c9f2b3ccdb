"""Maps and topics cached in the run folder, so that a second `serve` shows them at once.

A result is reused only if the run, the request and the version are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from selfvec.base.atomic_files import atomic_file
from selfvec.base.checksums import is_sealed, seal
from selfvec.base.errors import TargetError
from selfvec.base.targets import writing
from selfvec.base.versions import __version__
from selfvec.data.run import Run

__all__ = ["cached"]

FOLDER = "page"  # of a run folder
FORMAT = 1  # of a result; increase it when figures change

Json = dict[str, Any]


def cached(run: Run, asked: Sequence[str | int], make: Callable[[], Json]) -> Json:
    """A result from the run folder; if it is missing, it is computed and, where possible, written there."""
    if run.folder is None:
        return make()
    content = json.dumps([FORMAT, __version__, dict(run.provenance), *asked], sort_keys=True, default=repr)
    path = run.folder / FOLDER / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json"
    try:
        before = path.read_bytes()
        if is_sealed(before):
            found: Json = json.loads(before)
            return found
    except (OSError, ValueError):
        pass
    made = make()
    try:
        with writing(path):
            path.parent.mkdir(exist_ok=True)
        with atomic_file(path) as temporary:
            temporary.write_bytes(seal(made))
    except TargetError:
        pass
    return made
