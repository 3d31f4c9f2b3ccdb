"""Answers about words: which changed, their neighbours before and after, and how the text uses them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import Query

import selfvec
from selfvec.analysis.usage.contexts import pair_places
from selfvec.analysis.usage.examples import Example, best_occurrences, examples, sentences
from selfvec.analysis.word_drift.drift_result import Drift, differing_of, is_changed, is_significant
from selfvec.apps.offered import LISTS, OfferedOptions
from selfvec.apps.table import TEXT, TOP, CommandRow
from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Ints
from selfvec.base.characters import folded, without_accents
from selfvec.base.errors import NotFound
from selfvec.base.view import PROSE, Column, Row, Table
from selfvec.data.run import Run
from selfvec.data.vectors import Source
from selfvec.text.repeats import repeated_tokens

from . import addresses
from .addresses import address
from .page_data import REFINED, PageData


def counts_of(run: Run) -> Ints:
    """Occurrences of each word of a run, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


@address("/api/word")
def word(page: PageData, key: addresses.ComparisonKey, word: addresses.Word) -> Json:
    """The neighbours of a word before and after refining, as `selfvec similar --compare`, and its drift.

    Until the words are compared, its row of `selfvec drift` is null and ``tested`` is false.
    """
    row, run = page.row(word), page.run
    name = run.vectors.index_to_key[row]
    near = selfvec.similar(run, name, compare=True)
    before, after = near["rows"]
    shown = near.view()
    task = page.comparisons.drift(key)
    changes = task.result() if task.done() and task.exception() is None else None
    rows = [] if changes is None else [one for one in changes.rows if one["word"] == name]
    columns = [] if changes is None else _columns_of(changes)
    return {
        "word": name,
        "count": int(counts_of(run)[row]),
        "source": Source(int(run.original.sources[row])).name.lower(),
        "source_after": Source(int(run.vectors.sources[row])).name.lower(),
        "before": before["neighbours"],
        "after": after["neighbours"],
        "notes": [
            *(note for part in shown.parts if isinstance(part, Table) for note in part.notes),
            *shown.notes,
        ],
        "tested": task.done(),
        "change": next(iter(_shown(rows, columns)), None),
        "columns": [column.as_dict() for column in columns],
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
    """Sentences that show what a word means on each side of a comparison: the examples of `selfvec drift`."""
    row = page.row(word)
    page.run.require_tokens()
    space = page.comparisons.occurrences(key).result()
    shown = examples(space, repeated_tokens(page.run), row, most)
    names = ["your text"] if key == REFINED else [part.name for part in page.comparisons.pair(key)]
    return {
        "texts": [
            {"name": name, "uses": _quoted(page.run, [quote for quote in shown if quote.side == side])}
            for side, name in enumerate(names)
        ]
    }


@address("/api/together")
def together(
    page: PageData, word: addresses.Word, other: addresses.OtherWord, most: addresses.FewResults = 5
) -> Json:
    """Sentences in which two words occur close together."""
    row, second = page.row(word), page.row(other)
    batch = page.run.require_tokens()
    places, looked_at = pair_places(batch, row, second)
    scores, repeated = np.zeros(len(places)), repeated_tokens(page.run)
    chosen = best_occurrences(batch, repeated, places, scores, most, marks={second: "came"})
    return {"together": len(places), "of": looked_at, "uses": _quoted(page.run, chosen)}


def _quoted(run: Run, occurring: list[Example]) -> list[Json]:
    """Examples, each sentence once."""
    first: dict[str, Example] = {}
    for quote in sentences(run.text, run.provenance, occurring):
        first.setdefault(quote.text, quote)
    return [quote.as_dict() for quote in first.values()]


def _shown(rows: Sequence[Json], columns: Sequence[Column]) -> list[Json]:
    """The rows, with the values that no key has since a column makes them of others."""
    made = {column.name: column.of for column in columns if column.of is not None}
    return [{**row, **{name: of(row) for name, of in made.items()}} for row in rows]


def _columns_of(result: Answer) -> Sequence[Column]:
    """The columns of a result; of two parts of the text with by how much a word changed, in words."""
    if isinstance(result, Drift) and result.is_sliced:
        return [result.columns[0], Column("size", "how much", PROSE, of=_size), *result.columns[1:]]
    return result.columns


def _size(row: Row) -> str:
    if is_changed(row):
        return differing_of(row).partition(", ")[2]
    return "beyond chance, but how much is not clear" if is_significant(row) else "no clear change"


def _with_columns(result: Answer) -> Json:
    """A result as its command prints it, and the columns by which the page draws it."""
    columns = _columns_of(result)
    shown = {"rows": _shown(result.rows, columns), "columns": [column.as_dict() for column in columns]}
    return {**result.as_dict(), **shown}


_SIDES = r"^([1-9]|[12]\d|30|[1-9]\d?[LR]|[1-9]\d?L\d{1,2}R|\d{1,2}L[1-9]\d?R)$"
_ORDER = r"^(left|right|date|[1-9]\d?[LR](,[1-9]\d?[LR]){0,2})$"
_QUERY = {"min_length": 1, "max_length": 200, "pattern": r"\S"}
_WORD = {"alias": "w"} | _QUERY
_PAGE = OfferedOptions(
    Query,
    top=200,
    kinds={"filter": list[Annotated[str, addresses.FILTER]]},
    bounds={
        "word": _WORD,
        "words": _WORD,
        "query": _QUERY,
        "slice": {"min_length": 1, "max_length": 100},
        "by": {"min_length": 1, "max_length": 100},
        "filter": {"max_length": 20},
        "window": {"max_length": 10, "pattern": _SIDES},
        "sort": {"pattern": _ORDER},
    },
    usual={"top": 50, "filter": None, "seed": 0},
)


def _offer(path: str, row: CommandRow, options: str, ask: Callable[..., Json], **how: Any) -> None:
    """Answer at an address with the output of a command, whose ``options`` are asked for."""

    declared = row.declaration
    taken = [declared.parameters[name] for name in options.split()]
    usual = {one.name: one.default for one in taken}

    def answer(*of: Any, **asked: Any) -> Json:
        return ask(
            *of, **{name: value for name, value in asked.items() if value not in ("", None, usual.get(name))}
        )

    answer.__name__ = row.name
    answer.__doc__ = f"{declared.summary} The output of the command `{row.name}` as JSON, and its columns."
    signed = inspect.signature(ask, eval_str=True).parameters.values()
    first = [one for one in signed if one.default is one.empty and one.kind is not one.VAR_KEYWORD]
    answer.__dict__["__signature__"] = inspect.Signature([*first, *map(_PAGE.argument, taken)])
    address(path, **how)(answer)


def _listed(name: str) -> Callable[..., Json]:
    def ask(page: PageData, **asked: Any) -> Json:
        return _with_columns(getattr(selfvec, name)(page.run, **asked))

    return ask


def _keyness(page: PageData, key: addresses.ComparisonKey, **asked: Any) -> Json:
    if key == REFINED:
        rule = "before and after refining, the text is the same"
        raise NotFound(rule, field="c", remedy="compare two slices, as A|B")
    return _with_columns(selfvec.keyness(page.run, page.comparisons.pair(key), **asked))


def _drift(
    page: PageData, key: addresses.ComparisonKey, top: int = 50, fdr: float | None = None, **asked: Any
) -> Json:
    found = page.comparisons.drift(key, **asked).result().select(fdr=fdr)
    return {"ready": True, "total": len(found), **_with_columns(found.select(top))}


for _name, _options in LISTS.items():
    _offer(f"/api/{_name}", TEXT[_name], _options, _listed(_name), threads="lists")
_offer("/api/keyness", TEXT["keyness"], "mix variants top", _keyness, threads="lists")
_offer("/api/ranking", TOP["drift"], "fdr min_count all_words mix variants top", _drift)


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
