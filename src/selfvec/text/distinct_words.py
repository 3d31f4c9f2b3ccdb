"""`DistinctWords`: words as numbers, by their first appearance.

A dictionary of strings takes three times as long. It also needs the interpreter's lock, for which the threads
that split the text would wait.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints
from selfvec.base.compiled import read_only
from selfvec.corpus.fingerprints import hashes
from selfvec.files.packed_strings import PackedStrings

from .kernels import enter_words, number_words

_ROOM = 1 << 12  # words in a new table


class DistinctWords:
    """A growing table of words, as UTF-8.

    >>> words = DistinctWords()
    >>> words.number(PackedStrings.of(["hail", "storm"])).tolist()
    [0, 1]
    >>> words.number(PackedStrings.of(["wind", "hail"])).tolist(), list(words.packed())
    ([2, 0], ['hail', 'storm', 'wind'])
    >>> words.find_spans(np.frombuffer(b"storm snow", np.uint8), np.array([0, 6]), np.array([5, 10])).tolist()
    [1, -1]
    """

    def __init__(self) -> None:
        self._size = 0  # words
        self._hashes = np.zeros(_ROOM, np.uint64)  # of the words, with room for more, as are the next two
        self._ends = np.zeros(_ROOM + 1, np.int64)  # word i is data[ends[i]:ends[i + 1]]
        self._data = np.zeros(8 * _ROOM, np.uint8)
        self._slots = np.full(2 * _ROOM, -1, np.int32)  # hash table with linear probing: numbers of words

    def __len__(self) -> int:
        return self._size

    def number(self, words: PackedStrings) -> Ids:
        """The numbers of n words, (n,) int32. New ones are added."""
        return self.number_spans(words.data, words.ends[:-1], words.ends[1:])

    def number_spans(self, data: Bytes, starts: Ints, ends: Ints) -> Ids:
        """The same for the words ``data[starts[i]:ends[i]]``."""
        hashed = hashes(data, starts, ends)
        ids = np.empty(len(starts), np.int32)
        done = 0
        while done < len(ids):
            table = self._slots, self._hashes, self._ends, self._data
            done, self._size = number_words(
                read_only(data), starts, ends, hashed, done, *table, self._size, True, ids
            )
            if done < len(ids):
                self._grow(int(ends[done] - starts[done]))
        return ids

    def find_spans(self, data: Bytes, starts: Ints, ends: Ints) -> Ids:
        """The numbers of the words ``data[starts[i]:ends[i]]``, (n,) int32; -1 for unknown words."""
        ids = np.empty(len(starts), np.int32)
        table = self._slots, self._hashes, self._ends, self._data
        hashed = hashes(data, starts, ends)
        number_words(read_only(data), starts, ends, hashed, 0, *table, self._size, False, ids)
        return ids

    def packed(self) -> PackedStrings:
        """The words."""
        ends = self._ends[: self._size + 1]
        return PackedStrings(self._data[: ends[-1]], ends)

    def _grow(self, longest: int) -> None:
        """Make room for more words, one of them of ``longest`` bytes."""
        if self._size == len(self._hashes):
            self._hashes = np.concatenate((self._hashes, np.zeros_like(self._hashes)))
            self._ends = np.concatenate((self._ends, np.zeros(self._size, np.int64)))
            self._slots = np.full(2 * len(self._slots), -1, np.int32)
            enter_words(self._hashes[: self._size], self._slots)
        if self._ends[self._size] + longest > len(self._data):
            larger = np.zeros(2 * len(self._data) + longest, np.uint8)
            larger[: len(self._data)] = self._data
            self._data = larger
