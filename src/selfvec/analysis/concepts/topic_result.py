"""`Topics`: the topics of a text, all and in groups of its documents, as tables and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from selfvec.analysis.comparison.comparison import Comparison, in_order
from selfvec.analysis.comparison.variants import joined_sentences, split_pairs
from selfvec.base.answer import Answer, Json, short_repr
from selfvec.base.arrays import Ints, Mask, Rows
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import InputError
from selfvec.base.finding import Finding
from selfvec.base.view import (
    COUNT,
    PIECES,
    WORDS,
    Cell,
    Column,
    Part,
    Row,
    Table,
    View,
    escaped,
    share,
)
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows

from .shares import Grown, ShareChange, growth_columns, growth_figures, growth_findings, told_of_growth
from .terms import encoded, topic_text_vectors
from .text_size import on_size

if TYPE_CHECKING:
    import polars as pl

LEAST_DOCUMENTS = 10  # of a topic; smaller ones say nothing by themselves, and are listed apart
_LARGEST = 5  # topics of a group that are shown
_TERMS = 3  # of each


@dataclass(frozen=True)
class Topic:
    """A cluster of documents."""

    name: str  # the phrases and nouns most typical of its documents, up to three
    terms: list[tuple[str, float]]  # the most typical first, with their cosines to the centre
    size: int  # number of terms that are nearest to it
    share: float  # of the documents, some of which may have no topic
    documents: int  # number of documents whose vector is nearest to the centre of this topic
    seed_words: list[str] = field(default_factory=list)  # those it was asked to hold
    subject: int = 0  # the number of the subject that it is part of
    finer: list[str] = field(default_factory=list)  # names of the topics that it is made of, if several
    named: bool = False  # by a person
    growth: ShareChange | None = None  # from the first periods to the last, if the groups are periods

    @property
    def heading(self) -> str:
        """The first part of its name; of several topics, those of the largest two, or a person's name."""
        names = [self.name] if self.named or not self.finer else self.finer[:2]
        return " and ".join(dict.fromkeys(name.split(", ")[0] for name in names))


@dataclass(frozen=True)
class TopicShare:
    """A topic in a group of documents."""

    group: str
    topic: int  # its number; the same in all groups
    name: str
    documents: int  # of this topic in the group
    share: float  # of the group's documents
    terms: list[str]  # characteristic of the topic in this group
    of: int  # documents of the group
    low: float  # of the share's 95 % interval
    high: float


def _name_and_terms(row: Row) -> Cell:
    """What names a topic, and its other terms."""
    named = row["name"].split(", ")
    others = escaped(term for term, _ in row["terms"] if term.replace("_", " ") not in named)
    return [(escaped(named), "strong"), (f"; {others}" if others else "", "")]


def _largest(topics: Sequence[TopicShare]) -> Cell:
    """The largest topics of a group: share, number, and terms in the group."""
    shown: list[tuple[str, str]] = []
    for row in sorted(topics, key=lambda row: -row.documents)[:_LARGEST]:
        terms = "/".join(map(escape_for_display, row.terms[:_TERMS] or row.name.split(", ")))
        shown += [("  " * bool(shown), ""), (f"{row.share:.0%} ", "strong"), (f"{row.topic}:{terms}", "")]
    more = len(topics) - _LARGEST
    return [*shown, (f"  and {more} more", "quiet")] if more > 0 else shown


