"""Concordance: every place where a word or phrase occurs, with the text before and after it (KWIC).

The text is read as it was written. So stop words, punctuation, forms that the run merged and words that it
left out are there. A text is cut into words as the run cuts it.

Words are compared once for each spelling, places by arrays, and a gap adds as many places as it is wide. So a
query takes time in proportion to the text, whatever it asks for.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from heapq import nsmallest
from operator import and_
from typing import Any, Unpack

import numpy as np
import polars as pl

from selfvec.analysis.counted_text import Chosen, chosen_documents, counted_text
from selfvec.analysis.variants import given_pairs
from selfvec.base.arrays import Ints, Mask
from selfvec.base.casing import DOTTED, lower
from selfvec.base.characters import plain
from selfvec.base.declarations import checked, options
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.result_table import Figures
from selfvec.base.threads import stop_if_cancelled
from selfvec.base.view import LEFT_CONTEXT, PROSE, RIGHT_CONTEXT, STRONG, Column, Table, View
from selfvec.data.run import Run
from selfvec.data.run_text import GROUP, column_of
from selfvec.files.atomic_files import check_target
from selfvec.files.report_page import check_report, save_rows
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.languages import lemmatizer, without_elision
from selfvec.text.phrases import parts, units_of
from selfvec.text.tagger import PARTS, tagger
from selfvec.text.tokenizers import FoundWords, find_words

ANY = "*"
_STAND_IN = "\ua66e"  # a letter that no text has: * would end a word where a query is cut into words
_WORDS = re.compile(r"[^\W_]+")
_GAP = re.compile(r"\{(\d{1,2})(?:,(\d{1,2}))?\}")
_PART = re.compile(rf"(?P<word>.*)_(?P<part>{'|'.join(map(str.upper, PARTS))})")
_EXCLUDED = re.compile(r"!(?=[\w*])")  # !!! is a word where all between blanks is
_LEVEL = re.compile(r"([1-9]\d?)([LR])", re.IGNORECASE)


Row = dict[str, Any]
"""An occurrence: ``id`` (at first the number of the document), ``date``, ``left``, ``word``, ``right``,
``start`` and ``end``."""


class Concordance(Figures):
    """Every place where a word or phrase occurs, as `concordance` describes them."""

    columns = (
        Column("id", form=PROSE, width=12),
        Column("date", form=PROSE),
        Column("left", form=LEFT_CONTEXT),
        Column("word", form=STRONG),
        Column("right", form=RIGHT_CONTEXT),
    )

    def view(self, top: int | None = None) -> View:
        """The first occurrences, one below another, and how many there are."""
        rows, hits = self["rows"][:top], self["hits"]
        shown = f"{len(rows):,} of " if len(rows) < hits else ""
        note = f"{shown}{count_of(hits, 'occurrence')}, in {count_of(self['documents'], 'document')}"
        undated = all(row["date"] is None for row in rows)
        columns = [column for column in self.columns if not (undated and column.name == "date")]
        return View(self.title, [Table(columns, rows, notes=[note])], records=self["rows"])


@options(Chosen)
class Drawing(Chosen, total=False):
    """Of which documents occurrences are shown, which words are one, and which are shown, if not all.

    Other Parameters
    ----------------
    sample : int, at least 1, optional
        Show so many occurrences, drawn at random.
    thin : int, at least 1, optional
        Show only one in so many occurrences, in the order of the text.
    seed : int, at least 0, optional
        Seed of the random sample; by default 0.
    """

    sample: int | None
    thin: int | None
    seed: int | None


@checked
def concordance(
    run: GivenRun,
    query: str,
    *,
    sort: str | Sequence[str] | None = None,
    window: int = 10,
    case: bool = False,
    lemma: bool = False,
    top: int | None = None,
    csv: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    **drawn: Unpack[Drawing],
) -> Figures:
    """Show every occurrence of a word or phrase with the text around it.

    Parameters
    ----------
    run : Run or path
    query : str, not empty
        A word or a phrase, in any case. In a word, * stands for any letters; alone, for any word: hail*,
        "* damage". {0,3} stands for up to three words, !small for any word but small, _NOUN for a noun and
        rain_VERB for the verb.
    sort : str or sequence of str, optional
        Sort by left, right, date, or words around it; by default in the order of the text. left is the words
        before it, the nearest first, right those after it; 1R,2R,1L sorts by up to three words.
    window : int, at least 1
        Words shown on each side.
    top : int, at least 1, optional
        Occurrences shown; by default all.
    csv : path, optional
        Write the rows to this .csv file. It has the fields of their documents, too.
    **drawn
        Those of `Drawing`: of which documents, which words are one, and which occurrences, if not all.

    Other Parameters
    ----------------
    case : bool
        Find words only as they are written in the query, capitals included.
    lemma : bool
        The words of the query are lemmas: find all their forms.
    overwrite : bool

    Returns
    -------
    Figures
        ``query``, the number of all ``hits``, of ``documents`` with a hit, and ``rows`` with ``id``, ``date``
        (None if unknown), ``left``, ``word`` and ``right`` as the document has them, but for white space.
        ``start`` and ``end`` are the places of the word in its document, in characters.

        A part of speech is that which a word has most often, as in `frequency`. With a gap, the nearest
        words are found, once for each beginning.

    Raises
    ------
    InputError
        If the run has not kept its text, or a package for parts of speech is missing.
    OptionError
        If the query has no word, or the order is none of these.
    TargetError
        If the file exists and ``overwrite`` is false.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> for row in selfvec.concordance(run, "golf ball*", window=3, top=2).rows:
    ...     print(row["date"], row["left"], f"[{row['word']}]", row["right"])
    2001-07-07 the size of [golf balls] fell on Sheafby
    2002-05-14 the size of [golf balls] fell on Hawkrigg
    """
    if csv is not None:
        check_report(csv, (".csv",))
        check_target(csv, overwrite=overwrite, folder=False)
    order = _order(sort, window)
    run = as_run(run)
    text = run.require_text("in which words are looked for")
    word_of = given_pairs(run, drawn.get("variants"))
    pattern = _Pattern.of(run, query, _Compared(run.provenance.language, case, lemma, word_of))
    chosen = drawn.get("filter") or drawn.get("slice")
    passing = chosen_documents(run, drawn) if chosen else np.ones(len(text), bool)
    hits: Counter[int] = Counter()
    occurring = _counted(_occurrences(run, pattern, passing, window), hits)
    thin, sample = drawn.get("thin") or 1, drawn.get("sample")
    if thin > 1:
        occurring = (row for number, row in enumerate(occurring) if number % thin == 0)
    if sample is not None:
        occurring = iter(_sampled(occurring, sample, drawn.get("seed") or 0))
    # the first ones need little memory, however often a word occurs
    rows = sorted(occurring, key=order) if top is None else nsmallest(top, occurring, key=order)
    documents = sorted({row["id"] for row in rows})
    names = dict(zip(documents, text.names(documents), strict=True))
    numbers = [row["id"] for row in rows]
    rows = [row | {"id": names[row["id"]]} for row in rows]
    if csv is not None:
        _save(run, rows, numbers, csv, overwrite)
    figures = {"query": query, "hits": hits.total(), "documents": len(hits), "rows": rows}
    return Concordance(f"Concordance of {query}", figures, rows="rows")


def _sampled(rows: Iterator[Row], number: int, seed: int) -> list[Row]:
    """So many rows at random, in their order; no more are in memory (Vitter, 1985, algorithm R)."""
    rng = np.random.default_rng(seed)
    kept: list[tuple[int, Row]] = []
    for place, row in enumerate(rows):
        if place < number:
            kept.append((place, row))
        elif (drawn := int(rng.integers(place + 1))) < number:
            kept[drawn] = (place, row)
    return [row for _, row in sorted(kept, key=lambda each: each[0])]


_COLUMNS = {
    **dict.fromkeys(("id", "date", "left", "word", "right"), pl.String),
    **dict.fromkeys(("start", "end"), pl.Int64),
}


def _save(
    run: Run, rows: Sequence[Row], numbers: list[int], path: str | os.PathLike[str], overwrite: bool
) -> None:
    """Write rows with the fields of their documents; a field named like a column of ours has its prefix."""
    assert run.text is not None
    table = pl.DataFrame(rows, schema=_COLUMNS)
    if run.text.fields:
        fields = run.text.read([column_of(name) for name in run.text.fields], numbers)
        fields = fields.rename({name: f"field:{name}" for name in fields.columns if name in _COLUMNS})
        table = pl.concat([table, fields], how="horizontal")
    save_rows(table, path, overwrite=overwrite)


_ORDERS: dict[str, Callable[[Row], Any]] = {
    "left": lambda row: _WORDS.findall(row["left"].casefold())[::-1],
    "right": lambda row: _WORDS.findall(row["right"].casefold()),
    "date": lambda row: (row["date"] is None, row["date"]),
}


def _order(sort: str | Sequence[str] | None, window: int) -> Callable[[Row], Any]:
    """The key of an order; `OptionError` if it is none."""
    if sort is None:
        return lambda row: row["id"]
    given = [sort] if isinstance(sort, str) else sort
    names = [name.strip() for text in given for name in text.split(",")]
    if len(names) == 1 and names[0] in _ORDERS:
        return _ORDERS[names[0]]
    levels = [_LEVEL.fullmatch(name) for name in names]
    if not names or len(names) > 3 or None in levels:
        rule = (
            f"is one of left, right, date, or up to three words such as 1R,2R,1L, not {','.join(names)!r:.40}"
        )
        raise OptionError(rule, field="sort")
    places = [(level[2].upper(), int(level[1])) for level in levels if level is not None]
    if max(place for _, place in places) > window:
        raise OptionError("sorts by words that are not shown", field="sort", remedy="raise --window")

    def key(row: Row) -> list[str]:
        words = {"L": _ORDERS["left"](row), "R": _ORDERS["right"](row)}
        return [words[side][place - 1] if place <= len(words[side]) else "" for side, place in places]

    return key


@dataclass(frozen=True)
class _Compared:
    """How words of a query and of the text are compared."""

    language: str
    case: bool = False
    lemma: bool = False
    word_of: dict[str, str] = field(default_factory=dict)  # of variants

    def key(self, word: str) -> str:
        """A word as it is compared: `plain`, in lower case, without what an apostrophe joins to it."""
        key = without_elision(plain(word), self.language)
        key = key if self.case else lower(key, self.language)
        return self.word_of.get(key, key)

    @property
    def literal(self) -> bool:
        """Whether a word of the query stands in the texts as it is, in any case."""
        return not self.lemma and not self.word_of and self.language not in DOTTED


@dataclass(frozen=True)
class _Item:
    """What one word of the text has to be, or a gap between words."""

    word: str = ANY  # as `_Compared.key` makes it, with * in it
    excluded: bool = False  # any word but this
    part: str = ""  # of speech
    gap: tuple[int, int] | None = None  # any words, at least and at most so many

    @property
    def fits_all(self) -> bool:
        """Whether every word fits."""
        return not self.word.strip(ANY) and not self.part and not self.excluded


@dataclass(frozen=True)
class _Pattern:
    """The words that are looked for, one after another."""

    items: Sequence[_Item]
    split: str  # how the text is cut into words
    compared: _Compared
    forms: Callable[[str], str]  # the lemma of a word, or the word
    parts: Callable[[Sequence[str]], list[str]]  # of speech

    @classmethod
    def of(cls, run: Run, query: str, compared: _Compared) -> _Pattern:
        """The pattern of a query, which is cut into words like the text, and a phrase at its underscores."""
        options = run.provenance.options
        split = "whitespace" if options.get("tokenizer") == "whitespace" else "words"
        written = " ".join(parts(query)) if query in units_of(run.provenance) else query
        items = [item for piece in written.split() for item in _items(piece, split, compared)]
        if all(item.fits_all or item.gap for item in items):
            raise OptionError(f"has no word: {query!r}", field="query", remedy="write some letters")
        codes = (options.get("lemmatize") or run.provenance.language).split(",")
        forms = lemmatizer(tuple(codes)) if compared.lemma else str
        tag = tagger(options.get("tagger"), codes).parts if any(item.part for item in items) else None
        texts = run.text.texts(range(min(len(run.text), 100))) if run.text is not None and tag else []
        part_of: dict[str, str] = {}  # so that a word is tagged once

        def parts_of(words: Sequence[str]) -> list[str]:
            new = [word for word in words if word not in part_of]
            part_of.update(zip(new, tag(new, texts) if tag and new else (), strict=True))
            return [part_of[word] for word in words]

        return cls(items, split, compared, forms, parts_of)

    def places(self, cut: FoundWords) -> tuple[Ints, Ints]:
        """Where the words begin and end among those of texts, (n,) each; some go on in the next text."""
        starts = ends = np.arange(len(cut.ids))
        for item in self.items:
            if item.gap is not None:
                least, most = item.gap
                widths = np.tile(np.arange(least, most + 1), len(starts))
                starts = np.repeat(starts, most + 1 - least)
                ends = np.repeat(ends, most + 1 - least) + widths
            else:
                inside = ends < len(cut.ids)
                starts, ends = starts[inside], ends[inside]
                if not item.fits_all:
                    fitting = self._fitting(item, cut, np.unique(cut.ids[ends]))[cut.ids[ends]]
                    starts, ends = starts[fitting], ends[fitting]
                ends = ends + 1
            starts, ends = _different(starts, ends)
        _, first = np.unique(starts, return_index=True)  # the shortest of each beginning
        return starts[first], ends[first]

    def _fitting(self, item: _Item, cut: FoundWords, numbers: Ints) -> Mask:
        """Which words fit an item, (V,) bool; only some are looked at, as few are left after the first."""
        names = [cut.names[number] for number in numbers.tolist()]
        fitting = np.array([fits(item.word, self.forms(self.compared.key(name))) for name in names], bool)
        if item.part:
            chosen = np.flatnonzero(fitting)
            tags = self.parts([plain(names[i]) for i in chosen.tolist()])
            fitting[chosen] = [tag == item.part for tag in tags]
        out = np.zeros(len(cut.names), bool)
        out[numbers] = ~fitting if item.excluded else fitting
        return out

    @property
    def literals(self) -> list[str]:
        """The words of the pattern that every occurrence has, in any case, with * in them."""
        needed = (item.word for item in self.items if self.compared.literal and not item.excluded)
        return [word.lower() for word in dict.fromkeys(needed) if word.strip(ANY)]


def _different(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Pairs in order, each once: gaps reach some places in several ways."""
    order = np.lexsort((ends, starts))
    starts, ends = starts[order], ends[order]
    new = np.ones(len(starts), bool)
    new[1:] = (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
    return starts[new], ends[new]


def _items(piece: str, split: str, compared: _Compared) -> list[_Item]:
    """The items of a piece of a query without blanks."""
    if gap := _GAP.fullmatch(piece):
        least, most = int(gap[1]), int(gap[2] or gap[1])
        if least > most:
            raise OptionError(f"has a gap from {least} to {most} words", field="query")
        return [_Item(gap=(least, most))]
    if split == "words" and {"{", "}"} & set(piece):  # no word has one
        remedy = "write {0,3} for up to three words, without a blank"
        raise OptionError(f"has {piece!r}, which is not a gap", field="query", remedy=remedy)
    excluded = _EXCLUDED.match(piece) is not None
    word = piece[1:] if excluded else piece
    part = ""
    if tagged := _PART.fullmatch(word):
        word, part = tagged["word"] or ANY, tagged["part"].lower()
    cut = find_words([word.replace(ANY, _STAND_IN)], split, compared.language)
    words = [compared.key(cut.names[i]).replace(_STAND_IN, ANY) for i in cut.ids.tolist()]
    return [_Item(each, excluded, part) for each in words]


def fits(pattern: str, word: str) -> bool:
    """Whether a word is the pattern, in which * stands for any letters, also none.

    >>> fits("h*l*", "hail"), fits("h*l*", "hare")
    (True, False)
    """
    # No regular expression: with ten stars it would try for hours how to share a word among them.
    # The first place of each piece is enough, since it leaves most of the word to the pieces that follow.
    first, *middle = pattern.split(ANY)
    if not middle:
        return word == pattern
    *middle, last = middle
    at, end = len(first), len(word) - len(last)
    if at > end or not word.startswith(first) or not word.endswith(last):
        return False
    for piece in middle:
        at = word.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _occurrences(run: Run, pattern: _Pattern, passing: Mask, window: int) -> Iterator[Row]:
    """All occurrences in the order of the text."""
    assert run.text is not None
    able = _documents_with(run, pattern)
    passing = passing if able is None else passing & able
    for first in range(0, len(passing), GROUP):  # what is read of the text at once
        stop_if_cancelled()
        numbers = (first + np.flatnonzero(passing[first : first + GROUP])).tolist()
        if numbers:
            dates = run.text.dates(numbers)
            for owner, row in _in_context(run.text.texts(numbers), pattern, window):
                yield {"id": numbers[owner], "date": dates[owner], **row}


def _documents_with(run: Run, pattern: _Pattern) -> Mask | None:
    """The documents that have all words of a pattern, (D,) bool, by the words that are counted.

    None if these do not tell, since words were merged. A rare word of a long text is found in them much
    faster than in the text.
    """
    options = run.provenance.options
    merged = any(options.get(name) for name in ("lemmatize", "stem", "phrases")) or run.provenance.variants
    if not pattern.literals or merged or run.tokens is None or options.get("tokenizer", "words") != "words":
        return None
    batch = counted_text(run).batch
    types = run.held("words in lower case", lambda: pl.Series(list(batch.types)).str.to_lowercase())
    able = np.ones(batch.documents, bool)
    for word in pattern.literals:
        spelled = types == word
        if ANY in word:
            spelled = reduce(and_, [types.str.contains(piece, literal=True) for piece in word.split(ANY)])
        fitting = spelled.to_numpy()
        numbers = np.flatnonzero(fitting).tolist()
        has_word = np.zeros(batch.documents, bool)
        for first, last in batch.ranges():
            start, end = batch.offsets[first], batch.offsets[last]
            ids = batch.ids[start:end]
            # To compare a few numbers takes a fifth of the time of looking all words up.
            inside = fitting[ids] if len(numbers) > 3 else np.any([ids == i for i in numbers], axis=0)
            has_word[batch.document_of(start + np.flatnonzero(inside))] = True
        able &= has_word
    return able


def _counted(rows: Iterator[Row], hits: Counter[int]) -> Iterator[Row]:
    """The same rows; ``hits`` gets the number of each document's."""
    for row in rows:
        hits[row["id"]] += 1
        yield row


def _in_context(texts: Sequence[str], pattern: _Pattern, window: int) -> Iterator[tuple[int, Row]]:
    """The number of a text, and where an occurrence starts and ends in it, with what is around it."""
    cut = find_words(texts, pattern.split, pattern.compared.language)
    places, after = pattern.places(cut)
    owners = np.searchsorted(cut.bounds, places, "right") - 1
    whole = after <= cut.bounds[owners + 1]
    places, owners, after = places[whole], owners[whole], after[whole]
    begins, ends = cut.bounds[owners], cut.bounds[owners + 1]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))[owners]
    left = np.where(places - window > begins, cut.starts[np.maximum(places - window, 0)], 0)
    last = np.minimum(after + window, len(cut.ends)) - 1
    right = np.where(after + window < ends, cut.ends[last], lengths)
    bounds = (owners, left, cut.starts[places], cut.ends[after - 1], right)
    for owner, first, start, end, past in zip(*(array.tolist() for array in bounds), strict=True):
        around = {"left": (first, start), "word": (start, end), "right": (end, past)}
        shown = {name: " ".join(texts[owner][a:b].split()) for name, (a, b) in around.items()}
        yield owner, {**shown, "start": start, "end": end}
