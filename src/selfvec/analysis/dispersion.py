"""Dispersion: how evenly words are spread over the parts of a text, and where they occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, why_unknown
from selfvec.base.arrays import Array, Doubles, Ids, Ints
from selfvec.base.checks import check_texts
from selfvec.base.compiled import kernel
from selfvec.base.declarations import Bounds, checked
from selfvec.base.display import count_of
from selfvec.base.errors import NotFound
from selfvec.base.view import COUNT, Column, Table, figure
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun

from .corpus_query import Hits, asked_query, name_of
from .counted_text import BARS, MILLION, Grouped, asked_text, group_columns

BINS = 40  # equal stretches of the text, in which occurrences are counted


DISPERSION = (
    Column("word", width=20),
    Column("count", form=COUNT),
    Column("documents", "parts", COUNT),
    Column("dp", "DP", figure(3), "0 is evenly spread, near 1 is in one small part"),
    Column("dp_norm", "DP norm", figure(3), "the same, up to 1"),
    Column("juilland_d", "D", figure(3), "Juilland's, 1 is evenly spread"),
    Column("where", "where", BARS, "from the beginning of the text to its end"),
)


@checked
def dispersion(
    run: GivenRun,
    words: str | Sequence[str],
    *,
    parts: Annotated[int, Bounds(at_least=2)] | None = None,
    **counting: Unpack[Grouped],
) -> Answer:
    """Measure how evenly words are spread over a text.

    Parameters
    ----------
    run : Run or path
    words : str or sequence of str
        Words, phrases or queries; see `concordance`.
    parts : int, at least 2, optional
        Cut the text into so many equal parts, for texts of a few long documents; by default the documents
        are the parts.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Returns
    -------
    Answer
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
        ``groups``
            With ``by``: ``group`` and all of these in each group; no DP where the word does not occur.

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
    names = check_texts("words", words, "words")
    asked = asked_text(run, counting, written=True)
    batch = asked.text.batch
    whole = _in_parts(batch, parts)
    rows, unknown = [], []
    for word in dict.fromkeys(names):
        try:
            query, hits = asked_query(asked, word)
        except NotFound as error:
            if len(names) == 1:
                raise
            reason = error.rule.removeprefix("the word ").removeprefix(f"{word!r} ")  # it is named beside it
            unknown.append({"word": word, "reason": reason, "count": 0, "alike": []})
            continue
        groups = [
            {"group": name, **_spread_of(_in_parts(part.batch, parts), query.hits(part))}
            for name, part in asked.groups.items()
        ]
        row = {"word": name_of(asked.text, word, hits), **_spread_of(whole, hits)}
        rows.append(row | ({"groups": groups} if groups else {}))
    if not rows:
        raise NotFound("none of these words occurs in these documents", remedy="choose others, or all")
    sizes = {"tokens": len(batch), "parts": int(np.count_nonzero(whole.lengths))}
    figures = {**sizes, "equal": parts is not None, **asked.said, "unknown": unknown, "rows": rows}
    parts_named = f"{sizes['parts']:,} {'documents' if parts is None else 'equal parts'}"
    named = [{"group": name} for name in asked.groups]
    more = {"Occurrences in each group": ("count", COUNT), "DP in each group": ("dp", figure(3))}
    tables = [Table(DISPERSION, rows)]
    for head, (name, form) in more.items() if named else ():
        tables.append(Table([DISPERSION[0], *group_columns(named, itemgetter(name), form)], rows, head))
    note = f"{parts_named} of {count_of(len(batch), 'word')} are the parts."
    return Answer(
        "Dispersion of words",
        figures,
        columns=DISPERSION,
        parts=tables,
        notes=[note, *figures["counted"]],
        messages=[*map(why_unknown, unknown)],
    )


def _in_parts(batch: TokenBatch, parts: int | None) -> TokenBatch:
    """A text in so many parts, whose sizes differ by one word at most; by default in its documents."""
    if parts is None:
        return batch
    bounds = np.linspace(0, len(batch), parts + 1).astype(np.int64)
    return TokenBatch(batch.ids, bounds, batch.types)


def _spread_of(batch: TokenBatch, hits: Hits) -> Json:
    """How occurrences are spread over the parts of a text."""
    spread = spread_of(began_at(batch, hits.starts, 0, 1))
    count = len(hits.starts)
    bounds = np.searchsorted(hits.starts, np.linspace(0, len(batch), BINS + 1).astype(np.int64))
    d = spread.juilland_d[0]
    return {
        "count": count,
        "per_million": count * MILLION / len(batch),
        "documents": int(spread.documents[0]),
        "dp": float(spread.dp[0]) if count else None,
        "dp_norm": float(spread.dp_norm[0]) if count else None,
        "juilland_d": None if np.isnan(d) else float(d),
        "where": np.diff(bounds).tolist(),
    }


# ---- How words are spread over documents

