"""Commands for other programs: ``convert``, ``export``, ``migrate``, ``serve``, ``mcp``, ``fetch``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Never

import typer

from selfvec.base.errors import MissingExtra
from selfvec.base.targets import check_target
from selfvec.views.terminal_progress import TerminalProgress, downloads

from .arguments import (
    MORE,
    AsJson,
    OtherCorpus,
    Overlap,
    Overwrite,
    PassageWords,
    RunFolder,
    WrittenAs,
    arg,
    open_run,
    opt,
)
from .output import print_json, say, show

__all__ = [
    "convert",
    "export",
    "fetch_vectors",
    "list_if_alone",
    "list_vectors",
    "mcp",
    "migrate",
    "noaa",
    "serve",
]


def convert(
    source: Annotated[str, arg("IN", "A vectors file, a run folder, or default.")],
    written: WrittenAs,
    *,
    dimensions: Annotated[int | None, opt("Keep the first N dimensions.", "N", min=1)] = None,
    dtype: Annotated[
        str | None, opt("Number format. The last two need safetensors.", "float32|float16|int8|binary")
    ] = None,
    vectors_errors: Annotated[
        str, opt("Stop at words that are not UTF-8 or occur twice, or repair them.", "strict|replace")
    ] = "strict",
    limit: Annotated[int | None, opt("Read the first N words only.", "N", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Convert vectors from one format to another.

    Examples:
        selfvec vectors convert GoogleNews.bin -o vectors.safetensors
        selfvec vectors convert run -o short.vec --dimensions 100
    """
    from selfvec.apps.functions.files import convert
    from selfvec.storage.run_folder import is_run

    target, to, overwrite = written.path, written.to, written.overwrite
    if to == "model2vec" and is_run(source) and not (dtype or dimensions or limit):
        export(Path(source), to, target, overwrite=overwrite, as_json=as_json)
        return
    how: dict[str, Any] = {"dtype": dtype, "vectors_errors": vectors_errors, "limit": limit}
    found = convert(source, target, to=to, dimensions=dimensions, overwrite=overwrite, **how)
    if as_json:
        print_json(found.as_dict())
        return
    for note in (*found["notes"], *found["left_out"]):
        say(note)
    say(f"wrote {found['words']:,} words × {found['dimensions']} dimensions to {target}")


_OPENED_BY = {
    "encoder": "selfvec.Encoder.open({})",
    "model2vec": "model2vec.StaticModel.from_pretrained({})",
    "sentence-transformers": "sentence_transformers.SentenceTransformer({})",
    "lancedb": 'lancedb.connect({}).open_table("passages")',
    "qdrant": "qdrant_client.QdrantClient(path={})",
    "parquet": "polars.read_parquet({})",
    "parquet-documents": "polars.read_parquet({})",
    "word2vec": "gensim.models.KeyedVectors.load_word2vec_format({}, binary=True)",
}  # how another program opens what was exported


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
    corpus: OtherCorpus = None,
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

    opened, progress = open_run(run), TerminalProgress()
    done = export(
        opened,
        to,
        output,
        corpus=corpus or None,
        passage_words=passage_words,
        overlap=overlap,
        overwrite=overwrite,
        update=update,
        progress=progress,
    )
    if as_json:
        print_json({"run": str(run), **done})
        return
    for note in done.get("left_out", ()):
        say(note)
    if "unchanged" in done:
        counts = ", ".join(f"{done[name]:,} {name}" for name in ("added", "changed", "removed", "unchanged"))
        say("all passages were written anew" if done.get("rewritten") else f"passages: {counts}")
    say(f"exported as {to}")
    print(done["target"])
    if to in _OPENED_BY:
        say(f"next, in Python: {_OPENED_BY[to].format(repr(done['target']))}")


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

    how = {"dry_run": dry_run, "map_only": map_only}
    done = migrate(store, old, new, **how, keep=keep, progress=TerminalProgress())
    if as_json:
        print_json({"store": str(store), "from": str(old), "to": str(new), **done})
    else:
        from selfvec.views.recall_text import recall_text

        print(recall_text(done) if done["recall"] else f"{store} has the vectors of {new} already")
        for note in done["notes"]:
            say(note)
        say(f"wrote {done['map']}" if done["map"] else "wrote nothing")
        if done["map"] and done["done"]:
            say(f"{done['passages']:,} passages have the vectors of {new}")
    return int(not done["done"] and not done["safe"])


