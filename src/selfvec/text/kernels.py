"""Loops over the characters of texts, by flags of each code point, and loops over tokens.

The tokenisers of words share one loop, which uses only bytes and this table. The tables follow `unicodedata`,
and so the Unicode version of the running Python.

Only this part of the text stage takes time per character, so it is compiled. A regular-expression engine has
about half the speed and makes a string of every token. Here only new types become strings.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.characters import APOSTROPHES, NEVER_ALONE, UNSEEN
from selfvec.base.compiled import kernel

WORD = 1  # continues a token: letters, marks, numbers, underscore, characters that are not seen
STRONG = 2  # a token needs one of these: letters and numbers
DIGIT = 4  # a point or comma between two of these stays inside the token
APOSTROPHE = 8  # stays inside a token between two WORD characters
POINT = 16  # stays inside a token between two DIGIT characters
TERMINATOR = 32  # may end a sentence
SPACE = 64
LOWER = 128  # a sentence does not begin with one of these

NGRAM = 12
"""Tokens of the shortest passage."""
_MOST = np.uint8(255)  # of a counter

_CODE_POINTS = 0x110000
# Asking for the category of all 1.1 million code points would take five times as long.
_ASSIGNED = (range(0x33480), range(0xE0100, 0xE01F0))  # beyond these: nothing but private use
_ZERO_WIDTH_SPACE = 0x200B  # between words of scripts without spaces, otherwise a place to break a line
_BY_CATEGORY = {
    **dict.fromkeys(("Lu", "Lt", "Lm", "Lo", "Nl", "No"), WORD | STRONG),
    "Ll": WORD | STRONG | LOWER,
    "Nd": WORD | STRONG | DIGIT,
    **dict.fromkeys(("Mn", "Mc", "Me"), WORD),
    **dict.fromkeys(("Zs", "Zl", "Zp", "Cc"), SPACE),  # controls if they are white space
}
_POINTS = ".,\uff0e\uff0c"
_TERMINATORS = ".!?\u2026\u203c\u2047\u2048\u2049\u0964\u0965\u061f\u06d4\u3002\uff01\uff1f"


@cache
def table(split: str) -> Bytes:
    """Flags of every code point, (0x110000,) uint8, read-only.

    ``words``: runs of letters, marks, numbers and underscores. ``whitespace``: as in ``str.split``.
    """
    flags = np.zeros(_CODE_POINTS, np.uint8)
    for code_points in _ASSIGNED:
        flags[code_points.start : code_points.stop] = _flags(code_points)
    for first, last in UNSEEN:
        flags[first : last + 1] = WORD  # removed later, per type
    flags[_ZERO_WIDTH_SPACE] = 0
    for characters, flag in (
        (f"_{NEVER_ALONE}", WORD),
        (APOSTROPHES, APOSTROPHE),
        ("\u05f4", APOSTROPHE),
        (_POINTS, POINT),
        (_TERMINATORS, TERMINATOR),
    ):
        for character in characters:
            flags[ord(character)] = flag | (flags[ord(character)] & POINT)  # a full stop is both
    if split == "whitespace":
        flags &= SPACE
        flags[flags == 0] = WORD | STRONG
    flags.flags.writeable = False
    return flags


def _flags(code_points: range) -> Bytes:
    """Flags by category, (n,). The loop runs in C: there are 210,000 characters."""
    categories = map(unicodedata.category, map(chr, code_points))
    flags = np.array(bytearray(map(_BY_CATEGORY.get, categories, repeat(0))), np.uint8)
    for place in np.flatnonzero(flags == SPACE).tolist():
        flags[place] *= chr(code_points[place]).isspace()
    return flags


_NEWLINE = 0x0A
_BLANK = 0x20
_QUOTE = 0x22
_SHARP = 0x23
_AMPERSAND = 0x26
_PLUS = 0x2B
_HYPHEN = 0x2D
_FULL_STOP = 0x2E
_UNDERSCORE = 0x5F
_IDEOGRAPHIC = 0xE3  # first byte of 。！？ and of later marks
_ENDS = (0x22, 0x3C, 0x3E, 0x60)  # quotes and brackets behind an address
_LONGEST_NAME = 4  # letters after a full stop, as in .NET and .csv
_LONGEST_PART = 3  # letters before an ampersand, as in AT&T and PB&J


@kernel
def _character(data: Bytes, i: int, flags: Bytes) -> tuple[Any, int]:
    """Flags and length in bytes of the UTF-8 character that begins at ``i``."""
    # The texts are strings of Polars, which are valid UTF-8: what follows a first byte is not checked.
    first = data[i]
    if first < 0x80:
        return flags[first], 1
    if first < 0xE0:
        return flags[(first & 0x1F) << 6 | (data[i + 1] & 0x3F)], 2
    if first < 0xF0:
        return flags[(first & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | (data[i + 2] & 0x3F)], 3
    high = (first & 0x07) << 18 | (data[i + 1] & 0x3F) << 12
    return flags[high | (data[i + 2] & 0x3F) << 6 | (data[i + 3] & 0x3F)], 4


@kernel
def _is_letter(byte: int) -> bool:
    return 97 <= (byte | 32) <= 122


@kernel
def _letters(data: Bytes, i: int, end: int) -> int:
    """The number of ASCII letters from ``i`` on; 0 if the word goes on with other characters."""
    stop = i
    while stop < end and _is_letter(data[stop]):
        stop += 1
    other = stop < end and (data[stop] >= 0x80 or 48 <= data[stop] <= 57 or data[stop] == _UNDERSCORE)
    return 0 if other else stop - i


@kernel
def _is_hebrew(data: Bytes, i: int, end: int) -> bool:
    return i + 1 < end and data[i] == 0xD7 and 0x90 <= data[i + 1] <= 0xAA


@kernel
def _dotted(data: Bytes, i: int, first: int, end: int) -> bool:
    """Whether a full stop at ``i`` begins a name, as .NET and .csv do after a space: short, of one case."""
    if i > first and not (data[i - 1] <= 0x20 or data[i - 1] == 0x28):  # a space or a parenthesis
        return False
    size = _letters(data, i + 1, end)
    if not 2 <= size <= _LONGEST_NAME:
        return False
    mixed = 0
    for k in range(i + 2, i + 1 + size):
        mixed |= (data[k] ^ data[i + 1]) & 0x20
    return mixed == 0


# Signs that belong to a word although they are no letters. A row for each: what stands before it in its word,
# and after it; and a function for each below.
#
#   ++       a letter, but not two alone       no letter and no +         C++, notepad++; not Ca++, Mg++
#   #        one letter alone                  no letter, number or #     C#, F#
#   &        up to three letters               one or two letters         R&D, AT&T, Q&A; not &lt;
#   " ”      Hebrew letters                    the last Hebrew letter     acronyms of Hebrew
#   ·        l                                 l                          Catalan's l·l
#   U+200B   anything                          a script with spaces       a place to break a line


@kernel
def _byte(data: Bytes, i: int, end: int) -> int:
    """The byte at ``i``; a blank after the end."""
    return data[i] if i < end else _BLANK


@kernel
def _is_double_plus(data: Bytes, start: int, i: int, end: int) -> bool:
    after = _byte(data, i + 2, end)
    if _byte(data, i + 1, end) != _PLUS or after == _PLUS or _is_letter(after):
        return False
    return _is_letter(data[i - 1]) and i - start != 2  # a symbol of two letters has a charge


@kernel
def _is_sharp(data: Bytes, start: int, i: int, end: int) -> bool:
    after = _byte(data, i + 1, end)
    goes_on = after >= 0x80 or after == _SHARP or 48 <= after <= 57 or _is_letter(after)
    return i == start + 1 and _is_letter(data[start]) and not goes_on


@kernel
def _joins_short_parts(data: Bytes, start: int, i: int, end: int) -> bool:
    first, second = i - start, _letters(data, i + 1, end)
    if first > _LONGEST_PART or _letters(data, start, i) != first or not 1 <= second <= 2:
        return False
    return _byte(data, i + 1 + second, end) not in (0x3B, 0x3D)  # ; of &lt; and = of an address


@kernel
def _is_before_last_hebrew(data: Bytes, start: int, i: int, after: int, end: int) -> bool:
    last = _is_hebrew(data, after, end) and not _is_hebrew(data, after + 2, end)
    return last and i >= start + 2 and _is_hebrew(data, i - 2, end)


@kernel
def _joins_ls(data: Bytes, i: int, end: int) -> bool:
    return bool((data[i - 1] | 32) == 0x6C == (_byte(data, i + 2, end) | 32))


@kernel
def _sign(data: Bytes, start: int, i: int, end: int) -> int:
    """The bytes of the sign at ``i``, if it belongs to the word ``data[start:i]``; else 0."""
    byte = data[i]
    if byte == _PLUS:
        return 2 * _is_double_plus(data, start, i, end)
    if byte == _SHARP:
        return 1 * _is_sharp(data, start, i, end)
    if byte == _AMPERSAND:
        return 1 * _joins_short_parts(data, start, i, end)
    if byte == _QUOTE:
        return 1 * _is_before_last_hebrew(data, start, i, i + 1, end)
    if byte == 0xC2 and data[i + 1] == 0xB7:  # ·
        return 2 * _joins_ls(data, i, end)
    if byte == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0x9D:  # ”
        return 3 * _is_before_last_hebrew(data, start, i, i + 3, end)
    if _is_zero_width_space(data, i, 3):
        return 3 * (i + 3 < end and data[i + 3] < 0xE0)
    return 0


@kernel
def _is_zero_width_space(data: Bytes, i: int, width: int) -> bool:
    return width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0x8B


def spans(
    data: Bytes,  # (B,) uint8, the texts in UTF-8, one after the other
    bounds: Ints,  # (D + 1,) int64, first byte of each document
    flags: Bytes,  # (0x110000,) uint8, see `table`
    signs: bool,  # whether names such as C++, AT&T and .NET are words
    marks: bool = False,  # whether each mark of punctuation is a token
) -> tuple[Ints, Ids, Ints]:
    """Find a batch's tokens: first bytes (N,) int64, lengths in bytes (N,) int32, offsets (D + 1,) int64.

    Document ``k`` holds the tokens ``offsets[k]:offsets[k + 1]``.
    """
    # A word and what separates it from the next one take two bytes. Pages never written cost nothing.
    most = len(data) // (1 if marks else 2) + len(bounds)
    starts = np.empty(most, np.int64)
    lengths = np.empty(most, np.int32)
    offsets = np.empty(len(bounds), np.int64)
    number = _write_spans(data, bounds, flags, signs, marks, starts, lengths, offsets)
    return starts[:number], lengths[:number], offsets


@kernel
def _joins(data: Bytes, i: int, width: int, before: int, mark: int, end: int, flags: Bytes) -> bool:
    """Whether the mark at ``i`` stands inside a token: an apostrophe in *don't*, a point in *1.75*."""
    if i + width >= end:
        return False
    after, _ = _character(data, i + width, flags)
    apostrophe = mark & APOSTROPHE and before & WORD and after & WORD
    point = mark & POINT and before & DIGIT and after & DIGIT
    return bool(apostrophe or point)


