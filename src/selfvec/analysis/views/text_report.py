"""One page about a text, to send to somebody who did not ask for it and does not know the program.

Its title says what the text is about or when it changed. The first screen has at most three findings, a chart
over time, and three documents. Evidence is folded below, and how it was made.
Nothing on it is an option of a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from selfvec.analysis.comparison.comparison import Comparison, in_order
from selfvec.analysis.concepts.document_topics import GLANCE, ToRead, topic_entries
from selfvec.analysis.concepts.events import Event
from selfvec.analysis.concepts.shares import (
    GroupDifference,
    ShareChange,
    percent,
    surest_first,
    with_shares,
    word_sentences,
)
from selfvec.analysis.concepts.terms import distinct
from selfvec.analysis.word_drift.word_paths import FEW_USES
from selfvec.base.answer import Json
from selfvec.base.display import count_of, printable, whole_words
from selfvec.base.finding import Finding
from selfvec.base.view import (
    COUNT,
    PIECES,
    PROSE,
    STRONG,
    Column,
    Entry,
    Form,
    Heading,
    Part,
    Pieces,
    Table,
    View,
    spoken,
)
from selfvec.corpus.filters import filtered_documents
from selfvec.corpus.slices import month_name, parse_span
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.languages import language_name
from selfvec.text.phrases import LINK

from .charts import NO_TIME, Timeline, event_chart, growth_chart, path_chart, pivot_chart, shares_chart

if TYPE_CHECKING:
    from selfvec.analysis.concepts.topic_result import Topic, Topics
    from selfvec.analysis.word_drift.drift_result import Drift

FIRST = 3  # findings and documents on the first screen, which a telephone shows without scrolling
_DRAWN = 7  # subjects of the picture there, where nothing is compared
_SHARE = Form("share", percent, True)  # a number is written in one way
_SUFFIX = re.compile(r"(\.[a-z]\w{0,7})+$", re.IGNORECASE)  # of a file's name
_COUNTED = ("missing", "unit", "quotations", "copies")  # kinds of findings that say how something is counted


@dataclass(frozen=True)
class TextFindings:
    """What a report is made of; what could not be found is None, and ``missing`` says why.

    With filters, it is of the documents that pass.
    """

    run: Run
    topics: Topics | None
    drift: Drift | None
    paths: Sequence[Json] = ()
    missing: Sequence[str] = ()
    filters: Sequence[str] = ()
    why: str = ""  # these two parts are compared
    words: Sequence[tuple[str, ShareChange]] = ()  # that were asked for, and how their share changed
    groups: Sequence[GroupDifference] = ()
    field: str = ""  # whose values the groups are
    to_read: Sequence[ToRead] = ()
    time: Timeline = NO_TIME

    @cached_property
    def tokens(self) -> TokenBatch | None:
        """Those of the documents that pass."""
        batch = self.run.tokens
        return batch and batch.part(filtered_documents(self.run, self.filters)) if self.filters else batch

    @property
    def sides(self) -> Comparison | None:
        """The two parts, if the subjects are compared."""
        return self.topics.groups.sides if self.topics and self.topics.groups is not None else None

    @property
    def findings(self) -> list[Finding]:
        """What differs between the two parts, each thing once, in the order in which a reader needs it."""
        of_topics = self.topics.findings("subject") if self.topics else []
        of_words = self.drift.findings if self.drift else []
        if of_topics and self.drift:  # which have said how the two parts differ
            of_words = [row for row in of_words if row.kind in ("word", "none")]
        return in_order([*of_topics, *of_words])

    def as_dict(self) -> Json:
        """The figures of the first screen."""
        subjects = [(row.name, row.growth) for row in _records(self.topics) if row.growth]
        growth = [
            {"kind": kind, "name": name, **asdict(change)}
            for kind, changes in (("subject", subjects), ("word", self.words))
            for name, change in changes
        ]
        groups = [
            {"group": row.name, "documents": row.documents, "share": row.share, "more": list(row.rows)}
            for row in self.groups
        ]
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            "growth": growth,
            "groups": groups,
            "read": [asdict(row) for row in self.to_read],
        }


def text_report(report: TextFindings) -> View:
    """The page of what was found about the text of a run."""
    first, more, counted = _sorted(report)
    parts: list[Part] = [_about(report), *_picture(report, first)]
    parts += [Entry([("What stands out", "strong")], [*map(_line, first)], brief=True)] * bool(first)
    titles = [_title(row) for row in report.to_read[:FIRST]]
    parts += [Entry([("Worth reading", "strong")], titles, brief=True)] * bool(titles)
    parts += [Heading("What else differs")] * any(map(_is_change, more))
    parts += (spoken(finding.says) for finding in more)
    if report.words:
        parts += [Heading("Words that were asked for"), *map(spoken, word_sentences(report.words))]
    if report.groups:
        parts += [Heading(f"Subjects by {printable(report.field)}", folded=True), _pivot_table(report.groups)]
        parts.append(_word_table(report.groups))
    if report.topics is not None:
        subjects = report.topics.subjects or report.topics
        parts += [
            Heading("Subjects", folded=True),
            _subjects(_by_size(subjects), subjects.without),
            *topic_entries(subjects),
        ]
    if report.drift is not None:
        named = replace(report.drift, a=spoken(report.drift.a), b=spoken(report.drift.b))
        parts += [Heading(f"Words, {named.a} and {named.b}", folded=True), *named.evidence]
    if report.paths:
        charts = (path_chart(path, report.time) for path in report.paths)
        parts += [Heading("Words over time", folded=True), *charts]
    parts += [
        Heading("How this was made", folded=True),
        *(spoken(finding.says) for finding in counted),
        *_made(report),
    ]
    return View(_headline(report, first), parts)


# ---- The first screen


def opening(report: TextFindings) -> tuple[str, list[tuple[Finding, list[tuple[str, str]]]]]:
    """What was read and is compared, and what was found first, each with its line in pieces."""
    return _about(report), [(row, _line(row)) for row in _sorted(report)[0] if row.kind != "about"]


def _headline(report: TextFindings, first: Sequence[Finding]) -> str:
    """What the text is, of which years, and when it changed; else what it is about."""
    name = _SUFFIX.sub("", report.run.provenance.corpus_name)
    days = report.tokens.period if report.tokens else None
    years = " to ".join(dict.fromkeys(day[:4] for day in days or ()))
    told = ", ".join([*dict.fromkeys(map(_name, _records(report.topics)))][:FIRST])
    if event := _first_event(first):
        told = f"what happened {'' if event.form in ('from', 'until') else 'in '}{event.when}"
    elif report.time.sides and first and _is_change(first[0]):
        last = report.time.sides[1]
        span = parse_span(last) if "-" in last else None
        told = f"what changed in {month_name(span[0]) if span else spoken(last)}"
    return printable(": ".join(filter(None, (", ".join(filter(None, (name, years))), told))))


def _first_event(findings: Sequence[Finding]) -> Event | None:
    return next((finding for finding in findings if isinstance(finding, Event)), None)


def _about(report: TextFindings) -> str:
    """What was read, of when, how much, and what is compared."""
    batch = report.tokens
    documents = 0 if batch is None else batch.documents
    days = batch.period if batch else None
    dated = f" of {days[0]} to {days[1]}" if days else ""
    read = len(batch) if batch and report.filters else report.run.provenance.tokens or 0
    words = count_of(read, "word")
    said = [f"{count_of(documents, 'document')}{dated}, {words}." if documents else f"{words}."]
    if report.filters:
        said.append(f"Only those with {', '.join(each.replace('=', ' ') for each in report.filters)}.")
    sides = report.sides
    if sides:
        a, b = (name.replace("..", " to ") for name in sides.names)
        first, last = sides.slices
        sizes = f"({count_of(int(last.documents.sum()), 'document')}) with {a} ({first.documents.sum():,})"
        said.append(f"Compared: {b} {sizes}.")
    return printable(spoken(" ".join(said)))


def _sorted(report: TextFindings) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """The findings of the first screen, others that differ, and how something was counted.

    Where nothing changed, the first screen says what the text is about.
    """
    # Where a field lies whole on the two parts, it is why no word is named: then it belongs to what differs.
    nested = bool(report.drift and report.drift.nested)
    counted: list[Finding] = []
    told: list[Finding] = []
    for finding in report.findings:
        says_how = finding.kind in _COUNTED and not (finding.kind == "unit" and nested)
        without_effect = finding.kind in ("calendar", "size") and finding.effect is None
        (counted if says_how or without_effect else told).append(finding)
    changed = list(filter(_is_change, told))
    # Groups were asked for, so what differs most between them has a place on the first screen.
    still = sorted(told, key=lambda finding: finding.kind != "none")[:1]
    first = (changed or still)[: FIRST - bool(report.groups)]
    about = [*_on_groups(report), *([] if changed else _on_sizes(report))]
    first += [Finding("about", says) for says in about[: FIRST - len(first)]]
    counted += [finding for finding in told if finding.kind == "none" and finding not in first]
    return first, [finding for finding in told if finding not in (*first, *counted)], counted


def _is_change(finding: Finding) -> bool:
    """Whether it tells how two parts differ; a passage that many documents hold may be in both alike."""
    return finding.kind not in ("about", "none", "size") and (finding.kind, finding.p) != ("passage", None)


def _on_groups(report: TextFindings) -> Iterator[str]:
    """What the groups that differ most have more of."""
    rows = [row for row in report.groups if row.larger]
    for row in sorted(rows, key=lambda row: -row.larger[0][1].low):
        yield f"{printable(report.field)} {row.sentence}"


def _on_sizes(report: TextFindings) -> Iterator[str]:
    """The largest subjects, where nothing is compared."""
    for row in _records(report.topics):
        terms = distinct([_name(row).replace(" ", LINK), *(term for term, _ in row.terms)], 1 + _DRAWN)[1:]
        words = ", ".join(term.replace(LINK, " ").strip() for term in terms)
        size = f"{percent(row.share)} of the documents ({row.documents:,})"
        yield printable(f"About {_name(row)}: {size}.{f' Its words are {words}.' * bool(words)}")


def _records(topics: Topics | None) -> Sequence[Topic]:
    return [] if topics is None or topics.subjects is None else _by_size(topics.subjects)


def _by_size(topics: Topics) -> list[Topic]:
    """Those that have documents, the largest first."""
    return sorted((row for row in topics.topics if row.documents), key=lambda row: -row.documents)


def _name(topic: Topic) -> str:
    return printable(topic.heading)


def _title(row: ToRead) -> list[tuple[str, str]]:
    about = " · ".join(filter(None, (row.date, row.id, row.subject)))
    return [(printable(f"{whole_words(row.title, GLANCE)} "), ""), (printable(about), "quiet")]


def _line(finding: Finding) -> list[tuple[str, str]]:
    head, colon, rest = spoken(finding.says).partition(": ")
    style = "quiet" if finding.kind == "none" else "strong" * bool(colon)
    return [(f"{head}{colon}", style), (rest, "")]


def _picture(report: TextFindings, first: Sequence[Finding]) -> Iterator[Part]:
    """Subjects in groups; or what is said first, over time or of both parts; or how large subjects are."""
    moved = surest_first(report.topics.grown)[:FIRST] if report.topics else []
    event, sides = _first_event(first), report.sides
    if report.groups and report.groups[0].subjects:
        yield pivot_chart(report.groups, report.field)
    elif event and report.tokens:
        yield event_chart(event, report.tokens)
    elif sides and first and first[0].kind == "mix":
        of_both = [
            (f"{spoken(name)}: {row['value']}", row[key])
            for row in sides.mix[:FIRST]
            for name, key in zip(sides.names, ("share_a", "share_b"), strict=True)
        ]
        yield shares_chart(of_both, first[0].says.partition(":")[0])
    elif moved and report.topics:
        yield growth_chart(moved, report.time)
    elif rows := _records(report.topics):
        title = f"{percent(rows[0].share)} of the documents are about {_name(rows[0])}"
        yield shares_chart([(_name(row), row.share) for row in rows[:_DRAWN]], title)


# ---- The evidence


def _subjects(topics: Sequence[Topic], without: Sequence[str]) -> Table:
    """The subjects in a table, with their shares in both parts."""
    changes = [row.growth for row in topics if row.growth]
    rows = [
        {
            "name": row.name,
            "documents": row.documents,
            "share": row.share,
            "first": row.growth and row.growth.share_first,
            "last": row.growth and row.growth.share_last,
            "change": row.growth and row.growth.verdict,
        }
        for row in topics
    ]
    columns = [Column("name", "subject", PROSE), Column("documents", form=COUNT, less=True)]
    if changes:
        columns += [
            Column("first", spoken(changes[0].first), _SHARE),
            Column("last", spoken(changes[0].last), _SHARE),
            Column("change", form=PIECES),
        ]
    else:
        columns.append(Column("share", form=_SHARE))
    return Table(columns, rows, notes=without)


def _pivot_table(groups: Sequence[GroupDifference]) -> Table:
    """How many documents of each group are about each subject; bold is what a group has more of."""
    columns = [Column("name", "subject", PROSE), Column("all", form=COUNT)]
    columns += [Column(str(i), group.name, _FIGURES) for i, group in enumerate(groups)]
    rows: list[Json] = [{"name": "all subjects", "all": sum(group.documents for group in groups)}]
    rows[0] |= {str(i): [(f"{group.documents:,}", "")] for i, group in enumerate(groups)}
    for place, (name, _) in enumerate(groups[0].subjects):
        changes = [group.subjects[place][1] for group in groups]
        count = sum(change.documents_last for change in changes)
        rows.append({"name": name, "all": count} | {str(i): _cell(of) for i, of in enumerate(changes)})
    told = "Documents, and their share of the group. Bold: more than the others have."
    return Table(columns, rows, notes=[told])


def _cell(change: ShareChange) -> Pieces:
    style = "strong" if change.moved and change.grew else ""
    share = [(f" {percent(change.share_last)}", "quiet")] * bool(change.documents_last)
    return [(f"{change.documents_last:,}", style), *share]


_FIGURES = Form("pieces", lambda pieces: pieces, is_figure=True)


def _word_table(groups: Sequence[GroupDifference]) -> Table:
    """The words that each group has more of than the others, beyond chance."""
    rows = [{"group": group.name, "words": with_shares(group.words)} for group in groups if group.words]
    told = "Words that each has more of than the others, and in how many of its documents"
    return Table((Column("group", form=STRONG), Column("words", form=PROSE)), rows, told)


def _how_read(made: Provenance) -> Iterator[str]:
    """What was read, and what was mended in it."""
    corpus = made.corpus
    read = str(corpus.get("description", ""))
    for file in corpus.get("files", ()):  # without folders, which are nobody's business
        path = str(file.get("path", ""))
        if path:
            read = read.replace(path, PurePath(path).name)
    code = made.text.get("language")
    language = f", in {language_name(code)}" if code else ""
    if read:
        yield f"Read{language}: {read}"
    # A note that names an option is advice to the person who refined, not to who reads the report.
    yield from (note for note in corpus.get("notes", ()) if not re.search(r"(^|\s)--\w", note))


def _made(report: TextFindings) -> Iterator[str]:
    """What was read and mended, how it was compared and counted, and what cannot be said."""
    for note in _how_read(report.run.provenance):
        yield printable(f"{note[:1].upper()}{note[1:]}.")
    yield from filter(None, [spoken(report.why), *report.missing])
    sides = report.sides
    if sides and sides.fields:
        yield printable(
            f"Words are compared with the same mix of {' and '.join(sides.fields)} in both parts."
        )
    if report.topics is not None:
        yield (
            "A subject is a group of similar documents; its name is typical of them. "
            "Each document counts for the nearest subject, also if it is about two or about none."
        )
    if report.findings or report.groups:
        yield (
            "There is more or less of a subject if its share of the documents differs beyond chance, and in "
            "another way than the shares of the other subjects: as each document has one, one that grows "
            "makes the others smaller. By chance alone a subject would be named in one of twenty such texts. "
            "Figures in brackets are the ends of 95 % intervals. Documents are taken as independent; where "
            "several are about the same event, less is sure than it looks."
        )
    if report.drift is not None:
        yield (
            "New uses of a word are those in contexts that it did not have before, beyond what is usual for "
            "words as frequent; q is the share of false alarms to expect among words with as low a q."
        )
    if report.paths:
        yield (
            "In charts of words, bars are 95 % intervals, and the dashed line is the distance that chance "
            f"alone gives; a hollow point has fewer than {FEW_USES} occurrences and sets no scale, and a "
            "triangle at the upper edge stands for one beyond it."
        )
    yield (
        "A subject that grows is written about more often; whether there is more of it, the text does not "
        "say, nor why something changed, nor what stands in documents that are not in this text."
    )
