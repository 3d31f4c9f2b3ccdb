"""Runs whose documents become a new run: the checks that they can, and their initial vectors.

Runs can be merged if they have the same options and initial vectors.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source, Vectors
from selfvec.files.checksums import sha256
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats import load
from selfvec.storage.public_vectors import BUILT_IN, locate

from .input_reading import Start, option_files
from .inputs import by_token
from .training import FROM_TEXT

MovedVectors = Vectors | str | os.PathLike[str] | None
"""The initial vectors of a run, if their file has moved; else None."""

_BLOCK = 4096  # words compared at a time: no second table is made beside a large one
_ROUNDING = 1e-6  # of vectors that were scaled when others were joined to them
_AGAIN = "give their path with --vectors PATH"


@dataclass(frozen=True)
class SourceRun:
    """A run whose documents become those of a new one."""

    name: str  # for messages
    run: Run
    text: RunText
    settings: Settings


def source_run(run: Run, number: int = 0) -> SourceRun:
    """A run as a source; `InputError` if it has not kept its text."""
    name = f"run {number + 1}" if run.folder is None else os.fspath(run.folder)
    text = run.require_text("so it cannot be updated or merged")
    return SourceRun(name, run, text, run.settings)


def refuse_different(parts: Sequence[SourceRun]) -> None:
    """Raise `OptionError` if runs have different options or vectors; name the first difference."""
    first, *others = parts
    for part in others:
        here, there = _made_with(first), _made_with(part)
        for field in dict.fromkeys((*here, *there)):
            (what, own, shown), (_, other, others_shown) = (
                made.get(field, ("options", None, None)) for made in (here, there)
            )
            if own != other:
                raise OptionError(
                    f"merged runs must have the same {what}, but {first.name} has {shown!r} and "
                    f"{part.name} has {others_shown!r}",
                    field=field,
                    remedy="refine one of them again",
                )


def _made_with(part: SourceRun) -> dict[str, tuple[str, Any, Any]]:
    """What runs must share, by field: what it is, its identity, and what a message says of it.

    Files that options name are known by their hashes, initial vectors by their content, wherever they are,
    and an encoder by its digest, or else its name.
    """
    made = part.run.provenance
    options = {**part.settings.as_dict(), **made.option_files}
    encoder: Mapping[str, Any] = made.encoder or {"digest": None, "name": None}
    by_hash = ("sha256",) if "sha256" in made.vectors else made.vectors.keys() - {"name", "path", "notes"}
    table = {name: made.vectors[name] for name in by_hash}
    return {
        **{name: ("options", value, value) for name, value in options.items()},
        "encoder": ("encoder", encoder["digest"] or encoder["name"], encoder["name"]),
        "vectors": ("initial vectors", table, made.vectors.get("name")),
    }


def refuse_changed_files(part: SourceRun) -> None:
    """Raise `OptionError` if a file named by the run's options, such as stop words, has changed."""
    now = option_files(part.settings)
    for option, digest in part.run.provenance.option_files.items():
        if now.get(option) != digest:
            raise OptionError(
                f"names the file {getattr(part.settings, option, None)!r}, which was removed or "
                f"changed since the run was made",
                field=option,
                remedy="restore it, or refine all of the text together",
            )


def source_vectors(part: SourceRun, given: MovedVectors = None) -> Start:
    """The initial vectors of a run, checked: read again, or the name of those that are made from the text.

    ``given`` replaces the recorded path. Raises `InputError` if they are not found, `FormatError` if they
    differ.
    """
    recorded = part.run.provenance.vectors
    if (name := str(recorded.get("name"))) in FROM_TEXT:
        return name
    source = _recorded_source(part, recorded) if given is None else given
    if isinstance(source, Vectors):
        vectors = source
    else:
        source = locate(source)
        if "sha256" in recorded and (not Path(source).is_file() or sha256(source) != recorded["sha256"]):
            raise _different(os.fspath(source), f"the file that {part.name} was refined from")
        vectors = load(source, errors=part.settings.vectors_errors)
    if "sha256" not in recorded or isinstance(given, Vectors):
        _check_rows(by_token(vectors, part.settings), part)
    return vectors


def refuse_other_vectors(start: Start, part: SourceRun) -> None:
    """Raise `FormatError` if initial vectors without a file differ from those of a run."""
    if isinstance(start, Vectors) and "sha256" not in part.run.provenance.vectors:
        _check_rows(by_token(start, part.settings), part)


def _recorded_source(part: SourceRun, recorded: Mapping[str, Any]) -> str | Path:
    """The name or path of the initial vectors: as recorded, or in the folder that contains the run."""
    name = str(recorded.get("name", "memory"))
    if name == "memory":
        raise InputError(
            f"the vectors that {part.name} was refined from were given in memory",
            remedy="give them again (vectors=...)",
        )
    if name in BUILT_IN:
        return name
    neighbours = [] if part.run.folder is None else [part.run.folder.parent / name]
    for path in (locate(name), *neighbours):
        if path.exists():
            return path
    raise InputError(f"the vectors that {part.name} was refined from are not found", path=name, remedy=_AGAIN)


def _check_rows(vectors: Vectors, part: SourceRun) -> None:
    """Raise `FormatError` if vectors differ from the initial vectors of a run for the run's words."""
    original = part.run.original
    described = part.run.provenance.encoder or {}
    joined = bool(described.get("initial"))  # the encoder's vectors are beside these
    width = original.vector_size - (described["dimensions"] if joined else 0)
    own = np.flatnonzero(original.sources == Source.KNOWN)
    for start in range(0, len(own), _BLOCK):
        block = own[start : start + _BLOCK]
        words = [original.index_to_key[i] for i in block.tolist()]
        rows, _ = vectors.lookup(words, compose=False)
        kept = original.vectors[block, :width]
        same = vectors.vector_size == width and (
            np.allclose(unit_rows(rows), unit_rows(kept), rtol=0, atol=_ROUNDING)
            if joined
            else np.array_equal(unit_rows(rows), kept)
        )
        if not same:
            raise _different(None, f"the vectors that {part.name} was refined from")


def _different(path: str | None, which: str) -> FormatError:
    return FormatError(f"is not {which}" if path else f"these are not {which}", path=path, remedy=_AGAIN)
