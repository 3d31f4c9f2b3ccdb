"""``selfvec fetch``: download public corpora."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .arguments import AsJson
from .output import downloads, print_json, say

app = typer.Typer(help="Download a public corpus.", no_args_is_help=True)


@app.callback()
def _fetch() -> None:
    """Download a public corpus."""


@app.command()
def noaa(
    years: Annotated[str, typer.Option(metavar="A-B", help="Years, as 2020-2023 or 2020.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")],
    base_url: Annotated[str | None, typer.Option(help="Address of a mirror of the archive.")] = None,
    as_json: AsJson = False,
) -> None:
    """Download NOAA Storm Events, one file per year. Files that are already there are kept.

    Example: selfvec fetch noaa --years 2020-2023 -o storms
    """
    from selfvec.corpus.fetch import NOAA_URL, fetch_noaa, parse_years

    with downloads() as progress:
        files = fetch_noaa(parse_years(years), output, base_url=base_url or NOAA_URL, progress=progress)
    if as_json:
        print_json({"files": [str(file) for file in files]})
    else:
        say(f"{len(files)} files in {output}; next: selfvec refine {output} -o RUN")