def serve(
    run: RunFolder,
    host: Annotated[
        str, opt("Address to listen on. Addresses that other machines reach need a token.", "ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, opt("Port.", "N", default="the first free one from 8765", min=0, max=65535)
    ] = None,
    save: Annotated[
        Path | None, opt("Write the page of the words that changed most as one file instead.", "FILE.html")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Show what changed, and why, as a page in the browser.

    Examples:
        selfvec serve run
        selfvec serve run --save run.html
    """
    try:
        from selfvec.apps.web.server import serve
    except ImportError as error:
        raise MissingExtra(error.name or "fastapi", "serve", "the page") from error

    if save is not None:
        _save_page(run, save, overwrite)
        return

    def started(address: str) -> None:
        say(f"serving {run} until Ctrl-C at:")
        print(address, flush=True)

    serve(open_run(run), host, port, say=started)


def _save_page(run: Path, path: Path, overwrite: bool) -> None:
    """Write the page as one file."""
    from selfvec.apps.web.page_data import PageData
    from selfvec.apps.web.static_page import static_page
    from selfvec.base.atomic_files import atomic_file
    from selfvec.base.report_files import check_report

    check_report(path, (".html",))
    check_target(path, overwrite=overwrite, folder=False)
    page = static_page(PageData(open_run(run)), TerminalProgress())
    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    print(path)
    say("the file holds sentences of the documents; it opens in any browser, without a server")


def mcp(
    run: RunFolder,
    corpus: OtherCorpus = None,
    http: Annotated[
        int | None,
        opt(
            "Serve streamable HTTP on this port of 127.0.0.1, with a token; 0: any.", "PORT", min=0, max=65535
        ),
    ] = None,
) -> None:
    """Let an AI assistant search a run's text and ask about its words.

    It speaks the Model Context Protocol on standard input and output, or with --http on a port.

    Examples:
        selfvec mcp run
        selfvec mcp run --http 8766
    """
    try:
        from selfvec.apps.mcp.server import create_server
        from selfvec.apps.mcp.tools import Tools
    except ImportError as error:
        raise MissingExtra("mcp", "mcp", "an assistant's access") from error

    tools = Tools(open_run(run), corpus, TerminalProgress())
    if http is not None:
        from selfvec.apps.mcp.http import serve_http

        serve_http(tools, http, _say_where)
        return
    if sys.stdin.isatty():
        say("waiting for an assistant on standard input; stop with Ctrl-C")
    before = signal.signal(signal.SIGINT, _interrupted)
    try:
        create_server(tools).run("stdio")
    finally:
        signal.signal(signal.SIGINT, before)


def _say_where(address: str, token: str) -> None:
    say(f"serving until Ctrl-C; programs send the header\n  Authorization: Bearer {token}")
    print(address, flush=True)


def _interrupted(*_: object) -> Never:
    """End the process at once: the thread that waits for a line of standard input cannot be stopped."""
    say("selfvec: interrupted")
    os._exit(130)


def noaa(
    years: Annotated[str, opt("Years, as 2020-2023 or 2020.", "A-B")],
    output: Annotated[Path, opt("Folder for the files.", "DIR", "--output", "-o")],
    base_url: Annotated[str | None, opt("Address of a mirror.", "URL", panel=MORE)] = None,
    overwrite: Annotated[
        bool, opt("Replace files of these names that were not fetched.", None, "--overwrite")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Download NOAA Storm Events, a public corpus, one file per year.

    Files that are already there are kept.

    Examples:
        selfvec text noaa --years 2020-2023 -o storms
    """
    from selfvec.corpus.fetch import NOAA_URL, fetch_noaa, parse_years

    base_url = base_url or NOAA_URL
    with downloads() as progress:
        files = fetch_noaa(
            parse_years(years), output, base_url=base_url, overwrite=overwrite, progress=progress
        )
    if as_json:
        print_json({"files": [str(file) for file in files]})
    else:
        say(f"{len(files)} files in {output}; next: selfvec refine {output} -o RUN")


def fetch_vectors(
    name: Annotated[str, arg("NAME", "Public vectors; selfvec vectors list names them.")],
    output: Annotated[
        Path | None,
        opt("Where their folder is made.", "DIR", "--output", "-o", default="the user's data folder"),
    ] = None,
    base_url: Annotated[str | None, opt("Address of a mirror.", "URL", panel=MORE)] = None,
    overwrite: Annotated[
        bool, opt("Download again and accept a file that has changed.", None, "--overwrite")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Download public vectors.

    Their name can then be given as --vectors.

    Examples:
        selfvec vectors fetch glove-6b-300
    """
    from selfvec.storage.fetch_vectors import fetch_vectors
    from selfvec.storage.public_vectors import find

    table = find(name)
    say(f"{table.name}: {table.description}; licence {table.licence}; {table.source}")
    with downloads() as progress:
        record = fetch_vectors(name, output, base_url=base_url, overwrite=overwrite, progress=progress)
    if as_json:
        print_json(record)
        return
    given = table.name if output is None else record["path"]
    say(f"{record['words']:,} words × {record['dimensions']} dimensions")
    say(f"next: selfvec refine TEXT --vectors {given} -o RUN")
    print(record["path"])


def list_if_alone(
    ctx: typer.Context,
    as_json: Annotated[bool, opt("Print one JSON document.", None, "--json", hidden=True)] = False,
) -> None:
    """What `selfvec vectors` does without the name of a command."""
    if ctx.invoked_subcommand is None:
        list_vectors(as_json)
        if not as_json:
            say("selfvec vectors --help lists what can be done with vectors")


def list_vectors(as_json: AsJson = False) -> None:
    """List the vectors at hand and those that can be fetched.

    Examples:
        selfvec vectors list
    """
    from selfvec.storage.fetch_vectors import vectors_at_hand
    from selfvec.storage.public_vectors import PUBLIC_VECTORS
    from selfvec.views.vectors_table import vectors_table

    at_hand, known = vectors_at_hand(), [table.as_dict() for table in PUBLIC_VECTORS.values()]
    if as_json:
        print_json({"at_hand": at_hand, "can_be_fetched": known})
    else:
        show(vectors_table(at_hand, known))
