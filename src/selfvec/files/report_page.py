"""Reports: the tables of a result as a static HTML page, as Markdown, or as rows: CSV or Parquet.

Words and texts may be untrusted, so all are escaped, except the HTML of a `Drawn` cell. A page has no script
and fetches nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import repeat, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from selfvec.base.display import escape_controls, printable
from selfvec.base.errors import OptionError

from .atomic_files import atomic_file

if TYPE_CHECKING:
    import polars as pl

PAGES = (".html", ".md")  # suffixes of pages
ROWS = (".csv", ".parquet")  # suffixes of tables
_FORMULA = r"^[=+\-@\t\r\n]"  # the start of what a spreadsheet reads as a formula (OWASP, CSV Injection)

Pieces = Sequence[tuple[str, bool]]
"""A text in pieces: which of them are marked."""

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2127; --quiet: #565d68; --line: #d7dae0;
  --came: #005f9e; --went: #a84600; --mark: #e2eefb; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e9ecf1; --quiet: #a4acb9;
  --line: #353b46; --came: #6fbdf0; --went: #f0a35e; --mark: #1d3348; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  background: var(--paper); color: var(--ink); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; }
h3 { font-size: .85rem; color: var(--quiet); margin: .4rem 0; }
h1, p { overflow-wrap: anywhere; } a { color: var(--came); }
mark { background: var(--mark); color: inherit; font-weight: 600; border-radius: 3px; padding: 0 .2rem; }
td > b, td > small { display: block; } td > small { color: var(--quiet); } td > p { margin: .2rem 0; }
td > b, td > small { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-size: .93rem; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 500; }
tr { border-bottom: 1px solid var(--line); break-inside: avoid; }
.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
@media (max-width: 700px) { .less { display: none; } td, th { padding-right: .5rem; } }
@media print { :root { --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --came: #00497a;
  --went: #7a3300; --mark: #e2eefb; } body { margin: 0; max-width: none; font-size: 10pt; }
  .wide { overflow: visible; }
  mark { print-color-adjust: exact; } a { color: inherit; text-decoration: none; }
  thead { display: table-header-group; } }
"""


@dataclass(frozen=True)
class Drawn:
    """A cell that is drawn, as a chart is: its text, and its HTML."""

    text: str  # in Markdown
    html: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Section:
    """A table of texts. Rows may be shorter than ``heads``."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | Drawn]]
    less: Sequence[str] = ()  # heads of columns that narrow screens leave out


@dataclass(frozen=True)
class ReportPage:
    """A title, sentences, tables and notes; ``records`` are the rows of .csv and .parquet files."""

    title: str
    lines: Sequence[str]
    sections: Sequence[Section]
    records: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    notes: Sequence[str] = ()  # below the tables
    style: ClassVar[str] = ""  # CSS of one kind of report, added to the common CSS

    def body(self) -> str:
        """The sentences, tables and notes as HTML."""
        parts = [f"<p>{_html(line)}</p>" for line in self.lines]
        for section in self.sections:
            title = f"<h2>{_html(section.title)}</h2>" if section.title else ""
            parts.append(f"{title}<div class=wide>{_table(section)}</div>")
        parts += [f"<p>{_html(note)}</p>" for note in self.notes]
        return "\n".join(parts)

    @property
    def css(self) -> str:
        """The style of the page; nested in a rule, as in ``.paper { … }``, that of a part of another."""
        return f"{_STYLE}{self.style}"

    def to_html(self) -> str:
        """One self-contained HTML page."""
        title = _html(self.title)
        view = '<meta name="viewport" content="width=device-width">'
        head = f'<meta charset="utf-8">{view}<title>{title}</title><style>{self.css}</style>'
        return (
            f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n<h1>{title}</h1>\n'
            f"{self.body()}\n</body></html>\n"
        )

    def to_markdown(self) -> str:
        """The report in Markdown."""
        lines = [f"# {markdown_text(self.title)}", "", *(f"* {markdown_text(line)}" for line in self.lines)]
        for section in self.sections:
            heads, *rows = ([_markdown_cell(cell) for cell in row] for row in (section.heads, *section.rows))
            rule = ["---"] * len(section.heads)
            lines += ["", f"## {markdown_text(section.title)}", ""] if section.title else [""]
            lines += [f"| {' | '.join(row)} |" for row in (heads, rule, *rows)]
        for note in self.notes:
            lines += ["", markdown_text(note)]
        return "\n".join(lines) + "\n"

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the report in the format of its suffix, atomically; `OptionError` if that is not known.

        `TargetError` if the path cannot be written, or exists and ``overwrite`` is false.
        """
        suffix = check_report(path)
        if suffix in ROWS:
            import polars as pl

            records = [dict(row) for row in self.records]
            frame = pl.from_dicts(records, infer_schema_length=None) if records else pl.DataFrame()
            save_rows(frame, path, overwrite=overwrite)
            return
        with atomic_file(path, overwrite=overwrite) as temporary:
            text = self.to_html() if suffix == ".html" else self.to_markdown()
            temporary.write_text(text, encoding="utf-8", newline="\n")


