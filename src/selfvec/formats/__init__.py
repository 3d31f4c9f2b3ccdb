"""Reading and writing vectors files: one table of formats, sniffed by content."""

from __future__ import annotations

import os

from ..vectors import Vectors

__all__ = ["load", "save"]


def load(path: str | os.PathLike[str], format: str | None = None) -> Vectors:
    raise NotImplementedError


def save(vectors: Vectors, path: str | os.PathLike[str], format: str | None = None) -> None:
    raise NotImplementedError
