"""Loops over bytes: find tokens, number the types, find what separates two tokens, count sentences.

Only this part of the text stage takes time per character, so it is compiled. A regular-expression engine has
about half the speed and makes a string of every token. Here only new types become strings. Arrays are copied
in loops, because Numba takes a second to compile an assignment of slices or rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import helper, kernel

from .characters import APOSTROPHE, DIGIT, LOWER, POINT, SPACE, STRONG, TERMINATOR, WORD

__all__ = ["apart", "count_sentences", "distinct", "spans", "spell"]


_ONE = np.uint64(1)
_BYTE = np.uint64(8)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd constants with well-mixed bits (golden ratio; SplitMix-like)
_MIX_2 = np.uint64(0xD6E8FEB86659FD93)
_NEWLINE = 10
_HYPHEN = 0x2D
_FULL_STOP = 0x2E
_IDEOGRAPHIC = 0xE3  # first byte of 。！？ and of later marks


@helper
def _character(data: Bytes, i: int, flags: Bytes) -> tuple[Any, int]:
    """Flags and length in bytes of the UTF-8 character that begins at ``i``."""
    first = data[i]
    if first < 0x80:
        return flags[first], 1
    if first < 0xE0:
        return flags[(first & 0x1F) << 6 | (data[i + 1] & 0x3F)], 2
    if first < 0xF0:
        return flags[(first & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)], 3
    high = (first & 0x07) << 18 | (data[i + 1] & 0x3F) << 12
    return flags[high | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F)], 4


def spans(
    data: Bytes,  # (B,) uint8, the texts in UTF-8, one after the other
    bounds: Ints,  # (D + 1,) int64, first byte of each document
    flags: Bytes,  # (0x110000,) uint8, see characters.table
) -> tuple[Ints, Ids, Ints]:
    """Find a batch's tokens: first bytes (N,) int64, lengths in bytes (N,) int32, offsets (D + 1,) int64.

    Document ``k`` holds the tokens ``offsets[k]:offsets[k + 1]``.
    """
    most = len(data) // 2 + len(bounds)  # pages never written cost nothing
    starts, lengths, offsets = np.empty(most, np.int64), np.empty(most, np.int32), np.empty_like(bounds)
    tokens = _spans(data, bounds, flags, starts, lengths, offsets)
    return starts[:tokens], lengths[:tokens], offsets


@kernel
def _spans(data: Bytes, bounds: Ints, flags: Bytes, starts: Ints, lengths: Ids, offsets: Ints) -> int:
    """Write the tokens into ``starts``, ``lengths`` and ``offsets``; return their number."""
    offsets[0] = n = 0
    for d in range(len(bounds) - 1):
        i, end = bounds[d], bounds[d + 1]
        while i < end:
            kind, width = _character(data, i, flags)
            if not kind & WORD:
                i += width
                continue
            start, strong, previous = i, False, kind
            while True:
                if kind & WORD:
                    strong |= kind & STRONG != 0
                i += width
                if i >= end:
                    break
                previous = kind
                kind, width = _character(data, i, flags)
                if kind & WORD:
                    continue
                if not kind & (APOSTROPHE | POINT) or i + width >= end:
                    break
                after, _ = _character(data, i + width, flags)
                apostrophe = kind & APOSTROPHE and previous & WORD and after & WORD
                point = kind & POINT and previous & DIGIT and after & DIGIT
                if not (apostrophe or point):
                    break
            if strong:
                starts[n], lengths[n] = start, i - start
                n += 1
        offsets[d + 1] = n
    return n


@helper
def _pack(data: Bytes, start: int, length: int) -> tuple[Any, Any, Any]:
    """A token as three numbers: its first 16 bytes, and its length mixed with all further bytes."""
    low = high = np.uint64(0)
    for k in range(start, start + min(length, 8)):
        low = low << _BYTE | np.uint64(data[k])
    for k in range(start + 8, start + min(length, 16)):
        high = high << _BYTE | np.uint64(data[k])
    rest = np.uint64(length)
    for k in range(start + 16, start + length):
        rest = (rest ^ np.uint64(data[k])) * _MIX
    return low, high, rest


@helper
def _slot(low: Any, high: Any, rest: Any, mask: Any) -> Any:
    mixed = (low ^ (high + rest) * _MIX) * _MIX_2
    mixed ^= mixed >> _HALF
    return (mixed * _MIX_2 >> _HALF) & mask


def distinct(data: Bytes, starts: Ints, lengths: Ids) -> tuple[Ids, Ints]:
    """Number the types in order of first appearance: ids (N,) int32, first token of each type (V,) int64."""
    ids, firsts = np.empty(len(starts), np.int32), np.empty(len(starts), np.int64)
    slots = np.zeros((1 << 13, 4), np.uint64)  # 16 bytes, length and rest, id + 1 (0: free)
    state = np.zeros(2, np.int64)  # tokens and types numbered so far
    while _number(data, starts, lengths, state, slots, ids, firsts):
        larger = np.zeros((4 * len(slots), 4), np.uint64)
        _move_slots(slots, larger)
        slots = larger
    return ids, firsts[: state[1]].copy()


@kernel
def _number(
    data: Bytes,
    starts: Ints,
    lengths: Ids,
    state: Ints,
    slots: Hashes,
    ids: Ids,
    firsts: Ints,
) -> bool:
    """Number tokens until all are numbered or half of the slots are taken; return whether there are more.

    Slots hold the first 16 bytes of a token, so a look-up reads one cache line. Only longer tokens are
    compared byte by byte.
    """
    n, mask = state[1], np.uint64(len(slots) - 1)
    for i in range(state[0], len(starts)):
        start, length = starts[i], lengths[i]
        low, high, rest = _pack(data, start, length)
        s = _slot(low, high, rest, mask)
        while slots[s, 3]:
            if slots[s, 0] == low and slots[s, 1] == high and slots[s, 2] == rest:
                other = firsts[slots[s, 3] - _ONE]
                equal = length == lengths[other]
                k = 16
                while equal and k < length:
                    equal = data[start + k] == data[starts[other] + k]
                    k += 1
                if equal:
                    break
            s = (s + _ONE) & mask
        if not slots[s, 3]:
            if 2 * n > len(slots):
                state[0], state[1] = i, n
                return True
            firsts[n] = i
            n += 1
            slots[s, 0], slots[s, 1], slots[s, 2], slots[s, 3] = low, high, rest, n
        ids[i] = slots[s, 3] - _ONE
    state[0], state[1] = len(starts), n
    return False


@kernel
def _move_slots(slots: Hashes, larger: Hashes) -> None:
    """Enter the taken slots in a larger hash table."""
    mask = np.uint64(len(larger) - 1)
    for s in range(len(slots)):
        if slots[s, 3]:
            t = _slot(slots[s, 0], slots[s, 1], slots[s, 2], mask)
            while larger[t, 3]:
                t = (t + _ONE) & mask
            for k in range(4):
                larger[t, k] = slots[s, k]


def spell(data: Bytes, starts: Ints, lengths: Ids, firsts: Ints) -> Bytes:
    """The bytes of the types, each followed by a newline, so that one call decodes them all."""
    out = np.empty(int(lengths[firsts].sum(dtype=np.int64)) + len(firsts), np.uint8)
    _spell(data, starts, lengths, firsts, out)
    return out


@kernel
def _spell(data: Bytes, starts: Ints, lengths: Ids, firsts: Ints, out: Bytes) -> None:
    end = 0
    for n in range(len(firsts)):
        start, length = starts[firsts[n]], lengths[firsts[n]]
        for k in range(length):
            out[end + k] = data[start + k]
        out[end + length] = _NEWLINE
        end += length + 1


def apart(data: Bytes, starts: Ints, lengths: Ids, offsets: Ints, flags: Bytes) -> Mask:
    """Whether a token is separated from the previous one by more than blanks or one hyphen, (N,) bool.

    Parameters as of `count_sentences`. The first token of a document is apart.
    """
    out = np.zeros(len(starts), np.bool_)
    _apart(data, starts, lengths, offsets, flags, out)
    return out


@kernel
def _apart(
    data: Bytes,
    starts: Ints,
    lengths: Ids,
    offsets: Ints,
    flags: Bytes,
    out: Mask,
) -> None:
    for d in range(len(offsets) - 1):
        for k in range(offsets[d], offsets[d + 1]):
            if k == offsets[d]:
                out[k] = True
                continue
            i, newlines, spaces, hyphens = starts[k - 1] + lengths[k - 1], 0, 0, 0
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaces += 1
                    newlines += data[i] == _NEWLINE
                elif data[i] == _HYPHEN or (
                    width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] in (0x90, 0x91)
                ):
                    hyphens += 1
                else:
                    out[k] = True
                i += width
            out[k] |= newlines > 1 or hyphens > 1 or (hyphens == 1 and spaces > 0)


def count_sentences(
    data: Bytes,  # (B,) uint8, this and the rest as in `spans`
    bounds: Ints,  # (D + 1,) int64
    starts: Ints,  # (N,) int64
    lengths: Ids,  # (N,) int32
    offsets: Ints,  # (D + 1,) int64
    flags: Bytes,  # (0x110000,) uint8
) -> Ids:
    """Number of sentences of each document, (D,) int32; `selfvec.text.sentences` has the rules."""
    counts = np.empty(len(bounds) - 1, np.int32)
    _count_sentences(data, starts, lengths, offsets, flags, counts)
    return counts


@kernel
def _count_sentences(
    data: Bytes,
    starts: Ints,
    lengths: Ids,
    offsets: Ints,
    flags: Bytes,
    counts: Ids,
) -> None:
    for d in range(len(counts)):
        first, last = offsets[d], offsets[d + 1]
        counts[d] = last > first
        for k in range(first + 1, last):
            i = starts[k - 1]
            kind, width = _character(data, i, flags)
            initial = lengths[k - 1] == width and not kind & DIGIT
            i += lengths[k - 1]
            ended = spaced = False  # a terminator was seen; white space after it
            newlines = 0
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaced = ended
                    newlines += data[i] == _NEWLINE
                elif kind & TERMINATOR:
                    ended |= not (initial and data[i] == _FULL_STOP)
                    spaced |= width == 3 and data[i] >= _IDEOGRAPHIC  # 。！？ need no space
                else:
                    newlines = 0 if newlines < 2 else newlines
                initial = False
                i += width
            kind, width = _character(data, starts[k], flags)
            counts[d] += newlines > 1 or (spaced and not kind & LOWER)
