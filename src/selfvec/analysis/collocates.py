"""Collocates: the words that keep company with a word.

Pairs are counted: each occurrence of a collocate in the window of each occurrence of the word, as other tools
count them. So in *very very good* each *very* is a collocate of the other, and *good* of both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal, Unpack

import numpy as np

from selfvec.analysis.association import MEASURES, Pairs
from selfvec.analysis.corpus_query import Hits, asked_query, name_of
from selfvec.analysis.counted_text import CountedText, Grouped, asked_text, group_columns, in_rows, rows_of
from selfvec.base.answer import Answer
from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.casing import lower
from selfvec.base.compiled import kernel
from selfvec.base.declarations import Count, NotEmpty, checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import OptionError
from selfvec.base.threads import stop_if_cancelled
from selfvec.base.view import COUNT, PROSE, Column, Row, Table, figure
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun
from selfvec.text.rules import listed_stop_words

_SIDES = re.compile(r"(?:(\d{1,5})L)?(?:(\d{1,5})R)?", re.IGNORECASE)
_WIDEST = 1000  # words on a side
_AT_ONCE = 1 << 20  # occurrences
_BEFORE, _AFTER, _WITH, _LATEST = range(4)  # rows of what `_add_pairs` counts


_COLUMNS = (
    Column("word", width=28),
    Column("together", form=COUNT, meaning="pairs, each occurrence with each"),
    Column("left", form=COUNT),
    Column("right", form=COUNT),
    Column("documents", form=COUNT),
    Column("count", form=COUNT),
)


@dataclass(frozen=True)
class Window:
    """The words before and after a word that are near it."""

    left: int
    right: int

    @classmethod
    def of(cls, given: int | str) -> Window:
        """A number of words on each side, or sides: 5, "3L0R", "2R".

        >>> Window.of("3L0R"), Window.of("2R"), str(Window.of(5))
        (Window(left=3, right=0), Window(left=0, right=2), '5')
        """
        text = str(given).strip()
        sides = _SIDES.fullmatch(f"{text}L{text}R" if text.isdecimal() else text)
        left, right = (int(side or 0) for side in sides.groups()) if sides else (0, 0)
        if not 0 < max(left, right) <= _WIDEST:
            rule = f"is a number of words on each side, or sides such as 3L0R, not {given!r:.40}"
            raise OptionError(rule, field="window", remedy="try 5, 5L5R or 1R")
        return cls(left, right)

    def __str__(self) -> str:
        return str(self.left) if self.left == self.right else f"{self.left}L{self.right}R"

    @property
    def span(self) -> int:
        """Words on both sides."""
        return self.left + self.right


@checked
def collocates(
    run: GivenRun,
    word: NotEmpty,
    *,
    window: Count | str = 5,
    measure: Literal["logdice", "mi", "mi3", "t", "z", "ll", "delta_p"] = "logdice",
    within: Literal["document", "sentence"] = "document",
    stop_words: str | None = None,
    top: Count | None = None,
    min_count: Count = 1,
    min_documents: Count = 1,
    **counting: Unpack[Grouped],
) -> Answer:
    """List the words that keep company with a word.

    Parameters
    ----------
    run : Run or path
    word : str, not empty
        A word, a phrase or a query; see `concordance`.
    window : int, at least 1, or str
        Words on each side, or sides such as 3L0R.
    measure : {"logdice", "mi", "mi3", "t", "z", "ll", "delta_p"}
        How they are ordered.
    top : int, at least 1, optional
        Words listed; by default all.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out words that are together with the word less often.
    within : {"document", "sentence"}
        What windows do not cross.
    stop_words : str, optional
        Leave stop words out of the list. A language code (e.g. en) or a file with one word per line.
    min_documents : int, at least 1
        Leave out words that are together with the word in fewer documents.

    Returns
    -------
    Answer
        ``word``, its ``count`` in these documents, their ``tokens``, ``window``, ``within``, ``measure``, the
        number of all collocates, ``words``, and ``rows``, the largest value of the measure first.
        ``groups``, with ``by``, has the size of each group. ``counted`` says which words were counted, as
        ``repeats`` asks.

        ``word``
            The collocate.
        ``together``, ``left``, ``right``
            Pairs of an occurrence of the word and one of the collocate in its window: in all, before and
            after the word.
        ``documents``
            Documents with such a pair.
        ``count``
            Occurrences of the collocate in these documents.
        ``expected``
            Pairs that there would be by chance: count of the word · ``count`` · words in a window /
            ``tokens``.
        ``logdice``, ``mi``, ``mi3``, ``t``, ``z``, ``ll``, ``delta_p``, ``delta_p_back``
            The measures; their formulas are in the functions of `selfvec.analysis.association`.
        ``groups``
            With ``by``: ``group``, ``together``, the same in a thousand occurrences of the word,
            ``per_thousand``, and the measure, which is None where the words are never together.

    Raises
    ------
    InputError
        If the run has not kept its tokens or, within sentences, its text.
    OptionError
        If the window is neither a number nor sides.
    NotFound
        If it does not occur in these documents, or none passes.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [row["word"] for row in selfvec.collocates(run, "hail", top=3).rows]
    ['size', 'hail', 'pads']
    """
    around = Window.of(window)
    asked = asked_text(run, counting, counting.get("by"), written=True)
    if within == "sentence" and asked.text.sentences is None:
        asked.run.require_text("whose sentences end windows")
        raise OptionError("ends with no sentences where words are pieces of a tokenizer.json", field="within")
    types = asked.text.batch.types
    query, hits = asked_query(asked, word)
    name = name_of(asked.text, word, hits)
    pairs, counted = _measured(asked.text, hits, around, within)
    listed = (pairs.together >= max(min_count, 1)) & (counted[_WITH] >= min_documents)
    if stop_words is not None:
        listed &= ~_are_stop_words(asked.run.provenance.language, types, stop_words, listed)
    places = np.flatnonzero(listed)
    order = np.argsort(-MEASURES[measure][0](pairs.of(places)), kind="stable")[:top]
    places = places[order]
    columns = _columns(types, pairs.of(places), counted[:, places], places)
    figures = {
        "word": name,
        "count": pairs.word,
        "tokens": pairs.tokens,
        "window": around.left if around.left == around.right else str(around),
        "within": within,
        "measure": measure,
        "words": int(np.count_nonzero(listed)),
        **asked.said,
    }
    if asked.groups:
        measured = {
            group: _measured(part, query.hits(part), around, within)[0]
            for group, part in asked.groups.items()
        }
        figures["groups"], groups = _by_group(measured, places, measure)
        columns |= in_rows(groups)
    rows = rows_of(columns)
    word = escape_for_display(name)
    of = f"{count_of(figures['words'], 'word')} within {figures['window']} of {word}"
    of += f"{' in a sentence' * (within == 'sentence')}, which occurs {count_of(pairs.word, 'time')}"
    both_ways = ["delta_p_back"] * (measure == "delta_p")  # which are read together
    shown = [*_COLUMNS, *(MEASURES[one][1] for one in (measure, *both_ways))]
    parts = [Table(shown, rows, of=of)]
    if asked.groups:
        rates = group_columns(figures["groups"], itemgetter("per_thousand"), figure(0))
        parts.append(
            Table([_COLUMNS[0], *rates], rows, f"Times together in a thousand occurrences of {word}")
        )
        sizes = (Column("count", word, COUNT), Column("tokens", "words", COUNT))
        groups_shown = Table([Column("group", "", PROSE), *sizes], figures["groups"], least=len(asked.groups))
        parts.append(groups_shown)
    title, notes = f"Collocates of {name}", figures["counted"]
    return Answer(title, {**figures, "rows": rows}, columns=shown, parts=parts, notes=notes)


def _columns(
    types: Sequence[str], chosen: Pairs, counted: Ints, places: Ints
) -> dict[str, Array | Sequence[Any]]:
    """What is said of n chosen collocates, by column: their pairs, and the rows of `_add_pairs`, (4, n)."""
    return {
        "word": [types[i] for i in places.tolist()],
        "together": chosen.together,
        "left": counted[_BEFORE],
        "right": counted[_AFTER],
        "documents": counted[_WITH],
        "count": chosen.collocates,
        "expected": chosen.expected,
        **{name: formula(chosen) for name, (formula, _) in MEASURES.items()},
    }


def _measured(text: CountedText, hits: Hits, window: Window, within: str) -> tuple[Pairs, Ints]:
    """The pairs of occurrences with each of V words, and the rows of `_add_pairs`, (4, V)."""
    batch = text.batch
    counted = pairs_of(batch, hits, window, text.sentences if within == "sentence" else None)
    together = counted[_BEFORE] + counted[_AFTER]
    return Pairs(together, len(hits.starts), batch.counts, window.span, len(batch)), counted


def _are_stop_words(language: str, types: Sequence[str], listed: str, among: Array) -> Array:
    """Which types are stop words, (V,) bool; only those are looked at that are ``among`` them."""
    stop_words = listed_stop_words(listed)
    out = np.zeros(len(types), bool)
    for number in np.flatnonzero(among).tolist():
        out[number] = lower(types[number], language) in stop_words
    return out


def _by_group(
    measured: Mapping[str, Pairs], rows: Ints, measure: str
) -> tuple[list[Row], list[list[dict[str, Any]]]]:
    """The sizes of groups, and how often the word is together with some words in each, and the measure."""
    sizes: list[Row] = []
    columns: list[list[dict[str, Any]]] = []
    for name, pairs in measured.items():
        own = pairs.of(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = MEASURES[measure][0](own)
        sizes.append({"group": name, "count": pairs.word, "tokens": pairs.tokens})
        of_group: dict[str, Array | Sequence[Any]] = {
            "group": [name] * len(rows),
            "together": own.together,
            "per_thousand": own.together * (1000 / max(pairs.word, 1)),
            measure: [v if met else None for v, met in zip(values.tolist(), own.together, strict=True)],
        }
        columns.append(rows_of(of_group))
    return sizes, columns


def pairs_of(batch: TokenBatch, hits: Hits, window: Window, bounds: Ints | None = None) -> Ints:
    """Pairs of occurrences with each of V words, (4, V): before, after, documents with any; and a mark.

    Windows do not cross ``bounds``, by default those of the documents.

    >>> batch = TokenBatch.from_documents([["very", "very", "strong", "tea"], ["tea"]])
    >>> pairs_of(batch, Hits(np.array([0, 1]), np.array([1, 2])), Window(1, 1))[:3].tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    """
    out = np.zeros((4, len(batch.types)), np.int64)
    out[_LATEST] = -1
    documents = batch.document_of(hits.starts)
    bounds = batch.offsets if bounds is None else bounds
    # Bounds of parts without words are equal, and the last of them is meant.
    parts = np.searchsorted(bounds, hits.starts, "right")
    left = np.maximum(hits.starts - window.left, bounds[parts - 1])
    right = np.minimum(hits.ends + window.right, bounds[parts])
    around = np.stack([left, hits.starts, hits.ends, right])
    for first in range(0, len(documents), _AT_ONCE):
        stop_if_cancelled()
        some = slice(first, first + _AT_ONCE)
        _add_pairs(batch.read_only[0], documents[some], around[:, some], out)
    return out


@kernel(steps=lambda _, __, around, ___: int((around[3] - around[0]).sum()))
def _add_pairs(
    ids: Ids,  # (N,)
    documents: Ints,  # (n,), of occurrences
    around: Ints,  # (4, n), where the window begins, the occurrence begins and ends, and the window ends
    out: Ints,  # (4, V), the rows named above
) -> None:
    for n in range(len(documents)):
        for near in range(around[0, n], around[3, n]):
            if around[1, n] <= near < around[2, n]:
                continue
            other = ids[near]
            out[0 if near < around[1, n] else 1, other] += 1
            if out[3, other] != documents[n]:
                out[3, other] = documents[n]
                out[2, other] += 1
