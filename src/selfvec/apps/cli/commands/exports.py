"""Commands for the libraries of vector stores and encoders: ``export`` and ``migrate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from selfvec.apps.cli.arguments import (
    AsJson,
    Overlap,
    Overwrite,
    PassageWords,
    RunFolder,
    arg,
    open_run,
    opt,
)
from selfvec.apps.cli.output import print_json, print_text, say
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["export", "migrate", "report_export"]


def export(
    run: RunFolder,
    to: Annotated[
        str,
        opt(
            "What to write: encoder, model2vec, sentence-transformers, projector, word2vec, lancedb, … "
            "An unknown name lists all.",
            "TARGET",
        ),
    ],
    output: Annotated[
        Path | None,
        opt("The file or folder to write.", "OUT", "--output", "-o", default="RUN-TARGET next to the run"),
    ] = None,
    passage_words: PassageWords = 200,
    overlap: Overlap = 40,
    overwrite: Overwrite = False,
    update: Annotated[
        bool,
        opt("Write what is new or changed, delete what is gone (lancedb, qdrant).", None, "--update"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a run for another tool: an encoder, vectors, a vector store.

    Examples:
        selfvec export run --to sentence-transformers
        selfvec export run --to lancedb -o store
        selfvec export run --to lancedb -o store --update
    """
    from selfvec.exporters import export

    done = export(
        open_run(run),
        to,
        output,
        passage_words=passage_words,
        overlap=overlap,
        overwrite=overwrite,
        update=update,
        progress=TerminalProgress(),
    )
    report_export(run, done, as_json)


def report_export(run: Path | str, done: Mapping[str, Any], as_json: bool) -> None:
    """Print what `export` has written."""
    from selfvec.exporters import TARGETS

    if as_json:
        print_json({"run": str(run), **done})
        return
    to = done["to"]
    for note in done.get("left_out", ()):
        say(note)
    if "unchanged" in done:
        counts = ", ".join(f"{done[name]:,} {name}" for name in ("added", "changed", "removed", "unchanged"))
        say("all passages were written anew" if done.get("rewritten") else f"passages: {counts}")
    say(f"exported as {to}")
    print_text(done["target"])
    if opened_by := TARGETS[to].opened_by:
        say(f"next, in Python: {opened_by.format(repr(done['target']))}")


def migrate(
    store: Annotated[Path, arg("STORE", "A LanceDB or Qdrant folder that export wrote.")],
    old: Annotated[Path, opt("The run whose vectors it has.", "RUN", "--old", "--from")],
    new: Annotated[Path, opt("The run whose vectors it gets.", "RUN", "--new", "--to")],
    *,
    dry_run: Annotated[
        bool, opt("Measure the map of questions, write nothing. Exit status 1: re-embed.", None, "--dry-run")
    ] = False,
    map_only: Annotated[
        bool, opt("Write the map, keep the old vectors. Exit status 1: re-embed.", None, "--map-only")
    ] = False,
    keep: Annotated[
        float, opt("Least share of the recall that a map keeps.", "PERCENT", min=0, max=100)
    ] = 95.0,
    as_json: AsJson = False,
) -> int:
    """Give a vector store the vectors of a newer run.

    A map of questions keeps the old vectors searchable meanwhile.

    Examples:
        selfvec run migrate run-lancedb --old run --new newer
        selfvec run migrate run-lancedb --old run --new newer --dry-run
    """
    from selfvec.exporters import migrate

    done = migrate(
        store, old, new, dry_run=dry_run, map_only=map_only, keep=keep, progress=TerminalProgress()
    )
    if as_json:
        print_json({"store": str(store), "from": str(old), "to": str(new), **done})
    else:
        from selfvec.views.recall_text import recall_text

        print_text(recall_text(done) if done["recall"] else f"{store} has the vectors of {new} already")
        for note in done["notes"]:
            say(note)
        say(f"wrote {done['map']}" if done["map"] else "wrote nothing")
        if done["map"] and done["done"]:
            say(f"{done['passages']:,} passages have the vectors of {new}")
    return int(not done["done"] and not done["safe"])
