"""Commands that hand vectors and runs to other programs: ``convert``, ``export``, ``serve`` and ``mcp``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Never

import typer

from .arguments import AsJson, OtherCorpus, Overwrite, RunFolder
from .output import TerminalProgress, print_json, say

__all__ = ["convert", "export", "mcp", "serve"]


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="A vectors file, a run folder, or default.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file or folder to write.")],
    to: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Format of OUT; by default its suffix decides.")
    ] = None,
    dimensions: Annotated[int | None, typer.Option(min=1, help="Keep the first N dimensions.")] = None,
    dtype: Annotated[str | None, typer.Option(metavar="float32|float16", help="Number format.")] = None,
    vectors_errors: Annotated[
        str,
        typer.Option(
            metavar="strict|replace", help="replace: repair words that are not UTF-8 or occur twice."
        ),
    ] = "strict",
    as_json: AsJson = False,
) -> None:
    """Convert vectors from one format to another.

    Example: selfvec convert GoogleNews.bin vectors.safetensors
    """
    from selfvec.storage.formats import load, save

    vectors = load(source, errors=vectors_errors)
    left_out = save(vectors, target, format=to, dtype=dtype, dimensions=dimensions)
    width = dimensions or vectors.vector_size
    if as_json:
        done = {"source": source, "target": str(target), "words": len(vectors), "dimensions": width}
        print_json(done | {"left_out": left_out, "notes": vectors.provenance.get("notes", [])})
        return
    for note in (*vectors.provenance.get("notes", []), *left_out):
        say(note)
    say(f"wrote {len(vectors):,} words × {width} dimensions to {target}")


def export(
    run: RunFolder,
    to: Annotated[
        str,
        typer.Option(
            metavar="TARGET",
            help="encoder, model2vec, sentence-transformers, projector, word2vec, lancedb, ...; "
            "an unknown name lists all.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="The file or folder; by default RUN-TARGET beside the run."
        ),
    ] = None,
    corpus: OtherCorpus = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a run as an encoder, a vectors file or a vector store that another tool reads.

    Example: selfvec export run --to sentence-transformers
    """
    from selfvec.export import export as write
    from selfvec.storage.run_folder import open_run

    done = write(
        open_run(run), to, output, corpus=corpus or None, overwrite=overwrite, progress=TerminalProgress()
    )
    if as_json:
        print_json({"run": str(run), **done})
        return
    for note in done.get("left_out", ()):
        say(note)
    say(f"exported as {to}")
    print(done["target"])


def serve(
    run: RunFolder,
    host: Annotated[
        str, typer.Option(help="Address to listen on; addresses that other machines reach need a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; by default the first free one from 8765.")
    ] = None,
) -> None:
    """Show what changed, and why, as a page in the browser.

    Example: selfvec serve run
    """
    from selfvec.apps.web.launch import serve as serve_run
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    say(f"serving {run} until Ctrl-C at:")
    serve_run(opened, host, port, say=lambda address: print(address, flush=True))


def mcp(run: RunFolder, corpus: OtherCorpus = None) -> None:
    """Let an AI assistant search a corpus and ask about its words (Model Context Protocol, stdio).

    Example: selfvec mcp run
    """
    from selfvec.apps.mcp.server import serve_assistant
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    if sys.stdin.isatty():
        say("waiting for an assistant on standard input; stop with Ctrl-C")
    before = signal.signal(signal.SIGINT, _interrupted)
    try:
        serve_assistant(opened, corpus, progress=TerminalProgress())
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(*_: object) -> Never:
    """End the process at once: the thread that waits for a line of standard input cannot be stopped."""
    say("selfvec: interrupted")
    os._exit(130)
