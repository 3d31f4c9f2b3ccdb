"""Commands that get a text to try things on: ``example`` and ``noaa``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from selfvec.apps.cli.arguments import MORE, AsJson, Overwrite, Seed, arg, opt
from selfvec.apps.cli.output import print_json, print_text, say
from selfvec.views.terminal_progress import downloads

__all__ = ["example", "noaa"]


def example(
    target: Annotated[Path, arg("FILE.jsonl", "The file to write.")],
    *,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a small text to try things on: 2,000 made-up storm reports.

    The reports have dates and fields. A program has written them, and the country does not exist. Another
    seed gives other reports.

    Examples:
        selfvec example storms.jsonl
    """
    from selfvec.corpus.example_text import example, planted

    example(target, overwrite=overwrite, seed=seed)
    found = planted()
    if as_json:
        print_json({"path": str(target), "seed": seed, **found})
        return
    print_text(target)
    file = shlex.quote(str(target))
    (former, later) = found["replaced"]
    others = ", ".join(f"{other} for {word}" for word, other in found["synonyms"].items())
    say(f"{found['documents']:,} storm reports, {found['first_year']} to {found['last_year']}")
    say("planted in the text, to be found again:")
    say(f"  words that get a new sense around {found['year_of_change']}: {', '.join(found['changed'])}")
    say(f"  a new word: {found['new']}; a word that replaces another: {later} for {former}")
    say(f"  words that some reporters use for others: {others}")
    say(f"next: selfvec refine {file} -o run; selfvec drift run --slice decade")


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
