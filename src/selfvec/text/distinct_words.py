"""`DistinctWords`: the different words of a text while it is read, numbered by their first appearance.

A dictionary of strings takes three times as long. It also needs the interpreter's lock, for which the threads
that split the text would wait.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Array, Ids
from selfvec.base.packed_strings import PackedStrings

from . import kernels

__all__ = ["DistinctWords"]


class DistinctWords:
    """A growing table of words.

    >>> words = DistinctWords()
    >>> words.number(PackedStrings.of(["hail", "storm"])).tolist()
    [0, 1]
    >>> words.number(PackedStrings.of(["wind", "hail"])).tolist(), list(words.packed())
    ([2, 0], ['hail', 'storm', 'wind'])
    """

    def __init__(self) -> None:
        self._size = 0  # words
        self._used = 0  # their bytes
        self._slots = kernels.empty_slots()
        self._data = np.zeros(0, np.uint8)  # the words, one after the other, and room for more
        self._starts = np.zeros(0, np.int64)  # where each begins
        self._lengths = np.zeros(0, np.int32)
        self._firsts = np.zeros(0, np.int64)  # 0, 1, 2 ...

    def __len__(self) -> int:
        return self._size

    def number(self, words: PackedStrings) -> Ids:
        """The numbers of n words, (n,) int32."""
        size, used = self._size, self._used
        last = size + len(words)
        self._data = _extended(self._data, used, words.data)
        self._starts = _extended(self._starts, size, used + words.ends[:-1])
        self._lengths = _extended(self._lengths, size, np.diff(words.ends).astype(np.int32))
        self._firsts = _extended(self._firsts, size, np.arange(size, last))
        ids = np.empty(last, np.int32)  # pages never written cost nothing
        arrays = self._data, self._starts[:last], self._lengths[:last]
        self._slots, self._size = kernels.number(*arrays, self._slots, size, ids, self._firsts)
        # The new ones among the words move to the end of the known ones.
        new = self._firsts[size : self._size].copy()
        spelled, lengths = kernels.spell(*arrays, new), self._lengths[new]
        self._used += len(spelled)
        self._data[used : self._used] = spelled
        self._starts[size : self._size] = used + np.cumsum(lengths, dtype=np.int64) - lengths
        self._lengths[size : self._size] = lengths
        self._firsts[size : self._size] = np.arange(size, self._size)
        return ids[size:]

    def packed(self) -> PackedStrings:
        """The words."""
        return PackedStrings(self._data[: self._used], np.append(self._starts[: self._size], self._used))


def _extended(array: Array, size: int, values: Array) -> Array:
    """An array with ``values`` from ``size`` on, and room for more."""
    if size + len(values) > len(array):
        larger = np.empty(2 * (size + len(values)), array.dtype)
        larger[:size] = array[:size]
        array = larger
    array[size : size + len(values)] = values
    return array
