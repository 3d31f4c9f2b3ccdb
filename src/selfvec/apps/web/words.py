"""Answers about words: which changed, their neighbours before and after, and how the text uses them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

import numpy as np
from fastapi import Depends, Query

import selfvec
from selfvec.analysis.comparison.compared import LikeForLike
from selfvec.analysis.usage.contexts import (
    NEARBY,
    SAMPLED,
    count_present,
    occurrences,
    padded_windows,
    pair_places,
    shared_neighbours,
)
from selfvec.analysis.usage.quotations import Quotation, best_occurrences, sentences
from selfvec.apps.table import TEXT
from selfvec.base.arrays import Ints
from selfvec.base.characters import folded, without_accents
from selfvec.base.errors import NotFound, OptionError
from selfvec.base.result_table import Figures, Json
from selfvec.base.view import COUNT, PROSE, WORDS, Column
from selfvec.data.run import Run
from selfvec.data.vectors import Source, coverage, has_row
from selfvec.text.repeats import repeated_tokens

from . import addresses
from .addresses import address
from .comparison import REFINED, Filter, counts_of, rows_of_one_side
from .page_data import PageData

_NEIGHBOUR_WEIGHT = 0.5  # of a neighbour in the window of an occurrence, in units of cosine
_NEAR = 5  # words near an unknown one
_UNKNOWN = (
    Column("word"),
    Column("count", "occurrences", COUNT),
    Column("source_after", "vector based on", PROSE),
    Column("near", "now near", WORDS),
)


@address("/api/ranking")
def ranking(
    page: PageData,
    key: addresses.ComparisonKey,
    wanted: Annotated[Filter, Depends()],
    offset: addresses.Offset = 0,
    limit: addresses.Limit = 50,
    mix: addresses.Mix = None,
    variants: addresses.Variants = None,
) -> Json:
    """The words that changed: rows as in `selfvec drift --json`."""
    tested = page.comparisons.tested(key, _like_for_like(mix=mix, variants=variants))
    return {"ready": True, **tested.result().page(wanted, offset, limit)}


def _like_for_like(**given: str | None) -> LikeForLike:
    return cast(LikeForLike, {name: value for name, value in given.items() if value is not None})


@address("/api/word")
def word(page: PageData, key: addresses.ComparisonKey, word: addresses.Word) -> Json:
    """A word's neighbours before and after, and its change."""
    row = page.row(word)
    words = page.run.vectors.index_to_key
    vectors = page.comparisons.get(key).vectors
    sides = vectors.near(row)
    before, after = ([(words[other], round(cosine, 4)) for other, cosine in side] for side in sides)
    gained, lost = ([words[other] for other in rows] for rows in rows_of_one_side(*sides))
    tested = page.comparisons.tasks(key).tested.result_now()
    rank, change = (None, None) if tested is None else tested.of_word(words[row])
    return {
        **_origin(page.run, row),
        "tested": tested is not None,
        "rank": rank,
        "ranked": 0 if tested is None else tested.changes.tested,
        "change": change,
        "names": vectors.names,
        "before": before,
        "after": after,
        "gained": gained,
        "lost": lost,
    }


def _origin(run: Run, row: int) -> Json:
    """How often a word occurs, and what its vectors are based on."""
    return {
        "word": run.vectors.index_to_key[row],
        "count": int(counts_of(run)[row]),
        "source": Source(int(run.original.sources[row])).name.lower(),
        "source_after": Source(int(run.vectors.sources[row])).name.lower(),
    }


@address("/api/complete")
def complete(page: PageData, text: addresses.Typed = "", most: addresses.FewResults = 8) -> Json:
    """Words that begin with a text, then words that contain it, with their counts."""
    run = page.run
    completion = run.held("completion", lambda: Completion(run.vectors.index_to_key, counts_of(run)))
    return {"words": completion(text, most)}


@address("/api/uses")
def uses(
    page: PageData, key: addresses.ComparisonKey, word: addresses.Word, most: addresses.FewResults = 5
) -> Json:
    """Sentences that show what a word means, of each side of a comparison."""
    row = page.row(word)
    batch = page.run.require_tokens()
    comparison = page.comparisons.get(key)
    gained, lost = comparison.vectors.gained_and_lost(row)
    repeated, texts = repeated_tokens(page.run), []
    for text in comparison.texts:
        near, mark = (gained, "came") if text.side else (lost, "went")
        places = occurrences(batch, row, text.documents, SAMPLED)
        typical = comparison.scores(row, text.side, places)
        present = count_present(padded_windows(batch, places, NEARBY), near)
        scores = typical + _NEIGHBOUR_WEIGHT * present
        chosen = best_occurrences(batch, repeated, places, scores, most, marks=dict.fromkeys(near, mark))
        texts.append({"name": text.name, "uses": _quoted(page.run, chosen)})
    return {"texts": texts}


