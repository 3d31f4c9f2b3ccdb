"""Tasks of workers on words: count them, number them by the vocabulary, count their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from selfvec.base.arrays import Array, Ids, Ints
from selfvec.text.repeats import without

from .job import Job, as_batch, read_words, word_index
from .repeats import further_in
from .shared_files import BROKEN, Tensors, load, remove, save, unpacked_words
from .sums import Partial, Shard, SharedTable, merged
from .sums import partial as sum_shards

__all__ = ["count_neighbours", "count_words", "numbered_shard", "shard_tokens"]


def count_words(job: Job, first: int, last: int) -> Partial:
    """The words of some shards with their counts, and a note about each shard."""
    return merged(_count_words(job, number) for number in range(first, last))


def _count_words(job: Job, number: int) -> Partial:
    tensors, note = read_words(job, number)
    words = unpacked_words(tensors)
    counts = np.bincount(tensors["ids"], minlength=len(words)).astype(np.int64)
    return Partial(number, number + 1, {"counts": counts, "pruned": np.zeros(1, np.int64)}, words, [note])


@lru_cache(maxsize=2)
def _numbers(url: str) -> tuple[Ids, int, bool]:
    """The number of each word, the size of the vocabulary, and whether passages are counted once."""
    tensors, _ = load(url)
    numbers = np.array(tensors["numbers"])
    return numbers, int(numbers.max(initial=-1)) + 1, bool(tensors["once"][0])


def shard_tokens(job: Job, number: int, names: Sequence[str] | None = None) -> Tensors:
    """A shard as ids of the vocabulary.

    Only the tensors with these ``names`` are read, or all.
    """
    url = job.file("tokens", number)
    try:
        return load(url, names)[0]
    except BROKEN:
        tensors = _by_vocabulary(job, number)
        save(url, tensors)
        remove(job.file("read", number))
        return tensors


def _by_vocabulary(job: Job, number: int) -> Tensors:
    read = read_words(job, number)[0]
    index = word_index(job.file("vocabulary"))
    numbers, _, once = _numbers(job.file("vocabulary"))
    words = unpacked_words(read)
    places = np.fromiter((index.get(word, -1) for word in words), np.int32, len(words))
    ids = read["ids"]
    offsets = read["offsets"]
    own = {name: array for name, array in read.items() if name not in ("text", "lengths", "ids", "offsets")}
    if once:
        batch = as_batch(read)
        counting = without(batch, further_in(job, number, batch))
        ids = counting.ids
        offsets = counting.offsets
        assert counting.sentence_counts is not None
        own["sentences"] = counting.sentence_counts
    dropped = np.int32(-1)  # the number of words that are not in the vocabulary, at the place -1
    own["ids"], own["offsets"] = _renumbered(ids, offsets, np.append(numbers, dropped)[places])
    return own


def _renumbered(ids: Ids, offsets: Ints, numbers: Array) -> tuple[Ids, Ints]:
    """Ids with new numbers and the bounds of the documents; ids with the number -1 are dropped."""
    new = numbers[ids].astype(np.int32)
    ends = np.concatenate(([0], np.cumsum(new >= 0)))
    return new[new >= 0], ends[offsets]


def numbered_shard(job: Job, number: int) -> Shard:
    """A shard as ids of the vocabulary, to be summed."""
    tensors = shard_tokens(job, number, ("ids", "offsets"))
    return Shard(number, tensors["ids"], tensors["offsets"])


def count_neighbours(job: Job, first: int, last: int) -> Partial:
    """Occurrences and neighbours of each word, and the number of documents without any word."""
    empty = 0

    def shards() -> Iterator[Shard]:
        nonlocal empty
        for number in range(first, last):
            shard = numbered_shard(job, number)
            empty += int(np.sum(np.diff(shard.offsets) == 0))
            yield shard

    counted = sum_shards(shards(), SharedTable(_numbers(job.file("vocabulary"))[1], job.window))
    return replace(counted, sums={**counted.sums, "empty": np.array([empty])})
