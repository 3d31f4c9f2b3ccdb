"""`watch`: a run that follows its files."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Unpack

from selfvec.apps.run import Run
from selfvec.base.checksums import file_state
from selfvec.base.declarations import checked
from selfvec.base.errors import CorpusError, Interrupted, OptionError
from selfvec.base.interruption import Interruption, interruptible
from selfvec.base.progress import Progress, as_progress
from selfvec.corpus.conversion import paths_of
from selfvec.storage.opened import GivenRun, as_run

from .runs import NewDocuments, update

__all__ = ["watch"]


@checked
def watch(
    run: GivenRun,
    corpus: Any,
    *,
    every: int = 10,
    jobs: int | None = None,
    progress: Progress | None = None,
    **documents: Unpack[NewDocuments],
) -> Iterator[Run]:
    """Update a run whenever its files change, until Ctrl-C.

    Files are taken when they are at rest since the last look. Mistakes in one are printed.

    Parameters
    ----------
    run : Run or path
    corpus : path, paths, texts
        Files or folders of new text.
    every : int, at least 1
        Seconds between two looks.
    jobs : int, at least 1, optional
    progress : Progress, optional
    **documents
        As in `update`.

    Yields
    ------
    Run
        After each update; `Run.change` says what was new.
    """
    paths = paths_of(corpus)
    if not paths or any(str(path) == "-" for path in paths):
        raise OptionError("are files or folders to watch", field="corpus", remedy="name some")
    folder = as_run(run).folder
    if folder is None:
        raise OptionError("is in memory, and a folder is watched for", field="run", remedy="save it first")
    progress = as_progress(progress)
    progress.say(f"watching {', '.join(map(str, paths))}; stop with Ctrl-C")
    done: object = None
    before: object = _state(paths)
    with suppress(KeyboardInterrupt, Interrupted), interruptible() as asked:
        while not asked.requested:
            now = _state(paths)
            if now == before and now != done:
                try:
                    new = update(run, paths, output=folder, jobs=jobs, progress=progress, **documents)
                    if isinstance(new, Run) and new.change:
                        yield new
                except CorpusError as error:  # a row that is still being written, or a mistake to mend
                    progress.say(f"not taken: {error.message(flags=True)}")
                done = now
            before = now
            _wait(every, asked)
    progress.say("stopped; the run is whole")


def _wait(seconds: float, asked: Interruption) -> None:
    end = time.monotonic() + seconds
    while not asked.requested and time.monotonic() < end:
        time.sleep(0.1)


def _state(paths: Sequence[Any]) -> list[list[Any]]:
    """Path, size and time of change of all files."""
    found = []
    for path in paths:
        for file in sorted(Path(path).rglob("*")) or [Path(path)]:
            with suppress(OSError):  # gone since
                found.append(file_state(file))
    return found
