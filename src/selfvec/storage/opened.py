"""Runs and vectors as arguments: functions take the object itself or its path."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors

from .formats import load
from .given_tables import is_table, vectors_of_table
from .run_folder import is_run, open_run

GivenRun = Run | str | os.PathLike[str]
"""A run, or the path of its folder."""
GivenVectors = Vectors | Run | str | os.PathLike[str]
"""Vectors, a run, the path of either, or the name of public vectors."""


def as_run(given: GivenRun, name: str = "run") -> Run:
    """A run, opened if it is given by its path; of an open one the present state, which then stays as it is.

    `OptionError` for anything else, in which ``name`` is that of the parameter. `InputError` if the path is
    not a run, `FormatError` if it is damaged.
    """
    run = _run_of(given)
    if run is not None:
        return run
    if isinstance(given, str | os.PathLike):
        return open_run(given)
    rule = "is a Run or the path of a run folder"
    remedy = "open one with selfvec.open, or make one"
    if isinstance(given, Vectors):
        remedy = "vectors hold no text: refine them on a text with selfvec.refine(TEXT, VECTORS)"
    raise OptionError(f"{rule}, not {type(given).__name__}", field=name, remedy=remedy)


def as_vectors(given: GivenVectors, name: str = "vectors") -> Vectors:
    """Vectors from an argument: vectors, a model, a run (its refined vectors), a path or a name."""
    found = opened(given, name)
    return found.vectors if isinstance(found, Run) else found


def opened(given: GivenVectors, name: str = "vectors") -> Vectors | Run:
    """A path opened as a run or else as vectors; vectors as they are, other objects as vectors.

    `OptionError` for anything else, in which ``name`` is that of the parameter.
    """
    run = _run_of(given)
    if run is not None:
        return run
    if isinstance(given, str | os.PathLike):
        return open_run(given) if is_run(given) else load(given)
    found = _in_memory(given, name)
    if found is None:
        rule = "is a Vectors, a Run, vectors or a model of gensim, a static encoder, a path or a public name"
        remedy = (
            "in Python also a dict from words to arrays, a pair (words, matrix) or a data frame of numbers"
        )
        raise OptionError(f"{rule}, not {type(given).__name__}", field=name, remedy=remedy)
    if not found:
        raise OptionError("there are no vectors", field=name, remedy="give words with their numbers")
    found.check_finite(name)
    return found


def _in_memory(given: Any, name: str) -> Vectors | None:
    """Vectors of an object; None for one of another kind."""
    if isinstance(given, Vectors):
        return given
    for keyed in (given, getattr(given, "wv", None)):  # a model's vectors are its `wv`
        if _is_keyed(keyed):
            return Vectors.from_gensim(keyed)
    if callable(getattr(given, "save_pretrained", None)):
        return _of_encoder(given)
    return vectors_of_table(given, name) if is_table(given) else None


def _of_encoder(given: Any) -> Vectors:
    """The token rows of a model2vec ``StaticModel`` or a ``SentenceTransformer``, as it saves them."""
    with TemporaryDirectory(prefix="selfvec-", ignore_cleanup_errors=True) as folder:
        given.save_pretrained(folder)
        return load(folder)


def _run_of(given: Any) -> Run | None:
    """The present state of the run itself, or of that of a fitted `selfvec.Refiner`."""
    found = given
    if not isinstance(given, Run):
        found = vars(given).get("run_") if hasattr(given, "__dict__") else None
    return found.present if isinstance(found, Run) else None


def _is_keyed(given: Any) -> bool:
    """Whether an object has the words and rows of gensim's ``KeyedVectors``."""
    words, rows = (getattr(given, name, None) for name in ("index_to_key", "vectors"))
    return isinstance(words, list) and getattr(rows, "ndim", 0) == 2