@kernel
def _address_end(data: Bytes, i: int, end: int) -> int:
    """Where an address ends whose scheme does at ``i``: behind a letter or digit; ``i`` if it is none."""
    last = i
    if _byte(data, i + 1, end) == 0x2F == _byte(data, i + 2, end):
        k = i + 3
        while k < end and _BLANK < data[k] < 0x7F and data[k] not in _ENDS:
            k += 1
            if _is_letter(data[k - 1]) or 48 <= data[k - 1] <= 57:
                last = k
    return last


@kernel(steps=lambda data, *_: len(data) >> 3)  # bytes are read as numbers of Python
def _write_spans(
    data: Bytes,
    bounds: Ints,
    flags: Bytes,
    signs: bool,
    marks: bool,
    starts: Ints,
    lengths: Ids,
    offsets: Ints,
) -> int:
    """Write what `spans` returns, with room for all tokens; their number."""
    n = 0
    offsets[0] = 0
    for d in range(len(bounds) - 1):
        i = bounds[d]
        end = bounds[d + 1]
        while i < end:
            start = i
            kind, width = _character(data, i, flags)
            begins = kind & STRONG or data[i] == _UNDERSCORE  # an accent alone begins no word
            if begins or (signs and data[i] == _FULL_STOP and _dotted(data, i, bounds[d], end)):
                is_token = False
                # It goes on with letters, with signs of names, and with marks between two that they join.
                while True:
                    is_token |= kind & STRONG != 0
                    i += width
                    if i >= end:
                        break
                    before = kind
                    kind, width = _character(data, i, flags)
                    if kind & WORD:
                        continue
                    if kind == 0 and signs:
                        width = _sign(data, start, i, end)
                        if data[i] in (_PLUS, _SHARP):  # C++ and C# end here
                            i += width
                            break
                        if width:
                            continue
                    joins = kind & (APOSTROPHE | POINT) and _joins(data, i, width, before, kind, end, flags)
                    if not joins:
                        if signs and data[i] == 0x3A:
                            i = _address_end(data, i, end)
                        break
            else:
                i += width
                is_token = marks and not (kind & (SPACE | WORD) or _is_zero_width_space(data, start, width))
            if is_token:
                starts[n] = start
                lengths[n] = i - start
                n += 1
        offsets[d + 1] = n
    return n


