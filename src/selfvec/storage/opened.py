"""What a user names where both a run and a table of vectors will do."""

from __future__ import annotations

import os

from selfvec.data.run import Run
from selfvec.data.vectors import Vectors

from .formats import load
from .run_folder import is_run, open_run

__all__ = ["Given", "opened"]

Given = Vectors | Run | str | os.PathLike[str]
"""Vectors, a run, or the path of either."""


def opened(given: Given) -> Vectors | Run:
    """The run at a path if there is one, otherwise the table of vectors."""
    if isinstance(given, Vectors | Run):
        return given
    return open_run(given) if is_run(given) else load(given)
