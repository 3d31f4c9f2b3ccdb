"""Vectors from spelling: a ridge regression from character n-grams to vectors, learned on the corpus' words.

*Cardiomyopathies* is spelled like *cardiomyopathy* and means nearly the same. The regression learns which
parts of words carry meaning (Zhao, Mudgal and Liang, 2018, *Generalizing Word Embeddings using Bag of
Subwords*).

The map is learned from at most `MOST` words, so the cost of learning is bounded. The cost of applying it is
proportional to the n-grams of the other words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import AnyFloats, AnyInts, Floats, Hashes, Ids, Ints, Mask, Rows
from selfvec.base.compiled import kernel, read_only
from selfvec.base.threads import cut, each_block, finish, in_order
from selfvec.data.token_batch import TokenBatch, bounds_of, occurrences_of_each
from selfvec.files.memory import return_freed_memory
from selfvec.numerics.ridge import solve_columns, swept_ridge
from selfvec.numerics.rows import filled_rows, mix_rows
from selfvec.numerics.sparse_rows import SparseRows

EVIDENCE = 20  # occurrences at which the corpus has half of its maximum weight
RIDGE = 0.7  # of the map from spelling to vectors
RARITY = 0.2  # an n-gram of f words learned from weighs (1 + f)^-0.2, because rare n-grams are more specific
SAYS_ALL = 0.4  # length of a prediction from which spelling has its full weight
MOST = 40_000  # words to learn from, the most trusted; more words change figures in the third digit

SHORTEST, LONGEST = 3, 5  # characters, with < and > around the word
_LEAST = 0.2  # words with at most this trust are not learned from: they would cost much and add little
_SWEEPS = 3  # over the words learned from; more sweeps change figures in the third digit
_COLUMNS = 64  # that a thread learns at a time: 48 take a fifth longer, and 128 twice the memory
_SHARE = 1 << 17  # characters a thread processes at a time
# 2^64 divided by the golden ratio spreads neighbouring characters over all bits. The shift brings high bits
# back to the low ones, which number the slots.
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


class GramTable(NamedTuple):
    """A hash table of n-grams with a power of two of slots, at least twice the n-grams."""

    keys: Hashes  # (s,)
    numbers: Ids  # (s,): -1 in a free slot

    @classmethod
    def room(cls, grams: int) -> GramTable:
        """A table for so many n-grams, empty."""
        slots = 1 << int(2 * grams + 1).bit_length()
        return cls(np.zeros(slots, np.uint64), np.full(slots, -1, np.int32))


class Spelling:
    """Bags of character n-grams of lower-cased words, and the ridge map from these to vectors.

    The map is learned from the words with a trust above 0.2, at most the 40,000 most trusted ones. The
    columns are the n-grams that occur in one of these words and in any other word; rare ones weigh more. A
    row has length 1 if all n-grams of its word are columns, √½ if half of them are.

    >>> words, trust = ["storm", "storms", "xyz"], np.array([1, 0, 0], np.float32)
    >>> known = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    >>> spelling = Spelling(words, trust)
    >>> rows = spelling.grams.times(spelling.learn(known, ridge=1.0))
    >>> bool(rows[1, 0] > 0.2), rows[2].tolist()
    (True, [0.0, 0.0])
    """

    def __init__(
        self,
        words: Sequence[str],
        trust: AnyFloats,  # (V,), from 0
    ) -> None:
        most = np.argsort(-trust, kind="stable")[:MOST]
        self.learned_from = np.sort(most[trust[most] > _LEAST])  # (n,) int64
        self.trust = np.asarray(trust[self.learned_from], np.float32)
        self.grams, self.columns = shared_grams(words, self.learned_from)

    def learn(self, rows: Floats, ridge: float) -> Floats:
        """The map W from n-grams to vectors, (m, d) float32.

        W minimises Σ_w trust_w · |rows_w - Z_w·W|² + ridge · |W|² for Z the rows of n-grams. It is computed
        by a fixed number of sweeps of dual coordinate descent from the last word, the rarest, to the first.
        """
        # The rows of words are in order of frequency, so a sweep ends with the most frequent of them.
        own = self.grams.part(self.learned_from)
        penalties = (ridge / self.trust).astype(np.float32)

        def solve(part: slice) -> Floats:
            return swept_ridge(own, self.columns, rows[self.learned_from, part], penalties, _SWEEPS)

        out = np.empty((self.columns, rows.shape[1]), np.float32)
        return solve_columns(solve, out, len(self.learned_from), widest=_COLUMNS)


def blend_spelling(
    rows: Rows,  # (V, d), unit; changed
    batch: TokenBatch,
    whole: Mask,  # (V,): rows that stay unchanged
    half: AnyInts,  # (V,): occurrences at which S has half of its weight
) -> Floats:
    """Mix the vectors of unknown words with their predictions from spelling, S; return the shares of S.

    The trust of a word in learning the map is 1 for known words and n / (n + 20) for other words seen n
    times. An unknown word becomes unit((1 - s) · E + h / (n + h) · S) with s = h / (n + h) · min(1, |S| /
    0.4) and h = ``half``. Spelling weighs more for rare words and for words that share more n-grams with
    others. The shares are (V,) float32, 0 to 1.
    """
    doubt = (half / (batch.counts + half)).astype(np.float32)
    # A word that the text gave no row has nothing to teach, however often it occurs.
    filled = filled_rows(rows)
    trust = np.where(whole, 1, batch.counts / (batch.counts + EVIDENCE) * filled).astype(np.float32)
    spelling = Spelling(batch.types, trust)
    return_freed_memory()  # most memory is taken here
    learned = spelling.learn(rows, RIDGE)
    indptr, indices, values = spelling.grams
    shares = np.zeros(len(rows), np.float32)

    def blend(part: slice) -> None:
        spelled = SparseRows(indptr[part.start : part.stop + 1], indices, values).times(learned)
        sizes = np.sqrt(np.einsum("ij,ij->i", spelled, spelled))
        context = np.where(filled[part], 1 - doubt[part] * np.minimum(1, sizes / SAYS_ALL), 0)
        mix_rows(rows[part], read_only(spelled), context, doubt[part], ~whole[part])
        says = np.where(whole[part], 0, doubt[part] * sizes)
        shares[part] = says / np.maximum(says + context, np.float32(1e-30))

    each_block(len(rows), blend)
    return shares


def shared_grams(
    words: Sequence[str],
    learned_from: Ints,  # (n,): indices of words
) -> tuple[SparseRows, int]:
    """For each word, its n-grams that occur in a word of ``learned_from`` and in another word; their number.

    N-grams are identified by a 64-bit hash. Those in few of the words learned from weigh more.
    """
    texts = [f"<{word.lower()}>" for word in words]
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    # All words as one array of code points: a kernel cannot read strings of Python.
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    del texts
    begins = bounds_of(lengths)
    sizes = np.sum([np.maximum(lengths - n + 1, 0) for n in range(SHORTEST, LONGEST + 1)], axis=0)
    bounds = bounds_of(sizes)
    table = GramTable.room(sizes[learned_from].sum())
    columns = _number_grams(codes, begins, learned_from, table)
    indices = np.full(bounds[-1], columns, np.int32)  # the last number is that of no n-gram
    values = np.empty(bounds[-1], np.float32)
    bags = SparseRows(bounds, indices, values)

    def look_up(part: tuple[int, int]) -> None:
        own = GramTable.room(sizes[slice(*part)].max())
        seen = np.zeros((2, len(own.keys)), np.int64)
        _bags_of_grams(codes, begins, *part, table, own, seen, bags)

    finish(in_order(cut(lengths, _SHARE), look_up))
    # An n-gram of a single word teaches nothing about any other word.
    shared = occurrences_of_each(indices, columns + 1) > 1
    shared[-1] = False
    own = np.bincount(bags.part(learned_from).indices, minlength=columns + 1)
    weights = ((1 + own) ** -RARITY).astype(np.float32)
    numbered = np.where(shared, np.cumsum(shared, dtype=np.int32) - 1, np.int32(-1))
    size = _keep_grams(numbered, weights, bags)
    return SparseRows(bounds, indices[:size], values[:size]), int(np.count_nonzero(shared))


@kernel
def _longer_gram(gram: np.uint64, character: np.uint32) -> np.uint64:
    """The hash of an n-gram with one more character; that of the empty n-gram is 0."""
    key = (gram ^ np.uint64(character)) * _PRIME
    return key ^ (key >> _SHIFT)


@kernel
def _slot(table: GramTable, key: np.uint64) -> np.int64:
    """The slot of a key; a free one (number -1) if the key is missing."""
    keys, numbers = table
    slot = np.int64(key & np.uint64(len(keys) - 1))
    while numbers[slot] >= 0 and keys[slot] != key:
        slot = (slot + 1) & (len(keys) - 1)
    return slot


@kernel
def _number_grams(
    codes: NDArray[np.uint32],  # characters of all words
    begins: Ints,  # (V + 1,): word w is codes[begins[w]:begins[w + 1]]
    words: Ints,
    table: GramTable,  # changed
) -> int:
    """Number the n-grams of some words; return their number."""
    keys, numbers = table
    number = 0
    for word in words:
        for start in range(begins[word], begins[word + 1] - SHORTEST + 1):
            key = np.uint64(0)
            for i in range(start, min(start + LONGEST, begins[word + 1])):
                key = _longer_gram(key, codes[i])
                if i - start >= SHORTEST - 1:
                    slot = _slot(table, key)
                    if numbers[slot] < 0:
                        keys[slot] = key
                        numbers[slot] = number
                        number += 1
    return number


@kernel
def _bags_of_grams(
    codes: NDArray[np.uint32],
    begins: Ints,  # (V + 1,)
    first: int,
    last: int,  # the words from `first` to `last - 1`
    table: GramTable,
    own: GramTable,  # room for the n-grams of a word
    seen: Ints,  # (2, s): how often an n-gram occurs in the word, and its slot
    bags: SparseRows,  # where the n-grams of each word are written
) -> None:
    """Write the numbered n-grams of words; values are times / √(Σ times²) over all n-grams of the word.

    Unused places of the indices stay as they are.
    """
    bounds, indices, values = bags
    own_keys, entries = own
    times, where = seen[0], seen[1]
    for word in range(first, last):
        n = 0
        squares = 0
        for start in range(begins[word], begins[word + 1] - SHORTEST + 1):
            key = np.uint64(0)
            for i in range(start, min(start + LONGEST, begins[word + 1])):
                key = _longer_gram(key, codes[i])
                if i - start >= SHORTEST - 1:
                    slot = _slot(own, key)
                    if entries[slot] < 0:
                        own_keys[slot] = key
                        entries[slot] = n
                        times[n] = 0
                        where[n] = slot
                        n += 1
                    times[entries[slot]] += 1
                    squares += 2 * times[entries[slot]] - 1  # n² - (n - 1)²
        place = bounds[word]
        for entry in range(n):
            number = table.numbers[_slot(table, own_keys[where[entry]])]
            entries[where[entry]] = -1  # the table is empty again for the next word
            if number >= 0:
                indices[place] = number
                values[place] = times[entry] / np.sqrt(squares)
                place += 1


@kernel
def _keep_grams(
    numbered: Ids,  # new numbers of n-grams; those with -1 are left out
    weights: Floats,  # of n-grams
    bags: SparseRows,  # changed
) -> int:
    """Move the entries that are kept to the front, renumber and weight them; return their number.

    The lengths of rows do not change by the weights.
    """
    bounds, indices, values = bags
    size = 0
    begin = bounds[0]
    for word in range(len(bounds) - 1):
        end = bounds[word + 1]
        first = size
        before = 0.0
        after = 0.0
        # Never ahead of what is read, so entries move within the same arrays.
        for k in range(begin, end):
            gram = indices[k]
            if numbered[gram] >= 0:
                before += np.float64(values[k] * values[k])
                weighted = values[k] * weights[gram]
                after += np.float64(weighted * weighted)
                indices[size] = numbered[gram]
                values[size] = weighted
                size += 1
        scale = np.float32(np.sqrt(before / max(after, 1e-30)))
        for k in range(first, size):
            values[k] *= scale
        begin = end
        bounds[word + 1] = size
    return size