@address("/api/together")
def together(
    page: PageData, word: addresses.Word, other: addresses.OtherWord, most: addresses.FewResults = 5
) -> Json:
    """Sentences in which two words occur close together, and the words that both occur with."""
    row, second = page.row(word), page.row(other)
    batch = page.run.require_tokens()
    places, looked_at = pair_places(batch, row, second)
    scores, repeated = np.zeros(len(places)), repeated_tokens(page.run)
    chosen = best_occurrences(batch, repeated, places, scores, most, marks={second: "came"})
    words = page.run.vectors.index_to_key
    return {
        "together": len(places),
        "of": looked_at,
        "shared": [words[i] for i in shared_neighbours(batch, row, second)],
        "uses": _quoted(page.run, chosen),
    }


def _quoted(run: Run, occurring: list[Quotation]) -> list[Json]:
    """Quotations, each sentence once."""
    first: dict[str, Quotation] = {}
    for quote in sentences(run.text, run.provenance, occurring):
        first.setdefault(quote.text, quote)
    return [quote.as_dict() for quote in first.values()]


def _with_columns(result: Figures) -> Json:
    """A result as its command prints it, and the columns by which the page draws it.

    Values that no key has, since a column makes them of others, are in the rows, too.
    """
    made = {column.name: column.of for column in result.columns if column.of is not None}
    rows = [{**row, **{name: of(row) for name, of in made.items()}} for row in result.rows]
    return {**result, "rows": rows, "columns": [column.as_dict() for column in result.columns]}


_WORD = {"alias": "w", "min_length": 1, "max_length": 200, "pattern": r"\S"}
_PERIOD = {"min_length": 1, "max_length": 100}
_SIDES = r"^([1-9]|[12]\d|30|[1-9]\d?[LR]|[1-9]\d?L\d{1,2}R|\d{1,2}L[1-9]\d?R)$"
_ORDER = r"^(left|right|date|[1-9]\d?[LR](,[1-9]\d?[LR]){0,2})$"
_FILTERS = {"kind": list[Annotated[str, addresses.FILTER]], "default": None, "max_length": 20}
_LISTS: dict[str, dict[str, dict[str, Any]]] = {
    "collocates": {
        "word": _WORD,
        "slice": _PERIOD,
        "filter": _FILTERS,
        "window": {"max_length": 10, "pattern": _SIDES},
        "within": {},
        "measure": {},
        "top": {"default": 20, "le": 200},
    },
    "concordance": {
        "query": {"min_length": 1, "max_length": 200, "pattern": r"[^\W\d_]"},
        "slice": _PERIOD,
        "filter": _FILTERS,
        "sort": {"pattern": _ORDER},
        "window": {"le": 30},
        "top": {"default": 50, "le": 200},
        "case": {},
        "lemma": {},
        "sample": {"le": 200},
        "seed": {"default": 0, "le": 1 << 31},
    },
    "frequency": {
        "query": {"max_length": 200},
        "unit": {},
        "slice": _PERIOD,
        "filter": _FILTERS,
        "top": {"default": 50, "le": 200},
    },
    "ngrams": {
        "n": {"le": 6},
        "word": {"alias": "w", "max_length": 200},
        "slot": {},
        "slice": _PERIOD,
        "filter": _FILTERS,
        "top": {"default": 50, "le": 200},
    },
    "dispersion": {
        "words": {**_WORD, "description": "A word of the text."},
        "slice": _PERIOD,
        "filter": _FILTERS,
    },
}
"""The lists of `selfvec text` that are offered: options, and the bounds of what may be asked."""


def _offer(name: str, options: Mapping[str, Mapping[str, Any]]) -> None:
    """Answer at an address with the output of a command."""
    declared = TEXT[name].declaration

    def answer(page: PageData, **asked: Any) -> Json:
        given = {option: value for option, value in asked.items() if value not in ("", None)}
        return _with_columns(getattr(selfvec, name)(page.run, **given))

    answer.__name__ = name
    answer.__doc__ = f"{declared.summary} The output of `selfvec text {name} --json`."
    page, _ = inspect.signature(answer).parameters.values()
    asked = [declared.parameters[option].offered(Query, **given) for option, given in options.items()]
    answer.__dict__["__signature__"] = inspect.Signature([page, *asked])
    address(f"/api/{name}", threads="lists")(answer)


