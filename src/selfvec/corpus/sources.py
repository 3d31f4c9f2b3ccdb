"""Distinguish a text given by its files from one given by its documents."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

__all__ = ["Paths", "Texts", "paths_of"]

Paths = Sequence[str | os.PathLike[str]]

Texts = Any
"""Anything that `selfvec.as_corpus` accepts: paths, texts, a data frame, a `Corpus`."""


def paths_of(text: Texts) -> Paths | None:
    """The files and folders of a text; None if the argument is the documents themselves.

    >>> paths_of("reports.jsonl"), paths_of(["hail fell on the roof"])
    (['reports.jsonl'], None)
    """
    if isinstance(text, str | os.PathLike):
        return [text]
    if not isinstance(text, list | tuple) or not text:
        return None
    return text if all(isinstance(one, os.PathLike) or _is_there(one) for one in text) else None


def _is_there(name: object) -> bool:
    if not isinstance(name, str):
        return False
    is_url = "://" in name and not any(map(str.isspace, name))
    return is_url or os.path.exists(name)  # noqa: PTH110 (a text is too long for Path)
