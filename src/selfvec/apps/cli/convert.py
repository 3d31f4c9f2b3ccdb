"""``selfvec convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import print_json, say

__all__ = ["convert"]


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="A vectors file, a run folder, or default.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file or folder to write.")],
    to: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Its format; told by its suffix otherwise.")
    ] = None,
    dimensions: Annotated[int | None, typer.Option(min=1, help="Keep the first N dimensions.")] = None,
    dtype: Annotated[str | None, typer.Option(metavar="float32|float16", help="Number format.")] = None,
    vectors_errors: Annotated[
        str,
        typer.Option(metavar="strict|replace", help="replace: mend words that are not UTF-8 or stand twice."),
    ] = "strict",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Convert vectors from one format to another."""
    from selfvec.storage.formats import load, save

    vectors = load(source, errors=vectors_errors)
    left_out = save(vectors, target, format=to, dtype=dtype, dimensions=dimensions)
    width = dimensions or vectors.vector_size
    if as_json:
        done = {"source": source, "target": str(target), "words": len(vectors), "dimensions": width}
        print_json(done | {"left_out": left_out, "notes": vectors.provenance.get("notes", [])})
    else:
        for note in (*vectors.provenance.get("notes", []), *left_out):
            say(note)
        say(f"wrote {len(vectors):,} words × {width} dimensions to {target}")
