"""``selfvec senses``."""

from __future__ import annotations

from typing import Annotated

import typer

from .output import print_json, show
from .words import AsJson, RunFolder

__all__ = ["senses"]


def senses(
    run: RunFolder,
    word: Annotated[str, typer.Argument(metavar="WORD")],
    number: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="How many senses; told by the uses otherwise.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Sentences of each sense.")] = 2,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Tell the sense of the word in this text; may be repeated."),
    ] = None,
    uses: Annotated[bool, typer.Option("--uses", help="In JSON, the sense of every use.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="For every random choice.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List the senses of a word as its uses tell them, or tell its sense in a text."""
    from selfvec.analysis.senses import induce
    from selfvec.storage.run_folder import open_run

    found = induce(open_run(run), word, number=number, examples=0 if text else examples, seed=seed)
    readings = [(part, found.disambiguate(part)) for part in text or ()]
    if as_json:
        read = [{"text": part, "readings": [r.as_dict() for r in told]} for part, told in readings]
        print_json(found.as_dict(uses=uses) | ({"texts": read} if text else {}))
        return
    from selfvec.views.sense_table import readings_text, sense_table

    show(readings_text(found, readings) if text else sense_table(found))
