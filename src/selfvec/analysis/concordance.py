"""Concordance: every place where a query occurs, with the text before and after it (KWIC).

The text is read as it was written. So stop words, punctuation, forms that the run merged and words that it
left out are there. Occurrences are numbers of words until they are sorted and drawn: only documents of those
that are shown are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Unpack

import numpy as np
import polars as pl

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Ints
from selfvec.base.checks import StrPath
from selfvec.base.declarations import Count, Natural, NotEmpty, checked, options
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.threads import stop_if_cancelled
from selfvec.base.view import LEFT_CONTEXT, PROSE, RIGHT_CONTEXT, STRONG, Column, Table
from selfvec.data.run import Run
from selfvec.data.run_text import GROUP, column_of
from selfvec.data.token_batch import TokenBatch
from selfvec.files.atomic_files import check_target
from selfvec.files.report_page import check_report, save_rows
from selfvec.numerics.rows import sampled
from selfvec.storage.opened import GivenRun
from selfvec.text.passages import span_as_given
from selfvec.text.tokenizers import find_words

from .corpus_query import CorpusQuery, Hits
from .counted_text import DocumentSelection, chosen_documents, run_as_asked, written_text

_LEVEL = re.compile(r"([1-9]\d?)([LR])", re.IGNORECASE)


_SHOWN = (
    Column("id", form=PROSE, width=12),
    Column("date", form=PROSE),
    Column("left", form=LEFT_CONTEXT),
    Column("word", form=STRONG),
    Column("right", form=RIGHT_CONTEXT),
)


@options(DocumentSelection)
class Drawing(DocumentSelection, total=False):
    """Of which documents occurrences are shown, which words are one, and which are shown, if not all.

    Other Parameters
    ----------------
    sample : int, at least 1, optional
        Show so many occurrences, drawn at random.
    seed : int, at least 0, optional
        Seed of the random sample; by default 0.
    """

    sample: Count | None
    seed: Natural | None


@checked
def concordance(
    run: GivenRun,
    query: NotEmpty,
    *,
    sort: str | Sequence[str] | None = None,
    window: Count = 10,
    case: bool = False,
    lemma: bool = False,
    top: Count | None = None,
    csv: StrPath | None = None,
    overwrite: bool = False,
    **drawn: Unpack[Drawing],
) -> Answer:
    """Show every occurrence of a word or phrase with the text around it.

    Parameters
    ----------
    run : Run or path
    query : str, not empty
        A phrase, as flash {0,1} flood*; a query of CQP, as [lemma="cut"] "off"; or a /regular expression/.
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
        Find words of a phrase only as they are written in the query, capitals included.
    lemma : bool
        Find all forms of the words of a phrase, as [lemma="word"] does.
    overwrite : bool

    Returns
    -------
    Answer
        ``query``, the number of all ``hits``, of ``documents`` with a hit, and ``rows`` with ``id``, ``date``
        (None if unknown), ``left``, ``word`` and ``right`` as the document has them, but for white space.
        ``start`` and ``end`` are the places of the word in its document, in characters.

        Words of a phrase are compared in any case, with * for any letters in a word, or for a word; {0,3}
        stands for up to three words, !small for any word but small, _NOUN for a noun and rain_VERB for the
        verb. A string in quotes is a regular expression that a whole word matches, with its capitals; %c
        ignores case, and %d marks of letters. In brackets, & , | and ! join tests of word, lemma and pos.
        Alternatives (|), parentheses and repetitions (?, *, +, {0,2}) make sequences. Lemmas are taken of
        the query as of the text. A part of speech is that which a word has most often, as in `frequency`.
        With 's a word is found as a possessive, and "HTTP/2" where the text has two words. From each
        beginning, the shortest sequence is found. Time grows with the text, and not with more than its
        length. ``counted`` says what would find something where nothing does.

    Raises
    ------
    InputError
        If the run has not kept its text, or a package for parts of speech is missing.
    OptionError
        If the query has something else than this language, or the order is none of these.
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
    places = _places(sort, window)
    run = run_as_asked(run, drawn)
    text, tokenizer = written_text(run)
    written = text.as_written
    asked = CorpusQuery.of(run, text, query, tokenizer, case=case, lemma=lemma)
    hits = asked.written_hits(text)
    owners = written.document_of(hits.starts)
    if drawn.get("filter") or drawn.get("slice"):
        passing = chosen_documents(run, drawn)[owners]
        hits, owners = hits.chosen(passing), owners[passing]
    number, documents = len(owners), len(np.unique(owners))
    shown = np.arange(number)
    if (most := drawn.get("sample")) is not None:
        shown = sampled(shown, most, np.random.default_rng(drawn.get("seed") or 0))
    shown = shown[_order(run, written, hits.chosen(shown), owners[shown], places)][:top]
    rows = _in_context(run, written, hits.chosen(shown), owners[shown], tokenizer, window)
    if csv is not None:
        _save(run, rows, owners[shown].tolist(), csv, overwrite)
    notes = asked.notes(text, hits)
    figures = {"query": query, "hits": number, "documents": documents, "counted": notes, "rows": rows}
    of = f"{count_of(number, 'occurrence')}, in {count_of(documents, 'document')}"
    dated = any(row["date"] is not None for row in rows)
    columns = [column for column in _SHOWN if dated or column.name != "date"]
    return Answer(
        f"Concordance of {query}", figures, columns=columns, parts=[Table(columns, rows, of=of)], notes=notes
    )


