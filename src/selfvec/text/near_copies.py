"""Texts that are nearly the same.

A test takes each document for an observation of its own. Three copies of each text, each with another last
line, are one observation, and so `near_copies` numbers them alike.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import kernel
from selfvec.base.threads import cut, finish, in_order, threads
from selfvec.corpus.fingerprints import MIX, fingerprints, hash_ngrams, hashes_of_words, mixed
from selfvec.data.token_batch import TokenBatch

from .kernels import NGRAM
from .repeats import counter_bits

# A text is known by its shingles, the passages of four words in it. The smallest hashes of them, its sketch,
# are a random sample that two texts share as far as they share the text (Broder, 1997).
_SHINGLE = 4  # words
_SKETCH = 16  # hashes: of 10,000 texts that share half of their shingles, one pair shares fewer than two
_NEAR = 0.6  # of the shingles of the shorter text are in the other one
_SPREAD = 0.5  # ... and in the longest text of its cluster: copies of copies do not lead to another text
_SHORTER = 0.5  # as long as the longer text, at least: a text is no copy of the volume that it stands in
_HELD = 4  # texts that are looked up by one hash: a passage in thousands of texts makes no more candidates
_TRIED = 4  # candidates, those that share most of the sketch
# A passage in more of the texts is one of a form or a template, whose texts are alike without being copies.
_USUAL = 0.05, 10, 250  # the share, and the least and the largest number of texts
_BITS = 18  # binary logarithm of the least number of counters of shingles
_FEWEST = 16  # other shingles of a text that can be a copy; short texts are copies if they are equal
_AT_ONCE = 1 << 20  # tokens sketched at a time

_NO_HASH = np.uint64(0xFFFFFFFFFFFFFFFF)  # fills the sketch of a short text


def near_copies(batch: TokenBatch, among: Mask | None = None) -> Ints:
    """A number for each document, equal for those that are the same text or nearly; (D,).

    Of two such texts the shorter one is at least half as long and has most of its shingles in the other one.
    Each text is near another one of its cluster, and shares half of its shingles with the longest. Passages
    of a form, which are in many texts, do not count. Short texts are alike only if they are equal. Documents
    that are not ``among`` those compared, (D,) bool, and those without words have a number of their own. The
    clusters do not depend on the order of the documents, which are numbered as they first occur.

    >>> text = "the storm broke the roof of a barn and two old trees by the river but left us alone".split()
    >>> texts = [text, [*text, "again"], text[::-1], text]
    >>> near_copies(TokenBatch.from_documents(texts)).tolist()
    [0, 0, 1, 0]
    """
    lengths = batch.lengths
    compared = np.flatnonzero(lengths > 0 if among is None else among & (lengths > 0))
    keys = hashes_of_words(batch.ids, batch.offsets[:-1][compared], batch.offsets[1:][compared])
    _, first, copy = np.unique(keys, return_index=True, return_inverse=True)
    distinct = compared[first]  # one document of each text
    long = np.flatnonzero(lengths[distinct] >= NGRAM)
    cluster = np.arange(len(distinct))
    cluster[long] = long[_clustered(batch, distinct[long])]
    numbers = np.arange(batch.documents)
    numbers[compared] = distinct[cluster[copy]]
    _, place, number = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.empty(len(place), np.int64)
    rank[np.argsort(place)] = np.arange(len(place))
    return rank[number]


def _clustered(batch: TokenBatch, documents: Ints) -> Ints:
    """For each of n different texts the place of the longest one of its cluster, (n,)."""
    import polars as pl

    words = fingerprints(pl.Series(batch.types, dtype=pl.String)) * MIX  # (V,)
    lengths = batch.lengths[documents]
    longest = int(lengths.max(initial=1))

    def room() -> tuple[Hashes, Ints]:
        return np.empty(longest, np.uint64), np.empty(longest, np.int64)

    share, least, most = _USUAL
    limit = int(np.clip(share * len(documents), least, most))
    counters = np.zeros(1 << max(counter_bits(4 * int(lengths.sum())), _BITS), np.uint8)
    _count_shingles(batch.read_only, documents, words, room(), counters)
    known = words, counters > limit
    sketches = np.full((len(documents), _SKETCH), _NO_HASH)
    sums = np.zeros(len(documents), np.uint64)

    def work(part: tuple[int, int]) -> None:
        chosen = slice(*part)
        _sketch(batch.read_only, documents[chosen], known, room(), sketches[chosen], sums[chosen])

    finish(in_order(cut(lengths, _AT_ONCE), work, threads(None)))
    # From the longest to the shortest, so that a text is compared with the one that it was cut from.
    order = np.lexsort((sums, -lengths))
    values, number, times = np.unique(sketches[order].ravel(), return_inverse=True, return_counts=True)
    shared = (times > 1) & (values != _NO_HASH)
    places = np.where(shared, np.cumsum(shared) - 1, -1)[number].reshape(sketches.shape)
    held = np.full((np.count_nonzero(shared), _HELD), -1, np.int64)
    size = 1 << (2 * longest).bit_length()
    scratch = np.zeros(size, np.uint64), np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    leaders = np.arange(len(order))
    _join_clusters(batch.read_only, documents[order], known, places, held, room(), scratch, leaders)
    out = np.empty_like(order)
    out[order] = order[leaders]
    return out


@kernel
def _hash_shingles(text: tuple[Ids, Ints], document: int, words: Hashes, room: tuple[Hashes, Ints]) -> int:
    """Write the hashes of the shingles of a document into the room; their number."""
    return hash_ngrams(text, (document, document + 1), _SHINGLE, words, room[0], room[1])


@kernel
def _count_shingles(
    text: tuple[Ids, Ints],
    documents: Ints,
    words: Hashes,
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    counters: Bytes,
) -> None:
    """Count the shingles of some documents, up to 255; several may share a counter."""
    mask = np.uint64(len(counters) - 1)
    for n in range(len(documents)):
        for i in range(_hash_shingles(text, documents[n], words, room)):
            place = mixed(room[0][i]) & mask
            counters[place] += counters[place] < 255


@kernel
def _sketch(
    text: tuple[Ids, Ints],
    documents: Ints,
    known: tuple[Hashes, Mask],  # the hashes of words, and which shingles are usual
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    sketches: Hashes,
    sums: Hashes,
) -> None:
    """Write the smallest hashes of the shingles of some documents, (n, `_SKETCH`), rising, and their sums.

    Those that are usual, by the counters of `_count_shingles`, are in no sketch.
    """
    words, usual = known
    mask = np.uint64(len(usual) - 1)
    for n in range(len(documents)):
        for i in range(_hash_shingles(text, documents[n], words, room)):
            hashed = mixed(room[0][i])
            sums[n] += hashed
            if hashed >= sketches[n, _SKETCH - 1] or usual[hashed & mask]:
                continue
            place = _SKETCH - 1
            while place > 0 and sketches[n, place - 1] > hashed:
                place -= 1
            if place > 0 and sketches[n, place - 1] == hashed:
                continue
            for k in range(_SKETCH - 1, place, -1):
                sketches[n, k] = sketches[n, k - 1]
            sketches[n, place] = hashed


@kernel
def _looked_up(
    text: tuple[Ids, Ints],
    document: int,
    known: tuple[Hashes, Mask],  # the hashes of words, and which shingles are usual
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    table: tuple[
        Hashes, Ints, Ints
    ],  # shingles, the text that entered each, and a mark; see `_join_clusters`
    mask: np.uint64,  # the part of the table that is used, a power of two less one
    text_number: int,
    mark: int,  # -1 to enter the shingles, otherwise a number that no other look-up has
) -> int:
    """Enter the different shingles of a document into a table, or count those of them that are in it."""
    words, usual = known
    shingles, owners, marks = table
    number = 0
    for i in range(_hash_shingles(text, document, words, room)):
        hashed = mixed(room[0][i])
        if usual[hashed & np.uint64(len(usual) - 1)]:
            continue
        slot = hashed & mask
        while owners[slot] == text_number and shingles[slot] != hashed:
            slot = (slot + np.uint64(1)) & mask
        met = owners[slot] == text_number
        if mark < 0 and not met:
            shingles[slot] = hashed
            owners[slot] = text_number
            number += 1
        elif mark >= 0 and met and marks[slot] != mark:
            marks[slot] = mark
            number += 1
    return number


@kernel
def _join_clusters(
    text: tuple[Ids, Ints],
    documents: Ints,  # (n,) from the longest text to the shortest
    known: tuple[Hashes, Mask],  # the hashes of words, and which shingles are usual
    places: Ints,  # (n, k) the rows of `held` for the sketch of each text, -1 for hashes of one text
    held: Ints,  # (m, h) the texts that are looked up by a hash, -1 for none; written
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    scratch: tuple[Hashes, Ints, Ints],  # (s,) each, s at least twice as large as the longest text
    leaders: Ints,  # (n,) the longest text of the cluster of each text; written
) -> None:
    candidates = np.empty(_SKETCH * _HELD, np.int64)
    votes = np.empty(_SKETCH * _HELD, np.int64)
    sizes = np.zeros(len(documents), np.int64)  # different shingles
    looked_up = 0
    for n in range(len(documents)):
        found = 0
        for k in range(_SKETCH):
            for h in range(_HELD if places[n, k] >= 0 else 0):
                other = held[places[n, k], h]
                if other < 0:
                    break
                c = 0
                while c < found and candidates[c] != other:
                    c += 1
                if c == found:
                    candidates[c] = other
                    votes[c] = 0
                    found += 1
                votes[c] += 1
        mask = np.uint64(1)
        while mask < 2 * (text[1][documents[n] + 1] - text[1][documents[n]]):
            mask <<= np.uint64(1)
        mask -= np.uint64(1)
        sizes[n] = _looked_up(text, documents[n], known, room, scratch, mask, n, -1)
        for _ in range(min(found, _TRIED)):
            best = 0
            for c in range(1, found):
                if votes[c] > votes[best]:
                    best = c
            if votes[best] < 2:
                break
            votes[best] = 0
            near = True
            for step in range(2):  # the text itself, and the longest of its cluster
                other = candidates[best] if step == 0 else leaders[candidates[best]]
                share = _NEAR if step == 0 else _SPREAD
                if step == 1 and other == candidates[best]:
                    continue
                small = min(sizes[n], sizes[other])
                near = small >= max(_SHORTER * max(sizes[n], sizes[other]), _FEWEST)
                if near:
                    common = _looked_up(text, documents[other], known, room, scratch, mask, n, looked_up)
                    looked_up += 1
                    near = common >= share * small
                if not near:
                    break
            if near:
                leaders[n] = leaders[candidates[best]]
                break
        for k in range(_SKETCH):
            for h in range(_HELD if places[n, k] >= 0 else 0):
                other = held[places[n, k], h]
                if other < 0:
                    held[places[n, k], h] = n
                if other < 0 or leaders[other] == leaders[n]:  # one text of a cluster is enough
                    break
