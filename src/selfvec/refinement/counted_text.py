"""The tokens of a text that are counted: repeated passages once, words stemmed, rare words dropped.

These rules need the whole corpus, so they run after all others, in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfvec.base.arrays import Ids, Ints
from selfvec.base.memory import release
from selfvec.data.settings import Settings
from selfvec.data.token_batch import (
    TokenBatch,
    changed,
    frequency_order,
    occurrences_of_each,
    occurrences_of_merged,
    renumber,
)
from selfvec.text.repeats import Repeats, find_repeats, with_fewer_sentences
from selfvec.text.rules import DROPPED, keep_all, merged_types


@dataclass(frozen=True)
class Counted:
    """The counted tokens of a text."""

    batch: TokenBatch  # types by falling frequency, ties in order of first appearance
    repeats: Repeats  # the repeated passages
    kept_from: int  # types that occur less often were dropped


def counted(
    whole: TokenBatch,  # types in order of first appearance; its ids may be overwritten
    known: Mapping[str, int],  # words with a vector
    settings: Settings,
    jobs: int | None = None,
) -> Counted:
    """Apply the rules to a corpus."""
    repeats, further = find_repeats(whole, jobs)
    once = bool(repeats.once(settings) and repeats.tokens)
    counts = whole.counts
    if once:
        counts = counts - occurrences_of_each(whole.ids, len(counts), further)
    words, places, least = vocabulary(whole.types, counts, known, settings)
    size = int(words.counts.sum())
    named = with_fewer_sentences(whole, further) if once else whole
    # A second array of ids would double the memory.
    out = whole.ids if whole.ids.flags.writeable else None

    def new(part: slice, ids: Ids) -> Ids:
        found = places[ids]
        if once:
            found[further[part]] = DROPPED
            release(further[part])
        return found

    if size < len(whole):
        ids, offsets = changed(whole.ids, whole.offsets, size, new, out)
    else:
        ids, offsets = renumber(whole.ids, places, out), whole.offsets
    batch = replace(named, ids=ids, offsets=offsets, types=words.types).with_counts(words.counts)
    return Counted(batch, repeats, least)


def vocabulary(
    types: Sequence[str],  # U types in order of first appearance
    counts: Ints,  # (U,)
    known: Mapping[str, int],  # words with a vector
    settings: Settings,
) -> tuple[TokenBatch, Ids, int]:
    """The words by falling frequency with their counts; the number of each type, (U,) int32, -1 if dropped.

    The third value is the count from which words are kept.
    """
    numbers, kept, least = np.arange(len(counts), dtype=np.int32), types, 1
    rules = settings.stem, settings.min_count, settings.max_types
    # With phrases, the words were stemmed before phrases were searched for.
    if settings.phrases is None and not keep_all(len(types), *rules):
        numbers, kept, least = merged_types(types, counts, known, *rules)
    totals = occurrences_of_merged(counts, numbers, len(kept))
    order, rank = frequency_order(totals)
    places = np.append(rank, np.int32(DROPPED))[numbers]  # -1 takes the last: it stays dropped
    words = TokenBatch.of_counts([kept[i] for i in order.tolist()], totals[order])
    return words, places, least
