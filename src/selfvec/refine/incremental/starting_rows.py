"""The starting vectors of an updated or merged corpus, from the runs' rows or the vectors file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError, InputError
from selfvec.base.files import sha256
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.refine.unknown_words import starting_vectors
from selfvec.storage.formats import load

from .parts import Part

__all__ = ["Given", "gathered", "table_of"]

Given = Vectors | str | os.PathLike[str] | None
"""The original vectors, if their file has moved; else None."""

_BLOCK = 4096
_AGAIN = "give their path with --vectors PATH"


def table_of(part: Part, given: Given = None) -> tuple[Vectors | None, dict[str, Any]]:
    """The vectors that a run started from, read again and checked, and their provenance.

    ``given`` replaces the recorded path. Raises `InputError` if they are not found, `FormatError` if they
    differ.
    """
    recorded = part.recorded("vectors")
    if recorded.get("name") == "none":
        return None, recorded
    place = _place(part, recorded) if given is None else given
    if isinstance(place, Vectors):
        table = place
    else:
        if "sha256" in recorded and (not Path(place).is_file() or sha256(place) != recorded["sha256"]):
            raise _other(os.fspath(place), f"the file that {part.name} was made of")
        table = load(place, errors=part.settings.vectors_errors)
    if "sha256" not in recorded or table is given:
        _check_rows(table, part)
    return table, recorded


def _place(part: Part, recorded: dict[str, Any]) -> str | Path:
    """The path of the vectors file, as recorded or beside the run."""
    name = str(recorded.get("name", "memory"))
    if name == "memory":
        raise InputError(
            f"the vectors that {part.name} was made of came from memory",
            remedy="give them again (vectors=...)",
        )
    if name == "default":
        return name
    beside = [] if part.run.folder is None else [part.run.folder.parent / name]
    for path in (Path(name), *beside):
        if path.exists():
            return path
    raise InputError(f"the vectors that {part.name} was made of are not found", path=name, remedy=_AGAIN)


def _check_rows(table: Vectors, part: Part) -> None:
    """Raise `FormatError` if the rows of a table differ from those of a run for the run's words."""
    original = part.run.original
    own = np.flatnonzero(original.sources == Source.KNOWN)
    for block in _blocks(own):
        words = [original.index_to_key[i] for i in block.tolist()]
        rows, _ = table.lookup(words, compose=False)
        if table.vector_size != original.vector_size or not np.array_equal(
            unit_rows(rows), original.vectors[block]
        ):
            raise _other(None, f"the vectors that {part.name} was made of")


def _other(path: str | None, which: str) -> FormatError:
    return FormatError(f"is not {which}" if path else f"these are not {which}", path=path, remedy=_AGAIN)


def gathered(
    batch: TokenBatch,
    parts: Sequence[Part],
    table: Vectors | None,
    settings: Settings,
) -> Vectors:
    """The starting vectors of a corpus, the same as `starting_vectors` of all of the text.

    Words of the ``parts`` keep their rows; ``table``, what the parts started from, is for the others. Raises
    `FormatError` if two parts have different rows for a word.
    """
    if any(np.any(part.run.original.sources == Source.RANDOM) for part in parts):
        return starting_vectors(batch, None, settings)
    index = {word: i for i, word in enumerate(batch.types)}
    rows = np.zeros((len(index), parts[0].run.original.vector_size), np.float32)
    sources = np.full(len(index), Source.NONE, np.uint8)
    filled = np.zeros(len(index), bool)
    for part in parts:
        original = part.run.original
        places = np.fromiter((index.get(word, -1) for word in original.index_to_key), np.int64)
        for block in _blocks(np.flatnonzero(places >= 0)):
            here = places[block]
            _check_equal(rows[here], original.vectors[block], filled[here], part)
            rows[here], sources[here] = original.vectors[block], original.sources[block]
            filled[here] = True
    missing = np.flatnonzero(~filled)
    if len(missing) and table is not None:
        words = [batch.types[i] for i in missing.tolist()]
        found, sources[missing] = table.lookup(words, compose=settings.oov == "subwords")
        rows[missing] = unit_in_place(found)
    return Vectors(batch.types, rows, sources=sources, normalized=True)


def _check_equal(rows: NDArray[Any], more: NDArray[Any], filled: NDArray[np.bool_], part: Part) -> None:
    if rows.shape != more.shape or not np.array_equal(rows[filled], more[filled]):
        raise FormatError(
            "runs that are merged start from the same vectors, this one has other rows for the same words",
            path=part.name,
            remedy="refine it again",
        )


def _blocks(places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (places[start : start + _BLOCK] for start in range(0, len(places), _BLOCK))
