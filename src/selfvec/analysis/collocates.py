"""Collocates: the words that keep company with a word.

They are ordered by logDice, which does not depend on the size of the text and is 14 for two words that never
occur apart (Rychlý, 2008, *A lexicographer-friendly association score*).
"""

from __future__ import annotations

import numpy as np

from selfvec.analysis.concepts.terms import row_of
from selfvec.analysis.usage.contexts import occurrences, padded_windows, window_counts
from selfvec.base.arrays import Ints
from selfvec.base.declarations import checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import NotFound
from selfvec.base.result_table import Figures
from selfvec.base.view import COUNT, Column, Table, View, figure
from selfvec.corpus.filters import GivenFilter, filtered_documents, given_filters
from selfvec.corpus.slices import named_slice
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun, as_run

HIGHEST = 14.0  # logDice of two words that never occur apart
_AT_ONCE = 1 << 16  # occurrences whose windows are in memory; a frequent word has millions


class Collocates(Figures):
    """The words that keep company with a word, as `collocates` describes them."""

    columns = (
        Column("word", width=32),
        Column("together", form=COUNT),
        Column("count", form=COUNT),
        Column("logdice", "logDice", figure(2), "14 if they never occur apart; 1 less is half of that"),
    )

    def view(self, top: int | None = None) -> View:
        """The first collocates, and how many there are."""
        rows = self["rows"][:top]
        word = escape_for_display(self["word"])
        of_all = f"{len(rows):,} of {count_of(self['words'], 'word')} within {self['window']} of {word}"
        note = f"{of_all}, which occurs {count_of(self['count'], 'time')}"
        return View(self.title, [Table(self.columns, rows, notes=[note])], records=self["rows"])


@checked
def collocates(
    run: GivenRun,
    word: str,
    *,
    window: int = 5,
    slice: str | None = None,
    filter: GivenFilter = (),
    top: int | None = None,
    min_count: int = 1,
) -> Figures:
    """List the words that keep company with a word, by logDice.

    Parameters
    ----------
    run : Run or path
    word : str, not empty
        A word of the run.
    window : int, at least 1
        Words on each side. Windows do not cross documents.
    slice : str, optional
        Only this period or label, such as 1976..1979, 2020Q2 or 2000...
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    top : int, at least 1, optional
        Words listed; by default all.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out words that are rarer near the word.

    Returns
    -------
    Figures
        ``word``, its ``count`` in these documents, ``window``, the number of all its collocates, ``words``,
        and ``rows``, the largest ``logdice`` first.

        ``word``
            The collocate.
        ``together``
            Occurrences of the word that have the collocate nearby, or of the collocate that have the word
            nearby, if these are fewer.
        ``count``
            Occurrences of the collocate in these documents.
        ``logdice``
            14 + log₂(2 ``together`` / (count of the word + count of the collocate)), at most 14.

    Raises
    ------
    InputError
        If the run has not kept its tokens.
    NotFound
        If the word does not occur in these documents, or none passes.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [row["word"] for row in selfvec.collocates(run, "hail", top=3).rows]
    ['size', 'pads', 'cell']
    """
    run = as_run(run)
    batch = run.require_tokens("in which words occur")
    index = row_of(run, word)
    passing = filtered_documents(run, given_filters(filter))
    if slice is not None:
        passing = passing & named_slice(batch, slice).documents
    if not passing.all():
        batch = batch.part(passing)
    name = batch.types[index]
    count = int(batch.counts[index])
    if not count:
        raise NotFound(f"{name!r} does not occur in these documents", remedy="choose others, or all")
    rows = _rows(batch, index, window, min_count)
    figures = {"word": name, "count": count, "window": window, "words": len(rows), "rows": rows[:top]}
    return Collocates(f"Collocates of {name}", figures, rows="rows")


def _rows(batch: TokenBatch, word: int, window: int, min_count: int) -> list[dict[str, object]]:
    together = times_together(batch, word, window)
    listed = np.flatnonzero(together >= max(min_count, 1))
    dice = 2 * together[listed] / (batch.counts[word] + batch.counts[listed])
    order = np.argsort(-dice, kind="stable")
    columns = {
        "word": [batch.types[i] for i in listed[order].tolist()],
        "together": together[listed[order]].tolist(),
        "count": batch.counts[listed[order]].tolist(),
        "logdice": (HIGHEST + np.log2(dice[order])).tolist(),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def times_together(batch: TokenBatch, word: int, half: int) -> Ints:
    """How often each word and a word are together, (V,) int64: at most ``half`` words apart in a document.

    It is the number of occurrences of either that have the other nearby, of whichever this is smaller. So the
    number is the same for two words in either order, and no larger than their counts.

    >>> batch = TokenBatch.from_documents([["tea", "strong", "tea"], ["tea"], ["strong"]])
    >>> times_together(batch, 0, 5).tolist(), times_together(batch, 1, 5).tolist()
    ([0, 1], [1, 0])
    """
    types = len(batch.types)
    with_it = np.zeros(types, np.int64)  # occurrences of the word that have each word nearby
    near = np.zeros(len(batch), bool)  # the tokens that have the word nearby
    beside = np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])
    places = occurrences(batch, word)
    for first in range(0, len(places), _AT_ONCE):
        some = places[first : first + _AT_ONCE]
        windows = padded_windows(batch, some, half)
        with_it += window_counts(windows, types)
        near[(some[:, None] + beside)[windows >= 0]] = True
    return np.minimum(with_it, np.bincount(batch.ids[near], minlength=types))
