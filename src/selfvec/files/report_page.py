"""Views as pages: static HTML for files and notebooks, Markdown; and the rows as CSV or Parquet.

Texts may be untrusted, so all are escaped, except the HTML of what is `Drawn`. A page has no script and
fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.answer import frame_of
from selfvec.base.checks import StrPath
from selfvec.base.display import escape_controls
from selfvec.base.errors import OptionError
from selfvec.base.view import Cell, Drawn, Entry, Heading, Pieces, Table, View, is_figure, joined

from .atomic_files import atomic_file

if TYPE_CHECKING:
    import polars as pl

PAGES = (".html", ".md")  # suffixes of pages
ROWS = (".csv", ".parquet")  # suffixes of tables
_FORMULA = r"^[=+\-@\t\r\n]"  # the start of what a spreadsheet reads as a formula (OWASP, CSV Injection)
_MARKS = {"mark", "match", "related"}  # styles that are drawn as <mark>
_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d2127; --quiet: #565d68; --line: #d7dae0;
  --came: #005f9e; --went: #a84600; --mark: #e2eefb; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171c; --ink: #e9ecf1; --quiet: #a4acb9;
  --line: #353b46; --came: #6fbdf0; --went: #f0a35e; --mark: #1d3348; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  background: var(--paper); color: var(--ink); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; }
h2.part { margin: 2rem 0 .4rem; border-bottom: 2px solid var(--line); }
h3 { font-size: .85rem; color: var(--quiet); margin: .4rem 0; }
h1, p { overflow-wrap: anywhere; } p { margin: .6rem 0; } a { color: var(--came); }
mark { background: var(--mark); color: inherit; font-weight: 600; border-radius: 3px; padding: 0 .2rem; }
.quiet { color: var(--quiet); font-size: .9em; }
.came, .good, .ok { color: var(--came); } .went, .bad, .fail { color: var(--went); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-size: .93rem; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere;
  white-space: pre-line; }
thead th { color: var(--quiet); font-weight: 500; }
tr { border-bottom: 1px solid var(--line); break-inside: avoid; }
.figure { text-align: right; white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
section { border-top: 1px solid var(--line); padding: .8rem 0 .4rem; break-inside: avoid; }
section h2 { display: inline; margin: 0 .8rem 0 0; overflow-wrap: anywhere; } section p { margin: .3rem 0; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem; }
.sides > div { min-width: 0; }
blockquote { margin: .4rem 0; padding-left: .8rem; border-left: 3px solid var(--line);
  overflow-wrap: anywhere; }
cite { display: block; font-style: normal; font-size: .8rem; color: var(--quiet); }
figure { margin: .6rem 0 1.2rem; break-inside: avoid; } figcaption { color: var(--quiet); }
.axis { stroke: var(--line); } .value { fill: var(--came); }
.interval { stroke: var(--came); stroke-width: 2; }
section.brief { display: flow-root; border: 0; padding: .3rem 0; line-height: 1.4; }
section.brief h2 { display: block; font-size: .85rem; color: var(--quiet); margin: 0; }
section.brief p { margin: .4rem 0; }
section.brief:first-of-type p:first-of-type { font-size: 1.15em; }
.brief p .quiet { display: inline-block; }
figure.beside { float: right; width: 25rem; margin: .3rem 0 1rem 2.5rem; }
figure svg { overflow: visible; } .beside svg { max-width: 100% !important; }
.beside figcaption { font-size: .85rem; margin-bottom: .3rem; }
h2.part, details, section:not(.brief), .wide { clear: both; }
details { margin: .8rem 0; } summary { cursor: pointer; }
summary h2.part { display: inline; border: 0; font-size: 1rem; }
@media (max-width: 700px) { figure.beside { float: none; width: auto; margin: .4rem 0; }
  body { margin: .8rem auto; font-size: 14px; }
  section.brief:first-of-type p:first-of-type { font-size: 1.1em; } h1 { font-size: 1.1rem; margin: .3rem 0; }
  p { margin: .5rem 0; line-height: 1.35; } section.brief p { margin: .2rem 0; line-height: 1.3; }
  .less { display: none; } td, th { padding-right: .5rem; } }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb;
  --came: #00497a; --went: #7a3300; --mark: #e2eefb; } body { margin: 0; max-width: none; font-size: 10pt; }
  .wide { overflow: visible; } ::details-content { content-visibility: visible; block-size: auto; }
  figure.beside { width: 50%; margin-left: 1.5rem; }
  mark { print-color-adjust: exact; } a { color: inherit; text-decoration: none; }
  thead { display: table-header-group; } }
"""


