"""Many texts in little room, each read without the others: compressed blocks of some four kilobytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError

__all__ = ["Texts", "ordered_ends", "packed", "unpacked"]

_BLOCK = 1 << 12  # bytes of text after which a block is full
_MAGIC = b"selfvec texts 1\n"
_AGAIN = "remove the index folder, it is made again at the next search"


def packed(name: str, strings: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Strings as two arrays: their UTF-8 one after the other, and where each ends."""
    pieces = [string.encode() for string in strings]
    ends = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
    return {name: np.frombuffer(b"".join(pieces), np.uint8), f"{name} ends": ends}


def unpacked(arrays: Mapping[str, NDArray[Any]], name: str) -> list[str]:
    """What `packed` packed.

    Raises
    ------
    FormatError
        If it is damaged.
    """
    data, ends = arrays[name].tobytes(), arrays[f"{name} ends"].tolist()
    try:
        return [data[a:b].decode() for a, b in pairwise(ends)]
    except ValueError:
        raise FormatError(f"the names under {name!r} are damaged", remedy=_AGAIN) from None


def ordered_ends(data: NDArray[Any], ends: NDArray[Any]) -> bool:
    """Whether strings can be cut from what `packed` made."""
    return bool(
        ends.ndim == 1 and len(ends) and ends[0] == 0 and ends[-1] == len(data) and np.all(np.diff(ends) >= 0)
    )


@dataclass(frozen=True, eq=False)
class Texts:
    """Compressed texts: blocks, and where each text lies.

    Parameters
    ----------
    data : bytes-like
        The blocks.
    blocks : (B + 1,) int64
        Where they begin.
    firsts : (B + 1,) int64
        The first text of each.
    ends : (D + 1,) int64
        Bytes of text before each text.
    """

    data: Any
    blocks: NDArray[np.int64]
    firsts: NDArray[np.int64]
    ends: NDArray[np.int64]
    path: Path | None = None

    @property
    def documents(self) -> int:
        """How many there are."""
        return len(self.ends) - 1

    @classmethod
    def pack(cls, texts: Sequence[str]) -> Texts:
        """Compress texts."""
        from selfvec.base.zstd import compress

        pieces, blocks, firsts, ends = [], [0], [0], [0]
        held: list[bytes] = []
        size = 0
        for number, text in enumerate(texts, 1):
            held.append(text.encode())
            size += len(held[-1])
            ends.append(ends[-1] + len(held[-1]))
            if size >= _BLOCK or number == len(texts):
                pieces.append(compress(b"".join(held)))
                blocks.append(blocks[-1] + len(pieces[-1]))
                firsts.append(number)
                held, size = [], 0
        tables = [np.array(numbers, np.int64) for numbers in (blocks, firsts, ends)]
        return cls(b"".join(pieces), tables[0], tables[1], tables[2])

    def save(self, path: Path) -> None:
        """Write a file: a head, the tables, the blocks."""
        sizes = np.array([len(self.blocks), len(self.ends)], "<i8")
        with path.open("wb") as file:
            file.write(_MAGIC + sizes.tobytes())
            for table in (self.blocks, self.firsts, self.ends):
                file.write(np.ascontiguousarray(table, "<i8").tobytes())
            file.write(memoryview(self.data))

    @classmethod
    def open(cls, path: Path) -> Texts:
        """Map what `save` wrote.

        Raises
        ------
        FormatError
            If it is none, or damaged.
        """
        damaged = FormatError("is no file of texts, or damaged", path=path, remedy=_AGAIN)
        head = len(_MAGIC) + 16
        size = path.stat().st_size
        if size < head:
            raise damaged
        data = np.memmap(path, np.uint8, mode="r")
        if data[: len(_MAGIC)].tobytes() != _MAGIC:
            raise damaged
        blocks, texts = np.frombuffer(data, "<i8", 2, len(_MAGIC)).tolist()
        start = head + 8 * (2 * blocks + texts)
        if blocks < 1 or texts < 1 or blocks > size or texts > size or start > size:
            raise damaged
        tables = np.frombuffer(data, "<i8", 2 * blocks + texts, head)
        made = cls(data[start:], tables[:blocks], tables[blocks : 2 * blocks], tables[2 * blocks :], path)
        for table, last in ((made.blocks, size - start), (made.firsts, texts - 1), (made.ends, None)):
            if table[0] != 0 or np.any(np.diff(table) < 0) or (last is not None and table[-1] != last):
                raise damaged
        return made

    def __getitem__(self, number: int) -> str:
        """A text.

        Raises
        ------
        FormatError
            If its block is damaged.
        """
        block = int(np.searchsorted(self.firsts, number, side="right")) - 1
        first = int(self.firsts[block])
        start, end = (int(self.ends[i] - self.ends[first]) for i in (number, number + 1))
        try:
            return _block(self, block)[start:end].decode()
        except UnicodeDecodeError:
            raise FormatError("a text is damaged", path=self.path, remedy=_AGAIN) from None


@lru_cache(maxsize=256)
def _block(texts: Texts, number: int) -> bytes:
    """A block's bytes, no more of them than it says it has."""
    from selfvec.base.zstd import ZstdDecompressor, ZstdError

    a, b = int(texts.blocks[number]), int(texts.blocks[number + 1])
    first, last = int(texts.firsts[number]), int(texts.firsts[number + 1])
    size = int(texts.ends[last] - texts.ends[first])
    try:
        data = bytes(ZstdDecompressor().decompress(bytes(texts.data[a:b]), size + 1))
    except (ZstdError, EOFError, ValueError):
        data = b""
    if len(data) != size:
        raise FormatError("a block of texts is damaged", path=texts.path, remedy=_AGAIN)
    return data