def rows_page(title: str, records: Sequence[Mapping[str, Any]]) -> ReportPage:
    """A page of one table: a column for each key of the records."""
    heads = list(dict.fromkeys(name for record in records for name in record))
    rows = [[cell(record.get(name)) for name in heads] for record in records]
    return ReportPage(title, [], [Section("", heads, rows)], records)


def lines_cell(*lines: tuple[str, Pieces]) -> Drawn:
    """A cell of lines, each with its element: b, a name; p, a text; small, a note.

    >>> print(lines_cell(("b", [("r1", False)]), ("p", [("hail", True), (" fell", False)])))
    **r1**<br>**hail** fell
    """
    html = []
    markdown = []
    for tag, pieces in lines:
        html.append(f"<{tag} dir=auto>{marked_html(pieces)}</{tag}>")
        bold = ((markdown_text(printable(text)), mark or tag == "b") for text, mark in pieces)
        markdown.append("".join(f"**{text}**" if mark else text for text, mark in bold))
    return Drawn("<br>".join(markdown), "".join(html))


def marked_html(pieces: Pieces) -> str:
    """A text in pieces as HTML."""
    texts = [(escape(printable(text)), mark) for text, mark in pieces]
    return "".join(f"<mark>{text}</mark>" if mark else text for text, mark in texts)


def cell(value: Any) -> str:
    """A value as text.

    >>> cell(0.12345), cell(None), cell([["hail", 0.9], ["storm", 0.8]]), cell(1200)
    ('0.123', '', 'hail, storm', '1,200')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return joined(value, cell)
    return printable(str(value))


def _table(section: Section) -> str:
    """A table; figures are aligned right, and the heads of columns that have nothing else."""
    less = ["less" * (head in section.less) for head in section.heads]
    lines: list[Sequence[str | Drawn]] = [section.heads, *section.rows]
    columns = [[cell for cell in cells if cell] for _, *cells in zip_longest(*lines, fillvalue="")]
    right = [bool(cells) and all(map(_is_figure, cells)) for cells in columns]
    heads = "".join(map(_cell, repeat("th"), section.heads, right, less))
    rows = ("".join(map(_cell, repeat("td"), row, map(_is_figure, row), less)) for row in section.rows)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _is_figure(cell: str | Drawn) -> bool:
    """Whether a cell is one number, share or interval."""
    if isinstance(cell, Drawn) or " " in cell:
        return False
    return cell[:1] in tuple("+-−×<.0123456789") and cell[-1:] in tuple("0123456789%")


def _cell(tag: str, text: str | Drawn, figure: bool, less: str) -> str:
    classes = " ".join(filter(None, ["figure" * figure, less]))
    named = f' class="{classes}"' if classes else ""
    return f"<{tag}{named}>{text.html if isinstance(text, Drawn) else _html(text)}</{tag}>"


def _html(text: str) -> str:
    return escape(escape_controls(text))


def _markdown_cell(cell: str | Drawn) -> str:
    return cell.text if isinstance(cell, Drawn) else markdown_text(cell)


def markdown_text(text: str) -> str:
    """A text with what Markdown and HTML would take for markup escaped."""
    for character in "\\`*_[]|":
        text = text.replace(character, f"\\{character}")
    return escape(escape_controls(text), quote=False)


# ---- Files, in the format of their suffix


def check_report(path: str | os.PathLike[str], suffixes: Sequence[str] = PAGES + ROWS) -> str:
    """The suffix of a report; `OptionError` if it is not known. Commands call this before their work."""
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        rule = f"a report is {', '.join(suffixes)}, not {suffix or 'without a suffix'}"
        raise OptionError(rule, path=path, remedy="choose one of them")
    return suffix


def save_rows(frame: pl.DataFrame, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a frame as CSV or Parquet.

    In CSV a list becomes text, of nested lists only the first values. Texts are quoted, and an apostrophe is
    put before one that a spreadsheet would take for a formula. Numbers stay numbers.
    """
    import polars as pl

    suffix = check_report(path, ROWS)
    with atomic_file(path, overwrite=overwrite) as temporary:
        if suffix == ".parquet":
            frame.write_parquet(temporary)
            return
        nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
        texts = [
            pl.Series(name, [_text(value) for value in frame[name].to_list()], pl.String) for name in nested
        ]
        frame = frame.with_columns(texts)
        frame = frame.with_columns(pl.col(pl.String).str.replace(_FORMULA, "'$0"))
        frame.write_csv(temporary, quote_style="non_numeric")


def joined(values: Sequence[Any], text: Callable[[Any], str] = str) -> str:
    """A list as text. Of pairs, such as (word, cosine), only the first values are written."""
    return ", ".join(text(one[0] if isinstance(one, list | tuple) and one else one) for one in values)


def _text(value: Any) -> str:
    """A nested value as text.

    >>> _text([["hail", 0.9], ["storm", 0.8]]), _text(None), _text({"bm25": 1.5})
    ('hail, storm', '', 'bm25 1.5')
    """
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return joined(value, _text)
    return "" if value is None else str(value)
