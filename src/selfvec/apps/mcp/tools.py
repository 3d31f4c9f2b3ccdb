"""The tools: each asks what the command line and Python users ask, and cuts the answer to a bounded size.

A docstring here is what an assistant reads to choose a tool, so it says what comes back and what it means.
Tools are called from several threads, and one is answered at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
from pydantic import Field

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.run import Run

from . import results as told

if TYPE_CHECKING:
    from selfvec.analysis.drift import Drift
    from selfvec.analysis.senses import SenseSpace
    from selfvec.search import Hit, Index

__all__ = ["Tools"]

LONGEST = 2000  # characters of a passage or a sentence
_SHORT = 200  # characters of a field's value
_FILES, _FIELDS = 20, 30  # names of files told, fields of a document
_KEPT = 3  # comparisons of two states kept
_LEVEL = 0.05  # false discovery rate below which a change is beyond chance
_UNMOVED = 1e-3  # distance up to which a word is where it was
_REASONS = 8  # matches told for a passage
_EXAMPLES = 3  # sentences for a state or a sense

Word = Annotated[str, Field(min_length=1, max_length=100, description="A word of the corpus.")]
Question = Annotated[str, Field(min_length=1, max_length=1000, description="A question, or some words.")]
Text = Annotated[str, Field(max_length=10_000, description="A sentence or text in which the word stands.")]
Topn = Annotated[int, Field(ge=1, le=20, description="How many.")]
Often = Annotated[int, Field(ge=1, description="Leave out words that occur less often.")]
Mode = Annotated[
    Literal["hybrid", "bm25", "dense"],
    Field(description="hybrid: words, related words and meaning together; bm25: words; dense: meaning."),
]
Filters = Annotated[
    list[Annotated[str, Field(max_length=200)]] | None,
    Field(
        max_length=20,
        description="As state=IOWA, magnitude=2.., date=1996..1998. Several on one field are alternatives.",
    ),
]
Between = Annotated[
    list[Annotated[str, Field(max_length=100)]] | None,
    Field(
        min_length=2,
        max_length=2,
        description="Two slices of time, as ['1993', '1994..2000'], or two labels. Without it the first and "
        "the last slice of the run; where it has none, before and after refining.",
    ),
]

P = ParamSpec("P")
R = TypeVar("R")


def _alone(method: Callable[Concatenate[Tools, P], R]) -> Callable[Concatenate[Tools, P], R]:
    """One call at a time: kernels and caches are not made for several."""

    @wraps(method)
    def locked(self: Tools, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked


class Tools:
    """Answers about one run.

    Parameters
    ----------
    run : Run
    corpus : sequence of paths, optional
        What is searched; the run's own documents where not given.
    progress : Progress, optional

    Raises
    ------
    SelfvecError
        From every method, in one line with a remedy, if it is asked about what is not there.
    """

    def __init__(
        self, run: Run, corpus: Sequence[str] | None = None, progress: Progress | None = None
    ) -> None:
        self.run, self.corpus, self.progress = run, corpus, progress or Progress()
        self.lock = threading.Lock()
        self._index: Index | None = None
        self._senses: SenseSpace | None = None
        self._drifts: dict[tuple[str, ...], Drift] = {}

    @_alone
    def run_info(self) -> told.RunInfo:
        """What this corpus is: its size, dates and slices of time, how its vectors were refined, and whether
        that went well (`findings`)."""
        from selfvec.analysis.drift import slices_of

        run, made = self.run, self.run.provenance
        corpus = made.get("corpus", {})
        dates = None if run.tokens is None else run.tokens.dates
        days = [] if dates is None else dates[~np.isnat(dates)].astype(str).tolist()
        return told.RunInfo(
            corpus=str(corpus.get("description", "")),
            files=[Path(str(file.get("path", ""))).name for file in corpus.get("files", [])[:_FILES]],
            documents=int(made.get("documents", 0)),
            tokens=int(made.get("tokens", 0)),
            words=len(run.vectors),
            dates=[min(days), max(days)] if days else [],
            slices=[part.name for part in slices_of(run)][:200],
            method=str(made.get("method", "")),
            vectors=str(made.get("vectors", {}).get("name", "")),
            findings=[f"{finding['name']}: {finding['message']}" for finding in run.health["findings"]],
        )

    @_alone
    def search_passages(
        self, query: Question, topn: Topn = 5, mode: Mode = "hybrid", filters: Filters = None
    ) -> told.Passages:
        """Find documents of the corpus, the best first, each with the passage that speaks to the query and
        `why` it was found: which word of the query met which word of the passage (kind "match": the same
        stem; "related": a word of like meaning). The hybrid score is in standard deviations above the mean
        document. `filters` lists the fields that can be filtered by; `unknown` the words of the query that
        the corpus does not have."""
        index = self._opened()
        found = index.search(query, topn, mode=mode, filters=filters or ())
        hits = [_passage(index, hit) for hit in found.hits]
        return told.Passages(query, mode, found.documents, _filters(index), found.unknown, hits)

    @_alone
    def similar_terms(self, word: Word, topn: Topn = 10, min_count: Often = 5) -> told.SimilarTerms:
        """The words nearest to a word by cosine, before the vectors were refined on this corpus (what the
        world at large means) and after (what this corpus means), and which words came and went. `count` is
        how often the word occurs."""
        before, after = self.run.similar(word, topn, compare=True, min_count=min_count)
        had, has = (
            [told.Term(term, _short(cosine)) for term, cosine in row["neighbours"]] for row in (before, after)
        )
        counts = self.run.vectors.counts
        return told.SimilarTerms(
            word=after["word"],
            count=0 if counts is None else int(counts[self.run.index(word)]),
            before=had,
            after=has,
            gained=[one.term for one in has if one.term not in {other.term for other in had}],
            lost=[one.term for one in had if one.term not in {other.term for other in has}],
        )

    @_alone
    def changed_words(self, topn: Topn = 10, between: Between = None) -> told.ChangedWords:
        """The words whose meaning changed most between two slices of time (or by refining, where the corpus
        has no slices), those beyond chance first. `distance` is 1 - cosine, `expected` what random splits of
        the same documents give, `q` the false discovery rate. The first call takes some seconds."""
        found = self._drift(between)
        words = [
            told.ChangedWord(beyond_chance=_beyond(row), **_picked(row, told.ChangedWord))
            for row in found.rows[:topn]
        ]
        return told.ChangedWords(found.a, found.b, len(found), words)

    @_alone
    def explain_drift(self, word: Word, between: Between = None) -> told.Drifted:
        """How one word's meaning changed between two slices of time, a and b (or by refining: "original" and
        "refined"): the `distance` with its 95 % interval, what chance gives (`expected`, `p`, `q`; believe a
        change only if `beyond_chance`), how often it occurs, neighbours gained and lost, and sentences that
        show the change. The first call takes some seconds."""
        name = self.run.vectors.index_to_key[self.run.index(word)]
        found = self._drift(between)
        try:
            row = found[name]
        except KeyError:
            rule = f"{name!r} occurs too rarely in {found.a} or {found.b} to be measured"
            raise InputError(rule, remedy="ask about a word that occurs five times in both") from None
        row = replace(found, rows=[row]).illustrate(self.run, 1, _EXAMPLES).rows[0]
        return told.Drifted(
            a=found.a,
            b=found.b,
            beyond_chance=_beyond(row),
            sentences_a=[_cut(text) for text in row.get("examples_a", [])],
            sentences_b=[_cut(text) for text in row.get("examples_b", [])],
            **_picked(row, told.Drifted),
        )

    @_alone
    def disambiguate(self, word: Word, text: Text = "") -> told.Senses:
        """The senses in which this corpus uses a word, each called by the words around it (`label`), with its
        share of the uses and examples; and, for each place where the word stands in `text`, which sense it
        has there (`readings`: characters from `start` to `end`, the `number` of a sense, its probability)."""
        from selfvec.analysis.senses import induce, sense_space

        self._senses = self._senses or sense_space(self.run)
        found = induce(self.run, word, examples=_EXAMPLES, space=self._senses)
        senses = [
            told.Sense(
                number,
                sense.label,
                _short(sense.share),
                sense.count,
                [_cut(text) for text in sense.examples],
            )
            for number, sense in enumerate(found.senses)
        ]
        readings = [
            told.Reading(one.start, one.end, one.sense, _short(one.probability))
            for one in (found.disambiguate(text) if text else [])
        ]
        return told.Senses(found.word, senses, readings)

    def _opened(self) -> Index:
        """The index: that of the run folder, made where there is none."""
        from selfvec.search import run_index

        if self._index is None:
            self._index = run_index(self.run, self.corpus, self.progress)
        return self._index

    def _drift(self, between: Sequence[str] | None) -> Drift:
        """Every word between two states; the last few comparisons are kept."""
        from selfvec.analysis.drift import drift

        key = tuple(between or ())
        if key not in self._drifts:
            found = drift(self.run, between, progress=self.progress)
            while len(self._drifts) >= _KEPT:
                self._drifts.pop(next(iter(self._drifts)))
            self._drifts[key] = found
        return self._drifts[key]


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 2]} …"


def _short(figure: float) -> float:
    """Four digits of a figure: more say nothing, and assistants read them all."""
    return float(f"{figure:.4g}")


def _passage(index: Index, hit: Hit) -> told.Passage:
    """A hit with the whole of its passage, as far as that is not too long."""
    text = index.text(hit.id)[slice(*hit.passage)]
    return told.Passage(
        id=hit.id,
        score=_short(hit.score),
        date=hit.date,
        fields={name: _cut(hit.fields[name], _SHORT) for name in list(hit.fields)[:_FIELDS]},
        text=_cut(text),
        cut=len(text) > LONGEST,
        why=[told.Match(**vars(reason)) for reason in hit.words[:_REASONS]],
    )


def _filters(index: Index) -> list[str]:
    """What can be filtered by."""
    from selfvec.search.segment import NO_DAY

    dated = any(bool(np.any(segment.arrays["days"] != NO_DAY)) for segment in index.segments)
    return [*(["date"] if dated else []), *index.fields][:_FIELDS]


def _beyond(row: dict[str, Any]) -> bool | None:
    """Whether a word changed, and more than chance would have it; None where that could not be asked."""
    return None if row["q"] is None else bool(row["q"] <= _LEVEL and row["distance"] > _UNMOVED)


def _picked(row: dict[str, Any], kind: type) -> dict[str, Any]:
    """What a record takes from a row of drift."""
    names = [name for name in kind.__dataclass_fields__ if name in row]  # type: ignore[attr-defined]
    return {name: _short(row[name]) if isinstance(row[name], float) else row[name] for name in names}
