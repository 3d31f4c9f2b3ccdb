"""Concordance: every place where a word or phrase occurs, with the text before and after it (KWIC).

The text is read as it was written. So stop words, punctuation, forms that the run merged and words that it
left out are there. A text is cut into words as the run cuts it.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints, Mask
from selfvec.base.casing import DOTTED, lower
from selfvec.base.characters import folded, plain
from selfvec.base.declarations import checked
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.result_table import Figures
from selfvec.base.view import LEFT_CONTEXT, PROSE, RIGHT_CONTEXT, STRONG, Column, Table, View
from selfvec.corpus.filters import GivenFilter, filtered_documents, given_filters
from selfvec.data.run import Run
from selfvec.data.run_text import DATE, TEXT
from selfvec.files.atomic_files import check_target
from selfvec.files.report_page import check_report, save_rows
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.languages import without_elision
from selfvec.text.phrases import parts, units_of
from selfvec.text.tokenizers import FoundWords, find_words

ANY = "*"
_STAND_IN = "\ua66e"  # a letter that no text has: * would end a word where a query is cut into words
_WORDS = re.compile(r"[^\W_]+")


Row = dict[str, Any]
"""An occurrence: ``id`` (at first the number of the document), ``date``, ``left``, ``word``, ``right``."""


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


@checked
def concordance(
    run: GivenRun,
    query: str,
    *,
    sort: str | None = None,
    window: int = 10,
    filter: GivenFilter = (),
    top: int | None = None,
    csv: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Figures:
    """Show every occurrence of a word or phrase with the text around it.

    Parameters
    ----------
    run : Run or path
    query : str, not empty
        A word or a phrase, in any case. In a word, * stands for any letters; alone, for any word: hail*,
        "* damage".
    sort : {"left", "right", "date"}, optional
        Sort by the words before it, the nearest first, by those after it, or by date; by default in the order
        of the text.
    window : int, at least 1
        Words shown on each side.
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    top : int, at least 1, optional
        Occurrences shown; by default all.
    csv : path, optional
        Write the rows to this .csv file.
    overwrite : bool

    Returns
    -------
    Figures
        ``query``, the number of all ``hits``, of ``documents`` with a hit, and ``rows`` with ``id``, ``date``
        (None if unknown), ``left``, ``word`` and ``right`` as the document has them, but for white space.

    Raises
    ------
    InputError
        If the run has not kept its text.
    OptionError
        If the query has no word.
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
    run = as_run(run)
    text = run.require_text("in which words are looked for")
    pattern = _Pattern.of(run, query)
    passing = filtered_documents(run, given_filters(filter)) if filter else None
    hits: Counter[int] = Counter()
    occurring = _counted(_occurrences(run, pattern, passing, window), hits)
    # the first ones need little memory, however often a word occurs
    rows = (
        sorted(occurring, key=_ORDERS[sort]) if top is None else nsmallest(top, occurring, key=_ORDERS[sort])
    )
    documents = sorted({row["id"] for row in rows})
    names = dict(zip(documents, text.names(documents), strict=True))
    rows = [row | {"id": names[row["id"]]} for row in rows]
    if csv is not None:
        _save(rows, csv, overwrite)
    figures = {"query": query, "hits": hits.total(), "documents": len(hits), "rows": rows}
    return Concordance(f"Concordance of {query}", figures, rows="rows")


def _save(rows: Sequence[Row], path: str | os.PathLike[str], overwrite: bool) -> None:
    names = ("id", "date", "left", "word", "right")
    save_rows(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String)), path, overwrite=overwrite)


_ORDERS: dict[str | None, Callable[[Row], Any]] = {
    None: lambda row: row["id"],
    "left": lambda row: _WORDS.findall(row["left"].casefold())[::-1],
    "right": lambda row: _WORDS.findall(row["right"].casefold()),
    "date": lambda row: (row["date"] is None, row["date"]),
}


