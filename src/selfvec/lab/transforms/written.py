"""What all methods have in common that make new vectors from given ones: where these go, and what is said.

A method is a public function: it takes what it changes first, then its options, and those of `Writing`.
"""

from __future__ import annotations

import os
from typing import Any, TypedDict

from selfvec.base.answer import Answer, Json
from selfvec.base.declarations import options
from selfvec.base.progress import GivenProgress
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, save

_MADE = "made"  # the key of the provenance under which new vectors say how they were made


@options()
class Writing(TypedDict, total=False):
    """Where the new vectors are written, and who sees how far the work is.

    Parameters
    ----------
    output : path, optional
        The file or folder to write.
    to : str, optional
        Format of the output; by default that of its suffix.
    overwrite : bool
        Replace what exists at that place.
    progress : Progress or bool, optional
    """

    output: str | os.PathLike[str] | None
    to: str | None
    overwrite: bool
    progress: GivenProgress


def check_writing(writing: Writing) -> None:
    """Refuse an output that cannot be written before the work, which may take minutes."""
    if (output := writing.get("output")) is not None:
        check_save(output, writing.get("to"), overwrite=bool(writing.get("overwrite")))


def written(made: Vectors, by: str, figures: Json, writing: Writing) -> Vectors:
    """The new vectors, which say how they were made, written to the output if there is one."""
    left_out: list[str] = []
    if (output := writing.get("output")) is not None:
        overwrite = bool(writing.get("overwrite"))
        left_out = save(made, output, format=writing.get("to"), overwrite=overwrite)
    made.provenance = {**made.provenance, _MADE: {"by": by, **figures, "left_out": left_out}}
    return made


def figures_of(made: Vectors) -> Answer:
    """How vectors were made, and what the format of their file cannot hold, as a command prints it."""
    said = dict(made.provenance[_MADE])
    by, left_out = said.pop("by"), said.pop("left_out")
    return transformed(by, {"words": len(made), "dimensions": made.vector_size, **said}, left_out)


def transformed(by: str, figures: Json, left_out: list[str], **places: str) -> Answer:
    """What a method made, in figures, and what it had to leave out."""
    said = ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in figures.items())
    every = {**places, "by": by, **figures, "left_out": left_out}
    return Answer("Transformed", every, messages=[*left_out, f"{by}: {said}"])


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
