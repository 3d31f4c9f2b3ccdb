"""Inputs kept in the working folder of a run, so that ``--resume`` need not read a long text again.

They are found by a stamp: the files, their sizes and times of change, and all options. A text from memory or
from a pipe has none. A short text is read again in seconds, and a run that keeps no tokens keeps no text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from selfvec.base.checksums import file_state
from selfvec.base.versions import __version__
from selfvec.corpus.known_documents import known_documents
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.storage.fetched_vectors import locate
from selfvec.storage.workspace import Workspace
from selfvec.text.repeats import repeats_of
from selfvec.text.unstemmed import unstemmed_tokens

from .execution import Execution
from .input_reading import Start, option_files
from .inputs import Inputs

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["keep_inputs", "kept_inputs", "stamp_of"]


def stamp_of(corpus: Corpus, vectors: Sequence[Start], settings: Settings) -> str | None:
    """What identifies the inputs without reading them; None if they can change without notice."""
    texts = corpus.stamp()
    if texts is None or any(isinstance(one, Vectors) for one in vectors):
        return None
    tables = [_described(one) for one in vectors if not isinstance(one, Vectors)]
    options = settings.as_dict(), option_files(settings)
    return json.dumps([__version__, texts, tables, options], default=str)


def _described(vectors: str | os.PathLike[str] | None) -> list[object]:
    """The name of vectors, and their file or the files of their folder, with sizes and times of change."""
    name = "none" if vectors is None else os.fspath(vectors)
    place = locate(name)
    paths = sorted(place.iterdir()) if place.is_dir() else [place]
    return [name, *(file_state(path) for path in paths if path.is_file())]


def keep_inputs(workspace: Workspace, inputs: Inputs, stamp: str, execution: Execution) -> None:
    """Keep the inputs if they are those of a long text."""
    original = inputs.original
    provenance = inputs.provenance.replace(timings=dict(execution.timings))
    run = Run(original, original, None, provenance, tokens=inputs.batch, parts=inputs.parts)
    workspace.keep_inputs(run, stamp)


def kept_inputs(stamp: str, execution: Execution) -> Inputs | None:
    """The inputs that an interrupted run kept in the workspace, if they have this stamp."""
    workspace = execution.workspace
    run = workspace.load_inputs(stamp) if workspace is not None and workspace.has_inputs else None
    if run is None or run.tokens is None:
        return None
    execution.progress.say("the text was read before the interruption, and is not read again")
    execution.timings.update(run.provenance.timings)
    parts = unstemmed_tokens(run), repeats_of(run), known_documents(run)
    return Inputs(run.tokens, run.original, run.provenance, *parts)
