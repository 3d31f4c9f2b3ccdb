"""HTML of results and runs for notebooks: without scripts, readable on light and dark pages.

Words may come from untrusted text, so all are escaped. Nothing is fetched from the network.
"""

from __future__ import annotations

from dataclasses import replace

from selfvec.base.answer import Answer
from selfvec.base.display import printable
from selfvec.base.finding import Finding
from selfvec.base.view import Pieces, View
from selfvec.data.run import AnyRun, Run
from selfvec.files.report_page import body_html

from .run_summary import run_summary

_ROWS = 20  # of a table


def _findings(run: Run) -> list[str | Pieces]:
    """What the health report of a run found; nothing if it has not been made."""
    found = run.report_json.get("health", {}).get("findings", ())
    return [Finding.of(finding).pieces for finding in found]


def result_html(found: Answer) -> str:
    """A result: its short form, and what is shown of its first rows."""
    rows = len(found.rows)
    more = f"; the first {_ROWS} of {rows:,} rows" if rows > _ROWS else ""
    view = found.view(_ROWS)
    return body_html(replace(view, parts=[f"{_short(found)}{more}", *view.parts]))


def run_html(run: AnyRun) -> str:
    """A run: its short form, what was noted on reading its text, and what its health report found."""
    run = run.present
    notes = run_summary(run.provenance) if run.provenance.method else []
    return body_html(View("", [_short(run), *map(printable, notes), *_findings(run)]))


def _short(shown: object) -> str:
    """The short form of an object on one line."""
    return " – ".join(" ".join(line.split()) for line in repr(shown).splitlines())


# Records have no code for display. `selfvec` imports this module when it runs in a notebook.
Answer._repr_html_ = result_html  # type: ignore[attr-defined]
AnyRun._repr_html_ = run_html  # type: ignore[attr-defined]
