"""Dispersion: how evenly words are spread over the parts of a text, and where they occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Unpack

import numpy as np

from selfvec.analysis.counted_text import (
    Counting,
    asked_text,
    number_of,
    per_million,
    rows_of,
    spread_of,
)
from selfvec.base.arrays import Ids, Ints
from selfvec.base.declarations import checked
from selfvec.base.display import count_of
from selfvec.base.errors import NotFound
from selfvec.base.result_table import Figures, why_unknown
from selfvec.base.view import COUNT, Column, Drawn, Form, Table, View, figure
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun

BINS = 40  # equal stretches of the text, in which occurrences are counted
_BARS = " ▁▂▃▄▅▆▇█"  # from none to most
_WIDTH, _HEIGHT = 6, 24  # of a stretch, in pixels


def _barcode(counts: Sequence[int]) -> Drawn:
    """Occurrences in stretches of the text, as bars whose heights are shares of the most in one."""
    most = max(counts, default=0) or 1
    heights = [-(-count * (len(_BARS) - 1) // most) for count in counts]
    bars = "".join(
        f'<rect x="{_WIDTH * i}" y="{_HEIGHT * (most - count) / most:g}" width="{_WIDTH - 1}" '
        f'height="{_HEIGHT * count / most:g}"/>'
        for i, count in enumerate(counts)
        if count
    )
    size = f'width="{_WIDTH * len(counts)}" height="{_HEIGHT}"'
    drawn = f'<svg {size} fill="currentColor" role="img" aria-label="where it occurs">{bars}</svg>'
    return Drawn("".join(_BARS[height] for height in heights), drawn)


BARCODE = Form("barcode", _barcode)


class Dispersion(Figures):
    """How words are spread over a text, as `dispersion` describes them."""

    columns = (
        Column("word", width=20),
        Column("count", form=COUNT),
        Column("documents", "parts", COUNT),
        Column("dp", "DP", figure(3), "0 is evenly spread, near 1 is in one small part"),
        Column("dp_norm", "DP norm", figure(3), "the same, up to 1"),
        Column("juilland_d", "D", figure(3), "Juilland's, 1 is evenly spread"),
        Column("where", "where", BARCODE, "from the beginning of the text to its end"),
    )

    @property
    def messages(self) -> Sequence[str]:
        """Words that do not occur."""
        return [why_unknown(row) for row in self["unknown"]]

    def view(self, top: int | None = None) -> View:
        """The words in the order in which they were asked for, and what the parts are."""
        parts = f"{self['parts']:,} {'equal parts' if self['equal'] else 'documents'}"
        note = f"{parts} of {count_of(self['tokens'], 'word')} are the parts."
        table = Table(self.columns, self["rows"][:top])
        return View(self.title, [table], notes=[note, *self["counted"]], records=self["rows"])


@checked
def dispersion(
    run: GivenRun,
    words: str | Sequence[str],
    *,
    parts: int | None = None,
    **counting: Unpack[Counting],
) -> Figures:
    """Measure how evenly words are spread over a text.

    Parameters
    ----------
    run : Run or path
    words : str or sequence of str
        Words of the text.
    parts : int, at least 2, optional
        Cut the text into so many equal parts, for texts of a few long documents; by default the documents
        are the parts.
    **counting
        Those of `Counting`: which documents are counted, and how.

    Returns
    -------
    Figures
        ``tokens``, the words of the text, ``parts``, the number of parts that have words, ``equal``, whether
        it was cut into equal ones, ``unknown``, words that do not occur, and ``rows``. ``counted`` says which
        words were counted, as ``repeats`` asks.

        ``word``, ``count``, ``per_million``
            The word, its occurrences, and those in a million words.
        ``documents``
            The parts in which it occurs: its range.
        ``dp``
            Gries' deviation of proportions: half the sum, over the parts, of |share of the word - share of
            the text| (Gries, 2008, *Dispersions and adjusted frequencies in corpora*). 0 is evenly spread.
        ``dp_norm``
            ``dp`` / (1 - the share of the smallest part) (Lijffijt and Gries, 2012).
        ``juilland_d``
            1 - V / √(n - 1) over n parts, where V is the standard deviation of the relative frequencies in
            the parts, divided by their mean. The parts may differ in size, as in Gries (2020, *Analyzing
            dispersion*); the deviation is that of a population. None if there is one part.
        ``where``
            Occurrences in 40 equal stretches of the text, in its order.

    Raises
    ------
    InputError
        If the run has not kept its tokens.
    NotFound
        If none of the words occurs in these documents, or none of these passes.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [(row["word"], row["documents"], round(row["dp"], 2)) for row in run.dispersion(["the", "hail"]).rows]
    [('the', 1999, 0.09), ('hail', 105, 0.95)]
    """
    opened, text, _ = asked_text(run, counting)
    numbers, unknown = [], []
    asked = [words] if isinstance(words, str) else list(words)
    for word in dict.fromkeys(asked):
        try:
            numbers.append(number_of(opened, text, word))
        except NotFound as error:
            if len(asked) == 1:
                raise
            unknown.append({"word": word, "reason": error.rule, "count": 0, "alike": []})
    if not numbers:
        raise NotFound("none of these words occurs in these documents", remedy="choose others")
    whole = text.batch
    batch = _in_equal_parts(whole, parts) if parts else whole
    chosen = np.array(numbers, np.int64)
    # Only these words are measured: a text of a million types would need a column for each.
    few = np.full(len(batch.types), len(chosen), np.int32)
    few[chosen] = np.arange(len(chosen), dtype=np.int32)
    measured = replace(batch, ids=few[batch.ids], types=[*(batch.types[i] for i in numbers), ""])
    spread = spread_of(measured)
    counts = batch.counts[chosen]
    d = [None if np.isnan(value) else float(value) for value in spread.juilland_d[: len(chosen)]]
    rows = rows_of(
        {
            "word": [batch.types[i] for i in numbers],
            "count": counts,
            "per_million": per_million(counts, len(batch)),
            "documents": spread.documents[: len(chosen)],
            "dp": spread.dp[: len(chosen)],
            "dp_norm": spread.dp_norm[: len(chosen)],
            "juilland_d": d,
            "where": [_where(measured.ids, number) for number in range(len(chosen))],
        }
    )
    figures = {
        "tokens": len(batch),
        "parts": int(np.count_nonzero(np.diff(batch.offsets))),
        "equal": parts is not None,
        "repeats": text.repeats,
        "counted": text.notes,
        "unknown": unknown,
        "rows": rows,
    }
    return Dispersion("Dispersion of words", figures, rows="rows")


def _in_equal_parts(batch: TokenBatch, parts: int) -> TokenBatch:
    """The same words, cut into parts whose sizes differ by one word at most, instead of into documents."""
    offsets = np.linspace(0, len(batch), parts + 1).astype(np.int64)
    return TokenBatch(batch.ids, offsets, batch.types).with_counts(batch.counts)


def _where(ids: Ids, number: int) -> list[int]:
    """Occurrences of a word in equal stretches of a text."""
    places: Ints = np.flatnonzero(ids == number)
    bounds = np.searchsorted(places, np.linspace(0, len(ids), BINS + 1).astype(np.int64))
    return [last - first for first, last in pairwise(bounds.tolist())]
