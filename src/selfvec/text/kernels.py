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
from selfvec.numerics.rows import read_only

from .characters import APOSTROPHE, DIGIT, LOWER, POINT, SPACE, STRONG, TERMINATOR, WORD

__all__ = [
    "apart",
    "count_sentences",
    "distinct",
    "empty_slots",
    "first_slot",
    "number",
    "spans",
    "spell",
    "token_key",
]


_ONE = np.uint64(1)
_BYTE = np.uint64(8)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd constants with well-mixed bits (golden ratio; SplitMix-like)
_MIX_2 = np.uint64(0xD6E8FEB86659FD93)
_MANY = 1 << 20  # slots; a larger table is doubled, to save memory
_PREFIX = 16  # bytes of a token that its key holds
_NEWLINE = 0x0A
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
    starts = np.empty(most, np.int64)
    lengths = np.empty(most, np.int32)
    offsets = np.empty_like(bounds)
    tokens = _spans(data, bounds, flags, starts, lengths, offsets)
    return starts[:tokens], lengths[:tokens], offsets


@kernel
def _spans(
    data: Bytes,  # (B,)
    bounds: Ints,  # (D + 1,)
    flags: Bytes,
    starts: Ints,  # (n,), written, as are the following; n is large enough
    lengths: Ids,  # (n,)
    offsets: Ints,  # (D + 1,)
) -> int:
    """Write the tokens; return their number."""
    n = 0
    offsets[0] = 0
    for d in range(len(bounds) - 1):
        i = bounds[d]
        end = bounds[d + 1]
        while i < end:
            kind, width = _character(data, i, flags)
            if not kind & WORD:
                i += width
                continue
            start = i
            strong = False  # whether the token has a letter or a number
            previous = kind
            # The token goes on with letters, and with an apostrophe or point between two that it joins.
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
                starts[n] = start
                lengths[n] = i - start
                n += 1
        offsets[d + 1] = n
    return n


@helper
def _eight(data: Bytes, i: Any) -> Any:
    """The eight bytes from ``i`` on, an unsigned number, as one number: a single load."""
    return (
        np.uint64(data[i])
        | np.uint64(data[i + _ONE]) << np.uint64(8)
        | np.uint64(data[i + np.uint64(2)]) << np.uint64(16)
        | np.uint64(data[i + np.uint64(3)]) << np.uint64(24)
        | np.uint64(data[i + np.uint64(4)]) << np.uint64(32)
        | np.uint64(data[i + np.uint64(5)]) << np.uint64(40)
        | np.uint64(data[i + np.uint64(6)]) << np.uint64(48)
        | np.uint64(data[i + np.uint64(7)]) << np.uint64(56)
    )


@helper
def token_key(data: Bytes, start: int, length: int) -> tuple[Any, Any, Any]:
    """A token as three numbers: its first 8 bytes, the next 8, and its length mixed with all further bytes.

    Two tokens of at most 16 bytes with one key are equal. Longer ones are to be compared.
    """
    low = np.uint64(0)
    high = np.uint64(0)
    if start + _PREFIX <= len(data):
        first = np.uint64(start)
        low = _eight(data, first)
        if length < 8:
            low &= (_ONE << np.uint64(8 * length)) - _ONE
        elif length > 8:
            high = _eight(data, first + _BYTE)
            if length < _PREFIX:
                high &= (_ONE << np.uint64(8 * length - 64)) - _ONE
    else:
        for k in range(min(length, 8)):
            low |= np.uint64(data[start + k]) << np.uint64(8 * k)
        for k in range(8, min(length, _PREFIX)):
            high |= np.uint64(data[start + k]) << np.uint64(8 * k - 64)
    rest = np.uint64(length)
    for k in range(start + _PREFIX, start + length):
        rest = (rest ^ np.uint64(data[k])) * _MIX
    return low, high, rest


@helper
def first_slot(low: Any, high: Any, rest: Any, mask: Any) -> Any:
    """The slot where the search for a key begins in a hash table of ``mask + 1`` slots, a power of two."""
    mixed = (low ^ (high + rest) * _MIX) * _MIX_2
    mixed ^= mixed >> _HALF
    return (mixed * _MIX_2 >> _HALF) & mask


def distinct(data: Bytes, starts: Ints, lengths: Ids) -> tuple[Ids, Ints]:
    """Number the types in order of first appearance: ids (N,) int32, first token of each type (V,) int64."""
    ids = np.empty(len(starts), np.int32)
    firsts = np.empty(len(starts), np.int64)
    _, types = number(data, starts, lengths, empty_slots(), 0, ids, firsts)
    return ids, firsts[:types].copy()


def empty_slots() -> Hashes:
    """A hash table without types, (s, 4): a row holds a key (see `token_key`) and id + 1, 0 if free."""
    return np.zeros((1 << 13, 4), np.uint64)


def number(
    data: Bytes,  # (B,)
    starts: Ints,  # (N,)
    lengths: Ids,  # (N,)
    slots: Hashes,  # (s, 4), changed: holds ``known`` types, the first tokens
    known: int,
    ids: Ids,  # (N,), written from ``known`` on
    firsts: Ints,  # (N,), written from ``known`` on: the first token of each type
) -> tuple[Hashes, int]:
    """Number tokens from ``known`` on; return the hash table, a larger one if necessary, and its types."""
    data = read_only(data)
    state = np.array([known, known])  # tokens and types numbered so far
    while _number(data, starts, lengths, state, slots, ids, firsts):
        larger = np.zeros(((4 if len(slots) < _MANY else 2) * len(slots), 4), np.uint64)
        _move_slots(slots, larger)
        slots = larger
    return slots, int(state[1])