# Columns of what `_add_spread` adds up, and of what it needs to know of a word. One reading of the text gives
# all of them, and the numbers of a word lie together, because words of a large vocabulary are not in the
# processor's cache: fetching them takes the time.
_DOCUMENTS, _DEVIATION, _ABOVE, _SQUARE, _OWN, *_RESIDUALS, _COUNT, _EXPECTED = range(10)


@dataclass(frozen=True, eq=False)
class Spread:
    """How the V words of a text are spread over its documents that have words, its parts; see `dispersion`.

    ``residuals`` are sums over documents of (c - p n)² and its third and fourth powers: c is the count in a
    document of n words, p the expected rate that `spread_of` was given. ``own`` is that of (c - r n)², where
    r is the rate in the text itself.
    """

    documents: Ints  # (V,), with the word
    dp: Doubles  # (V,), 0 for a word that does not occur
    dp_norm: Doubles  # (V,)
    juilland_d: Doubles  # (V,), NaN of a single part
    own: Doubles  # (V,)
    residuals: Doubles  # (3, V)


def spread_of(batch: TokenBatch, rates: Doubles | None = None) -> Spread:
    """How the words of a text are spread over its documents; ``rates``, (V,), are expected ones.

    >>> spread = spread_of(TokenBatch.from_documents([["a", "a", "b"], ["a"]]))
    >>> spread.documents.tolist(), spread.dp.round(3).tolist(), spread.juilland_d.round(3).tolist()
    ([2, 1], [0.083, 0.25], [0.8, 0.0])
    """
    types, counts = len(batch.types), batch.counts
    shares = counts / max(len(batch), 1) if rates is None else rates
    sizes = batch.lengths.astype(np.float64)
    sums = np.zeros((types, 10))
    sums[:, _COUNT], sums[:, _EXPECTED] = counts, shares
    seen, order = np.zeros(types, np.int32), np.zeros(types, np.int32)
    for ids, offsets in batch.in_ranges():  # ends early if nobody waits for it any more
        _add_spread(ids, offsets, float(len(batch)), seen, order, sums)
    occurs = counts > 0
    documents = sums[:, _DOCUMENTS]
    parts = max(int(np.count_nonzero(sizes)), 1)
    dp = np.where(occurs, np.clip((sums[:, _DEVIATION] + 1) / 2, 0, 1), 0)
    smallest = sizes[sizes > 0].min(initial=np.inf) / max(len(batch), 1)
    # Rates are compared with that of the whole text: their variance around 0 would lose half its digits.
    usual = np.where(occurs, counts / max(len(batch), 1), 1)
    above = (sums[:, _ABOVE] - (parts - documents) * usual) / parts
    mean = usual + above
    variance = np.maximum((sums[:, _SQUARE] + (parts - documents) * usual**2) / parts - above**2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        juilland = np.where(occurs & (parts > 1), 1 - np.sqrt(variance) / mean / np.sqrt(parts - 1), np.nan)
    return Spread(
        documents.astype(np.int64),
        dp,
        dp / (1 - smallest) if parts > 1 else dp,
        juilland,
        # Documents without the word have the residual -p n; they were subtracted above from all documents'.
        np.maximum(sums[:, _OWN] + (counts / max(len(batch), 1)) ** 2 * (sizes**2).sum(), 0),
        np.stack([sums[:, row] + (-shares) ** k * (sizes**k).sum() for k, row in enumerate(_RESIDUALS, 2)]),
    )


def began_at(batch: TokenBatch, places: Ints, ids: Ids | int, number: int) -> TokenBatch:
    """A text as so many things that begin at places of it, by their ``ids``, and as one more of all else."""
    began = np.full(len(batch), number, np.int32)
    began[places] = ids
    return TokenBatch(began, batch.offsets, [""] * (number + 1))


@kernel(steps=lambda ids, *_: 20 * len(ids))
def _add_spread(
    ids: Array,  # (n,)
    offsets: Ints,  # (d + 1,)
    tokens: float,  # of the whole text
    seen: Array,  # (V,) zeros
    order: Array,  # (V,) room
    sums: Array,  # (V, 10), the columns named above
) -> None:
    for document in range(len(offsets) - 1):
        first, last = offsets[document], offsets[document + 1]
        size = float(last - first)
        different = 0
        for place in range(first, last):
            word = ids[place]
            if seen[word] == 0:
                order[different] = word
                different += 1
            seen[word] += 1
        for number in range(different):
            word = order[number]
            count = float(seen[word])
            seen[word] = 0
            row = sums[word]
            share, above = size / tokens, count / size - row[8] / tokens
            row[0] += 1.0
            row[1] += abs(count / row[8] - share) - share
            row[2] += above
            row[3] += above * above
            row[4] += (above * size) ** 2 - (row[8] * share) ** 2
            beyond, lacking = count - row[9] * size, -row[9] * size
            row[5] += beyond**2 - lacking**2
            row[6] += beyond**3 - lacking**3
            row[7] += beyond**4 - lacking**4
