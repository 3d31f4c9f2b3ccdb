"""``selfvec fetch``: public corpora."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import downloads, print_json, say

app = typer.Typer(help="Fetch a public corpus.", no_args_is_help=True)


@app.callback()
def _fetch() -> None:
    """Fetch a public corpus."""


@app.command()
def noaa(
    years: Annotated[str, typer.Option(metavar="A-B", help="Years, as 2020-2023 or 2020.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the files go.")],
    base_url: Annotated[str | None, typer.Option(help="Another copy of the archive.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the files as JSON.")] = False,
) -> None:
    """Fetch NOAA Storm Events, a file per year; what is there already stays."""
    from selfvec.corpus.fetch import NOAA_URL, fetch_noaa, parse_years

    with downloads() as progress:
        files = fetch_noaa(parse_years(years), output, base_url=base_url or NOAA_URL, progress=progress)
    if as_json:
        print_json({"files": [str(file) for file in files]})
    else:
        say(f"{len(files)} files in {output}; next: selfvec refine {output} -o RUN")