@kernel
def _number(
    data: Bytes,  # (B,)
    starts: Ints,  # (N,)
    lengths: Ids,  # (N,)
    state: Ints,  # (2,), changed: tokens and types numbered so far
    slots: Hashes,  # (s, 4), changed: hash table with linear probing
    ids: Ids,  # (N,), written
    firsts: Ints,  # (N,), written: the first token of each type
) -> bool:
    """Number tokens until all are numbered or half of the slots are taken; return whether there are more.

    Slots hold the first 16 bytes of a token, so a look-up reads one cache line. Only longer tokens are
    compared byte by byte.
    """
    types = state[1]
    mask = np.uint64(len(slots) - 1)
    for i in range(state[0], len(starts)):
        start = starts[i]
        length = lengths[i]
        low, high, rest = token_key(data, start, length)
        s = first_slot(low, high, rest, mask)
        while slots[s, 3]:
            if slots[s, 0] == low and slots[s, 1] == high and slots[s, 2] == rest:
                other = firsts[slots[s, 3] - _ONE]
                equal = length == lengths[other]
                k = _PREFIX
                while equal and k < length:
                    equal = data[start + k] == data[starts[other] + k]
                    k += 1
                if equal:
                    break
            s = (s + _ONE) & mask
        if not slots[s, 3]:
            if 2 * types > len(slots):
                state[0] = i
                state[1] = types
                return True
            firsts[types] = i
            types += 1
            slots[s, 0] = low
            slots[s, 1] = high
            slots[s, 2] = rest
            slots[s, 3] = types
        ids[i] = slots[s, 3] - _ONE
    state[0] = len(starts)
    state[1] = types
    return False


@kernel
def _move_slots(slots: Hashes, larger: Hashes) -> None:
    """Enter the taken slots in a larger hash table."""
    mask = np.uint64(len(larger) - 1)
    for s in range(len(slots)):
        if slots[s, 3]:
            t = first_slot(slots[s, 0], slots[s, 1], slots[s, 2], mask)
            while larger[t, 3]:
                t = (t + _ONE) & mask
            for k in range(4):
                larger[t, k] = slots[s, k]


def spell(data: Bytes, starts: Ints, lengths: Ids, firsts: Ints) -> Bytes:
    """The bytes of the types, one after the other."""
    out = np.empty(int(lengths[firsts].sum(dtype=np.int64)), np.uint8)
    _spell(read_only(data), starts, lengths, firsts, out)
    return out


@kernel
def _spell(data: Bytes, starts: Ints, lengths: Ids, firsts: Ints, out: Bytes) -> None:
    end = 0
    for first in firsts:
        for k in range(lengths[first]):
            out[end + k] = data[starts[first] + k]
        end += lengths[first]


def apart(data: Bytes, starts: Ints, lengths: Ids, offsets: Ints, flags: Bytes) -> Mask:
    """Whether a token is separated from the previous one by more than blanks or one hyphen, (N,) bool.

    Parameters as of `count_sentences`. The first token of a document is apart.
    """
    out = np.zeros(len(starts), np.bool_)
    _apart(data, starts, lengths, offsets, flags, out)
    return out


@helper
def _is_hyphen(data: Bytes, i: int, width: int) -> bool:
    """Whether the character at ``i`` is a hyphen: -, U+2010 or U+2011."""
    if width == 1:
        return bool(data[i] == _HYPHEN)
    return bool(width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] | 1) == 0x91)


@kernel
def _apart(
    data: Bytes,  # (B,)
    starts: Ints,  # (N,)
    lengths: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    flags: Bytes,
    out: Mask,  # (N,), written where True
) -> None:
    for d in range(len(offsets) - 1):
        first = offsets[d]
        last = offsets[d + 1]
        if first < last:
            out[first] = True
        for k in range(first + 1, last):
            i = starts[k - 1] + lengths[k - 1]
            newlines = 0
            spaces = 0
            hyphens = 0
            while i < starts[k]:
                kind, width = _character(data, i, flags)
                if kind & SPACE:
                    spaces += 1
                    newlines += data[i] == _NEWLINE
                elif _is_hyphen(data, i, width):
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
    data: Bytes,  # (B,)
    starts: Ints,  # (N,)
    lengths: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    flags: Bytes,
    counts: Ids,  # (D,), written
) -> None:
    for d in range(len(counts)):
        first = offsets[d]
        last = offsets[d + 1]
        counts[d] = last > first
        for k in range(first + 1, last):  # does a sentence end between this token and the one before?
            i = starts[k - 1]
            kind, width = _character(data, i, flags)
            initial = lengths[k - 1] == width and not kind & DIGIT  # one letter, whose full stop ends nothing
            i += lengths[k - 1]
            ended = False  # a terminator was seen
            spaced = False  # white space after it
            newlines = 0  # two without other marks between them are a blank line
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