@dataclass(frozen=True)
class _Pattern:
    """The words that are looked for, one after another."""

    words: Sequence[str]  # as `_key` makes them, with * in them
    split: str  # how the text is cut into words
    language: str

    @classmethod
    def of(cls, run: Run, query: str) -> _Pattern:
        """The pattern of a query, which is cut into words like the text, and a phrase at its underscores."""
        split = str(run.provenance.options.get("tokenizer") or "words")
        split = split if split == "whitespace" else "words"
        language = run.provenance.language
        written = " ".join(parts(query)) if query in units_of(run.provenance) else query
        cut = find_words([written.replace(ANY, _STAND_IN)], split, language)
        words = [_key(cut.names[i], language).replace(_STAND_IN, ANY) for i in cut.ids.tolist()]
        if not "".join(words).strip(ANY):
            raise OptionError(f"has no word: {query!r}", field="query", remedy="write some letters")
        return cls(words, split, language)

    def places(self, cut: FoundWords) -> Ints:
        """Where the words begin among those of texts, (n,); some go on in the next text."""
        keys = [_key(name, self.language) for name in cut.names]
        places = np.arange(max(len(cut.ids) - len(self.words) + 1, 0))
        for offset, word in enumerate(self.words):
            if not word.strip(ANY):
                continue
            types = cut.ids[places + offset]
            able = np.zeros(len(keys), bool)
            for number in np.unique(types).tolist():  # few are left after the first word
                able[number] = fits(word, keys[number])
            places = places[able[types]]
        return places

    def candidates(self, texts: pl.Series) -> Mask:
        """The texts that may have an occurrence, (D,) bool: the others need not be cut into words.

        They have the longest run of letters of the pattern, or a character that may be read as letters of it,
        such as a ligature, or not be seen within it, such as a soft hyphen.
        """
        letters = max(_WORDS.findall(" ".join(self.words)), key=len, default="")
        if not letters or self.language in DOTTED:
            return np.ones(len(texts), bool)
        special = "".join(filter(_is_special, _characters(texts)))
        whole = f"(?i){re.escape(letters)}" + (f"|[{re.escape(special)}]" if special else "")
        able: Mask = texts.fill_null("").str.contains(whole).to_numpy()
        return able


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


def _key(word: str, language: str) -> str:
    """A word as it is compared: `plain`, in lower case, without what an apostrophe joins to it."""
    return lower(without_elision(plain(word), language), language)


def _characters(texts: pl.Series) -> list[str]:
    """The different characters of texts that are not ASCII."""
    return texts.str.extract_all(r"[^\x00-\x7f]").explode().drop_nulls().unique().to_list()


def _is_special(character: str) -> bool:
    """Whether a character is read as other letters, or changes one before it, or is not seen."""
    read = folded(character)
    changes = read != character and (not read or any(map(str.isalnum, read)))
    return changes or unicodedata.combining(character) > 0


def _occurrences(run: Run, pattern: _Pattern, passing: Mask | None, window: int) -> Iterator[Row]:
    """All occurrences in the order of the text."""
    assert run.text is not None
    first = 0
    for batch in run.text.batches((TEXT, DATE)):
        kept = pattern.candidates(batch[TEXT])
        if passing is not None:
            kept = kept & passing[first : first + len(batch)]
        numbers = np.flatnonzero(kept)
        some = batch[numbers]
        texts = some[TEXT].fill_null("").to_list()
        dates = some[DATE].cast(pl.String).to_list()
        for owner, *around in _in_context(texts, pattern, window):
            left, word, right = (" ".join(part.split()) for part in around)
            number = first + int(numbers[owner])
            yield {"id": number, "date": dates[owner], "left": left, "word": word, "right": right}
        first += len(batch)


def _counted(rows: Iterator[Row], hits: Counter[int]) -> Iterator[Row]:
    """The same rows; ``hits`` gets the number of each document's."""
    for row in rows:
        hits[row["id"]] += 1
        yield row


def _in_context(texts: Sequence[str], pattern: _Pattern, window: int) -> Iterator[tuple[int, str, str, str]]:
    """The number of a text, and what is before, in and after each occurrence."""
    cut = find_words(texts, pattern.split, pattern.language)
    places = pattern.places(cut)
    owners = np.searchsorted(cut.bounds, places, "right") - 1
    after = places + len(pattern.words)
    whole = after <= cut.bounds[owners + 1]
    places, owners, after = places[whole], owners[whole], after[whole]
    begins, ends = cut.bounds[owners], cut.bounds[owners + 1]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))[owners]
    left = np.where(places - window > begins, cut.starts[np.maximum(places - window, 0)], 0)
    last = np.minimum(after + window, len(cut.ends)) - 1
    right = np.where(after + window < ends, cut.ends[last], lengths)
    bounds = (owners, left, cut.starts[places], cut.ends[after - 1], right)
    for owner, *(one, two, three, four) in zip(*(array.tolist() for array in bounds), strict=True):
        text = texts[owner]
        yield owner, text[one:two], text[two:three], text[three:four]