@dataclass(frozen=True, repr=False)
class GroupTopics(Answer):
    """Topics of groups of documents: a row for each group and topic, groups in their order.

    Attributes
    ----------
    shares : list of TopicShare
    growth : dict or None
        How the number of documents changed, if two periods are compared; see `text_size`.
    sides : Comparison or None
        How the two parts that are compared differ otherwise.
    """

    shares: list[TopicShare]
    growth: Json | None = None
    sides: Comparison | None = None

    def __repr__(self) -> str:
        groups = list(dict.fromkeys(row.group for row in self.shares))
        return short_repr(f"Topics of {len(groups)} groups", groups)

    @property
    def rows(self) -> list[Json]:
        """One dict for each group and topic."""
        return [asdict(row) for row in self.shares]

    @property
    def columns(self) -> Sequence[Column]:
        """The group, its documents, and its largest topics."""
        return (
            Column("group", width=24),
            Column("documents", form=COUNT),
            Column("topics", "largest topics: share, number and terms here", PIECES),
        )

    @property
    def table(self) -> Table:
        """A row for each group: its documents, and its largest topics with their terms in it."""
        groups: dict[str, list[TopicShare]] = {}
        for row in self.shares:
            groups.setdefault(row.group, []).append(row)
        rows = [
            {"group": name, "documents": sum(row.documents for row in topics), "topics": _largest(topics)}
            for name, topics in groups.items()
        ]
        return Table(self.columns, rows)

    def view(self, top: int | None = None) -> View:
        """The groups with their largest topics."""
        return replace(super().view(top), parts=[self.table])

    def as_dict(self) -> Json:
        """As ``selfvec text topics --by ... --json`` prints it, under ``groups``."""
        more = {} if self.growth is None else {"growth": self.growth}
        return {"rows": self.rows, **more}


