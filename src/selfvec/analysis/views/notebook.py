"""HTML of results and runs for notebooks: without scripts, readable on light and dark pages.

Words may come from untrusted text, so all are escaped. Nothing is fetched from the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from selfvec.base.display import printable
from selfvec.base.result_table import ResultTable
from selfvec.base.view import Table, View, text_table
from selfvec.data.run import AnyRun, Run
from selfvec.files.report_page import body_html

from .run_summary import run_summary

_ROWS = 20  # of a table


def health_table(run: Run) -> list[Table]:
    """What the health report of a run found; nothing if it has not been made."""
    findings = run.report_json.get("health", {}).get("findings", ())
    rows = [[str(one["name"]), str(one["level"]), printable(str(one["message"]))] for one in findings]
    return [text_table("", ["health of the vectors", "", ""], rows)] if rows else []


def result_html(found: ResultTable) -> str:
    """A result: its short form, and what is shown of its first rows."""
    rows = len(found.rows)
    more = f"; the first {_ROWS} of {rows:,} rows" if rows > _ROWS else ""
    view = found.view(_ROWS)
    return body_html(replace(view, parts=[f"{_short(found)}{more}", *view.parts]))


def run_html(run: AnyRun) -> str:
    """A run: its short form, what was noted on reading its text, and what its health report found."""
    run = run.present
    notes = run_summary(run.provenance) if run.provenance.method else []
    return body_html(View("", [_short(run), *map(printable, notes), *health_table(run)]))


def _short(shown: object) -> str:
    """The short form of an object on one line."""
    return " – ".join(" ".join(line.split()) for line in repr(shown).splitlines())


# Records have no code for display. `selfvec` imports this module when it runs in a notebook.
_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (ResultTable, result_html),
    (AnyRun, run_html),
)
for _type, _html in _SHOWN:
    setattr(_type, "_repr_html_", _html)  # noqa: B010 mypy knows no such method