@kernel
def _is_hyphen(data: Bytes, i: int, width: int) -> bool:
    if width == 1:
        return bool(data[i] == _HYPHEN)
    return bool(width == 3 and data[i] == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] | 1) == 0x91)


def apart(data: Bytes, starts: Ints, lengths: Ids, offsets: Ints, flags: Bytes) -> Mask:
    """Whether a token is separated from the previous one by more than blanks or one hyphen, (N,) bool.

    Parameters as of `count_sentences`. The first token of a document is apart.
    """
    out = np.zeros(len(starts), np.bool_)
    _mark_apart(data, starts, lengths, offsets, flags, out)
    return out


@kernel
def _mark_apart(data: Bytes, starts: Ints, lengths: Ids, offsets: Ints, flags: Bytes, out: Mask) -> None:
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
            # A blank line, a dash of two hyphens, or one with spaces around it.
            out[k] |= newlines > 1 or hyphens > 1 or (hyphens == 1 and spaces > 0)


def count_sentences(
    data: Bytes,  # (B,) uint8, this and the rest as in `spans`
    starts: Ints,  # (N,) int64
    lengths: Ids,  # (N,) int32
    offsets: Ints,  # (D + 1,) int64
    flags: Bytes,  # (0x110000,) uint8
) -> Ids:
    """Number of sentences of each document, (D,) int32; `selfvec.text.passages` has the rules."""
    counts = np.empty(len(offsets) - 1, np.int32)
    _write_sentences(data, starts, lengths, offsets, flags, counts)
    return counts


