"""The profile of a word: what the other commands tell of it, on one page.

What Sketch Engine's word sketch is for (Kilgarriff et al., 2004), without a parser: the side and the part of
speech of a collocate stand for its grammatical relation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, groupby, islice
from typing import Any, Unpack

import numpy as np

from selfvec.analysis.association import MEASURES
from selfvec.analysis.collocates import WITH, Window, collocates, pairs_of
from selfvec.analysis.comparison.chosen_slices import halves
from selfvec.analysis.concepts.growth import Sides, exact_p, share_changes
from selfvec.analysis.concordance import concordance
from selfvec.analysis.corpus_query import CorpusQuery, asked_query, looked_up
from selfvec.analysis.counted_text import BARS, MILLION, AskedText, Chosen, asked_text, chosen_documents
from selfvec.analysis.dispersion import dispersion
from selfvec.analysis.ngrams import ngrams
from selfvec.base.arrays import Ints, Mask
from selfvec.base.declarations import checked
from selfvec.base.display import count_of
from selfvec.base.errors import MissingExtra, OptionError
from selfvec.base.result_table import Figures
from selfvec.base.view import (
    COUNT,
    LEFT_CONTEXT,
    PROBABILITY,
    PROSE,
    RIGHT_CONTEXT,
    STRONG,
    WORD,
    WORDS,
    Column,
    Row,
    Table,
    View,
    figure,
)
from selfvec.corpus.slices import PERIODS, Slice, by_period, document_groups
from selfvec.data.field_types import INTEGER, TEXT, TRUTH
from selfvec.data.run import Run
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.tagger import OTHER, PARTS

_PERIODS = 30  # at most, over which a word is counted
_VALUES = 20  # at most, of a field by which it is
_LONGEST = 4  # words of a sequence
_QUOTED = 3  # occurrences


class Profile(Figures):
    """What a text tells of a word, as `profile` describes it."""

    columns = (
        Column("side", form=PROSE),
        Column("part", "part of speech", PROSE),
        Column("word"),
        Column("together", form=COUNT),
        MEASURES["logdice"][1],
    )

    def view(self, top: int | None = None) -> View:
        """Frequency, spread, collocates, sequences, what changed, and quotations, one below another."""
        del top  # of each kind as many are listed as were asked for
        spread, *others = self.tables
        times = (_bars(each["by"], each["groups"]) for each in self["groups"] if each["by"] in PERIODS)
        quoted = f"{len(self['quotations'])} of {count_of(self['count'], 'occurrence')}"
        lines = Table(_LINES, self["quotations"], quoted)
        return View(self.title, [spread, *times, *others, lines], records=self.rows)

    @property
    def tables(self) -> list[Table]:
        """Without times and quotations, which a page draws otherwise."""
        fields = (each for each in self["groups"] if each["by"] not in PERIODS)
        company = f"Collocates within {self['window']} words, by logDice"
        return [
            Table(_SPREAD, [self.as_dict()]),
            *(Table([Column("group", each["by"], PROSE), *_RATES], each["groups"]) for each in fields),
            Table(_COMPANY, self._company, company, self._changes),
            Table(_SEQUENCES, self["ngrams"], "Sequences"),
        ]

    @property
    def _company(self) -> list[Row]:
        """The collocates of each side and part of speech, in a row."""
        of_each = groupby(self.rows, key=lambda row: (row["side"], row["part"]))
        return [{"side": side, "part": part, "words": list(rows)} for (side, part), rows in of_each]

    @property
    def _changes(self) -> list[str]:
        """What differs between the first and the last periods, in sentences."""
        change = self["changed"]
        if change is None:
            return []
        shares = (f"in {change[f'share_{end}']:.1%} of the documents of {change[end]}" for end in _ENDS)
        ways = {"new": change["came"], "no more": change["went"]}
        near = [f"Near it in {change['last']}, {way}: {', '.join(ways[way])}." for way in ways if ways[way]]
        return [f"It is {', '.join(shares)} (p {PROBABILITY(change['p'])}).", *near]


def _bars(by: str, groups: Sequence[Row]) -> Table:
    """How often the word is in each period."""
    bars = Column("groups", f"{groups[0]['group']} to {groups[-1]['group']}", BARS, of=_heights)
    return Table([Column("by", "", PROSE), bars], [{"by": by, "groups": groups}])


def _heights(row: Row) -> list[float]:
    return [group["per_million"] for group in row["groups"]]


_ENDS = ("first", "last")
_SPREAD = (
    Column("word", form=PROSE),
    Column("count", form=COUNT),
    Column("per_million", "pmw", figure(1), "per million words"),
    Column("documents", form=COUNT),
    Column("dp_norm", "DP norm", figure(3), "0 is evenly spread over documents, 1 uneven"),
    Column("where", "where", BARS, "from the beginning of the text to its end"),
)
_RATES = _SPREAD[1:3]
_COMPANY = (
    *Profile.columns[:2],
    Column("words", "collocates", WORDS, of=lambda row: [each["word"] for each in row["words"]]),
)
_SEQUENCES = (Column("ngram", "sequence", WORD), Column("count", form=COUNT), Column("documents", form=COUNT))
_LINES = (
    Column("id", form=PROSE),
    Column("left", form=LEFT_CONTEXT),
    Column("word", form=STRONG),
    Column("right", form=RIGHT_CONTEXT),
)


@checked
def profile(run: GivenRun, word: str, *, window: int = 4, top: int = 5, **chosen: Unpack[Chosen]) -> Figures:
    """Show when, where and near what a word is used, with quotations.

    Parameters
    ----------
    run : Run or path
    word : str, not empty
        A word, a phrase or a query; see `concordance`.
    window : int, at least 1
        Words on each side in which collocates are.
    top : int, at least 1
        Collocates and sequences that are listed of each kind.
    **chosen
        Those of `Chosen`: which documents are looked at, and which words are one.

    Returns
    -------
    Figures
        ``word``, and of it what `dispersion` gives: ``count``, ``per_million``, ``documents``, ``dp``,
        ``dp_norm``, ``juilland_d`` and ``where``.

        ``groups``
            For the shortest periods of which the text has at most 30, and for each field of at most 20
            values: ``by``, and ``groups`` with ``group``, ``count``, ``tokens`` and ``per_million``.
        ``rows``
            For each ``side``, left and right, and ``part`` of speech the first collocates by logDice that
            are together with it in two documents or more, with what `collocates` gives. Without a tagger for
            the language, ``part`` is empty.
        ``ngrams``
            The most frequent sequences of two to four words with it, as of `ngrams`.
        ``changed``
            The ``first`` and ``last`` half of the periods, the shares of their documents with the word,
            ``share_first`` and ``share_last``, ``p``, and words that ``came`` near it or ``went``:
            that are near it in other shares of the documents with it (q ≤ .05; Fisher's exact test). None
            for a text without periods.
        ``quotations``
            Three occurrences drawn at random, as of `concordance`.

    Raises
    ------
    InputError
        If the run has not kept its text and tokens.
    NotFound
        If it does not occur in these documents, or none passes.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> mast = selfvec.profile(run, "mast", top=2)
    >>> mast["count"], mast["changed"]["came"]
    (220, ['was', 'mobile'])
    """
    run = as_run(run)
    asked = asked_text(run, {"repeats": "keep", **chosen}, written=True)
    query, hits = asked_query(asked, word)
    inside = chosen_documents(run, chosen)
    numbers = np.flatnonzero(inside)
    lines = concordance(run, word, window=3 * window, sample=_QUOTED, **chosen)
    (spread,) = dispersion(run, word, **chosen).rows
    batch = asked.text.batch
    words_in, hits_in = (np.zeros(run.require_tokens().documents, np.int64) for _ in range(2))
    words_in[numbers] = np.diff(batch.offsets)
    hits_in[numbers] = np.bincount(batch.document_of(hits.starts), minlength=len(numbers))
    facets = {by: _among(groups, inside) for by, groups in _facets(run)}
    rates = [
        {"by": by, "groups": [_rate(group, words_in, hits_in) for group in groups]}
        for by, groups in facets.items()
    ]
    periods = next((groups for by, groups in facets.items() if by in PERIODS), [])
    rows = [
        {"side": side, **row}
        for side, around in (("left", f"{window}L0R"), ("right", f"0L{window}R"))
        for row in _by_part(run, collocates(run, word, window=around, min_documents=2, **chosen).rows, top)
    ]
    recurring = [ngrams(run, n=n, word=word, top=top, **chosen).rows for n in range(2, _LONGEST + 1)]
    figures = {
        **spread,
        "window": window,
        "groups": rates,
        "rows": rows,
        "ngrams": list(chain.from_iterable(recurring)),
        "changed": _changed(asked, periods, query, numbers, hits_in, window, top),
        "quotations": lines["rows"],
    }
    return Profile(f"Profile of {spread['word']}", figures, rows="rows")


def _facets(run: Run) -> Iterator[tuple[str, list[Slice]]]:
    """By what occurrences are counted: periods of one length, and values of fields, with their documents."""
    batch, text = run.require_tokens(), run.require_text()
    if batch.period is not None:
        every = [(period, by_period(batch, period)) for period in PERIODS]
        yield next((each for each in every if len(each[1]) <= _PERIODS), every[-1])
    for name, kind in text.kinds.items():
        if kind in (TEXT, INTEGER, TRUTH) and 1 < text.values(name).n_unique() <= _VALUES:
            yield name, document_groups(run, name)


def _among(groups: Sequence[Slice], inside: Mask) -> list[Slice]:
    """The groups of the documents that are looked at."""
    among = (Slice(group.name, group.documents & inside) for group in groups)
    return [group for group in among if group.documents.any()]


def _rate(group: Slice, words_in: Ints, hits_in: Ints) -> Row:
    count, tokens = int(hits_in[group.documents].sum()), int(words_in[group.documents].sum())
    per = count * MILLION / max(tokens, 1)
    return {"group": group.name, "count": count, "tokens": tokens, "per_million": per}


def _by_part(run: Run, rows: Sequence[Row], top: int) -> Iterator[Row]:
    """Collocates by their parts of speech, the first ones of each."""
    of_each = [""] * len(rows)
    with suppress(MissingExtra, OptionError):  # there is no tagger for this language, or it is not installed
        of_each = looked_up(run, [row["word"] for row in rows], "pos")
    for part in (*PARTS, OTHER, ""):
        own = (row for row, its in zip(rows, of_each, strict=True) if its == part)
        yield from ({"part": part, **row} for row in islice(own, top))


def _changed(
    asked: AskedText,
    periods: Sequence[Slice],
    query: CorpusQuery,
    numbers: Ints,
    hits_in: Ints,
    window: int,
    top: int,
) -> dict[str, Any] | None:
    """In which shares of the documents of the two halves of the periods it is, and near what."""
    if len(periods) < 2:
        return None
    batch = asked.run.require_tokens()
    sides = Sides(*halves(periods, batch))  # all is evidence
    (share,) = share_changes([hits_in > 0], np.ones(len(hits_in), bool), sides, shares_add_up=False)
    near, of = [], []
    for side in sides:
        part = asked.text.part(side.documents[numbers])
        hits = query.hits(part)
        near.append(pairs_of(part.batch, hits, Window(window, window))[WITH])
        of.append(len(np.unique(part.batch.document_of(hits.starts))))
    total = near[0] + near[1]
    # Words too rare to differ beyond chance, even if all were on one side, are not tested.
    sizes = np.unique(total[total > 0])
    low, high = (np.minimum(sizes, size) for size in of)
    all_on_one = exact_p(low, of[0], sizes - low, of[1]), exact_p(sizes - high, of[0], high, of[1])
    tested = np.flatnonzero(np.isin(total, sizes[np.minimum(*all_on_one) <= LEVEL]))
    first, last = (documents[tested] for documents in near)
    p = exact_p(first, of[0], last, of[1])
    sure = tested[np.argsort(p, kind="stable")[: np.count_nonzero(benjamini_hochberg(p) <= LEVEL)]]
    rises = near[1] * of[0] > near[0] * of[1]
    types = asked.text.batch.types
    came, went = ([types[i] for i in sure[rises[sure] == way][:top].tolist()] for way in (True, False))
    figures = ("first", "last", "share_first", "share_last", "p")
    return {name: getattr(share, name) for name in figures} | {"came": came, "went": went}
