"""One page about a text, to send: what it is about, what changed, words over time, and how sure each is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from selfvec.analysis.comparison.finding import in_order, told
from selfvec.analysis.concepts.document_topics import ToRead, topic_entries
from selfvec.analysis.concepts.group_differences import GroupDifference, difference_columns
from selfvec.analysis.concepts.growth import (
    ShareChange,
    growth_columns,
    growth_findings,
    growth_in_brief,
    told_of_growth,
    word_sentences,
)
from selfvec.analysis.word_drift.word_paths import FEW_USES, SlicePath
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.view import (
    COUNT,
    PIECES,
    PROSE,
    Column,
    Entry,
    Heading,
    Part,
    Table,
    View,
    share,
    text_table,
)
from selfvec.data.run import Run
from selfvec.data.run_text import column_of
from selfvec.text.language_recognition import language_name

from .charts import path_chart, share_chart
from .run_summary import self_retrieval_gain

if TYPE_CHECKING:
    from selfvec.analysis.concepts.topic_result import Topics
    from selfvec.analysis.word_drift.drift_result import Drift

_SUBJECTS = 6  # that the text is mostly about
_GROUPS, _READ = 3, 3  # groups and documents on the first screen, which a telephone shows without scrolling
_SHARED = 10  # documents of each value of a field that groups them, on average


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
    words: Sequence[tuple[str, ShareChange]] = ()  # how their share of the documents changed
    groups: Sequence[GroupDifference] = ()
    to_read: Sequence[ToRead] = ()

    def as_dict(self) -> dict[str, Any]:
        """The figures of the first screen."""
        subjects = [
            (row.name, row.growth) for row in (self.topics.topics if self.topics else ()) if row.growth
        ]
        growth = [
            {"kind": kind, "name": name, **asdict(change)}
            for kind, changes in (("subject", subjects), ("word", self.words))
            for name, change in changes
        ]
        groups = [
            {"group": row.name, "documents": row.documents, "share": row.share, "more": list(row.rows)}
            for row in self.groups
        ]
        subjects_found = self.topics.findings("subject") if self.topics else []
        found = dict.fromkeys([*subjects_found, *(self.drift.findings if self.drift else ())])
        return {
            "findings": [finding.as_dict() for finding in in_order(found)],
            "growth": growth,
            "groups": groups,
            "read": [asdict(row) for row in self.to_read],
        }


def text_report(found: TextFindings) -> View:
    """The page of what was found about the text of a run: four answers, then the evidence."""
    groups = found.topics and found.topics.groups
    # How the periods differ comes first of all: a change of notation looks like a change of subjects.
    sides = told(groups.sides.findings, flags=False) if groups and groups.sides else []
    parts: list[Part] = [*sides[:1], *_size(found), *_answers(found), *_subject(found)]
    if others := sides[1:]:
        parts += [Heading("What else differs between both ends"), *others]
    if found.to_read:
        passages = [([(printable(row.sentence), "")], row.source) for row in found.to_read]
        parts.append(Entry([("Documents to read, by how they begin", "strong")], quotes=[("", passages)]))
    if found.topics is not None:
        parts += [Heading("What it is about"), *_growth(found), *_subjects(found.topics)]
        parts += topic_entries(found.topics)
    if found.groups:
        rows = [row for group in found.groups for row in group.rows]
        parts += [Heading("How the groups differ"), _sizes(found.groups)]
        parts += [group.sentence for group in found.groups]
        parts.append(Table(difference_columns(), rows, "What each has more of than the others"))
    if found.drift is not None:
        changed = found.drift.view(flags=False)
        parts += [Heading(f"What changed, from {found.drift.a} to {found.drift.b}"), *changed.parts]
    if found.paths:
        parts += [Heading("Words over time"), *map(path_chart, found.paths)]
    parts += [Heading("How sure this is"), *health_table(found.run), *_on_certainty(found), *found.missing]
    parts += [Heading("What this cannot say"), _LIMITS]
    return View(printable(found.run.provenance.corpus_name), parts)


_LIMITS = (
    "A subject that grows is written about more often; whether there is more of it, the text does not say. "
    "Subjects are groups of words that a program found; each document counts for the nearest one, also if "
    "it is about two or about none. Intervals take documents as independent; several about the same event "
    "are not, and are less sure than they look. Nothing here says why something changed, or what stands in "
    "documents that are not in this text."
)


def _answers(found: TextFindings) -> Iterator[Part]:
    """A manager's four questions, each with an answer in a few short rows; the evidence has the figures."""
    topics = found.topics
    groups = None if topics is None else topics.groups
    if topics is not None and groups is not None and groups.growth is not None:
        grown = [*growth_in_brief(topics.grown), *word_sentences(_words(found), brief=True)]
        yield _answer("Which subjects grow?", grown)
        sizes = told(groups.growth.findings, flags=False)
        yield _answer("Is that only because there are more documents?", sizes)
    if found.groups:
        yield _answer("How do the groups differ?", [row.in_brief for row in found.groups[:_GROUPS]])
    elif fields := _fields_with_groups(found.run):
        named = ", ".join(map(printable, fields[:_GROUPS]))
        yield _answer("How do groups differ?", [f"Name one of the fields: --groups {named}."])
    if found.to_read:
        yield _answer("Which documents to read?", [row.source for row in found.to_read[:_READ]])


