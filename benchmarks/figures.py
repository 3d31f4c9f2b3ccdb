"""Measured figures in hand-written text, each with the name of its source in a comment that no reader sees:

    14<!--= encode, PubMed, abstracts, d 256; ratio --> times as fast as model2vec

or, where the raw text is read as much as the page, as a link to the table, whose title is the source:

    [14][encode] times as fast as model2vec

    [encode]: docs/results/speed.md "encode, PubMed, abstracts, d 256; ratio"

A source is one of

* a row of results.json by its name; then, if rows share the name, the program it is compared with; then
  ``ratio``, if the ratio is meant and not the value;
* a cell of a generated table: ``gains#similarity; refined; UMNSRS`` is the page of docs/results/, the part,
  cells that only one row has, and the head of the column; a cell may be cut short by ``…``, and of a cell of
  several numbers `` (%)`` after the head takes the percentage;
* a constant of the code, such as ``selfvec.refinement.decorrelation.POWER``;
* ``cited: WHERE`` for a figure that somebody else published.

``python -m benchmarks.figures`` writes the values of today into all pages, with the decimals they have
there.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from benchmarks.page import DOCS, RESULTS, generated
from selfvec.files.atomic_files import atomic_file

ROOT = DOCS.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted((ROOT / "examples").glob("*.ipynb")),
)

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
NAMED = re.compile(rf"(?P<sign>[+−-]?)(?P<figure>{_NUMBER})<!--= (?P<name>.*?) -->(?P<percent> ?%)?")
LINKED = re.compile(
    rf"\[(?P<sign>[+−-]?)(?P<figure>{_NUMBER})(?P<percent> ?%)?\]\[(?P<link>[a-z][^\]\[\"']*)\]"
)
LINK = re.compile(r'^\[(?P<link>[^\]]+)\]: \S+ "(?P<name>.+)"$', re.MULTILINE)

_THINGS = r"(?:words|tokens|pairs|entries|types|rows|documents|texts|questions|queries|answers)"
_UNIT = (
    r"%|×(?! ?[\d−])|times\b|[mµn]?s\b|(?:milli)?seconds?\b|minutes?\b|hours?\b|[kMGT]i?B\b|"
    rf"(?:[KM] |million )?{_THINGS}"
    r"(?:/s\b| a second\b| per second\b)"
)
MEASURED = re.compile(rf"(?<![\w.,#-])(?:(?:{_NUMBER})\s?(?:{_UNIT})|\d*\.\d+(?!\.?\w))")
"""A number with a unit of time, memory, rate or ratio, and a decimal fraction."""

NOT_PROSE = (
    r"<!-- (generated|table):[\w-]+ -->\n.*?<!-- /\1 -->",  # written by programs
    r"^(```|~~~).*?^\1",  # code; values of options and constants stand in backticks, too
    r"(?<=\n\n)(?: {4}[^\n]*\n)+",
    r"`[^`\n]+(?:\n[^`\n]+)?`",
    r"\]\([^)]*\)|https?://\S+",
)
NOT_MEASURED = (
    r"(?i:\b(?:at\s(?:most|least)|up\sto|more\sthan|less\sthan|above|below))\s[\d.,]+(?:\s?\w+)?",  # limits
    r"[\d.,]+(?: ?%| ?\w+)?\sor\s(?:more|less|later)\b|[\d.,]+ and later\b",
    rf"(?:[=≤≥<·/^] ?|> | [−+] )[\d.,]++(?! ?(?:{_UNIT}))|[\d.,]++(?= ?[·/^]| [−+] )",  # formulas, conditions
    rf"[\d.,]+\s(?:[KM]|million)\s{_THINGS}(?!/s| a second| per second)",  # sizes
    r"\b95 %\s(?:bootstrap\s|percentile\s)*(?:intervals?|bootstrap)",
    r"\b(?:arXiv|PDDL|BY-SA|Python|axe-core|wefe|model2vec|sentence-transformers)\s(?:before\s)?"
    r"[\d.]+(?:\s(?:to|and)\s[\d.]+)?",  # versions
)
"""What looks like a measured figure and is none."""


def refill(text: str) -> str:
    """Write the value of each named figure."""

    def value(match: re.Match[str]) -> str:
        number = look_up(match["name"])
        if number is None:
            return match[0]
        if match["percent"] and _is_ratio(match["name"]):
            number *= 100
        return f"{signed(number, match)}<!--= {match['name']} -->{match['percent'] or ''}"

    names = {match["link"]: match["name"] for match in LINK.finditer(text)}

    def linked(match: re.Match[str]) -> str:
        if match["link"] not in names:
            raise LookupError(f"no title of a link is the source of {match[0]}")
        number = look_up(names[match["link"]])
        if number is None:
            return match[0]
        written = signed(100 * number if match["percent"] else number, match)
        return f"[{written}{match['percent'] or ''}][{match['link']}]"

    return LINKED.sub(linked, NAMED.sub(value, text))


def signed(number: float, match: re.Match[str]) -> str:
    """The number in the form of the figure of a match, with a sign if that has one."""
    written = typeset(number, match["figure"])
    if not match["sign"]:
        return written
    return f"{'−' if match['sign'] == '−' else '-'}{written}" if number < 0 else f"+{written}"


def typeset(number: float, like: str) -> str:
    """The number in the form of another: as many decimals, a comma in thousands, a zero before the point.

    >>> typeset(0.6284, ".62"), typeset(4141.6, "4,700"), typeset(18.4, "18"), typeset(0.5, "0.43")
    ('.63', '4,142', '18', '0.50')
    """
    decimals = len(like.partition(".")[2])
    written = f"{abs(number):,.{decimals}f}"
    return written.removeprefix("0") if like.startswith(".") and written.startswith("0.") else written


def wrong_units(text: str) -> Iterator[str]:
    """Figures of results.json that are followed by another unit than theirs."""
    for match in NAMED.finditer(text):
        unit = re.match(r" ?(s|ms|µs|ns|[kMG]B/s|[kMG]B)\b", text[match.end() :])
        if unit and not re.match(r"cited: |[\w-]+#|selfvec\.", match["name"]):
            row = _row(match["name"])
            if row["unit"] != unit[1] or match["name"].endswith("; ratio"):
                yield f"{match[0]} {unit[1]}"


def look_up(name: str) -> float | None:
    """The value of a name; None for a figure that is cited.

    Raises
    ------
    LookupError
        If nothing has this name, or several things have.
    """
    if name.startswith("cited: "):
        return None
    if re.match(r"[\w-]+#", name):
        return _cell(*name.split("; "))
    if name.startswith("selfvec."):
        module, _, attribute = name.rpartition(".")
        return float(getattr(importlib.import_module(module), attribute))
    number = _row(name)["ratio" if name.endswith("; ratio") else "value"]
    if not isinstance(number, int | float):
        raise LookupError(f"the row of results.json has no ratio: {name!r}")
    return number


def _row(name: str) -> dict[str, object]:
    wanted, *more = name.removesuffix("; ratio").split("; ")
    rows = [row for row in _results() if row["name"] == wanted and (not more or row["other"] == more[0])]
    if len(rows) != 1:
        near = difflib.get_close_matches(wanted, {str(row["name"]) for row in _results()}, n=2)
        raise LookupError(f"{len(rows)} rows of results.json are {name!r}; nearest: {near}")
    return rows[0]


def read_table(part: str) -> list[list[str]]:
    """The cells of the table in a generated part: its heads, the rule below them, its rows.

    >>> read_table("| word | n |\\n|---|---:|\\n| hail | **3** |\\n")
    [['word', 'n'], ['---', '---:'], ['hail', '3']]
    """
    lines = [line for line in part.splitlines() if line[:1] == "|"]
    return [[cell.strip("* ") for cell in line[1:-1].split("|")] for line in lines]


def _cell(place: str, *cells: str) -> float:
    page, _, part = place.partition("#")
    table = read_table(generated((RESULTS / f"{page}.md").read_text(encoding="utf-8"))[part])
    *wanted, head = cells
    heads = table[0]
    kind = ""
    if head not in heads and head.endswith(" (%)"):
        head, kind = head.removesuffix(" (%)"), " %"
    for above, row in pairwise(table[2:]):
        row[0] = row[0] or above[0]
    rows = [row for row in table[2:] if all(any(_is(cell, name) for cell in row) for name in wanted)]
    if len(rows) != 1 or heads.count(head) != 1:
        raise LookupError(f"{page}.md, {part}: {len(rows)} rows and {heads.count(head)} columns are {cells}")
    found = re.search(rf"[+−-]?(?:{_NUMBER})(?={kind})", rows[0][heads.index(head)])
    if found is None:
        raise LookupError(f"{page}.md, {part}: no number at {cells}")
    return float(found[0].replace(",", "").replace("−", "-"))


def _is(cell: str, name: str) -> bool:
    """Whether a name, which may be cut short, is that of a cell."""
    return cell == name or (name.endswith("…") and cell.startswith(name.removesuffix("…")))


@functools.cache
def _results() -> list[dict[str, object]]:
    rows = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    assert isinstance(rows, list)
    return rows


def _is_ratio(name: str) -> bool:
    return name.endswith("; ratio") or any(
        row["name"] == name and row["unit"] == "ratio" for row in _results()
    )


def prose(page: Path) -> str:
    """The text that a person wrote: what is not is replaced by blanks, so that lines keep their numbers."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    for pattern in NOT_PROSE:
        text = _blank(re.compile(pattern, re.DOTALL | re.MULTILINE), text)
    return text


