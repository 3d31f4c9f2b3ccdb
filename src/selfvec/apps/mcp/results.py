"""What the tools return: plain records, from which the ``mcp`` package makes the schemas of the answers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ChangedWord",
    "ChangedWords",
    "Drifted",
    "Match",
    "Passage",
    "Passages",
    "Reading",
    "RunInfo",
    "Sense",
    "Senses",
    "SimilarTerms",
    "Term",
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
    before: list[Term]
    after: list[Term]
    gained: list[str]
    lost: list[str]


@dataclass(frozen=True)
class ChangedWord:
    """A word that changed, by how much, and whether chance explains it."""

    word: str
    distance: float
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


@dataclass(frozen=True)
class Drifted:
    """How one word changed between two states of a run."""

    word: str
    a: str
    b: str
    distance: float
    low: float | None
    high: float | None
    expected: float | None
    apd: float | None
    p: float | None
    q: float | None
    beyond_chance: bool | None
    count_a: int
    count_b: int
    gained: list[str]
    lost: list[str]
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
class Reading:
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
    readings: list[Reading]
