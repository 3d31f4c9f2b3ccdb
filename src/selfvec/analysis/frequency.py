"""Frequency and dispersion: how often words occur, how varied they are, and how evenly they are spread.

How words are spread over documents says how sure their frequency is, so that both stand on `spread_of`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Annotated, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows, why_unknown
from selfvec.base.arrays import Array, Doubles, Ids, Ints
from selfvec.base.checks import check_texts
from selfvec.base.compiled import kernel
from selfvec.base.declarations import Bounds, Count, checked
from selfvec.base.display import count_of
from selfvec.base.errors import NotFound
from selfvec.base.view import COUNT, PROSE, Column, Form, Table, ends, figure
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun
from selfvec.text.document_vectors import document_frequencies

from .corpus_query import Hits, asked_query, name_of
from .counted_text import (
    BARS,
    MILLION,
    SHOWN_GROUPS,
    Grouped,
    Unit,
    asked_text,
    by_group,
    group_columns,
    per_million,
)


def frequencies(title: str, figures: Json, first: Column, of: str, size: str) -> Answer:
    """How often words or sequences occur: what was counted, some ``of`` all, the groups, the size."""
    groups, rows = figures.get("groups", ()), figures["rows"]
    columns, sizes = (first, *_COUNTS), [*_SIZES]
    parts = [Table(columns, rows, of=of)]
    if groups and len(rows) == 1:  # its figures stand beside the sizes
        groups = [{**size, **row} for size, row in zip(groups, rows[0]["groups"], strict=True)]
        sizes = [*_SIZES[:3], _COUNTS[0], _COUNTS[2], _INTERVAL]
    elif groups:
        for head, value, form, most in _IN_GROUPS:
            if len(groups) <= most:
                shown = [replace(first, width=24), *group_columns(groups, value, form)]
                parts.append(Table(shown, rows, f"{head} in each group"))
    if groups:
        more = f"{len(groups):,} groups" * (len(groups) > SHOWN_GROUPS)
        parts.append(Table(sizes, groups, "Groups", of=more, least=SHOWN_GROUPS))
    return Answer(title, figures, columns=columns, parts=parts, notes=[size, *figures["counted"]])


def _between(span: tuple[float, float]) -> str:
    return "-".join(f"{end:,.{1 if span[1] < 100 else 0}f}" for end in span)


_COUNTS = (
    Column("count", form=COUNT),
    Column("documents", form=COUNT),
    Column("per_million", "pmw", figure(1), "per million words"),
)
_INTERVAL = Column("interval", "95 %", Form("interval", _between, True), "interval by documents", of=ends)
_IN_GROUPS = (  # with as many groups as fit a line
    ("Occurrences", itemgetter("count"), COUNT, SHOWN_GROUPS),
    ("Per million words", itemgetter("per_million"), figure(1), sys.maxsize),
    ("95 % interval by documents, per million words,", ends, _INTERVAL.form, 3),
)
_SIZES = (
    Column("group", "", PROSE),
    Column("documents", form=COUNT),
    Column("tokens", "words", COUNT),
    Column("types", "different", COUNT),
    Column("sttr", "TTR", figure(3), "mean type–token ratio of its pieces"),
)


@checked
def frequency(
    run: GivenRun,
    query: str | None = None,
    *,
    unit: Unit = "word",
    top: Count | None = None,
    min_count: Count = 1,
    min_documents: Count = 1,
    piece: Annotated[int, Bounds(at_least=2)] = 1000,
    **counting: Unpack[Grouped],
) -> Answer:
    """List the words of a text by how often they occur.

    Parameters
    ----------
    run : Run or path
    query : str, optional
        Only this word, phrase or query; see `concordance`.
    unit : {"word", "lemma", "pos"}
        What is counted: words as the run has them, their lemmas, or their parts of speech.
    top : int, at least 1, optional
        Words listed; by default all.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out words that are rarer.
    min_documents : int, at least 1
        Leave out words that occur in fewer documents.
    piece : int, at least 2
        Words of a piece of the text, for the type–token ratio.

    Returns
    -------
    Answer
        ``tokens`` and ``types``, the words of the text and how many are different, ``documents``, ``listed``,
        the number of words that are frequent enough, ``sttr``, and ``rows``, the most frequent first.
        ``groups``, with ``by``, has the size of each group under the same names. ``counted`` says which words
        were counted, as ``repeats`` asks.

        ``word``
            As the run has it; a lemma or a part of speech, if these are counted.
        ``count``, ``documents``
            Its occurrences, and the documents with it.
        ``per_million``
            Its occurrences in a million words.
        ``groups``
            With ``by``: ``group``, ``count``, ``per_million`` of each group; ``low`` and ``high``, the 95 %
            interval of that rate by documents, None in a group of fewer than six.

        ``sttr`` is the standardised type–token ratio (Scott, *WordSmith Tools*): the mean share of different
        words in consecutive pieces of the text, which run on from one document to the next. Without pieces,
        the ratio would fall with the length of the text. None for a text shorter than a piece.

    Raises
    ------
    InputError
        If the run has not kept its tokens, or a package for parts of speech is missing.
    OptionError
        If there are no lemmas or parts of speech for the language.
    NotFound
        If no document is in the slice or passes the filters.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [(row["word"], row["count"]) for row in selfvec.frequency(run, top=3).rows]
    [('the', 19194), ('a', 7871), ('in', 5149)]
    """
    asked = asked_text(run, counting, written=query is not None, unit=unit)
    batch = asked.text.batch
    parts = {name: part.batch for name, part in asked.groups.items()}
    size, groups = size_of(batch, piece), sizes_of(parts, piece)
    tokens, said = len(batch), f"{count_of(len(batch), 'word')}, {size['types']:,} different."
    words, places, forms = parts, dict[str, Hits](), dict[str, int]()
    if query is not None:
        made, hits = asked_query(asked, query)
        said += f" {query} occurs {count_of(len(hits.starts), 'time')}."
        batch = _of_hits(batch, hits, forms)
        places = {name: made.hits(part) for name, part in asked.groups.items()}
        parts = {name: _of_hits(part, places[name], forms) for name, part in words.items()}

    def squares(name: str) -> Doubles:
        if query is None:
            return spread_of(words[name]).own
        return spread_of(began_at(words[name], places[name].starts, parts[name].ids, len(forms))).own[:-1]

    documents = document_frequencies(batch)
    listed = np.flatnonzero((batch.counts >= min_count) & (documents >= min_documents) & (batch.counts > 0))
    chosen = listed[np.argsort(-batch.counts[listed], kind="stable")][:top]
    columns: Json = {
        "word": [batch.types[i] for i in chosen.tolist()],
        "count": batch.counts[chosen],
        "documents": documents[chosen],
        "per_million": per_million(batch.counts[chosen], tokens),
        **by_group(
            {name: (parts[name].counts[chosen], squares(name)[chosen], words[name]) for name in parts}
        ),
    }
    figures = {"unit": unit, **size, "listed": len(listed), "piece": piece, **asked.said}
    figures |= groups | {"rows": as_rows(columns)}
    first = Column("word", unit.replace("pos", "part of speech"), width=24)
    if size["sttr"] is not None:
        said += f" Type–token ratio in pieces of {piece:,} words: {size['sttr']:.3f}."
    of = count_of(len(listed), unit.replace("pos", "part"))
    return frequencies(f"Frequencies of {_PLURAL[unit]}", figures, first, of, said)


_PLURAL = {"word": "words", "lemma": "lemmas", "pos": "parts of speech"}


def _of_hits(batch: TokenBatch, hits: Hits, forms: dict[str, int]) -> TokenBatch:
    """The occurrences in each document, as what they are; new forms get the next numbers.

    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a"]])
    >>> found = _of_hits(batch, Hits(np.array([0, 3]), np.array([2, 4])), {})
    >>> found.types, found.ids.tolist(), found.offsets.tolist()
    (['a', 'a b'], [1, 0], [0, 1, 2])
    """
    widths = hits.ends - hits.starts
    ids = np.empty(len(widths), np.int32)
    for width in np.unique(widths).tolist():
        some = widths == width
        words = batch.ids[hits.starts[some][:, None] + np.arange(width)]
        distinct, places = np.unique(words, axis=0, return_inverse=True)
        names = (" ".join(batch.types[i] for i in row) for row in distinct.tolist())
        ids[some] = np.array([forms.setdefault(name, len(forms)) for name in names], np.int32)[places.ravel()]
    return TokenBatch(ids, np.searchsorted(hits.starts, batch.offsets), list(forms))


def size_of(batch: TokenBatch, piece: int = 1000) -> Json:
    """The size of a text, and how varied its words are."""
    return {
        "documents": int(np.count_nonzero(batch.lengths)),
        "tokens": len(batch),
        "types": int(np.count_nonzero(batch.counts)),
        "sttr": type_token_ratio(batch, piece),
    }


def sizes_of(parts: Mapping[str, TokenBatch], piece: int = 1000) -> Json:
    """The sizes of the groups of a text under their key; nothing without groups."""
    sizes = [{"group": name, **size_of(part, piece)} for name, part in parts.items()]
    return {"groups": sizes} if sizes else {}


def type_token_ratio(batch: TokenBatch, piece: int = 1000) -> float | None:
    """The mean share of different words in consecutive pieces of so many words; None without a whole one.

    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a", "a", "a", "b"]])
    >>> type_token_ratio(batch, 3), type_token_ratio(batch, 8)
    (0.5, None)
    """
    pieces = len(batch) // piece
    if not pieces:
        return None
    parts = np.sort(batch.ids[: pieces * piece].reshape(-1, piece), axis=1)
    return float(1 / piece + np.count_nonzero(np.diff(parts, axis=1)) / (pieces * piece))


# ---- Dispersion: how evenly words are spread over the parts of a text, and where they occur


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
