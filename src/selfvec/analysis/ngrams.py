"""N-grams: the sequences of words that recur, whole or with an open slot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Annotated, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows
from selfvec.base.arrays import Ids, Ints
from selfvec.base.declarations import Bounds, Count, checked
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.threads import stop_if_cancelled
from selfvec.base.view import Column
from selfvec.data.token_batch import TokenBatch, bounds_of, concatenated
from selfvec.storage.opened import GivenRun
from selfvec.text.document_vectors import document_frequencies

from .corpus_query import Hits, asked_query
from .counted_text import Grouped, Unit, asked_text, by_group, per_million
from .frequency import frequencies, sizes_of, spread_of

SLOT = "*"


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
    query = None if word is None else asked_query(asked, word)[0]
    parts = [asked.text, *asked.groups.values()]
    batch, found = asked.text.batch, None if query is None else [query.hits(part) for part in parts]
    listed: list[tuple[int, int, Json]] = []  # by count, and the first place
    different, gaps = 0, range(1, n - 1) if slot else (None,)
    for gap in gaps:
        made, *of_groups = in_sequences([part.batch for part in parts], n, min_count, gap, found, rare=False)
        documents, (numbers, firsts) = document_frequencies(made), np.unique(made.ids, return_index=True)
        often = (made.counts[numbers] >= min_count) & (documents[numbers] >= min_documents)
        different += int(np.count_nonzero(often))
        numbers, firsts = numbers[often], firsts[often]
        order = np.lexsort((firsts, -made.counts[numbers]))[:top]
        chosen = numbers[order]
        columns: Json = {
            "ngram": [made.types[i] for i in chosen.tolist()],
            "count": made.counts[chosen],
            "documents": documents[chosen],
            "per_million": per_million(made.counts[chosen], len(batch)),
            **by_group(
                {
                    name: (part.counts[chosen], spread_of(part).own[chosen], asked.groups[name].batch)
                    for name, part in zip(asked.groups, of_groups, strict=True)
                }
            ),
        }
        listed += zip((-made.counts[chosen]).tolist(), firsts[order].tolist(), as_rows(columns), strict=True)
    rows = [row for *_, row in sorted(listed, key=itemgetter(0, 1))[:top]]
    figures = {"n": n, "tokens": len(batch), "ngrams": different, "min_count": min_count, **asked.said}
    figures |= sizes_of({name: part.batch for name, part in asked.groups.items()}) | {"rows": rows}
    least = count_of(min_count, "time")
    of = f"{count_of(different, f'different {n}-gram')} that occur {least} or more"
    size = f"{count_of(len(batch), 'word')}. N-grams cross sentences, but not documents."
    return frequencies(f"{n}-grams", figures, Column("ngram", width=40), of, size)


def in_sequences(
    batches: Sequence[TokenBatch],
    n: int,
    min_count: int = 1,
    gap: int | None = None,
    hits: Sequence[Hits] | None = None,
    *,
    rare: bool = True,
) -> list[TokenBatch]:
    """Texts over the same types with their sequences of n words for words; rarer ones have no name.

    They are left out if not ``rare``. Any word may stand in a ``gap``. With ``hits``, occurrences in each
    text, only sequences with one, which is not in the gap. It takes fifty bytes for each word.

    >>> batch = TokenBatch.from_documents([["a", "b", "a", "b"], ["a", "c"]])
    >>> (both,) = in_sequences([batch], 2)
    >>> list(both.types), both.ids.tolist(), both.offsets.tolist()
    (['a b', 'a c', 'b a'], [0, 2, 0, 1], [0, 3, 4])
    """
    stop_if_cancelled()
    whole = concatenated(batches)
    begins = np.ones(len(whole), bool)
    ends = whole.offsets[1:][whole.lengths > 0]
    for i in range(1, n):  # places too near the end of a document, or within that of the one before
        begins[np.maximum(ends - i, 0)] = False
    places = np.flatnonzero(begins)
    if hits is not None:
        nearest = _nearest(batches, hits)
        spans = [(0, n)] if gap is None else [(0, gap), (gap + 1, n)]
        places = places[np.any([nearest[places + a] <= places + b for a, b in spans], axis=0)]
    words = whole.ids[places + np.arange(n)[:, None]]
    first, *others = (i for i in range(n) if i != gap)
    numbers = words[first]
    for i in others:
        numbers = _numbered(numbers, words[i])
        if not rare:  # a longer sequence is not more frequent than its beginning
            often = (np.bincount(numbers) >= min_count)[numbers]
            places, words, numbers = places[often], words[:, often], numbers[often]
    counts = np.bincount(numbers)
    firsts = np.zeros(len(counts), np.int64)
    firsts[numbers] = np.arange(len(numbers))
    names = (
        " ".join(SLOT if i == gap else whole.types[word] for i, word in enumerate(row)) if often else ""
        for row, often in zip(words[:, firsts].T.tolist(), (counts >= min_count).tolist(), strict=True)
    )
    made = TokenBatch(numbers, np.searchsorted(places, whole.offsets), list(names))
    bounds = bounds_of([batch.documents for batch in batches])
    return [made.part(np.arange(*part)) for part in pairwise(bounds)]


def _nearest(batches: Sequence[TokenBatch], hits: Sequence[Hits]) -> Ints:
    """From each word of texts in a row on, and after the last: where the occurrence that ends first ends."""
    shifts = bounds_of([len(batch) for batch in batches])
    out = np.full(shifts[-1] + 1, 2 * shifts[-1] + 2)
    for of, shift in zip(hits, shifts.tolist(), strict=False):
        np.minimum.at(out, of.starts + shift, of.ends + shift)
    nearest: Ints = np.minimum.accumulate(out[::-1])[::-1]
    return nearest


def _numbered(numbers: Ids, words: Ids) -> Ids:
    """A number for each pair of a number and a word, (m,), equal for equal ones."""
    pairs = numbers.astype(np.int64) << 32 | words
    numbered: Ids = np.unique(pairs, return_inverse=True)[1].astype(np.int32)
    return numbered
