"""One page about a text, to send: what it is about, what changed, words over time, and how sure each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, ClassVar

from selfvec.base.display import count_of, printable
from selfvec.data.run import Run
from selfvec.files.report_page import ReportPage, Section
from selfvec.text.language_recognition import language_name

from .pages import DriftPage, drift_page, topics_page
from .path_chart import path_chart
from .run_summary import self_retrieval_gain
from .word_tables import FEW, drift_summary

if TYPE_CHECKING:
    from selfvec.analysis.concepts import Topics
    from selfvec.analysis.word_drift import Drift, SlicePath

_SUBJECTS = 6  # named at the top


@dataclass(frozen=True)
class TextFindings:
    """What a report is made of; what could not be found is None, and ``missing`` says why.

    With filters, it is of the ``documents`` that pass.
    """

    run: Run
    topics: Topics | None
    drift: Drift | None
    paths: Sequence[SlicePath]
    missing: Sequence[str] = ()
    filters: Sequence[str] = ()
    documents: int | None = None


@dataclass(frozen=True, kw_only=True)
class TextReport(ReportPage):
    """A report with a part for each of the findings; ``sections`` hold the last one."""

    found: TextFindings
    style: ClassVar[str] = (
        f"{DriftPage.style}\n.wide :is(td, th):not(.figure) {{ white-space: normal; }} "
        ".wide td.figure { white-space: nowrap; overflow-wrap: normal; }\n"
        "h2.part { margin: 2rem 0 .4rem; border-bottom: 2px solid var(--line); }\n"
        "figure { margin: .6rem 0 1.2rem; break-inside: avoid; } figcaption { color: var(--quiet); }"
    )

    def body(self) -> str:
        """The parts as HTML."""
        found = self.found
        parts = [ReportPage(self.title, self.lines, []).body()]
        if found.topics is not None:
            page = topics_page(found.topics)
            parts += [_heading("What it is about"), replace(page, lines=page.lines[1:]).body()]
        if found.drift is not None:
            shown = drift_page(found.drift)
            parts += [_heading(f"What changed, from {found.drift.a} to {found.drift.b}"), shown.body()]
        if found.paths:
            parts += [_heading("Words over time"), *map(path_chart, found.paths)]
        parts += [_heading("How sure this is"), ReportPage("", [], self.sections, notes=self.notes).body()]
        return "\n".join(parts)


def text_report(found: TextFindings) -> TextReport:
    """The page of what was found about the text of a run."""
    title = printable(found.run.provenance.corpus_name)
    notes = [*_on_certainty(found), *found.missing]
    return TextReport(title, list(_facts(found)), health_sections(found.run), notes=notes, found=found)


def health_sections(run: Run) -> list[Section]:
    """What the health report of a run found, as a table; none if it has not been made."""
    findings = run.report.get("health", {}).get("findings", ())
    rows = [[str(one["name"]), str(one["level"]), printable(str(one["message"]))] for one in findings]
    return [Section("", ["health of the vectors", "", ""], rows)] if rows else []


def _facts(found: TextFindings) -> Iterator[str]:
    """What was read, and what it is about, in sentences."""
    provenance = found.run.provenance
    days = found.run.tokens.period if found.run.tokens else None
    dated = f", dated {days[0]} to {days[1]}" if days else ""
    documents = found.run.tokens.documents if found.run.tokens else 0
    size = f"{count_of(documents, 'document')}, " if documents else ""
    code = provenance.text.get("language")
    language = f"; language: {language_name(code)}" if code else ""
    words = f"{count_of(provenance.tokens or 0, 'word')}, {provenance.types or 0:,} different"
    yield printable(f"{size}{words}{dated}{language}.")
    if found.documents is not None:
        chosen = f"only the {count_of(found.documents, 'document')} with {', '.join(found.filters)}"
        yield printable(f"What follows is about {chosen}.")
    if found.topics is not None and found.topics.subjects:
        *first, last = found.topics.subjects[:_SUBJECTS]
        yield f"It is mostly about {' and '.join(filter(None, (', '.join(first), last)))}."
    if found.drift is not None and (changed := drift_summary(found.drift)):
        yield changed
    yield from (printable(f"{note[:1].upper()}{note[1:]}.") for note in provenance.corpus.get("notes", ()))


def _on_certainty(found: TextFindings) -> Iterator[str]:
    if gain := self_retrieval_gain(found.run.provenance):
        before, after = gain
        yield (
            f"The two halves of an unseen document match better than {after:.0%} of mismatched halves; with "
            f"the initial vectors, better than {before:.0%}. Chance is 50%."
        )
    if found.drift is not None:
        yield (
            "q is the share of false alarms to expect among the words with this q or a lower one; words "
            "with q ≤ 0.05 are safe to quote. A 95 % interval says where a distance would be with many "
            "occurrences."
        )
    if found.paths:
        yield f"In the charts, bars are 95 % intervals; a hollow point has fewer than {FEW} occurrences."


def _heading(text: str) -> str:
    return f'<h2 class="part">{escape(printable(text))}</h2>'