def _answer(question: str, sentences: Iterable[str]) -> Entry:
    return Entry([(question, "strong")], [[(sentence, "")] for sentence in sentences], brief=True)


def _growth(found: TextFindings) -> Iterator[str]:
    """Which subjects and words grew, with intervals."""
    if found.topics is not None:
        yield from told_of_growth(growth_findings(found.topics.grown), flags=False)
    yield from word_sentences(_words(found))


def _words(found: TextFindings) -> list[tuple[str, ShareChange]]:
    return [(escape_for_display(word), change) for word, change in found.words]


def _fields_with_groups(run: Run) -> list[str]:
    """The fields whose values many documents share."""
    if run.text is None:
        return []
    values = ((name, run.text.read((column_of(name),)).to_series()) for name in run.text.fields)
    return [name for name, column in values if 2 <= column.drop_nulls().n_unique() <= len(column) / _SHARED]


def _subjects(topics: Topics) -> list[Part]:
    """The subjects in a table, with their share in each period as a chart."""
    about = "A subject is a group of words that occur in the same documents; its name is typical of them."
    rows = [
        {
            "name": row.name,
            "documents": row.documents,
            "share": row.share,
            "growth": row.growth and asdict(row.growth),
            "chart": topics.groups and share_chart(topics, number),
        }
        for number, row in enumerate(topics.topics)
    ]
    columns = [
        Column("name", "subject", PROSE),
        Column("documents", form=COUNT, less=True),
        Column("share", form=share(1), less=True),
    ]
    if grown := growth_columns(row.growth for row in topics.topics):
        columns += [*grown, Column("chart", "share over time", PIECES)]
    none = topics.documents - sum(row.documents for row in topics.topics)
    without = [f"{count_of(none, 'document has', 'documents have')} none of these words."] if none else []
    return [about, Table(columns, rows, notes=without)]


def _sizes(groups: Sequence[GroupDifference]) -> Table:
    columns = (Column("group"), Column("documents", form=COUNT), Column("share", form=share(1)))
    rows = [{"group": row.name, "documents": row.documents, "share": row.share} for row in groups]
    return Table(columns, rows, "Sizes")


def health_table(run: Run) -> list[Table]:
    """What the health report of a run found; nothing if it has not been made."""
    findings = run.report_json.get("health", {}).get("findings", ())
    rows = [[str(one["name"]), str(one["level"]), printable(str(one["message"]))] for one in findings]
    return [text_table("", ["health of the vectors", "", ""], rows)] if rows else []


def _size(found: TextFindings) -> Iterator[str]:
    """What was read, in a sentence."""
    provenance = found.run.provenance
    days = found.run.tokens.period if found.run.tokens else None
    dated = f", dated {days[0]} to {days[1]}" if days else ""
    documents = found.run.tokens.documents if found.run.tokens else 0
    size = f"{count_of(documents, 'document')}, " if documents else ""
    code = provenance.text.get("language")
    language = f"; language: {language_name(code)}" if code else ""
    words = count_of(provenance.tokens or 0, "word")
    yield printable(f"{size}{words}{dated}{language}.")
    if found.documents is not None:
        chosen = f"only the {count_of(found.documents, 'document')} with {', '.join(found.filters)}"
        yield printable(f"What follows is about {chosen}.")


def _subject(found: TextFindings) -> Iterator[str]:
    """What the text is about, and what was noted on reading it."""
    if found.topics is not None and found.topics.subjects:
        *first, last = found.topics.subjects[:_SUBJECTS]
        yield f"It is mostly about {' and '.join(filter(None, (', '.join(first), last)))}."
    notes = found.run.provenance.corpus.get("notes", ())
    yield from (printable(f"{note[:1].upper()}{note[1:]}.") for note in notes)


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
            "with q ≤ 0.05 are safe to quote as changed. The lower end of the 95 % interval says how many "
            "of its uses are new at least."
        )
    if found.paths:
        yield (
            "In the charts, bars are 95 % intervals, and the dashed line is the distance that chance alone "
            f"gives; a hollow point has fewer than {FEW_USES} occurrences."
        )
