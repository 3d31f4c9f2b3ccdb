"""What the row groups of a Parquet file take in memory, before anything is unpacked.

A page of a megabyte may be a hundred bytes on disk, and a value of a nested column less than a bit. The sizes
that the footer gives for whole columns may be wrong, but no reader unpacks more than the header of each page
says. So the headers are walked; the pages stay on the disk. Footer and headers are structures of Thrift's
compact protocol (https://github.com/apache/parquet-format#file-format).
"""

from __future__ import annotations

import mmap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

_MAGIC = b"PAR1"
_TEXTS = (6, 7)  # the physical types of bytes
_VIEW = 16  # bytes of a value of such a type, which refers to its text
_NUMBER = 8  # bytes of any other value

Structure = dict[int, Any]
"""Fields by their numbers."""


class RowGroup(NamedTuple):
    """A row group: the number of its rows, and what some of its columns take in memory."""

    rows: int
    unpacked: int  # bytes


def row_groups(path: Path, columns: Collection[str]) -> list[RowGroup]:
    """The row groups of a Parquet file; any `Exception` if it is damaged.

    Texts that are the same count once, as Polars keeps them.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[-4:] != _MAGIC:
            raise ValueError("it does not end as a Parquet file")
        footer = _Reader(data, len(data) - 8 - int.from_bytes(data[-8:-4], "little")).structure()
        return [
            RowGroup(
                group[3], sum(_unpacked(data, chunk[3]) for chunk in group[1] if _named(chunk) in columns)
            )
            for group in footer.get(4, ())
        ]


def _named(chunk: Structure) -> str:
    name: str = chunk[3][3][0].decode()
    return name


def _unpacked(data: mmap.mmap, column: Structure) -> int:
    start: int = column[11 if 11 in column else 9]  # a dictionary comes before the values
    reader = _Reader(data, start)
    size = values = 0
    while reader.place < start + column[7]:
        page = reader.structure()
        size += page[2]
        values += max(page[kind][1] for kind in (5, 7, 8) if kind in page)
        if page[2] < 0 or page[3] < 0:
            raise ValueError("a page has a size below 0")
        reader.place += page[3]
    nested = len(column[3]) > 1
    return size + nested * values * (_VIEW if column[1] in _TEXTS else _NUMBER)


@dataclass
class _Reader:
    """Reads Thrift's compact protocol from a place on."""

    data: mmap.mmap
    place: int

    def structure(self) -> Structure:
        found: Structure = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._whole()
            found[number] = self._value(head & 15)
        return found

    def _byte(self) -> int:
        if self.place < 0:
            raise ValueError("a place is before the file")
        self.place += 1
        return self.data[self.place - 1]

    def _count(self) -> int:
        """A number of which each byte holds seven bits, the lowest first."""
        number = shift = 0
        while (byte := self._byte()) >= 128:
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")
        return number | byte << shift

    def _whole(self) -> int:
        """A number whose sign is the lowest bit."""
        number = self._count()
        return number >> 1 ^ -(number & 1)

    def _value(self, kind: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind in (4, 5, 6):
            return self._whole()
        if kind in (9, 10):
            return self._several()
        if kind == 12:
            return self.structure()
        if kind not in (3, 7, 8):
            raise ValueError(f"{kind} is no kind of value")
        length = {3: 1, 7: 8}[kind] if kind != 8 else self._count()
        self.place += length
        if self.place > len(self.data):
            raise EOFError("the file ends inside a value")
        return self.data[self.place - length : self.place]

    def _several(self) -> list[Any]:
        head = self._byte()
        length = head >> 4 if head >> 4 < 15 else self._count()
        kind = head & 15
        return [self._byte() if kind in (1, 2) else self._value(kind) for _ in range(length)]
