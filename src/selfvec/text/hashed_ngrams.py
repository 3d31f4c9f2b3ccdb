"""N-grams of twelve tokens, counted and found by their hashes in linear time and bounded memory.

The hash of an n-gram is a polynomial of the hashes of its words, modulo 2^64. The hash of the next n-gram
follows from it by two multiplications and two additions. First all n-grams are counted, where several share a
counter. Then those whose counter reaches a threshold are examined one by one, in several shares if there are
many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.threads import cut, in_order, threads
from selfvec.corpus.fingerprints import hashes
from selfvec.data.token_batch import TokenBatch

from .kernels import BASE, MIX, NGRAM, count_hashes, hash_ngrams

AT_ONCE = 1 << 23
"""N-grams examined at a time, 128 MB."""

_BLOCK = 1 << 22  # counters added at a time
_HASHED = 1 << 16  # tokens whose n-grams are hashed at a time; the hashes stay in the cache
_SHARED = 4  # n-grams to a counter, on average
_BITS = (12, 28)  # binary logarithm of the number of counters: at most 256 MB

Text = tuple[Ids, Ints]
"""Ids (N,) and offsets (D + 1,) of a `TokenBatch`."""

DocumentRange = tuple[int, int]
"""The first document, and the one after the last."""


class Ngrams:
    """The n-grams of a text, which are counted and found by hash, in threads."""

    def __init__(self, batch: TokenBatch, jobs: int | None, bits: int | None = None) -> None:
        bits = counter_bits(len(batch)) if bits is None else bits
        self.batch = batch
        self.counters = np.zeros(1 << bits, np.uint8)
        self._text = batch.read_only
        self._words = _word_hashes(batch.types)  # (V,)
        self._shift = np.uint64(64 - bits)
        parts = max(min(threads(jobs), batch.documents), 1)
        ends = np.searchsorted(batch.offsets, np.linspace(0, len(batch), parts + 1)[1:-1])
        self._ranges: list[DocumentRange] = list(
            pairwise([0, *ends.tolist(), batch.documents])
        )  # one a thread

    def look_for(self, passages: Hashes) -> None:
        """Set the counters of some n-grams, instead of counting all."""
        self.counters[(passages * MIX) >> self._shift] = 1

    def count(self) -> None:
        """Count all n-grams."""

        def work(documents: DocumentRange) -> Bytes:
            own = np.zeros_like(self.counters)
            for hashed, _ in self._hashed(documents):
                count_hashes(hashed, own, self._shift)
            return own

        for own in in_order(self._ranges, work, len(self._ranges)):
            add_counters(self.counters, own)

    def candidates(self, least: int, at_once: int = AT_ONCE) -> Iterator[tuple[Hashes, Ints]]:
        """N-grams whose counter is at least ``least``, and their first tokens; equal ones come together."""
        values, places, found = self._share(least, (0, 1), at_once)
        shares = -(-found // at_once)
        if shares < 2:
            yield values, places
            return
        for number in range(shares):
            values, places, found = self._share(least, (number, shares), at_once)
            if found > len(values):  # a single n-gram may exceed the room
                values, places, _ = self._share(least, (number, shares), found)
            yield values, places

    def _share(self, least: int, share: tuple[int, int], room: int) -> tuple[Hashes, Ints, int]:
        """A share of the n-grams to find, k of m by their hashes; at most ``room`` for each thread.

        Also the number of all of the share.
        """
        part, parts = np.array(share, np.uint64)

        def work(documents: DocumentRange) -> tuple[Hashes, Ints, int]:
            values: list[Hashes] = [np.empty(0, np.uint64)]
            places: list[Ints] = [np.empty(0, np.int64)]
            found = 0
            for hashed, starts in self._hashed(documents):
                chosen = self.counters[hashed * MIX >> self._shift] >= least
                chosen &= hashed % parts == part
                if found < room:
                    values.append(hashed[chosen][: room - found])
                    places.append(starts[chosen][: room - found])
                found += int(np.count_nonzero(chosen))
            return np.concatenate(values), np.concatenate(places), found

        values, places, found = zip(*in_order(self._ranges, work, len(self._ranges)), strict=True)
        return np.concatenate(values), np.concatenate(places), sum(found)

    def _hashed(self, documents: DocumentRange) -> Iterator[tuple[Hashes, Ints]]:
        """The hashes of the n-grams of some documents, and where they start, a part at a time."""
        for first, last in self.batch.ranges(*documents):
            bounds = self.batch.offsets[first : last + 1]
            for start, stop in cut(np.diff(bounds), _HASHED):
                size = int(bounds[stop] - bounds[start])
                values, places = np.empty(size, np.uint64), np.empty(size, np.int64)
                found = hash_ngrams(self._text, (first + start, first + stop), self._words, values, places)
                yield values[:found], places[:found]

    def owners_of(self, documents: Ints) -> Hashes:
        """Hashes of the text, date and slice of the document of each of n n-grams, (n,)."""
        different, places = np.unique(documents, return_inverse=True)
        hashes: Hashes = self.owners(different)[places]
        return hashes

    def owners(self, documents: Ints) -> Hashes:
        """Hashes of the text, date and slice of some documents, (n,)."""
        batch = self.batch
        out = np.zeros(len(documents), np.uint64)
        if batch.dates is not None:
            days = batch.dates[documents].astype("datetime64[D]")
            # Whether other documents have dates must not matter to one that has none.
            out += np.where(np.isnat(days), 0, days.astype(np.int64)).view(np.uint64) * MIX
        if batch.slices is not None:
            names = np.concatenate([_word_hashes(batch.slice_names), np.zeros(1, np.uint64)])
            out += names[batch.slices[documents]]  # -1 takes the last
        lengths = np.diff(batch.offsets)[documents]
        powers = BASE ** np.arange(lengths.max(initial=0), dtype=np.uint64)  # weights of tokens by place
        for first, last in cut(lengths, _HASHED):
            ends = np.cumsum(lengths[first:last])
            begins = ends - lengths[first:last]
            places = np.arange(ends[-1]) - np.repeat(begins, lengths[first:last])
            ids = batch.ids[np.repeat(batch.offsets[documents[first:last]], lengths[first:last]) + places]
            sums = np.concatenate(([np.uint64(0)], np.cumsum(self._words[ids] * powers[places])))
            out[first:last] += sums[ends] - sums[begins]
        return out


def counter_bits(tokens: int) -> int:
    """The binary logarithm of the number of counters for a text."""
    return min(max((tokens // _SHARED).bit_length(), _BITS[0]), _BITS[1])


def add_counters(counters: Bytes, more: Bytes) -> None:
    """Add counters to others in place, up to 255."""
    for start in range(0, len(counters), _BLOCK):
        own = counters[start : start + _BLOCK]
        own += np.minimum(more[start : start + _BLOCK], 255 - own)


def _word_hashes(words: Sequence[str]) -> Hashes:
    """A hash of each word, (V,) uint64, the same on every machine."""
    parts = [word.encode(errors="surrogatepass") for word in words]
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return hashes(np.frombuffer(b"".join(parts), np.uint8), ends[:-1], ends[1:])


def cover(tokens: Mask, places: Ints, value: bool) -> None:
    """Set the tokens, (N,), of the n-grams that start at some places."""
    for place in range(NGRAM):
        tokens[places + place] = value