@dataclass(frozen=True, repr=False)
class Topics(Answer):
    """The topics of a run, the largest share first, and the subjects that they are parts of.

    Attributes
    ----------
    topics : list of Topic
    subjects : Topics or None
        The first level: some ten subjects. Where the topics are so few, each is a subject. None for the
        subjects themselves.
    documents : int
        Number of all documents. Documents in which no word has a vector have no topic.
    silhouette : float
        Mean silhouette of the documents, from -1 to 1: larger if they are nearer to their own centre than to
        others.
    tried : dict of int to float
        Silhouettes of the numbers of topics that were tried; empty if the number was given.
    labels : (V,) int64
        Topic of every word of the run as an index in ``topics``, -1 for none.
    of_documents : (D,) int64
        Topic of every document, -1 for none.
    centres : (K, d) float32
        Unit rows.
    mean : (d,) float32
        What all documents have in common, which is subtracted from them.
    groups : GroupTopics or None
        The subjects of groups of documents, if requested.
    grown : list of Grown
        How topics changed between the two parts that are compared, those of a subject that changed alike as
        one, and subjects of which no topic changed by itself.
    passages : list of Finding
        What many documents hold word for word, and since when.
    events : list of Finding
        What happened when, if the documents are dated and nobody named the two parts.
    assigned : DataFrame or None
        A row for each new document, if requested, as `document_table` has them for those of the run.
    told : list of str
        What else there is to say, such as that the run keeps names.
    run : Run or None
        Whose topics these are.
    """

    topics: list[Topic]
    documents: int
    silhouette: float
    tried: dict[int, float] = field(default_factory=dict)
    labels: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    of_documents: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    centres: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    mean: Rows = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    subjects: Topics | None = field(default=None, repr=False)
    groups: GroupTopics | None = None
    grown: Sequence[Grown] = field(default=(), repr=False)
    passages: Sequence[Finding] = field(default=(), repr=False)
    events: Sequence[Finding] = field(default=(), repr=False)
    assigned: pl.DataFrame | None = field(default=None, repr=False)
    told: list[str] = field(default_factory=list, repr=False)
    run: Run | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        title = f"Topics: {len(self)} of {self.documents:,} documents, silhouette {self.silhouette:.2f}"
        return short_repr(title, [f"{row.share:.0%} {row.name.replace(', ', '/')}" for row in self.topics])

    @property
    def columns(self) -> Sequence[Column]:
        """The number of a topic, its share, how that changed, and the terms that name it and belong to it."""
        seeds = [Column("seed_words", form=WORDS)] if any(row.seed_words for row in self.topics) else []
        named = "topic: phrases and nouns that name it; its terms"
        return (
            *[Column("subject", "", COUNT)] * self.on_two_levels,
            Column("topic", "", COUNT),
            Column("share", form=share(1)),
            Column("documents", form=COUNT),
            *growth_columns(row.growth for row in self.topics),
            *seeds,
            Column("name", named, PIECES, of=_name_and_terms),
        )

    @property
    def with_documents(self) -> list[tuple[str, Mask]]:
        """The name and the documents of each topic, (D,)."""
        return [(topic.name, self.of_documents == number) for number, topic in enumerate(self.topics)]

    @property
    def on_two_levels(self) -> bool:
        """Whether subjects are made of several topics."""
        return self.subjects is not None and len(self.subjects) < len(self)

    @property
    def messages(self) -> Sequence[str]:
        """Which words were counted as one, and what the run keeps."""
        pairs = split_pairs(self.run.provenance.variants, self.run.vectors) if self.run else ({}, {})
        return [*joined_sentences(*pairs), *self.told]

    def findings(self, noun: str = "topic") -> list[Finding]:
        """What differs between the two parts that are compared, if any are; and what many documents hold."""
        groups, told = self.groups, [*self.events, *self.passages]
        if groups is None or groups.sides is None:
            return in_order(told)
        # How the two are written comes first: a change of notation looks like a change of subjects.
        grown = [] if groups.sides.nested else growth_findings(self.grown, noun)
        size = [] if groups.growth is None else [on_size(groups.growth)]
        return in_order([*groups.sides.findings, *grown, *told, *size])

    @property
    def sentences(self) -> list[str]:
        """What the findings say, with remedies."""
        return told_of_growth(self.findings(), "topic")

    def view(self, top: int | None = None) -> View:
        """The topics; their shares in groups and those of new documents, if there are."""
        tried = ", ".join(f"{number}: {value:.2f}" for number, value in self.tried.items())
        of = f" in {len(self.subjects)} subjects" if self.subjects and self.on_two_levels else ""
        shown = f"{len(self)} topics{of} of {self.documents:,} documents, silhouette {self.silhouette:.2f}"
        note = f"{shown} (of {tried})" if tried else shown
        parts: list[Part] = [*self.sentences]
        parts.append(
            Table(self.columns, list(self._shown())[:top], notes=[note, *self.without, *self._small()])
        )
        if self.groups is not None:
            parts.append(self.groups.table)
        if self.assigned is not None:
            parts.append(self._assigned(self.assigned))
        return View("Topics", parts, records=self.rows if self.groups is None else self.groups.rows)

    def _shown(self) -> Iterator[Row]:
        """The subjects, each with the largest of its topics below; topics that are subjects without these."""
        large = [row for row in self._drawn() if row["documents"] >= LEAST_DOCUMENTS]
        if self.subjects is None or not self.on_two_levels:
            yield from large
            return
        for row in self.subjects._drawn():
            own = [finer for finer in large if finer["subject"] == row["topic"]]
            yield {**row, "subject": row["topic"], "topic": None}
            for finer in own[:_LARGEST]:
                yield {**finer, "subject": None, "name": f"  {finer['name']}"}

    def _drawn(self) -> list[Json]:
        """What the columns show of each topic."""
        rows = zip(self._numbered(), self.topics, strict=True)
        return [row | growth_figures(topic.growth) for row, topic in rows]

    @property
    def without(self) -> list[str]:
        """How many documents have no topic, if there are any; and whether words are pieces."""
        none = self.documents - sum(row.documents for row in self.topics)
        told = f"{count_of(none, 'document has', 'documents have')} no topic"
        cut = self.run.provenance.notes_on_pieces if self.run else []
        return [*[f"{told}: no words, or only in passages that many documents repeat."] * bool(none), *cut]

    def _small(self) -> list[str]:
        """The small topics, which say little by themselves."""
        small = [row for row in self.topics if row.documents < LEAST_DOCUMENTS]
        if not small:
            return []
        documents = count_of(sum(row.documents for row in small), "document")
        names = "; ".join(escape_for_display(row.name.split(", ")[0]) for row in small)
        few = f"fewer than {LEAST_DOCUMENTS} documents"
        return [f"apart: {count_of(len(small), 'topic')} with {few}, {documents} together: {names}"]

    def _assigned(self, assigned: pl.DataFrame) -> Table:
        """The share of each topic in the new documents, beside that in the run."""
        counts = Counter(assigned["topic"].drop_nulls().to_list())
        total = max(counts.total(), 1)
        columns = (
            Column("name", "topic", width=40),
            Column("topic", "", COUNT),
            Column("new_documents", form=COUNT),
            Column("new_share", "share", share(1)),
            Column("share", "in the run", share(1)),
        )
        rows = [
            row | {"new_documents": counts[number], "new_share": counts[number] / total}
            for number, row in enumerate(self._numbered())
        ]
        without = f"{len(assigned) - counts.total():,} of them without a topic"
        return Table(columns, rows, notes=[f"{count_of(len(assigned), 'new document')}, {without}"])

    @property
    def rows(self) -> list[Json]:
        """One dict per topic, with its terms as a list of words."""
        return [
            row
            | {"terms": [term for term, _ in row["terms"]], "cosines": [cosine for _, cosine in row["terms"]]}
            for row in self._numbered()
        ]

    def as_dict(self) -> Json:
        """As ``selfvec text topics --json`` prints it."""
        tried = {str(number): value for number, value in self.tried.items()}
        out = {"documents": self.documents, "silhouette": self.silhouette, "tried": tried}
        if self.groups is not None or self.passages or self.events:
            out["findings"] = [finding.as_dict() for finding in self.findings()]
        more: Json = {"groups": self.groups and self.groups.as_dict()}
        if self.run is not None and self.run.provenance.variants:
            more["joined"] = split_pairs(self.run.provenance.variants, self.run.vectors)[0]
        if self.assigned is not None:
            import polars.selectors as columns

            more["assigned"] = self.assigned.with_columns(columns.date().dt.to_string()).to_dicts()
        if self.subjects is not None:
            out["subjects"] = [{"subject": row.pop("topic"), **row} for row in self.subjects._numbered()]
        return {**out, "rows": self._numbered()} | {
            name: value for name, value in more.items() if value is not None
        }

    def _numbered(self) -> list[Json]:
        out = []
        for number, row in enumerate(map(asdict, self.topics)):
            left = {"named", *["subject"] * (self.subjects is None)}
            left |= {name for name in ("finer", "growth") if not row[name]}
            row["terms"] = [list(pair) for pair in row["terms"]]
            out.append({"topic": number} | {name: row[name] for name in row if name not in left})
        return out

    def transform(self, texts: Sequence[str]) -> Rows:
        """Cosines of n texts with the K topics, (n, K) float32; 0 for texts in which no word has a vector."""
        if self.run is None:
            raise InputError("these topics are without their run", remedy="find them with selfvec.topics")
        rows = topic_text_vectors(self.run, encoded(self.run, texts))
        less = unit_rows(rows - self.mean) @ self.centres.T
        less[~np.any(rows, axis=1)] = 0
        return less

    def among(self, documents: Mask) -> Topics:
        """The same topics, of some documents only, (D,)."""
        of_documents = np.where(documents, self.of_documents, -1)
        counts = np.bincount(of_documents + 1, minlength=len(self) + 1)[1:]
        shares = counts / max(documents.sum(), 1)
        rows = zip(self.topics, counts.tolist(), shares.tolist(), strict=True)
        return replace(
            self,
            topics=[replace(row, documents=number, share=share) for row, number, share in rows],
            documents=int(documents.sum()),
            of_documents=of_documents,
            subjects=self.subjects and self.subjects.among(documents),
        )
