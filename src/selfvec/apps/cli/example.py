"""``selfvec example``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from .arguments import AsJson, Overwrite, Seed, arg
from .output import print_json, say

__all__ = ["example"]


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
    print(target)
    file, (former, later) = shlex.quote(str(target)), found["replaced"]
    others = ", ".join(f"{other} for {word}" for word, other in found["synonyms"].items())
    say(f"{found['documents']:,} storm reports, {found['first_year']} to {found['last_year']}")
    say("planted in the text, to be found again:")
    say(f"  words that get a new sense around {found['year_of_change']}: {', '.join(found['changed'])}")
    say(f"  a new word: {found['new']}; a word that replaces another: {later} for {former}")
    say(f"  words that some reporters use for others: {others}")
    say(f"next: selfvec refine {file} -o run; selfvec drift run --slice decade")
