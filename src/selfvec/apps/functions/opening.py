"""`open`: whatever Selfvec wrote, or vectors, from its path; and `health` of a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from selfvec.base.checks import check_path
from selfvec.base.result_table import Figures
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.storage.folder_kinds import folder_kind
from selfvec.storage.formats import load
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import open_run

if TYPE_CHECKING:
    from selfvec.retrieval import Index
    from selfvec.retrieval.encoder import Encoder

__all__ = ["health", "open"]


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
