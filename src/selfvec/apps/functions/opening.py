"""`open`: whatever Selfvec wrote, or vectors, from its path."""

from __future__ import annotations

import os
from pathlib import Path

from selfvec.base.checks import check_path
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.retrieval import Index
from selfvec.retrieval.encoder import Encoder
from selfvec.storage.formats import load
from selfvec.storage.run_folder import open_run
from selfvec.storage.verification import kind_of

__all__ = ["open"]


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
    kind = kind_of(folder) if folder.is_dir() else None
    if kind == "run":
        return open_run(folder)
    if kind == "encoder":
        return Encoder.open(folder)
    return Index.open(folder) if kind == "index" else load(path)