_COLUMNS = {
    **dict.fromkeys(("id", "date", "left", "word", "right"), pl.String),
    **dict.fromkeys(("start", "end"), pl.Int64),
}


def _save(run: Run, rows: Sequence[Json], numbers: list[int], path: StrPath, overwrite: bool) -> None:
    """Write rows with the fields of their documents; a field named like a column of ours has its prefix."""
    text, table = run.require_text(), pl.DataFrame(rows, schema=_COLUMNS)
    if text.fields:
        fields = text.read([column_of(name) for name in text.fields], numbers)
        fields = fields.rename({name: f"field:{name}" for name in fields.columns if name in _COLUMNS})
        table = pl.concat([table, fields], how="horizontal")
    save_rows(table, path, overwrite=overwrite)


_DATE = [("", 0)]


def _places(sort: str | Sequence[str] | None, window: int) -> list[tuple[str, int]]:
    """The words by which occurrences are sorted: sides, and how far away; `OptionError` if they are none."""
    given = [] if sort is None else [sort] if isinstance(sort, str) else sort
    names = [name.strip() for text in given for name in text.split(",")]
    if names == ["date"]:
        return _DATE
    if names in (["left"], ["right"]):
        return [(names[0][0].upper(), place) for place in range(1, window + 1)]
    places = [(level[2].upper(), int(level[1])) for level in map(_LEVEL.fullmatch, names) if level]
    if len(places) < len(names) or len(places) > 3:
        one_of = "is one of left, right, date, or up to three words such as 1R,2R,1L"
        raise OptionError(f"{one_of}, not {','.join(names)!r:.40}", field="sort")
    if max((place for _, place in places), default=0) > window:
        raise OptionError("sorts by words that are not shown", field="sort", remedy="raise --window")
    return places


def _order(run: Run, text: TokenBatch, hits: Hits, owners: Ints, places: list[tuple[str, int]]) -> Ints:
    """Occurrences in their order, (n,): by words, of which none comes first, or by dates."""
    if places == _DATE:
        return np.argsort(run.require_text().days[owners], kind="stable")
    rank = run.held(
        "order of words", lambda: np.unique([*map(str.casefold, text.types)], return_inverse=True)[1]
    )
    keys = [np.arange(len(owners))]
    for side, place in reversed(places):
        words = hits.starts - place if side == "L" else hits.ends - 1 + place
        inside = (text.offsets[owners] <= words) & (words < text.offsets[owners + 1])
        keys.append(np.where(inside, rank[text.ids[np.where(inside, words, 0)]], -1))
    return np.lexsort(keys)


def _in_context(
    run: Run, text: TokenBatch, hits: Hits, owners: Ints, tokenizer: str, window: int
) -> list[Json]:
    """Occurrences with the words around them, as their documents have them."""
    kept = run.require_text()
    numbers = np.unique(owners)
    ids, dates = kept.names(numbers.tolist()), kept.dates(numbers.tolist())
    rows: list[Json] = [{}] * len(owners)
    place = np.searchsorted(numbers, owners)
    begins = hits.starts - text.offsets[owners]
    ends = hits.ends - text.offsets[owners]
    for first in range(0, len(numbers), GROUP):  # what is read of the text at once
        stop_if_cancelled()
        of = numbers[first : first + GROUP].tolist()
        texts, given = kept.texts(of), kept.as_given(of)
        cut = find_words(texts, tokenizer, sizes=())  # their places
        here = np.flatnonzero((first <= place) & (place < first + GROUP))
        for row, own, begin, end in zip(
            *(a.tolist() for a in (here, place[here], begins[here], ends[here])), strict=True
        ):
            whole = texts[own - first]
            low, high = cut.bounds[own - first : own - first + 2].tolist()
            start, stop = int(cut.starts[low + begin]), int(cut.ends[low + end - 1])
            left = int(cut.starts[low + begin - window]) if begin > window else 0
            right = int(cut.ends[low + end + window - 1]) if low + end + window < high else len(whole)
            around = {"left": (left, start), "word": (start, stop), "right": (stop, right)}
            shown = {name: " ".join(whole[a:b].split()) for name, (a, b) in around.items()}
            start, stop = span_as_given(whole, given[own - first], (start, stop))
            rows[row] = {"id": ids[own], "date": dates[own], **shown, "start": start, "end": stop}
    return rows
