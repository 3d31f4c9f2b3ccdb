"""What `monitor` found: for the terminal, for notebooks, and as a report in HTML or Markdown.

Words and texts come from anybody, so all are escaped. The page has no script and fetches nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.analysis.monitoring import Monitoring
from selfvec.base.files import atomic_file
from selfvec.evaluation.report import check_suffix

from .terminal import add_row, optional, plain_table, printable

__all__ = ["check_suffix", "monitoring_html", "monitoring_table", "save_report"]

_TESTS = {
    "unknown": "unknown words",
    "distance": "distance from the run's documents",
    "words": "words in more or fewer documents",
    "topics": "topics of more or fewer documents",
}
_TITLES = {
    "topic": ("Topics that grew or shrank", "topic", "terms"),
    "word": ("Words of more or fewer documents", "word", ""),
    "document": ("New documents furthest from the run", "document", "text"),
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top; }
"""

Section = tuple[str, list[str], list[list[str]]]  # title, column heads, cells; the last column is text


def _sections(found: Monitoring) -> Iterator[Section]:
    """The tests, then the rows of each kind."""
    if found.tests:
        means = [[optional(row[side], ".3f") for side in ("old", "new")] for row in found.tests]
        rows = [[_TESTS[row["test"]], *means[i], f"{row['p']:.2g}", ""] for i, row in enumerate(found.tests)]
        yield "Tests", ["mean of documents", "old", "new", "p", ""], rows
    for kind, (title, name, text) in _TITLES.items():
        rows = [_cells(row) for row in found.rows if row["kind"] == kind]
        if rows:
            yield title, [name, "old", "new", "change", "q", text], rows


def _cells(row: dict[str, Any]) -> list[str]:
    """A topic or word with its shares of the documents, or a document with its distance."""
    form, change = (".1%", f"× {2 ** row['change']:.2g}")
    if row["kind"] == "document":
        form, change = ".2f", f"{row['change']:+.2f}"
    sides = [format(row[side], form) for side in ("old", "new")]
    return [printable(row["name"]), *sides, change, f"{row['q']:.2g}", printable(row["text"])]


def _summary(found: Monitoring) -> list[str]:
    """The verdict, which documents were compared, and why not, if they were not."""
    lines = [found.verdict]
    if found.held_out:
        left = [f"; {number:,} {reason}" for reason, number in found.left_out.items() if number]
        sizes = f"{found.compared:,} of {found.documents:,} new documents", f"{found.held_out:,} of the run"
        lines.append(f"{' compared with '.join(sizes)}{''.join(left)}")
    return [*lines, found.note] if found.note else lines


def monitoring_table(found: Monitoring) -> RenderableType:
    """The verdict, then a table for the tests and for each kind of row."""
    first, *others = _summary(found)
    parts: list[RenderableType] = [Text(first, "bold red" if found.alarm else "bold"), *map(Text, others)]
    for title, heads, rows in _sections(found):
        table = plain_table((heads[0], 34), title=title, figures=heads[1:-1])
        last = None if heads[-1] == "terms" else len(heads)
        if last:
            table.add_column(heads[-1], overflow="ellipsis", no_wrap=True, max_width=30)
        for cells in rows:
            add_row(table, *cells[: last or -1])
        parts += ["", table]
    return Group(*parts)


def monitoring_html(found: Monitoring) -> str:
    """The same as HTML."""
    parts = [f"<p>{escape(line)}</p>" for line in _summary(found)]
    for title, heads, rows in _sections(found):
        lines = [_html_row("th", heads), *(_html_row("td", cells) for cells in rows)]
        parts.append(f"<h2>{escape(title)}</h2><table>{''.join(lines)}</table>")
    return "\n".join(parts)


def _html_row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _markdown(found: Monitoring) -> str:
    lines = ["# Monitoring", "", *(f"* {line}" for line in _summary(found))]
    for title, heads, rows in _sections(found):
        cells = [[_escaped(cell) for cell in row] for row in rows]
        rule = ["---"] * len(heads)
        lines += ["", f"## {title}", "", *(f"| {' | '.join(row)} |" for row in (heads, rule, *cells))]
    return "\n".join(lines) + "\n"


def _escaped(cell: str) -> str:
    for character in "\\`*_[]|":
        cell = cell.replace(character, f"\\{character}")
    return escape(cell, quote=False)


def save_report(found: Monitoring, path: str | os.PathLike[str]) -> None:
    """Write a report as one static page (.html) or as Markdown (.md), whole or not at all."""
    check_suffix(path)
    head = f'<meta charset="utf-8"><title>Monitoring</title><style>{_STYLE}</style>'
    page = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n<h1>Monitoring</h1>\n'
    text = (
        _markdown(found)
        if Path(path).suffix == ".md"
        else f"{page}{monitoring_html(found)}\n</body></html>\n"
    )
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
