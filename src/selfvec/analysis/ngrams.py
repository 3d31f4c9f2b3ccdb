"""N-grams: the sequences of words that recur, whole or with an open slot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Annotated, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows
from selfvec.base.arrays import Doubles, Ids, Ints, Mask
from selfvec.base.declarations import Bounds, Count, checked
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.view import Column
from selfvec.data.token_batch import TokenBatch, bounds_of, concatenated
from selfvec.storage.opened import GivenRun

from .corpus_query import Hits, asked_query
from .counted_text import CountedText, Grouped, Unit, asked_text, by_group, per_million
from .frequency import frequencies, sizes_of, spread_of

SLOT = "*"
_LONGEST = 6  # words of a sequence
# Sequences sorted at once, which takes half a gigabyte. A longer text is read again for each further share.
_AT_ONCE = 1 << 23


@checked
def ngrams(
    run: GivenRun,
    *,
    n: Annotated[int, Bounds(at_least=2, at_most=6)] = 2,
    word: str | None = None,
    slot: bool = False,
    unit: Unit = "word",
    top: Count = 1000,
    min_count: Count = 2,
    min_documents: Count = 1,
    **counting: Unpack[Grouped],
) -> Answer:
    """List the sequences of words that recur.

    Parameters
    ----------
    run : Run or path
    n : int, at least 2, at most 6
        Words of a sequence.
    word : str, optional
        Only those with this word, phrase or query; see `concordance`.
    slot : bool
        Sequences in which one word, neither the first nor the last, may be any: "at * end". They have three
        words or more.
    top : int, at least 1
        Sequences listed.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Other Parameters
    ----------------
    unit : {"word", "lemma", "pos"}
        Of what they are sequences; as in `frequency`.
    min_count : int, at least 1
        Leave out those that are rarer.
    min_documents : int, at least 1
        Leave out those that occur in fewer documents.

    Returns
    -------
    Answer
        ``n``, ``tokens``, the words of the text, ``ngrams``, the number of different sequences that are
        frequent enough, also of those that are not listed, and ``rows``, the most frequent first. ``groups``,
        with ``by``, has the size of each group. ``counted`` says which words were counted, as ``repeats``
        asks.

        ``ngram``
            Its words with blanks between them.
        ``count``, ``documents``
            Its occurrences, which may overlap, and the documents with it.
        ``per_million``
            Its occurrences in a million words.
        ``groups``
            With ``by``: the figures of each group, as in `frequency`.

    Raises
    ------
    InputError
        If the run has not kept its tokens.
    OptionError
        If a slot is asked for in two words.
    NotFound
        If no document is in the slice or passes the filters, or the word does not occur in them.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [(row["ngram"], row["count"]) for row in selfvec.ngrams(run, n=3, word="hail", top=2).rows]
    [('hail the size', 32), ('hail pads at', 31)]
    """
    if slot and n < 3:
        raise OptionError("is inside a sequence of three words or more", field="slot", remedy="add n=3")
    asked = asked_text(run, counting, written=word is not None, unit=unit)
    query, hits = (None, None) if word is None else asked_query(asked, word)
    batch = asked.text.batch
    chosen = _most_frequent(batch, _Wanted(n, slot, hits, min_count, min_documents), top)

    def counts(part: CountedText) -> tuple[Ints, Doubles]:
        return counts_in(part.batch, chosen.words, _nearest(part.batch, query.hits(part)) if query else None)

    columns: Json = {
        "ngram": chosen.written(batch.types),
        "count": chosen.counts,
        "documents": chosen.documents,
        "per_million": per_million(chosen.counts, len(batch)),
        **by_group({name: (*counts(part), part.batch) for name, part in asked.groups.items()}),
    }
    figures = {"n": n, "tokens": len(batch), "ngrams": chosen.different, "min_count": min_count, **asked.said}
    figures |= sizes_of({name: part.batch for name, part in asked.groups.items()}) | {
        "rows": as_rows(columns)
    }
    least = count_of(min_count, "time")
    of = f"{count_of(chosen.different, f'different {n}-gram')} that occur {least} or more"
    size = f"{count_of(len(batch), 'word')}. N-grams cross sentences, but not documents."
    return frequencies(f"{n}-grams", figures, Column("ngram", width=40), of, size)


@dataclass(frozen=True, eq=False)
class _Sequences:
    """Sequences with their counts, the most frequent first."""

    words: Ids  # (k, n), -1 for the slot
    counts: Ints  # (k,)
    documents: Ints  # (k,)
    places: Ints  # (k,), where each occurs first
    different: int  # also of those that are not listed

    @classmethod
    def joined(cls, parts: Sequence[_Sequences], top: int) -> _Sequences:
        """The ``top`` most frequent of all; of equally frequent ones, the first in the text."""
        arrays = ("words", "counts", "documents", "places")
        whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
        order = np.lexsort((whole["places"], -whole["counts"]))[:top]
        chosen = {name: array[order] for name, array in whole.items()}
        return cls(**chosen, different=sum(part.different for part in parts))

    def written(self, types: Sequence[str]) -> list[str]:
        """The words of each with blanks between them."""
        return [" ".join(SLOT if i < 0 else types[i] for i in row) for row in self.words.tolist()]


@dataclass(frozen=True)
class _Wanted:
    """Which sequences are counted."""

    n: int
    slot: bool
    hits: Hits | None  # one of which they contain; None for any sequences
    min_count: int
    min_documents: int

    @property
    def kept(self) -> list[list[int]]:
        """The places of the words that are compared: all, or all but one inside."""
        gaps: Sequence[int] = range(1, self.n - 1) if self.slot else (-1,)
        return [[i for i in range(self.n) if i != gap] for gap in gaps]


def _most_frequent(batch: TokenBatch, wanted: _Wanted, top: int) -> _Sequences:
    """The ``top`` most frequent sequences of a text.

    A long text is read several times, each time for the sequences whose first word is in one share of the
    words. So memory stays bounded, and every count is exact.
    """
    nearest = None if wanted.hits is None else _nearest(batch, wanted.hits)
    most = len(batch) if wanted.hits is None else wanted.n * len(wanted.hits.starts)
    shares = -(-most // _AT_ONCE) or 1
    share_of = (np.cumsum(batch.counts) - 1) * shares // len(batch)
    frequent = batch.counts >= wanted.min_count  # a sequence is as rare as its rarest word, or rarer
    out: list[_Sequences] = []
    for share in range(shares):
        within: list[Mask | None] = [frequent & (share_of == share), *[None] * (wanted.n - 2), frequent]
        windows = list(_windows(batch, within, nearest))
        places, documents, words = (np.concatenate(arrays, axis=-1) for arrays in zip(*windows, strict=True))
        del windows
        for kept in wanted.kept:
            some = _holding(nearest, places, kept)
            out.append(_counted(places[some], documents[some], words[:, some], kept, wanted, top))
        out = [_Sequences.joined(out, top)]
    return out[0]


def _nearest(batch: TokenBatch, hits: Hits) -> Ints:
    """From each word on, and after the last, (N + 1,): where the occurrence that ends first ends."""
    out = np.full(len(batch) + 1, len(batch) + _LONGEST + 1)
    np.minimum.at(out, hits.starts, hits.ends)
    nearest: Ints = np.minimum.accumulate(out[::-1])[::-1]
    return nearest


def _holding(nearest: Ints | None, places: Ints, kept: Sequence[int]) -> Mask | slice:
    """Which sequences of words contain an occurrence that is in no slot; only ``kept`` words are compared."""
    if nearest is None:
        return slice(None)
    n = kept[-1] + 1
    slot = next((i for i in range(n) if i not in kept), n)
    holding: Mask = nearest[places] <= places + slot
    return holding if slot == n else holding | (nearest[places + slot + 1] <= places + n)


def _windows(
    batch: TokenBatch, within: Sequence[Mask | None], nearest: Ints | None = None
) -> Iterator[tuple[Ints, Ids, Ids]]:
    """The sequences of n words of a text, in parts: their places (m,), their documents (m,), and (n, m) ids.

    ``within`` has for each of the n words which may stand there, (V,) bool, or None if all may. With
    what `_nearest` returns, only sequences that contain an occurrence.
    """
    n = len(within)
    for first, last in batch.ranges():  # ends early if nobody waits for it any more
        start = int(batch.offsets[first])
        bounds = batch.offsets[first : last + 1] - start
        ids = np.asarray(batch.ids[start : start + bounds[-1]])
        begins = np.ones(len(ids), bool)
        ends = bounds[1:][np.diff(bounds) > 0]
        for i in range(1, n):  # places too near the end of a document, or within that of the one before
            begins[np.maximum(ends - i, 0)] = False
        places = np.flatnonzero(begins)
        for i, allowed in enumerate(within):
            if allowed is not None:
                places = places[allowed[ids[places + i]]]
        places = places[_holding(nearest, start + places, range(n))]
        documents = first + np.searchsorted(bounds, places, "right") - 1
        yield places + start, documents.astype(np.int32), ids[places + np.arange(n)[:, None]]


def _counted(
    places: Ints, documents: Ids, words: Ids, kept: Sequence[int], wanted: _Wanted, top: int
) -> _Sequences:
    """Count sequences, (n, m), that are compared by some of their words; their places rise."""
    left = np.arange(len(places))  # of those that may be frequent enough
    numbers = words[kept[0]]
    for i in kept[1:]:
        numbers = _numbered(numbers, words[i, left])
        counts = np.bincount(numbers)
        enough = counts >= wanted.min_count  # a longer sequence is not more frequent than its beginning
        some = enough[numbers]
        left, counts = left[some], counts[enough]
        numbers = (np.cumsum(enough, dtype=np.int32) - 1)[numbers[some]]
    # Sorted by hand: np.unique would look each up in a hash table, which takes ten times as long.
    both = np.sort(numbers.astype(np.int64) << 32 | documents[left])
    ranges = np.bincount(both[np.diff(both, prepend=-1) != 0] >> 32, minlength=len(counts))
    firsts = np.empty(len(counts), np.int64)
    firsts[numbers[::-1]] = left[::-1]  # the last that is written stays
    listed = np.flatnonzero(ranges >= wanted.min_documents)
    order = listed[np.lexsort((firsts[listed], -counts[listed]))][:top]
    chosen = np.full((len(order), wanted.n), -1, np.int32)
    chosen[:, kept] = words[:, firsts[order]][kept].T
    return _Sequences(chosen, counts[order], ranges[order], places[firsts[order]], len(listed))


def _numbered(numbers: Ids, words: Ids) -> Ids:
    """A number for each pair of a number and a word, (m,), equal for equal ones."""
    pairs = numbers.astype(np.int64) << 32 | words
    numbered: Ids = np.unique(pairs, return_inverse=True)[1].astype(np.int32)
    return numbered


def in_sequences(batches: Sequence[TokenBatch], n: int, min_count: int = 1) -> list[TokenBatch]:
    """Texts over the same types with their sequences of n words for words; rarer ones have no name.

    >>> batch = TokenBatch.from_documents([["a", "b", "a", "b"], ["a", "c"]])
    >>> (both,) = in_sequences([batch], 2)
    >>> list(both.types), both.ids.tolist(), both.offsets.tolist()
    (['a b', 'a c', 'b a'], [0, 2, 0, 1], [0, 3, 4])
    """
    whole = concatenated(batches)
    windows = zip(*_windows(whole, [None] * n), strict=True)
    _, documents, words = (np.concatenate(arrays, axis=-1) for arrays in windows)
    numbers = reduce(_numbered, words)
    counts = np.bincount(numbers)
    firsts = np.empty(len(counts), np.int64)
    firsts[numbers] = np.arange(len(numbers))
    named = zip(words[:, firsts].T.tolist(), (counts >= min_count).tolist(), strict=True)
    types = [" ".join(map(whole.types.__getitem__, row)) if often else "" for row, often in named]
    made = TokenBatch(numbers, np.searchsorted(documents, np.arange(whole.documents + 1)), types)
    ends = bounds_of([batch.documents for batch in batches])
    return [made.part(np.arange(*part)) for part in pairwise(ends)]


def counts_in(batch: TokenBatch, words: Ids, nearest: Ints | None = None) -> tuple[Ints, Doubles]:
    """Occurrences of different sequences, (k, n), -1 for a slot, in a text over the same types, (k,).

    Also `Spread.own` of them, (k,).

    With what `_nearest` returns, only those that contain an occurrence of what was asked for.

    >>> batch = TokenBatch.from_documents([["a", "b", "a", "b"], ["a", "c"]])
    >>> counts_in(batch, np.array([[0, 1], [1, 0], [0, 2]], np.int32))[0].tolist()
    [2, 1, 1]
    """
    counts, squares = np.zeros(len(words), np.int64), np.zeros(len(words))
    open_at = np.where((words < 0).any(axis=1), (words < 0).argmax(axis=1), -1)
    for gap in np.unique(open_at).tolist():
        rows = np.flatnonzero(open_at == gap)
        kept = [i for i in range(words.shape[1]) if i != gap]
        within: list[Mask | None] = [None] * words.shape[1]
        for i in kept:
            within[i] = np.isin(np.arange(len(batch.types)), words[rows, i])
        began = np.full(len(batch), len(rows), np.int32)  # which sequence begins at each place
        for places, _, part in _windows(batch, within, nearest):
            some = _holding(nearest, places, kept)
            numbers = reduce(_numbered, np.hstack([words[rows].T, part[:, some]])[kept])
            row_of = np.full(numbers.max() + 1, len(rows), np.int32)
            row_of[numbers[: len(rows)]] = np.arange(len(rows))
            began[places[some]] = row_of[numbers[len(rows) :]]
        sequences = TokenBatch(began, batch.offsets, [""] * (len(rows) + 1))
        counts[rows], squares[rows] = sequences.counts[:-1], spread_of(sequences).own[:-1]
    return counts, squares
