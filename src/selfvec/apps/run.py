"""`Run` as people hold it, with the public functions as its methods; `open`, which finds what a path is."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any

from selfvec.base.checks import check_path
from selfvec.base.result_table import Figures
from selfvec.data import run as record
from selfvec.data.vectors import Vectors
from selfvec.storage import run_folder
from selfvec.storage.folder_kinds import folder_kind
from selfvec.storage.formats import load
from selfvec.storage.opened import GivenRun, as_run

if TYPE_CHECKING:
    from selfvec.retrieval import Index
    from selfvec.retrieval.encoder import Encoder


class RunMethod:
    """A public function as a method of a run, its first argument. It is imported when it is asked for."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __get__(self, run: Run | None, owner: type[Run]) -> Any:
        module, _, name = self._place.rpartition(".")
        function = getattr(import_module(f"selfvec.{module}"), name)
        return function if run is None else MethodType(function, run)


class Run(record.Run):
    __doc__ = record.Run.__doc__

    compare = RunMethod("analysis.alignment.compare")
    drift = RunMethod("analysis.word_drift.drift")
    expand = RunMethod("analysis.concepts.expand")
    export = RunMethod("exporters.export")
    graph = RunMethod("analysis.concepts.graph")
    monitor = RunMethod("analysis.monitoring.monitor")
    phrases = RunMethod("analysis.concepts.phrases")
    save = RunMethod("storage.run_writer.save_run")
    search = RunMethod("retrieval.search")
    senses = RunMethod("analysis.word_senses.senses")
    similar = RunMethod("apps.similar_words.similar")
    similar_documents = RunMethod("retrieval.similar_documents")
    topics = RunMethod("analysis.concepts.topics")
    update = RunMethod("apps.functions.runs.update")
    why = RunMethod("analysis.concepts.why")

    @classmethod
    def of(cls, run: record.Run) -> Run:
        """A run that the rooms below have made; one with these methods is returned as it is."""
        if isinstance(run, cls):
            return run
        made = cls.__new__(cls)
        vars(made).update(vars(run))
        return made


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder; its vectors are memory-mapped.

    Raises
    ------
    InputError
        If the path is not a run folder.
    FormatError
        If the folder has another format, or a file in it is damaged.
    """
    return Run.of(run_folder.open_run(path))


def open(path: str | os.PathLike[str]) -> Run | Encoder | Index | Vectors:
    """Open a run folder, an encoder, a search index, or vectors.

    Parameters
    ----------
    path : path or name
        A folder that Selfvec wrote, a vectors file in any format, or the name of public vectors. `info` says
        what it is.

    Returns
    -------
    Run, Encoder, Index or Vectors

    Raises
    ------
    InputError
        If it is none of these; the error says what it is. `FormatError` if it is damaged.

    Examples
    --------
    >>> open("default").vector_size
    256
    """
    check_path("path", path)
    folder = Path(path)
    found = folder_kind(folder) if folder.is_dir() else None
    kind = None if found is None else found.name
    if kind == "run":
        return open_run(folder)
    if kind == "encoder":
        from selfvec.retrieval.encoder import Encoder

        return Encoder.open(folder)
    if kind == "index":
        from selfvec.retrieval import Index

        return Index.open(folder)
    return load(path)


def health(run: GivenRun) -> Figures:
    """Check that words moved and that the vectors have not collapsed.

    On the command line, exit status 1: a check failed.

    Parameters
    ----------
    run : Run or path

    Returns
    -------
    Figures
        A dict: ``verdicts`` is empty if nothing is wrong. Its rows are the findings.
    """
    return as_run(run).health