def typed_by_hand(text: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each measured figure without a name, in prose.

    >>> list(typed_by_hand("It takes 5.66<!--= PubMed, raw gz to run folder --> s, .3 s for a window of 41."))
    [(1, '.3 s')]
    >>> list(typed_by_hand("| run | rows |\\n|---|---:|\\n| a | 72 |\\n"))
    [(3, '72')]
    """
    text = _blank(LINK, _blank(LINKED, _blank(NAMED, text)))
    for pattern in NOT_MEASURED:
        text = _blank(re.compile(pattern), text)
    found = {match.start(): match[0] for match in MEASURED.finditer(text)}
    for place, number in _numbers_in_tables(text):
        found.setdefault(place, number)
    for place in sorted(found):
        yield text.count("\n", 0, place) + 1, " ".join(found[place].split())


def _numbers_in_tables(text: str) -> Iterator[tuple[int, str]]:
    """Numbers in those columns of tables that are aligned right."""
    for table in re.finditer(r"^\|.*\n\|[-:| ]+\|\n((?:\|.*\n?)*)", text, re.MULTILINE):
        right = [rule.strip().endswith("-:") for rule in table[0].splitlines()[1].strip("|").split("|")]
        start = table.start(1)
        for line in table[1].splitlines(keepends=True):
            place = start + 1
            for cell, wanted in zip(line[1:].split("|"), right, strict=False):
                number = re.search(_NUMBER, cell)
                if wanted and number:
                    yield place + number.start(), number[0]
                place += len(cell) + 1
            start += len(line)


def _blank(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def main(pages: Iterable[Path] = PAGES) -> int:
    """Write the pages that change."""
    for page in pages:
        before = page.read_text(encoding="utf-8")
        after = refill(before)
        if after != before:
            with atomic_file(page, overwrite=True) as temporary:
                temporary.write_text(after, encoding="utf-8", newline="\n")
            print(f"{page.name}: figures are those of results.json now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