@kernel(steps=lambda data, *_: len(data))
def _write_sentences(
    data: Bytes, starts: Ints, lengths: Ids, offsets: Ints, flags: Bytes, counts: Ids
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


# Loops over tokens


@kernel(steps=lambda _, starts, *__: 8 * len(starts))
def number_words(
    data: Bytes,  # (B,)
    starts: Ints,  # (n,)
    ends: Ints,  # (n,)
    hashed: Hashes,  # (n,)
    done: int,  # words numbered already
    slots: Ids,  # (s,), s a power of two; changed, as are the next three, if words are added
    known_hashes: Hashes,  # (m,)
    known_ends: Ints,  # (m + 1,)
    known_data: Bytes,  # (b,)
    size: int,  # words in the table
    add: bool,
    ids: Ids,  # (n,), written
) -> tuple[int, int]:
    """Number words until one does not fit; return how many are numbered, and the words in the table."""
    mask = np.uint64(len(slots) - 1)
    for i in range(done, len(starts)):
        start = starts[i]
        length = ends[i] - start
        slot = hashed[i] & mask
        while slots[slot] >= 0:
            other = slots[slot]
            place = known_ends[other]
            # Bytes are compared only if hash and length are the same, so nearly always of the same word.
            if known_hashes[other] == hashed[i] and known_ends[other + 1] - place == length:
                k = 0
                while k < length and known_data[place + k] == data[start + k]:
                    k += 1
                if k == length:
                    break
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0 and add:
            place = known_ends[size]
            if size == len(known_hashes) or place + length > len(known_data):
                return i, size  # no room: the caller makes some and goes on with this word
            for k in range(length):
                known_data[place + k] = data[start + k]
            known_hashes[size] = hashed[i]
            known_ends[size + 1] = place + length
            slots[slot] = size
            size += 1
        ids[i] = slots[slot]
    return len(starts), size


@kernel
def enter_words(hashed: Hashes, slots: Ids) -> None:
    mask = np.uint64(len(slots) - 1)
    for word in range(len(hashed)):
        slot = hashed[word] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = word


def matches(
    classes: Ids,  # (N,) int32, the words, numbered
    breaks: Mask,  # (N,) bool, the word does not follow the previous one
    bounds: Ints,  # (C + 1,), phrases that begin with c: bounds[c]:bounds[c + 1], longest first
    sizes: Ints,  # (P,) int64, words of each phrase
    words: Ids,  # (P, n) int32
) -> Ids:
    """Find phrases from left to right, the longest first, without overlaps.

    (N,) int32: the phrase that begins at each token, -1 for none, -2 inside a phrase.
    """
    out = np.full(len(classes), -1, np.int32)
    _write_matches(classes, breaks, bounds, sizes, words, out)
    return out


@kernel
def _write_matches(classes: Ids, breaks: Mask, bounds: Ints, sizes: Ints, words: Ids, out: Ids) -> None:
    i = 0
    while i < len(classes):
        first = classes[i]
        taken = 1
        for p in range(bounds[first], bounds[first + 1]):
            size = sizes[p]
            if i + size > len(classes):
                continue
            same = True
            for k in range(1, size):
                if breaks[i + k] or classes[i + k] != words[p, k]:
                    same = False
                    break
            if same:
                out[i] = p
                for k in range(1, size):
                    out[i + k] = -2
                taken = size
                break
        i += taken


@kernel
def count_hashes(
    places: Hashes,  # (n,) of the counters
    counters: Bytes,  # added to, up to 255
) -> None:
    for i in range(len(places)):
        if counters[places[i]] < _MOST:
            counters[places[i]] += np.uint8(1)


def document_frequencies(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    types: int,
) -> Ints:
    out = np.zeros(types, np.int64)
    _count_documents(ids, offsets, np.full(types, -1, np.int64), out)
    return out


def _count_pairs(ids: Ids, offsets: Ints, _: Ints, out: Ints) -> None:
    documents = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    pairs = np.unique(documents * len(out) + ids[offsets[0] : offsets[-1]])
    out += np.bincount(pairs % max(len(out), 1), minlength=len(out))


@kernel(steps=lambda ids, *_: len(ids) >> 4, instead=_count_pairs)
def _count_documents(
    ids: Ids,
    offsets: Ints,
    last: Ints,  # the last document with each type
    out: Ints,
) -> None:
    for document in range(len(offsets) - 1):
        for i in range(offsets[document], offsets[document + 1]):
            word = ids[i]
            if last[word] != document:
                last[word] = document
                out[word] += 1
