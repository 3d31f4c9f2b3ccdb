"""The tools, and the records they return, from which the ``mcp`` package makes schemas.

Each tool calls the function behind a command and limits the size of the answer.

An assistant reads these docstrings to choose a tool, so they describe the result and its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field

from selfvec.apps import option_texts
from selfvec.apps.similar_words import similar
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.vectors import Source
from selfvec.numerics.neighbours import only_in_each

if TYPE_CHECKING:
    from selfvec.analysis.word_drift import Drift
    from selfvec.analysis.word_senses import SenseSpace
    from selfvec.retrieval import Hit, Index

__all__ = ["Tools"]

_ORIGINS = {
    Source.KNOWN: "pretrained vectors",
    Source.SUBWORDS: "spelling",
    Source.RANDOM: "random direction",
}
LONGEST = 2000  # characters of a passage or a sentence
_SHORT = 200  # characters of a field's value
_FILES = 20  # that are named
_FIELDS = 30  # of a document
_DRIFTS_KEPT = 3  # comparisons of two states kept in memory
_LEVEL = 0.05  # a change is beyond chance below this false discovery rate
_UNMOVED = 1e-3  # distance up to which a word has not moved
_REASONS = 8  # matches shown for a passage
_EXAMPLES = 3  # sentences for a state or a sense

Word = Annotated[str, Field(min_length=1, max_length=100, description="A word of the corpus.")]
Question = Annotated[str, Field(min_length=1, max_length=1000, description=option_texts.QUERY)]
Text = Annotated[str, Field(max_length=10_000, description="A sentence or text that contains the word.")]
Topn = Annotated[int, Field(ge=1, le=20, description="How many.")]
MinCount = Annotated[
    int | None,
    Field(ge=1, description=f"{option_texts.MIN_COUNT} By default 5, or fewer in a small text."),
]
Kind = Annotated[Literal["topic", "replacement"], Field(description=option_texts.KIND)]
Mode = Annotated[
    Literal["hybrid", "bm25", "dense"],
    Field(description=option_texts.MODE),
]
Filters = Annotated[
    list[Annotated[str, Field(max_length=200)]] | None,
    Field(max_length=20, description=f"{option_texts.FILTERS} {option_texts.FILTER_FORM}"),
]
Between = Annotated[
    list[Annotated[str, Field(max_length=100)]] | None,
    Field(
        min_length=2,
        max_length=2,
        description=f"{option_texts.BETWEEN} Or ['original', 'refined']: before and after refining. By "
        "default the first and the last slice of the run or, if it has none, before and after refining.",
    ),
]


@dataclass(frozen=True)
class RunInfo:
    """The corpus of a run and how its vectors were made."""

    corpus: str
    files: list[str]
    documents: int
    tokens: int
    words: int
    dates: list[str]
    slices: list[str]
    method: str
    vectors: str
    findings: list[str]


@dataclass(frozen=True)
class Match:
    """A word of the query and the word of the passage that it matches."""

    query: str
    document: str
    kind: str
    cosine: float
    count: int


@dataclass(frozen=True)
class Passage:
    """A document that was found, with its best passage."""

    id: str
    score: float
    date: str | None
    fields: dict[str, str]
    text: str
    cut: bool
    why: list[Match]


@dataclass(frozen=True)
class Passages:
    """The result of a search."""

    query: str
    mode: str
    documents: int
    filters: list[str]
    unknown: list[str]
    hits: list[Passage]


@dataclass(frozen=True)
class Term:
    """A word and its cosine to the word in question."""

    term: str
    cosine: float


@dataclass(frozen=True)
class SimilarTerms:
    """The words nearest to a word, before and after refining."""

    word: str
    count: int
    before_from: str
    before: list[Term]
    after: list[Term]
    gained: list[str]
    lost: list[str]


@dataclass(frozen=True, kw_only=True)
class ChangedWord:
    """A word that changed, by how much, and whether chance explains it."""

    word: str
    kind: str
    variants: list[str]
    distance: float
    low: float | None
    high: float | None
    expected: float | None
    q: float | None
    beyond_chance: bool | None
    gained: list[str]
    lost: list[str]


@dataclass(frozen=True)
class ChangedWords:
    """The words that changed most between two states of a run."""

    a: str
    b: str
    measured: int
    words: list[ChangedWord]


@dataclass(frozen=True, kw_only=True)
class Drifted(ChangedWord):
    """How one word changed between two states of a run."""

    a: str
    b: str
    apd: float | None
    p: float | None
    count_a: int
    count_b: int
    sentences_a: list[str]
    sentences_b: list[str]


@dataclass(frozen=True)
class Sense:
    """A sense of a word, labelled by the words around it."""

    number: int
    label: list[str]
    share: float
    count: int
    examples: list[str]


@dataclass(frozen=True)
class SenseInText:
    """The sense of a word at one place of a text."""

    start: int
    end: int
    sense: int
    probability: float


@dataclass(frozen=True)
class Senses:
    """The senses of a word, and which it has in a text."""

    word: str
    senses: list[Sense]
    readings: list[SenseInText]


Changed = TypeVar("Changed", bound=ChangedWord)


class Tools:
    """Answers about one run.

    The methods are not thread-safe. They raise `SelfvecError` for data that the run does not have.
    """

    def __init__(self, run: Run, progress: Progress | None = None) -> None:
        self.run = run
        self.progress = progress or Progress()
        self._drift = lru_cache(maxsize=_DRIFTS_KEPT)(self._measure_drift)

    def run_info(self) -> RunInfo:
        """What this corpus is: its size, dates and slices of time, how its vectors were refined, and whether
        that went well (`findings`)."""
        from selfvec.analysis.word_drift import slices_of

        run = self.run
        made = run.provenance
        corpus = made.corpus
        dates = None if run.tokens is None else run.tokens.dates
        days = [] if dates is None else dates[~np.isnat(dates)].astype(str).tolist()
        return RunInfo(
            corpus=str(corpus.get("description", "")),
            files=[Path(str(file.get("path", ""))).name for file in corpus.get("files", [])[:_FILES]],
            documents=made.documents or 0,
            tokens=made.tokens or 0,
            words=len(run.vectors),
            dates=[min(days), max(days)] if days else [],
            slices=[part.name for part in slices_of(run)][:200],
            method=made.method or "",
            vectors=str(made.vectors.get("name", "")),
            findings=[f"{finding['name']}: {finding['message']}" for finding in run.health["findings"]],
        )

    def search_passages(
        self, query: Question, topn: Topn = 5, mode: Mode = "hybrid", filters: Filters = None
    ) -> Passages:
        """Find documents of the corpus, best first, each with its best passage and `why` it was found: which
        word of the query matches which word of the passage (kind "match": the same stem; "related": a word of
        similar meaning). The hybrid score is in standard deviations above the mean document. `filters` lists
        the fields that can be filtered by, `unknown` the words of the query that the corpus does not have."""
        found = self._index.search(query, topn, mode=mode, filters=filters or ())
        hits = [_passage(self._index, hit) for hit in found.hits]
        return Passages(query, mode, found.documents, self._index.filter_names[:_FIELDS], found.unknown, hits)

    def similar_terms(
        self, word: Word, topn: Topn = 10, min_count: MinCount = None, kind: Kind = "topic"
    ) -> SimilarTerms:
        """The words nearest to a word by cosine, before the vectors were refined on this corpus and after,
        and which words were gained and lost. `after` is the word's meaning in this corpus. `before` is its
        meaning in general language only if `before_from` is "pretrained vectors"; if it is "spelling", the
        pretrained vectors lack the word and `before` was built from its subwords. `count` is how often the
        word occurs. With the kind "replacement", `after` lists words that can stand in its place, with the
        words of abbreviations; the first such call takes some seconds."""
        before, after = similar(self.run, word, top=topn, compare=True, min_count=min_count, as_=kind)
        sides = ([term for term, _ in row["neighbours"]] for row in (before, after))
        gained, lost = only_in_each(*sides)
        counts = self.run.vectors.counts
        row = self.run.index(word)
        return SimilarTerms(
            word=after["word"],
            count=0 if counts is None else int(counts[row]),
            before_from=_ORIGINS.get(Source(int(self.run.original.sources[row])), "nothing"),
            before=[Term(term, _short(cosine)) for term, cosine in before["neighbours"]],
            after=[Term(term, _short(cosine)) for term, cosine in after["neighbours"]],
            gained=gained,
            lost=lost,
        )

    def changed_words(self, topn: Topn = 10, between: Between = None) -> ChangedWords:
        """The words whose meaning changed most between two slices of time (or by refining: `between` is
        ["original", "refined"], or the corpus has no slices), significant changes first; of these, names,
        numbers and other spellings of a word last (`kind`, `variants`). `distance` is 1 - cosine, `low` to
        `high` the 95 % interval of what it would be with many occurrences, `expected` what random splits of
        the same documents give, `q` the false discovery rate. The first call takes some seconds."""
        found = self._drift(tuple(between or ()))
        words = [_changed(row, ChangedWord) for row in found.rows[:topn]]
        return ChangedWords(found.a, found.b, len(found), words)

    def explain_drift(self, word: Word, between: Between = None) -> Drifted:
        """How one word's meaning changed between two slices of time, a and b (or by refining: "original" and
        "refined"): the `distance` with its 95 % interval, what chance gives (`expected`, `p`, `q`; believe a
        change only if `beyond_chance`), how often it occurs, neighbours gained and lost, and sentences that
        show the change. The first call takes some seconds."""
        name = self.run.vectors.index_to_key[self.run.index(word)]
        found = self._drift(tuple(between or ()))
        if all(row["word"] != name for row in found):  # not in the list, or too rare
            found = self._drift(tuple(between or ()), name)
        row = found.select(word=name).illustrate(self.run, 1, _EXAMPLES).rows[0]
        sentences = {
            f"sentences_{side}": [_cut(text) for text in row.get(f"examples_{side}", [])] for side in "ab"
        }
        return _changed(row, Drifted, a=found.a, b=found.b, **sentences)

    def disambiguate(self, word: Word, text: Text = "") -> Senses:
        """The senses in which this corpus uses a word, each labelled by the words around it (`label`), with
        its share of the occurrences and examples; and, for each occurrence of the word in `text`, its sense
        there (`readings`: characters from `start` to `end`, the `number` of a sense, its probability)."""
        from selfvec.analysis.word_senses import senses

        found = senses(self.run, word, examples=_EXAMPLES, space=self._sense_space)
        listed = [
            Sense(
                number, sense.label, _short(sense.share), sense.count, [_cut(text) for text in sense.examples]
            )
            for number, sense in enumerate(found.senses)
        ]
        readings = [
            SenseInText(one.start, one.end, one.sense, _short(one.probability))
            for one in (found.disambiguate(text) if text else [])
        ]
        return Senses(found.word, listed, readings)

    @cached_property
    def _index(self) -> Index:
        """The search index of the run folder, which is built if it does not exist."""
        from selfvec.retrieval import run_index

        return run_index(self.run, self.progress)

    @cached_property
    def _sense_space(self) -> SenseSpace:
        from selfvec.analysis.word_senses import sense_space

        return sense_space(self.run)

    def _measure_drift(self, between: tuple[str, ...], *words: str) -> Drift:
        """The change between two states of every word, or only of the given words."""
        from selfvec.apps.functions.words import drift

        return drift(self.run, between or None, words=words, progress=self.progress)


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def _short(number: float) -> float:
    """A number to four digits."""
    return float(f"{number:.4g}")


def _passage(index: Index, hit: Hit) -> Passage:
    """A hit with its whole passage, up to `LONGEST` characters."""
    text = index.text(hit.id)[slice(*hit.passage)]
    return Passage(
        id=hit.id,
        score=_short(hit.score),
        date=hit.date,
        fields={name: _cut(hit.fields[name], _SHORT) for name in list(hit.fields)[:_FIELDS]},
        text=_cut(text),
        cut=len(text) > LONGEST,
        why=[Match(**vars(reason)) for reason in hit.words[:_REASONS]],
    )


def _changed(row: dict[str, Any], kind: type[Changed], **more: Any) -> Changed:
    """A drift row as a record: the values that it has fields for, whether it is significant, and ``more``."""
    names = [name for name in kind.__dataclass_fields__ if name in row]
    picked: dict[str, Any] = {
        name: _short(row[name]) if isinstance(row[name], float) else row[name] for name in names
    }
    moved = None if row["q"] is None else bool(row["q"] <= _LEVEL and row["distance"] > _UNMOVED)
    return kind(beyond_chance=moved, **picked, **more)