for _name, _options in _LISTS.items():
    _offer(_name, _options)


@address("/api/keyness", threads="lists")
def keyness(
    page: PageData,
    key: addresses.ComparisonKey,
    most: addresses.FewRows = 20,
    mix: addresses.Mix = None,
    variants: addresses.Variants = None,
) -> Json:
    """The words that one part uses more than the other: the output of `selfvec text keyness --json`."""
    if key == REFINED:
        rule = "before and after refining, the text is the same"
        raise NotFound(rule, field="c", remedy="compare two slices, as A|B")
    given = _like_for_like(mix=mix, variants=variants)
    return _with_columns(selfvec.keyness(page.run, page.comparisons.pair(key), top=most, **given))


@address("/api/unknown")
def unknown(
    page: PageData,
    source: addresses.VectorSource | None = None,
    seen: addresses.MinCount = 1,
    text: addresses.WordPart = "",
    offset: addresses.Offset = 0,
    limit: addresses.Limit = 50,
) -> Json:
    """Words that the initial vectors lack, most frequent first, and what their vectors are based on."""
    run = page.run
    vectors = page.comparisons.get(REFINED).vectors
    counts = counts_of(run)
    words = run.vectors.index_to_key
    lacked = ~has_row(run.original)
    sources = {s.name.lower(): int(np.sum(lacked & (run.vectors.sources == s))) for s in Source}
    if source is not None and source not in sources:
        rule = f"is one of {', '.join(sources)}, not {source!r}"
        raise OptionError(rule, field="source", remedy="choose one")
    listed = lacked & (counts >= seen)
    if source is not None:
        listed &= run.vectors.sources == Source[source.upper()]
    rows = np.flatnonzero(listed)
    if text:
        part = folded(text).lower()
        rows = rows[[part in words[i].lower() for i in rows.tolist()]]
    rows = rows[np.argsort(-counts[rows], kind="stable")]
    shown = rows[offset : offset + limit].tolist()
    return {
        "rows": [
            {**_origin(run, row), "near": [words[other] for other, _ in near]}
            for row, near in zip(shown, vectors.near_each(shown, 1, _NEAR), strict=True)
        ],
        "columns": [column.as_dict() for column in _UNKNOWN],
        "total": len(rows),
        "sources": {kind: number for kind, number in sources.items() if number},
        "coverage": coverage(run.original, counts)["types"],
    }


class Completion:
    """Finds words that contain a text, the most frequent first; a text without accents finds those with them.

    >>> typed = Completion(["hail", "storm", "hailstorm", "Hailey"], np.array([5, 9, 2, 1]))
    >>> typed("hail"), typed("STO"), typed("")
    ([('hail', 5), ('hailstorm', 2), ('Hailey', 1)], [('storm', 9), ('hailstorm', 2)], [])
    >>> typed("storm?.")
    [('storm', 9), ('hailstorm', 2)]
    >>> Completion(["Zürich", "zur"], np.array([1, 2]))("zur")
    [('zur', 2), ('Zürich', 1)]
    """

    def __init__(self, words: Sequence[str], counts: Ints) -> None:
        order = np.argsort(-counts, kind="stable").tolist()
        lower = [(words[i].lower(), words[i], int(counts[i])) for i in order]
        self._words = [(key, without_accents(key), word, count) for key, word, count in lower]

    def __call__(self, text: str, most: int = 8) -> list[tuple[str, int]]:
        """The word ``text``, then words that begin with it, then words that contain it, ignoring case.

        If there are none, the same without the signs around it.
        """
        return self._matching(text, most) or self._matching(re.sub(r"^\W+|\W+$", "", text), most)

    def _matching(self, typed: str, most: int) -> list[tuple[str, int]]:
        text = folded(typed).lower()
        rows = [row for row in self._words if text in row[0] or text in row[1]] if text else []

        def worth(row: tuple[str, str, str, int]) -> tuple[bool, ...]:
            begins = row[0].startswith(text) or row[1].startswith(text)
            return row[0] != text, row[1] != text, row[2] != typed, not begins

        rows.sort(key=worth)
        return [(word, count) for *_, word, count in rows[:most]]