# ---- HTML


def page_html(view: View) -> str:
    title = _html(view.title)
    body = body_html(replace(view, parts=[*view.about, *view.parts]))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
    )


def body_html(view: View) -> str:
    """The parts and notes as HTML, without the title; words of tables are links to the entries about them."""
    # Places are numbers: a word may have any characters, and two may differ in what an address cannot hold.
    entries = [part for part in view.parts if isinstance(part, Entry)]
    places = {_plain(entry.head[0][0]): f"w{number}" for number, entry in enumerate(entries)}
    parts, end = [], ""
    for part in view.parts:
        if isinstance(part, Heading):
            parts.append(end)
            end = "</details>" * part.folded
        parts.append(_part_html(part, places))
    return "\n".join([*parts, *(f"<p class=quiet>{_html(note)}</p>" for note in view.explained), end])


def _part_html(part: Any, places: Mapping[str, str]) -> str:
    match part:
        case Table():
            title = f"<h2>{_html(part.title)}</h2>" if part.title else ""
            notes = "".join(f"<p class=quiet>{_html(note)}</p>" for note in part.notes)
            return f"{title}<div class=wide>{_table_html(part, places)}</div>{notes}"
        case Entry():
            return _entry_html(part, places[_plain(part.head[0][0])])
        case Heading():
            head = f'<h2 class="part">{_html(part.text)}</h2>'
            return f"<details><summary>{head}</summary>" if part.folded else head
        case Drawn():
            return part.html
    return f"<p dir=auto>{_cell_html(part)}</p>"


def _table_html(table: Table, places: Mapping[str, str]) -> str:
    """A table; figures are aligned right, and the heads of columns that have nothing else."""
    columns = table.columns
    less = ["less" * column.less for column in columns]
    right = [column.form.is_figure for column in columns]
    heads = "".join(map(_element, repeat("th"), (_html(column.head) for column in columns), right, less))
    thead = f"<thead><tr>{heads}</tr></thead>" if any(column.head for column in columns) else ""
    rows = []
    for row in table.cells:
        first, *others = map(_cell_html, row)
        place = places.get(str(row[0]))
        linked = f'<a href="#{place}">{first}</a>' if place else first
        figures = [figure or is_figure(cell) for figure, cell in zip(right, row, strict=True)]
        rows.append("".join(map(_element, repeat("td"), [linked, *others], figures, less)))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table>{thead}<tbody>{body}</tbody></table>"


def _element(tag: str, html: str, figure: bool, less: str) -> str:
    classes = f"{'figure' * figure} {less}".strip()
    named = f' class="{classes}"' * bool(classes)
    return f"<{tag}{named}>{html}</{tag}>"


def _entry_html(entry: Entry, place: str) -> str:
    """A section: the head with the facts, the lines, and the passages of the sides beside one another."""
    name, *more = entry.head
    facts = f"{_cell_html(more)} {_html(entry.facts)}".strip()
    lines = "".join(f"<p dir=auto>{_cell_html(line)}</p>" for line in entry.lines)
    sides = "".join(
        f"<div>{f'<h3>{_html(side)}</h3>' if side else ''}{''.join(map(_quote_html, quotes))}</div>"
        for side, quotes in entry.quotes
    )
    passages = f"<div class=sides>{sides}</div>" if sides else ""
    head = f'<h2>{_html(name[0])}</h2><span class="quiet">{facts}</span>'
    return f"<section id={place}{' class=brief' * entry.brief}>{head}{lines}{passages}</section>"


