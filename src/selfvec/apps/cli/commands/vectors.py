"""Commands about files of vectors: ``list``, ``fetch``, ``convert`` and ``compress``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfvec.apps.cli.arguments import MORE, AsJson, Seed, Written, WrittenAs, arg, opt
from selfvec.apps.cli.output import print_json, print_text, say, show
from selfvec.base.errors import OptionError
from selfvec.views.terminal_progress import TerminalProgress, downloads

from .exports import report_export

__all__ = ["compress", "convert", "fetch", "list_if_alone", "list_vectors"]


def list_vectors(as_json: AsJson = False) -> None:
    """List the vectors at hand and those that can be fetched.

    Examples:
        selfvec vectors list
    """
    from selfvec.storage.fetch_vectors import vectors_at_hand
    from selfvec.storage.public_vectors import PUBLIC_VECTORS
    from selfvec.views.vectors_table import vectors_table

    at_hand = vectors_at_hand()
    known = [public.as_dict() for public in PUBLIC_VECTORS.values()]
    if as_json:
        print_json({"at_hand": at_hand, "can_be_fetched": known})
    else:
        show(vectors_table(at_hand, known))


def list_if_alone(
    ctx: typer.Context,
    as_json: Annotated[bool, opt("Print one JSON document.", None, "--json", hidden=True)] = False,
) -> None:
    """What `selfvec vectors` does without the name of a command."""
    if ctx.invoked_subcommand is None:
        list_vectors(as_json)
        if not as_json:
            say("selfvec vectors --help lists what can be done with vectors")


def fetch(
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
    from selfvec.apps.functions.files import fetch
    from selfvec.views.vectors_table import cost_text

    with downloads() as progress:
        record = fetch(
            name,
            output,
            base_url=base_url,
            overwrite=overwrite,
            announce=lambda cost: say(cost_text(cost)),
            progress=progress,
        )
    if as_json:
        print_json(record)
        return
    given = record["name"] if output is None else record["path"]
    say(f"{record['words']:,} words × {record['dimensions']} dimensions")
    say(f"next: selfvec refine TEXT --vectors {given} -o RUN")
    print_text(record["path"])


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

    target = written.path
    found = convert(
        source,
        target,
        to=written.to,
        dimensions=dimensions,
        dtype=dtype,
        vectors_errors=vectors_errors,
        limit=limit,
        overwrite=written.overwrite,
        progress=TerminalProgress(),
    )
    if "to" in found:  # a run as model2vec is exported
        report_export(source, found, as_json)
        return
    if as_json:
        print_json(found.as_dict())
        return
    for note in (*found["notes"], *found["left_out"]):
        say(note)
    say(f"wrote {found['words']:,} words × {found['dimensions']} dimensions to {target}")


def compress(
    source: Annotated[str, arg("IN", "A vectors file, a run folder, or default.")],
    written: Written,
    *,
    below: Annotated[
        str | None, opt("Largest size.", "SIZE", default="the smallest that keeps enough")
    ] = None,
    keep: Annotated[str, opt("Least share of every figure that is kept.", "PERCENT")] = "95",
    retrieval: Annotated[
        list[Path] | None, opt("Measure nDCG@10 on these, not on the run's own text.", "BEIR_DIR...")
    ] = None,
    similarity: Annotated[list[Path] | None, opt("Measure on rows of word, word, score.", "TSV...")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> int:
    """Find smaller vectors that keep what they are used for.

    Exit status 1: none keeps enough; those that keep most are written.

    Examples:
        selfvec vectors compress run -o small.safetensors
        selfvec vectors compress run -o small.safetensors --below 5MB
    """
    from selfvec.compression import compress

    found = compress(
        source,
        written.path,
        below=below,
        keep=_percent(keep),
        retrieval=retrieval or (),
        similarity=similarity or (),
        seed=seed,
        overwrite=written.overwrite,
        progress=TerminalProgress(),
    )
    if as_json:
        print_json({"source": source, **found})
    else:
        from selfvec.views.compression_text import compression_text

        for note in found["left_out"]:
            say(note)
        print_text(compression_text(found))
    return int(not found["enough"])


def _percent(text: str) -> float:
    try:
        return float(text.strip().removesuffix("%"))
    except ValueError:
        raise OptionError(f"is a percentage, not {text!r}", field="keep", remedy="try 95") from None
