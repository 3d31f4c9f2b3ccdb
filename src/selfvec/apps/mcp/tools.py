"""The tools: each calls the public function of its name and limits the size of the answer.

Their arguments are described by that function, from which the ``mcp`` package makes schemas. An assistant
reads these docstrings to choose a tool, so they describe the result; the meanings of columns are added.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from pydantic import Field

import selfvec
from selfvec.analysis.collocates import MEASURES
from selfvec.analysis.comparison.chosen_slices import comparable_slices, slices_of
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.frequency import DISPERSION
from selfvec.analysis.keyness import keyness_columns
from selfvec.analysis.word_drift.drift_result import drift_columns
from selfvec.apps.functions.live import upsert
from selfvec.apps.offered import LISTS, OfferedOptions
from selfvec.apps.run import Run
from selfvec.apps.similar_words import similar
from selfvec.apps.table import TEXT, TOP
from selfvec.base.answer import Json
from selfvec.base.declarations import Declaration, declared_at
from selfvec.base.display import whole_words
from selfvec.base.view import Column
from selfvec.corpus.given_filters import given_filters
from selfvec.data import run as record
from selfvec.data.field_types import plain_fields
from selfvec.data.vectors import Source
from selfvec.files.checksums import unchanged
from selfvec.numerics.nearest import only_in_each
from selfvec.numerics.statistics import LEVEL

if TYPE_CHECKING:
    from selfvec.analysis.word_drift.drift_result import Drift
    from selfvec.retrieval import Hit, Index
    from selfvec.retrieval.snippets import Found

_ORIGINS = {
    Source.KNOWN: "pretrained vectors",
    Source.SUBWORDS: "spelling",
    Source.RANDOM: "random direction",
}
LONGEST = 2000  # characters of a passage or a sentence
_SHORT = 200  # characters of a field's value
_FILES = 20  # that are named
_FIELDS = 30  # of a document
_NAMED = 20  # ids of copies
_PART = 8000  # characters of a document that are read at a time
_DRIFTS_KEPT = 3  # comparisons of two states kept in memory
_UNMOVED = 1e-3  # distance up to which a word has not moved
_REASONS = 8  # matches shown for a passage
_EXAMPLES = 3  # sentences for a state or a sense
_LONGEST_ARGUMENT = 10_000  # characters
_VALUES = 20  # of an argument that takes several
_UNMATCHED = ("word", "kind", "count_a", "count_b", "documents_a", "documents_b", "p", "q")
_CHANGE = (
    "word",
    "kind",
    "variants",
    "change",
    "differing",
    "differing_low",
    "differing_high",
    "came_beside",
    "went_beside",
    "distance",
    "chance",
    "q",
    "count_a",
    "count_b",
    "gained",
    "lost",
)

Filter = str | Json | list[str | Json]
Method = TypeVar("Method", bound=Callable[..., Any])
R = TypeVar("R")


_Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_ARGUMENT)]
_Several = Annotated[list[_Text], Field(max_length=_VALUES)]
_ASSISTANT = OfferedOptions(
    Field,
    top=20,
    texts=_Text,
    kinds={
        "words": _Several,
        "between": _Several,
        "filter": _Text | Json | Annotated[list[_Text | Json], Field(max_length=_VALUES)],
    },
    usual={"top": 10, "filter": None},
)


def _as_declared(declared: Declaration, columns: Sequence[Column] = ()) -> Callable[[Method], Method]:
    """Describe the arguments of a tool as a function does, and its result by the meanings of columns."""

    def describe(tool: Method) -> Method:
        _, *arguments = inspect.signature(tool).parameters.values()
        options = declared.parameters
        taken = [
            _ASSISTANT.argument(
                replace(options.get(one.name) or options[f"{one.name}s"], name=one.name), one.default
            )
            for one in arguments
        ]
        return _described(tool, taken, columns)

    return describe


def _described(tool: Method, taken: Sequence[inspect.Parameter], columns: Sequence[Column]) -> Method:
    own, *_ = inspect.signature(tool).parameters.values()
    tool.__dict__["__signature__"] = inspect.Signature([own, *taken], return_annotation=Json)
    meanings = [f"`{column.name}`: {column.meaning}." for column in columns if column.meaning]
    tool.__doc__ = " ".join([str(tool.__doc__), *meanings])
    return tool


def _list_of(
    name: str,
    options: str,
    meaning: str,
    columns: Sequence[Column] = (),
    cut: Callable[[Json], Json] = lambda answer: answer,
) -> Callable[..., Json]:
    """A tool that answers as a command of `selfvec text`, asked by the options that are named."""
    declared = TEXT[name].declaration.parameters

    def tool(self: Tools, **asked: Any) -> Json:
        given = {option: value for option, value in asked.items() if value is not None}
        return _limited(cut(getattr(selfvec, name)(self._run.present, **given).as_dict()))

    tool.__name__, tool.__doc__ = name, meaning
    taken = [_ASSISTANT.argument(declared[option]) for option in options.split()]
    return _described(tool, taken, columns)


class Tools:
    """Answers about one run.

    Each call is answered from what the run is then. The methods are not thread-safe. They raise
    `SelfvecError` for data that the run does not have.
    """

    def __init__(self, run: record.Run) -> None:
        self._run = Run(run.present)

    def warm(self) -> None:
        """Make ready what the first search would wait for."""
        self._run.warm()

    def answer(self, ask: Callable[[], R]) -> R:
        """What a tool answers. It is asked again if it fails because the run gets another state meanwhile."""
        seen = self._run.present.opened_from
        return ask() if seen is None else unchanged(seen[0], ask)

    def info(self) -> Json:
        """What this corpus is: its size, dates and slices of time, how its vectors were refined, and whether
        that went well (`findings`)."""
        run = self._run.present
        made = run.provenance
        corpus = made.corpus
        period = None if run.tokens is None else run.tokens.period
        return {
            "corpus": str(corpus.get("description", "")),
            "files": [Path(str(file.get("path", ""))).name for file in corpus.get("files", [])[:_FILES]],
            "documents": made.documents or 0,
            "tokens": made.tokens or 0,
            "words": len(run.vectors),
            "dates": period or [],
            "slices": [part.name for part in slices_of(run) or comparable_slices(run)][:200],
            "method": made.method or "",
            "vectors": str(made.vectors.get("name", "")),
            "findings": [
                f"{finding['kind']}: {finding['says']}" for finding in run.health_report["findings"]
            ],
        }

    @_as_declared(TOP["search"].declaration)
    def search(
        self,
        query: str,
        top: int = 5,
        offset: int = 0,
        mode: str = "hybrid",
        question: str | None = None,
        filter: Filter | None = None,
    ) -> Json:
        """Find documents of the corpus, best first, each with its best passage and `why` it was found: which
        word of the query matches which word of the passage (kind "match": the same stem; "related": a word
        of similar meaning). The hybrid score is in standard deviations above the mean document.
        `filter_names` lists the fields that can be filtered by, `unknown` the words of the query that the
        corpus does not have, `notes` what was not done as asked. `question`, if the run has an encoder, says
        what compared the query."""
        index = selfvec.run_index(self._run.present)
        how: Json = {"mode": mode, "filter": filter or (), "question": question}
        return _passages(index, index.search(query, top, offset=offset, **how))

    @_as_declared(declared_at("apps.functions.search.similar_documents"))
    def similar_documents(self, document: str, top: int = 5, filter: Filter | None = None) -> Json:
        """Find the documents that are most like a document of the corpus, by meaning: for more of what a
        search has found. `document` is the id of a row of `search`."""
        index = selfvec.run_index(self._run.present)
        return _passages(index, index.near_document(document, top, given_filters(filter)))

    @_as_declared(TOP["similar"].declaration)
    def similar(self, word: str, top: int = 10, min_count: int | None = None, as_: Any = "topic") -> Json:
        """The words nearest to a word by cosine, before the vectors were refined on this corpus and after,
        and which words were gained and lost. `after` is the word's meaning in this corpus. `before` is its
        meaning in general language only if `before_from` is "pretrained vectors"; if it is "spelling", the
        pretrained vectors lack the word and `before` was built from its subwords. `count` is how often the
        word occurs. As "replacement", `after` lists words that can stand in its place, with the
        words of abbreviations; the first such call takes some seconds."""
        run = self._run.present
        before, after = similar(run, word, top=top, compare=True, min_count=min_count, as_=as_)["rows"]
        sides = ([term for term, _ in row["neighbours"]] for row in (before, after))
        gained, lost = only_in_each(*sides)
        counts = run.vectors.counts
        row = run.index(word)
        return {
            "word": after["word"],
            "count": 0 if counts is None else int(counts[row]),
            "before_from": _ORIGINS.get(Source(int(run.original.sources[row])), "nothing"),
            "before": _terms(before),
            "after": _terms(after),
            "gained": gained,
            "lost": lost,
        }

    @_as_declared(TOP["drift"].declaration, drift_columns())
    def drift(
        self,
        word: str | None = None,
        top: int = 10,
        between: list[str] | None = None,
        filter: Filter | None = None,
    ) -> Json:
        """The words whose uses differ most between two slices of time, by default the halves of the
        text or what `notes` say (by refining: `between` is ["original", "refined"], or the corpus has
        no dates), sure changes first; of these, names, numbers and other spellings of a word last
        (`kind`, `variants`). Without `between`, `notes` begin with what happened, and when. `new` and `gone`
        are words too rare on one side to be compared, with counts.
        `notes` say what was compared and why, and which field of the documents goes with time: then ask again
        with the `filter` named there. Believe a change only if `beyond_chance`: then `differing` is the
        share of the word's uses that differ, at least `differing_low`, the lower end of its 95 % interval;
        `came_beside` and `went_beside` are words beside it, with the shares of its documents on both sides;
        `named` are the words that surely differ. With `word`, how that word changed, with
        sentences that show it (`examples_a`, `examples_b`). The first call takes some seconds."""
        asked = (tuple(between or ()), tuple(given_filters(filter)))
        run = self._run.present
        changes = self._drift(run, asked)
        if word is None:
            return _change(changes, changes.select(top))
        name = run.vectors.index_to_key[run.index(word)]
        if all(row["word"] != name for row in changes):  # not in the list, or too rare
            changes = self._drift(run, asked, name)
        own = changes.select(word=name).illustrate(run, 1, _EXAMPLES)
        return _change(changes, replace(own, new=[], gone=[]))

    keyness = _list_of(
        "keyness",
        "between slice_field filter top",
        """The words that one part of the corpus uses more than another (`key_of` "a" or "b"), `top` of each
        side: for what two periods, or two kinds of documents, are about. Believe a difference only if `q` is
        small: documents, not occurrences, are its evidence. `per_million_a` and `per_million_b` compare parts
        of different sizes.""",
        keyness_columns(),
        # Of findings, an assistant needs what they say.
        lambda answer: answer | {"findings": [row["says"] for row in answer["findings"]]},
    )
    frequency = _list_of(
        "frequency",
        LISTS["frequency"],
        """How often words, lemmas or parts of speech occur: `count`, `per_million` words, and in how many
        `documents`; the size of the text (`tokens`), and how varied it is (`types`, `sttr`). With `by`, also
        in each period or value of a field.""",
    )
    ngrams = _list_of(
        "ngrams",
        LISTS["ngrams"],
        """The sequences of `n` words that recur, of all or with a word: for set phrases and formulas.
        `ngrams` is the number of all.""",
    )
    dispersion = _list_of(
        "dispersion",
        LISTS["dispersion"],
        """Whether words occur all over the corpus or in a few documents only: the number of `documents` with
        each, measures, and its occurrences in 40 equal stretches of the text (`where`).""",
        DISPERSION,
    )
    concordance = _list_of(
        "concordance",
        LISTS["concordance"],
        """Occurrences of a word or phrase with the text before (`left`) and after (`right`), as it was
        written, and the id and date of the document; `hits` is the number of all. For how a word is used, and
        for counting what the documents say literally; `search` finds by meaning.""",
    )
    collocates = _list_of(
        "collocates",
        LISTS["collocates"],
        """The words that keep company with a word, and how often they are `together`, before it (`left`) or
        after it (`right`): what the word is said about or combined with. `similar` lists words that can stand
        in its place. With `by`, also how they come and go over periods or values of a field.""",
        [column for _, column in MEASURES.values()],
    )

    @_as_declared(TEXT["senses"].declaration)
    def senses(self, word: str, text: str = "") -> Json:
        """The senses in which this corpus uses a word, each labelled by the words around it (`label`), with
        its share of the occurrences, in all and in `periods`, and examples; and, for each occurrence of the
        word in `text`, its sense there (`readings`: characters from `start` to `end`, the `number` of a
        sense, its probability)."""
        from selfvec.analysis.word_senses import senses

        run = self._run.present
        meanings = senses(run, word, examples=_EXAMPLES)
        listed = [{"number": number} | sense.as_dict() for number, sense in enumerate(meanings.senses)]
        for row in listed:
            del row["vector"]
        readings = [
            {"start": one.start, "end": one.end, "sense": one.sense, "probability": one.probability}
            for one in (meanings.disambiguate(text) if text else [])
        ]
        return _limited({"word": meanings.word, "senses": listed, "readings": readings})

    def read_document(
        self,
        document: Annotated[str, Field(min_length=1, max_length=1000, description="The id of a document.")],
        start: Annotated[int, Field(ge=0, description="The character to begin at.")] = 0,
    ) -> Json:
        """Read a whole document of the corpus by the id that a search gave, in parts of 8,000 characters: if
        `next` is a number, ask again with `start` set to it. `characters` is the length of the whole."""
        told = self._run.get(document).as_dict()
        text = told["text"]
        end = min(start + _PART, len(text))
        part = {"text": text[start:end], "characters": len(text), "next": end if end < len(text) else None}
        return told | part

    @_as_declared(TEXT["topics"].declaration)
    def topics(self, number: int | None = None, top: int = 12, filter: Filter | None = None) -> Json:
        """The subjects of the corpus, the largest first: groups of its characteristic terms, each with its
        share of the documents. For an overview before searching. The first call takes some seconds."""
        found = topics(self._run.present, number, top=top, filter=filter or ())
        return _limited(found.as_dict())

    def add_document(
        self,
        text: Annotated[str, Field(min_length=1, max_length=1_000_000, description="The text.")],
        document: Annotated[str | None, Field(max_length=1000, description="Its id.")] = None,
        date: Annotated[str | None, Field(max_length=40, description="Its date, as 2024-05-01.")] = None,
        fields: Annotated[Json | None, Field(description="Its other fields, by name.")] = None,
    ) -> Json:
        """Add a document to the corpus, or replace the one that has its id; the next search finds it. Do this
        only if the user has asked for it. `added` and `replaced` count what was done."""
        corpus = self._run.present.provenance.corpus
        named = {str(corpus.get("id_field") or "id"): document, str(corpus.get("date_field") or "date"): date}
        row = {**(fields or {}), **{name: value for name, value in named.items() if value is not None}}
        return upsert(self._run, [{**row, "text": text}]).as_dict()

    def _drift(self, run: record.Run, asked: tuple[tuple[str, ...], tuple[str, ...]], *words: str) -> Drift:
        """The change between two states of every word, or only of the given words."""

        def measure() -> Drift:
            between, filters = asked
            return selfvec.drift(run, list(between) or None, filter=filters, words=words)

        return run.held("drift", measure, (asked, words), _DRIFTS_KEPT)


def _limited(value: R) -> R:
    """A result with numbers of four digits and texts of `LONGEST` characters: an assistant pays for each."""
    limited: Any = value
    if isinstance(value, dict):
        limited = {name: _limited(part) for name, part in value.items()}
    elif isinstance(value, list | tuple):
        limited = [_limited(part) for part in value]
    elif isinstance(value, float):
        limited = float(f"{value:.4g}")
    elif isinstance(value, str):
        limited = whole_words(value, LONGEST)
    return cast(R, limited)


def _terms(row: Json) -> list[Json]:
    return _limited([{"term": term, "cosine": cosine} for term, cosine in row["neighbours"]])


def _passages(index: Index, answer: Found) -> Json:
    return {
        "query": answer.query,
        "mode": answer.mode,
        "question": answer.question,
        "documents": answer.documents,
        "filter_names": index.filter_names[:_FIELDS],
        "unknown": answer.unknown,
        "notes": answer.notes,
        "rows": [_passage(index, hit) for hit in answer.hits],
    }


def _passage(index: Index, hit: Hit) -> Json:
    """A hit with its whole passage, up to `LONGEST` characters."""
    text = index.text(hit.id)[slice(*hit.passage)]
    return {
        "id": hit.id,
        "alike": hit.alike[:_NAMED],
        "score": _limited(hit.score),
        "date": hit.date,
        "fields": {name: _short(value) for name, value in [*plain_fields(hit.fields).items()][:_FIELDS]},
        "text": whole_words(text, LONGEST),
        "cut": len(text) > LONGEST,
        "why": [asdict(reason) for reason in hit.words[:_REASONS]],
    }


def _short(value: Any) -> Any:
    """A value of a field, whose texts are cut."""
    if isinstance(value, list):
        return [_short(item) for item in value[:_NAMED]]
    return whole_words(value, _SHORT) if isinstance(value, str) else value


def _change(changes: Drift, shown: Drift) -> Json:
    """Two states and words that changed between them: of all changes those that are shown."""
    unmatched = {
        side: [{name: row[name] for name in _UNMATCHED} for row in rows]
        for side, rows in (("new", shown.new), ("gone", shown.gone))
    }
    about = {"measured": len(changes), "general": changes.general, "notes": changes.introduction}
    states = {"a": changes.a, "b": changes.b} | about
    return _limited(states | {"rows": [_changed(row) for row in shown.rows]} | unmatched)


def _changed(row: Json) -> Json:
    """A row of drift with whether the change is significant, and its sentences if it has any."""
    examples = {f"examples_{side}": row.get(f"examples_{side}", []) for side in "ab"}
    moved = None if row["q"] is None else bool(row["q"] <= LEVEL and row["distance"] > _UNMOVED)
    texts = {"texts": row["texts"]} if "texts" in row else {}
    return {name: row[name] for name in _CHANGE} | texts | examples | {"beyond_chance": moved}
