"""One page about a text, to send: what it is about, what changed, words over time, and how sure each is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from selfvec.analysis.concepts.document_topics import ToRead, topic_entries
from selfvec.analysis.concepts.group_differences import GroupDifference, difference_columns
from selfvec.analysis.concepts.growth import (
    ShareChange,
    growth_columns,
    growth_in_brief,
    growth_sentences,
    percent,
    word_sentences,
)
from selfvec.analysis.word_drift.word_paths import FEW_USES, SlicePath
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.view import (
    COUNT,
    PIECES,
    PROSE,
    Column,
    Drawn,
    Entry,
    Heading,
    Part,
    Table,
    View,
    sentence,
    share,
    text_table,
)
from selfvec.data.run import Run
from selfvec.data.run_text import column_of
from selfvec.numerics.statistics import share_interval
from selfvec.text.language_recognition import language_name

from .run_summary import self_retrieval_gain

if TYPE_CHECKING:
    from selfvec.analysis.concepts.topic_result import Topics
    from selfvec.analysis.word_drift.drift_result import Drift

_SUBJECTS = 6  # that the text is mostly about
_GROUPS, _READ = 3, 3  # groups and documents on the first screen, which a telephone shows without scrolling
_SHARED = 10  # documents of each value of a field that groups them, on average
FEW_DOCUMENTS = 20  # of a period, below which its share says little
_LEAST_SHARE, _LEAST_DISTANCE = 0.01, 0.1  # where axes end, so that noise does not fill them
_WIDTH, _HEIGHT, _LEFT, _FOOT = 560, 150, 44, 22  # in pixels, with room for labels
_LETTER = 6.5  # pixels
_COLOUR = "var(--came, #0072B2)"  # that of a report, or one that is readable on light and dark


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
        subjects = [(row.name, row.growth) for row in self.topics or () if row.growth]
        growth = [
            {"kind": kind, "name": name, **asdict(change)}
            for kind, changes in (("subject", subjects), ("word", self.words))
            for name, change in changes
        ]
        groups = [
            {"group": row.name, "documents": row.documents, "share": row.share, "more": list(row.rows)}
            for row in self.groups
        ]
        return {"growth": growth, "groups": groups, "read": [asdict(row) for row in self.to_read]}


def text_report(found: TextFindings) -> View:
    """The page of what was found about the text of a run: four answers, then the evidence."""
    groups = found.topics and found.topics.groups
    # How the periods are written comes first of all: a change of notation looks like a change of subjects.
    sides = groups.sides.sentences if groups and groups.sides else []
    parts: list[Part] = [*sides[:1], *_size(found), *_answers(found), *_subject(found)]
    if others := sides[1:]:
        parts += [Heading("What else differs in how both ends are written"), *others]
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
        changed = found.drift.view()
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
        told = [*growth_in_brief(_changes(topics)), *word_sentences(_words(found), brief=True)]
        yield _answer("Which subjects grow?", told)
        yield _answer("Is that only because there are more documents?", [groups.growth.sentence])
    if found.groups:
        yield _answer("How do the groups differ?", [row.in_brief for row in found.groups[:_GROUPS]])
    elif fields := _fields_with_groups(found.run):
        named = ", ".join(map(printable, fields[:_GROUPS]))
        yield _answer("How do groups differ?", [f"Name one of the fields: --groups {named}."])
    if found.to_read:
        yield _answer("Which documents to read?", [row.source for row in found.to_read[:_READ]])


def _answer(question: str, sentences: Iterable[str]) -> Entry:
    return Entry([(question, "strong")], [[(sentence, "")] for sentence in sentences], brief=True)


def _changes(topics: Topics) -> list[tuple[str, ShareChange]]:
    return [(sentence(row.name.split(", ")[0]), row.growth) for row in topics if row.growth]


def _growth(found: TextFindings) -> Iterator[str]:
    """Which subjects and words grew, with intervals."""
    yield from growth_sentences(_changes(found.topics) if found.topics else [])
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
            "chart": topics.groups and _share_chart(topics, number),
        }
        for number, row in enumerate(topics)
    ]
    columns = [
        Column("name", "subject", PROSE),
        Column("documents", form=COUNT, less=True),
        Column("share", form=share(1), less=True),
    ]
    if grown := growth_columns(row.growth for row in topics):
        columns += [*grown, Column("chart", "share over time", PIECES)]
    none = topics.documents - sum(row.documents for row in topics)
    without = [f"{count_of(none, 'document has', 'documents have')} none of these words."] if none else []
    return [about, Table(columns, rows, notes=without)]


def _sizes(groups: Sequence[GroupDifference]) -> Table:
    columns = (Column("group"), Column("documents", form=COUNT), Column("share", form=share(1)))
    rows = [{"group": row.name, "documents": row.documents, "share": row.share} for row in groups]
    return Table(columns, rows, "Sizes")


def health_table(run: Run) -> list[Table]:
    """What the health report of a run found; nothing if it has not been made."""
    findings = run.report.get("health", {}).get("findings", ())
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
            "with q ≤ 0.05 are safe to quote as changed. The lower end of the 95 % interval says by how much "
            "at least."
        )
    if found.paths:
        yield (
            "In the charts, bars are 95 % intervals, and the dashed line is the distance that chance alone "
            f"gives; a hollow point has fewer than {FEW_USES} occurrences."
        )


# ---- Charts over time as SVG, legible on light and dark pages without their style


class Point(NamedTuple):
    """A value of a period with its interval; None where there is none."""

    period: str
    value: float | None
    low: float | None
    high: float | None
    chance: float | None = None  # the level that chance alone gives
    few: bool = False  # a hollow mark: the period is thin


def path_chart(path: SlicePath) -> Drawn:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    rows = path.as_dict()["slices"]
    word = escape(escape_for_display(path.word))
    uses = ", ".join(f"{row['slice']}: {row['uses']:,}" for row in rows)
    first = next((i for i, row in enumerate(rows) if row["distance"] is not None), 0)
    points = []
    for i, row in enumerate(rows):
        # The first period has no point: its distance from itself is no measurement.
        shown = row if i > first else dict.fromkeys(row)
        figures = (shown[key] for key in ("distance", "low", "high", "chance"))
        points.append(Point._make([row["slice"], *figures, row["uses"] < FEW_USES]))
    label = f"distance of {path.word} from its first period"
    drawn = chart(points, label, "{:.2f}".format, least=_LEAST_DISTANCE)
    caption = f"<b>{word}</b>: distance from its first period. Occurrences: {escape(printable(uses))}."
    text = f"{escape_for_display(path.word)}: occurrences {printable(uses)}"
    return Drawn(text, f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>")


def _share_chart(topics: Topics, number: int) -> Drawn:
    """The share of a topic in each period: from 0 to the data, and never beyond 100 %."""
    shares = {row.group: row for row in topics.groups or () if row.topic == number}
    sizes = {row.group: row.of for row in topics.groups or ()}
    points, told = [], []
    for group, size in sizes.items():
        row = shares.get(group)
        value = row.share if row else 0.0
        low, high = (row.low, row.high) if row else share_interval(0, size)
        points.append(Point(group, value, low, high, few=size < FEW_DOCUMENTS))
        told.append(f"{group}: {percent(value)}")
    label = f"share of {topics[number].name} in each period"
    drawn = chart(points, label, percent, least=_LEAST_SHARE, most=1.0, small=True)
    return Drawn(printable(", ".join(told)), drawn)


def chart(
    points: Sequence[Point],
    label: str,
    show: Callable[[float], str],
    *,
    least: float,  # the axis ends there at the earliest,
    most: float = math.inf,  # and there at the latest
    small: bool = False,
) -> str:
    """Points with intervals; the axis begins at 0 and ends at the data; a value is where the axis says."""
    width, height = (_WIDTH // 2, _HEIGHT // 2) if small else (_WIDTH, _HEIGHT)
    ends = [end for point in points for end in (point.value, point.high, point.chance) if end]
    top = min(most, max([least, *ends]))
    names = [escape_for_display(point.period) for point in points]
    label_width = _LETTER * max(map(len, names))
    step = (width - _LEFT - label_width) / max(len(points) - 1, 1)
    named = max(1, math.ceil(label_width / max(step, 1)))  # every so many periods have a label

    def y(value: float) -> float:
        return 8 + (height - _FOOT - 8) * (1 - value / top)

    marks = []
    for value in (0.0, top) if small else (0.0, top / 2, top):
        across = f'x1="{_LEFT}" x2="{width}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        marks.append(
            f'<line class="axis" {across} stroke="currentColor" stroke-opacity=".2"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{show(value)}</text>'
        )
    places = [_LEFT + label_width / 2 + i * step for i in range(len(points))]
    for i in (0, len(points) - 1) if small else range(0, len(points), named):
        place = f'x="{places[i]:.1f}" y="{height - 4}" text-anchor="middle"'
        marks.append(f"<text {place}>{escape(names[i])}</text>")
    for kind, dashes, values in (
        ("path", "none", [point.value for point in points]),
        ("chance", "4 3", [point.chance for point in points]),
    ):
        line = " ".join(
            f"{x:.1f},{y(value):.1f}" for x, value in zip(places, values, strict=True) if value is not None
        )
        look = f'fill="none" stroke="{_COLOUR}" stroke-dasharray="{dashes}"'
        marks.append(f'<polyline class="{kind}" points="{line}" {look}/>' if line else "")
    for x, point in zip(places, points, strict=True):
        if point.value is None or point.low is None or point.high is None:
            continue
        low, high, at = y(point.low), y(min(point.high, top)), y(point.value)
        up = f'x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"'
        few = 'class="few" fill="var(--paper, white)"' if point.few else f'fill="{_COLOUR}"'
        marks.append(
            f'<line class="line" {up} stroke="{_COLOUR}"/>'
            f'<circle {few} stroke="{_COLOUR}" cx="{x:.1f}" cy="{at:.1f}" r="3.5"/>'
        )
    size = f'viewBox="0 0 {width} {height}" style="width: 100%; max-width: {width}px; height: auto"'
    text = f'fill="currentColor" font-size="11" role="img" aria-label="{escape(printable(label))}"'
    return f"<svg {size} {text}>{''.join(marks)}</svg>"
