"""`PackedStrings`: many strings as UTF-8 bytes one after the other, in memory or in a file.

A Python string takes fifty bytes besides its text. A million texts are smaller this way, and they need no
memory at all in a file that is mapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import overload

import numpy as np

from selfvec.base.arrays import Bytes, Ints

from .memory import Spool, release

_READ = 1 << 12  # strings encoded or decoded at a time


@dataclass(frozen=True, eq=False, repr=False)
class PackedStrings(Sequence[str]):
    """A sequence of n strings.

    >>> strings = PackedStrings.of(["hail", "", "naïve"])
    >>> strings[2], strings[-3], strings[:2], list(strings), len(strings), strings.data.nbytes
    ('naïve', 'hail', ['hail', ''], ['hail', '', 'naïve'], 3, 10)
    """

    data: Bytes  # (B,) may be a memory map
    ends: Ints  # (n + 1,) from 0; string i is data[ends[i]:ends[i + 1]]

    @classmethod
    def of(cls, strings: Iterable[str]) -> PackedStrings:
        """From strings. Half of a surrogate pair cannot be packed."""
        packer = Packer()
        rest = iter(strings)
        while parts := [string.encode() for string in islice(rest, _READ)]:
            ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
            packer.add(np.frombuffer(b"".join(parts), np.uint8), ends)
        return packer.packed()

    def __len__(self) -> int:
        return len(self.ends) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            if step != 1:
                raise IndexError("a step is not supported")
            return self._decoded(start, max(start, stop))
        number = place + len(self) if place < 0 else place
        if not 0 <= number < len(self):
            raise IndexError(place)
        return self._decoded(number, number + 1)[0]

    def __iter__(self) -> Iterator[str]:
        """One pass over the strings of a file keeps none of them in memory."""
        for start in range(0, len(self), _READ):
            yield from self._decoded(start, min(start + _READ, len(self)))

    def _decoded(self, start: int, stop: int) -> list[str]:
        ends = self.ends[start : stop + 1].tolist()
        part = self.data[ends[0] : ends[-1]]
        data = part.tobytes()
        if stop - start > 1:
            release(part)
        first = ends[0]
        if data.isascii():  # then bytes are characters, and one call decodes them all
            text = data.decode()
            return [text[a - first : b - first] for a, b in pairwise(ends)]
        return [data[a - first : b - first].decode(errors="replace") for a, b in pairwise(ends)]


class Packer:
    """Collects strings, many of them in a temporary file; see `selfvec.files.memory`."""

    def __init__(self) -> None:
        self._data = Spool(np.uint8)
        self._ends: list[Ints] = [np.zeros(1, np.int64)]
        self._size = 0

    def add(self, data: Bytes, ends: Ints) -> None:
        """Add the strings of (B,) bytes with the ends (n + 1,), from 0."""
        self._data.append(data)
        self._ends.append(ends[1:] + self._size)
        self._size += int(ends[-1])

    def packed(self) -> PackedStrings:
        """The strings. Nothing more can be added."""
        return PackedStrings(self._data.joined(), np.concatenate(self._ends))