def _quote_html(quote: tuple[Pieces, str]) -> str:
    pieces, source = quote
    return f"<blockquote dir=auto>{_cell_html(pieces)}<cite>{_html(source)}</cite></blockquote>"


def _cell_html(cell: Cell) -> str:
    if isinstance(cell, Drawn):
        return cell.html
    if isinstance(cell, str):
        return _html(cell)
    return "".join(_piece_html(text, style) for text, style in cell)


def _piece_html(text: str, style: str) -> str:
    if style in _MARKS:
        return f"<mark>{_html(text)}</mark>"
    if style == "strong":
        return f"<b>{_html(text)}</b>"
    return f'<span class="{style}">{_html(text)}</span>' if style else _html(text)


def _html(text: str) -> str:
    return escape(_plain(text))


def _plain(text: str) -> str:
    """A text without the marks of direction of `escape_for_display`: browsers know the direction of words."""
    return escape_controls(text.replace("\u200e", ""), lines=True)


# ---- Markdown


def page_markdown(view: View) -> str:
    lines = [f"# {_markdown(view.title)}", ""]
    for part in (*view.about, *view.parts, *view.explained):
        lines += [*_part_markdown(part), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _part_markdown(part: Any) -> Iterator[str]:
    match part:
        case Table():
            heads = [_markdown(column.head) for column in part.columns]
            yield from [f"## {_markdown(part.title)}", ""] if part.title else []
            for row in (heads, ["---"] * len(heads), *(map(_markdown, cells) for cells in part.cells)):
                yield f"| {' | '.join(row)} |"
            for note in part.notes:
                yield from ("", _markdown(note))
        case Entry():
            yield f"### {_markdown([(text, '') for text, _ in part.head])}"
            for line in part.lines:
                yield from ("", _markdown(line))
            if part.facts:
                yield from ("", _markdown(part.facts))
            for side, quotes in part.quotes:
                for pieces, source in quotes:
                    place = " · ".join(filter(None, (side, source)))
                    yield from ("", f"> {_markdown(pieces)} ({_markdown(place)})")
        case Heading():
            yield f"## {_markdown(part.text)}"
        case _:
            yield _markdown(part)


def _markdown(cell: Cell) -> str:
    """A text with what Markdown and HTML would take for markup escaped."""
    if isinstance(cell, Drawn):
        return cell.text
    if not isinstance(cell, str):
        bold = _MARKS | {"strong"}
        texts = ((_markdown(text), style in bold) for text, style in cell)
        return "".join(f"**{text}**" if marked else text for text, marked in texts)
    text = _plain(cell).replace("\n", " ")
    for character in "\\`*_[]|":
        text = text.replace(character, f"\\{character}")
    return escape(text, quote=False)


# ---- Files, in the format of their suffix


def check_report(path: StrPath, suffixes: Sequence[str] = PAGES + ROWS) -> str:
    """The suffix of a report; `OptionError` if it is not known. Commands call this before their work."""
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        rule = f"a report is {', '.join(suffixes)}, not {suffix or 'without a suffix'}"
        printed = suffix == ".pdf" and ".html" in suffixes
        remedy = "write .html, and print it from a browser" if printed else "choose one of them"
        raise OptionError(rule, path=path, remedy=remedy)
    return suffix


def save_page(view: View, path: StrPath, *, overwrite: bool = False) -> None:
    """Write a view in the format of the suffix, atomically; `OptionError` if that is not known.

    `TargetError` if the path cannot be written, or exists and ``overwrite`` is false.
    """
    suffix = check_report(path)
    if suffix in ROWS:
        save_rows(frame_of(view.records), path, overwrite=overwrite)
        return
    with atomic_file(path, overwrite=overwrite) as temporary:
        text = page_html(view) if suffix == ".html" else page_markdown(view)
        temporary.write_text(text, encoding="utf-8", newline="\n")


def save_rows(frame: pl.DataFrame, path: StrPath, *, overwrite: bool = False) -> None:
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
        frame = frame.rename(lambda name: re.sub(_FORMULA, r"'\g<0>", name))  # which are foreign, too
        frame.write_csv(temporary, quote_style="non_numeric")


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
