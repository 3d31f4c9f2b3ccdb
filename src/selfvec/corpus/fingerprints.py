"""Hashes, the same on every machine: of texts (their fingerprints), of words, of words in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import kernel, read_only
from selfvec.data.token_batch import places_in

if TYPE_CHECKING:
    import polars as pl

# Odd constants with well-mixed bits: the golden ratio's and those of SplitMix64. Sums of products with odd
# numbers, modulo 2^64, lose no bits of what is hashed.
BASE = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)
_LAST = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)  # of the bits of a hash
_BYTE = np.uint64(8)
_REST = np.uint64(0xFFFFFFFFFFFFFFFE)  # the lowest bit is 0 in all runs, so that new hashes equal theirs


class Seen:
    """The hashes of all texts read so far, eight bytes each, in a few sorted arrays.

    Arrays of similar size are merged, so n texts cost O(n log² n) for any batch size.
    """

    def __init__(self, hashes: Hashes | None = None) -> None:
        self.runs: list[Hashes] = []
        if hashes is not None:
            self.add(hashes)

    def add(self, hashes: Hashes) -> Mask:
        """Add hashes, (n,) uint64; returns which of them are new, (n,) bool."""
        rising, places = np.unique(hashes, return_index=True)  # sorted, which are found much faster
        unseen = np.ones(len(rising), bool)
        for old in self.runs:
            unseen &= ~are_among(old, rising)
        new = np.zeros(len(hashes), bool)
        new[places[unseen]] = True
        if new.any():
            self.runs.append(rising[unseen])
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            self.runs[-2:] = [np.sort(np.concatenate(self.runs[-2:]))]
        return new


def fingerprints(texts: pl.Series) -> Hashes:
    """Fingerprints of (D,) texts, (D,) uint64 with the lowest bit 0; null is an empty text.

    63 bits: in a corpus of a million texts, two different ones collide with a probability of 1 in 20 million.
    Polars hashes faster, but its hashes may change from version to version, and fingerprints are saved in run
    folders.
    """
    data, bounds = joined_utf8(texts)
    return hashes(data, bounds[:-1], bounds[1:]) & _REST


def joined_utf8(texts: pl.Series) -> tuple[Bytes, Ints]:
    """All texts as UTF-8, (B,) uint8, and where each begins, (D + 1,) int64; null is an empty text."""
    import polars as pl

    texts = texts.fill_null("") if texts.null_count() else texts
    text = pl.col("text")
    # In one call of Polars, which takes as long as to join some hundred texts.
    both = text.str.len_bytes().implode().alias("sizes"), text.str.join("").cast(pl.Binary).alias("joined")
    table = texts.alias("text").to_frame().select_seq(both)
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(table["sizes"][0].to_numpy(), out=bounds[1:])
    return np.frombuffer(table["joined"][0], np.uint8), bounds


def hashes(data: Bytes, starts: Ints, ends: Ints) -> Hashes:
    """A hash of each of n strings of bytes, (n,) uint64.

    String i is ``data[starts[i]:ends[i]]``.
    """
    out = np.empty(len(starts), np.uint64)
    _hash(read_only(data), starts, ends, out)
    return out


def word_hashes(words: Sequence[str]) -> Hashes:
    """A hash of each word, (V,) uint64."""
    parts = [word.encode(errors="surrogatepass") for word in words]
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return hashes(np.frombuffer(b"".join(parts), np.uint8), ends[:-1], ends[1:])


def hashes_of_words(ids: Ids, starts: Ints, ends: Ints) -> Hashes:
    """A hash of each of n documents, (n,) uint64, whose words in a row are ``ids[starts[i]:ends[i]]``.

    >>> ids = np.array([7, 8, 7, 8, 8, 7], np.int32)
    >>> one, same, other = hashes_of_words(ids, np.array([0, 2, 4]), np.array([2, 4, 6])).tolist()
    >>> one == same, one == other
    (True, False)
    """
    return hashes(ids.view(np.uint8), starts * ids.itemsize, ends * ids.itemsize)


def _hash_columns(data: Bytes, starts: Ints, ends: Ints, out: Hashes) -> None:
    """The same for many short strings: the first eight bytes of all, then the next."""
    lengths = ends - starts
    mixed = lengths.astype(np.uint64) * BASE
    for done in range(8, int(lengths.max(initial=0)) + 1, 8):
        longer = np.flatnonzero(lengths >= done)
        eight = data[(starts[longer] + done - 8)[:, None] + np.arange(8)]
        mixed[longer] = (mixed[longer] ^ eight.view(">u8")[:, 0]) * BASE
        mixed[longer] ^= mixed[longer] >> _HALF
    word = np.zeros(len(out), np.uint64)
    whole = starts + lengths // 8 * 8
    for k in range(7):
        longer = np.flatnonzero(whole + k < ends)
        word[longer] = word[longer] << _BYTE | data[whole[longer] + k]
    mixed = (mixed ^ word) * _LAST
    mixed ^= mixed >> _HALF
    mixed *= BASE
    out[:] = mixed ^ mixed >> _HALF


def _columns(data: Bytes, starts: Ints, ends: Ints, *_: Hashes) -> int:
    return max(int((ends - starts).max(initial=0)), len(data) >> 8)


@kernel(steps=_columns, instead=_hash_columns)
def _hash(data: Bytes, starts: Ints, ends: Ints, out: Hashes) -> None:
    """Mix eight bytes at a time into 64 bits; each step is invertible, so that every byte matters."""
    for n in range(len(out)):
        start = starts[n]
        end = ends[n]
        mixed = np.uint64(end - start) * BASE
        whole = start + (end - start) // 8 * 8  # the end of the last eight bytes
        for i in range(start, whole, 8):
            word = np.uint64(0)
            for k in range(8):
                word = word << _BYTE | np.uint64(data[i + k])
            mixed = (mixed ^ word) * BASE
            mixed ^= mixed >> _HALF
        word = np.uint64(0)
        for i in range(whole, end):
            word = word << _BYTE | np.uint64(data[i])
        mixed = (mixed ^ word) * _LAST
        mixed ^= mixed >> _HALF
        mixed *= BASE
        out[n] = mixed ^ mixed >> _HALF


def mixed(value: Hashes) -> Hashes:
    """Hashes of hashes, in whose bits all of these have a part."""
    value = (value ^ value >> _HALF) * MIX
    return value ^ value >> _HALF


def are_among(rising: Hashes, hashed: Hashes) -> Mask:
    """Which of n hashes are among others, (m,), in rising order; (n,) bool."""
    among: Mask = places_in(rising, hashed) >= 0
    return among
