"""What `monitor` found: for the terminal and as a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.analysis.monitoring import Monitoring
from selfvec.base.display import printable
from selfvec.files.report_page import ReportPage, Section

from .terminal import add_row, optional, plain_table
from .word_tables import probability

_TESTS = {
    "unknown": "unknown words",
    "distance": "distance from the run's documents",
    "words": "words in more or fewer documents",
    "topics": "topics of more or fewer documents",
}
_NEAREST = 5  # words shown without an alarm
_NEAR = "No alarm. Words closest to an alarm; chance alone also gives some:"
_TITLES = {
    "topic": ("Topics that grew or shrank", "topic", "terms"),
    "word": ("Words of more or fewer documents", "word", ""),
    "document": ("New documents furthest from the run", "document", "text"),
}


def _sections(found: Monitoring) -> Iterator[Section]:
    """The tests, then the rows of each kind; the last column is text."""
    if found.tests:
        rows = [[_TESTS[row["test"]], *_means(row), probability(row["p"]), ""] for row in found.tests]
        yield Section("Tests", ["mean of documents", "old", "new", "p", ""], rows)
    if not found.alarm:
        near = [row for row in found.rows if row["kind"] == "word" and row["q"] < 1][:_NEAREST]
        if near:
            yield Section(_NEAR, ["word", "old", "new", "change", "q", ""], [_cells(row) for row in near])
        return
    for kind, (title, name, text) in _TITLES.items():
        rows = [_cells(row) for row in found.rows if row["kind"] == kind]
        if rows:
            yield Section(title, [name, "old", "new", "change", "q", text], rows)


def _means(row: dict[str, Any]) -> list[str]:
    """The means of the old and the new documents, shares as in the first line."""
    return [optional(row[side], ".1%" if row["test"] == "unknown" else ".3f") for side in ("old", "new")]


def _cells(row: dict[str, Any]) -> list[str]:
    """A topic or word with its shares of the documents, or a document with its distance."""
    form = ".1%"
    change = f"× {2 ** row['change']:.2g}"
    if row["kind"] == "document":
        form = ".2f"
        change = f"{row['change']:+.2f}"
    sides = [format(row[side], form) for side in ("old", "new")]
    return [printable(row["name"]), *sides, change, probability(row["q"]), printable(row["text"])]


def _summary(found: Monitoring) -> list[str]:
    """The result, then which documents were compared, or why none were."""
    lines = [found.verdict]
    if found.held_out:
        left = [f"; {number:,} {reason}" for reason, number in found.left_out.items() if number]
        sizes = f"{found.compared:,} of {found.documents:,} new documents", f"{found.held_out:,} of the run"
        lines.append(f"{' compared with '.join(sizes)}{''.join(left)}")
    return [*lines, found.note] if found.note else lines


def monitoring_table(found: Monitoring) -> RenderableType:
    """The result, then a table of the tests and of each kind of row."""
    first, *others = _summary(found)
    parts: list[RenderableType] = [Text(first, "bold red" if found.alarm else "bold"), *map(Text, others)]
    for section in _sections(found):
        heads = section.heads
        table = plain_table((heads[0], 34), title=section.title, figures=heads[1:-1])
        last = None if heads[-1] == "terms" else len(heads)
        if last:
            table.add_column(heads[-1], overflow="ellipsis", no_wrap=True, max_width=30)
        for cells in section.rows:
            add_row(table, *map(str, cells[: last or -1]))
        parts += ["", table]
    return Group(*parts)


def monitoring_page(found: Monitoring) -> ReportPage:
    """The same as a report."""
    return ReportPage("Monitoring", _summary(found), list(_sections(found)), found.rows)
