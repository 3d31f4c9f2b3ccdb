"""Loops over rows of matrices: sums of rows, largest cosines, answers to analogies."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Bytes, Floats, Ids, Ints, Rows
from selfvec.base.compiled import kernel

_FNV_OFFSET = np.uint32(2166136261)  # of the 32-bit FNV-1a hash
_FNV_PRIME = np.uint32(16777619)


@kernel
def add_rows(
    ids: Ids,  # (N,)
    offsets: Ints,  # (n + 1,)
    rows: Rows,  # (V, d)
    weights: Floats,  # (V,)
    out: Rows,  # (n, d), added to
) -> None:
    """Add weight · row for the ids of each group, ``ids[offsets[i]:offsets[i + 1]]``, to ``out[i]``."""
    for group in range(len(offsets) - 1):
        total = out[group]
        for i in range(offsets[group], offsets[group + 1]):
            row = rows[ids[i]]
            weight = weights[ids[i]]
            for j in range(total.size):
                total[j] += weight * row[j]


@kernel
def unit_sums(
    ids: Ids,  # (N,) words by number, -1 for none
    offsets: Ints,  # (D + 1,)
    places: Ids,  # (V,) the row of each word
    rows: Rows,  # (R, d)
    out: Rows,  # (D, d), filled
) -> None:
    """The sums of the rows of each text's words at length 1; zeros if there are none.

    They are added in float64, so that long texts stay precise.
    """
    width = rows.shape[1]
    total = np.zeros(width, np.float64)
    for text in range(len(offsets) - 1):
        for k in range(width):
            total[k] = 0
        for i in range(offsets[text], offsets[text + 1]):
            if ids[i] >= 0:
                row = rows[places[ids[i]]]
                for k in range(width):
                    total[k] += row[k]
        square = 0.0
        for k in range(width):
            square += total[k] * total[k]
        scale = 1 / np.sqrt(square) if square > 0 else 0.0
        for k in range(width):
            out[text, k] = total[k] * scale


@kernel
def mean_of_ngram_rows(
    text: Bytes,  # UTF-8 of all words, each between < and >; empty for one without n-grams
    ends: Ints,  # (n + 1,) word i is text[ends[i]:ends[i + 1]]
    first_row: int,  # row of word 0, of which word i has the i-th after it; negative if words have no rows
    rows: Rows,  # (words + bucket, d)
    words: int,  # rows before the n-gram rows
    bucket: int,  # n-gram rows
    shortest: int,  # characters in an n-gram
    longest: int,
    out: Rows,  # (n, d) zeros on entry
) -> None:
    """Mean of the rows of each word: its own row first, then those that its n-grams are hashed to."""
    dimensions = out.shape[1]
    for i in range(len(ends) - 1):
        begin = ends[i]
        end = ends[i + 1]
        total = 0
        if first_row >= 0:
            for k in range(dimensions):
                out[i, k] = rows[first_row + i, k]
            total = 1
        for start in range(begin, end):
            if text[start] & 0xC0 == 0x80:  # inside a character
                continue
            hashed = _FNV_OFFSET
            position = start
            for n in range(1, longest + 1):
                if position == end:
                    break
                while True:  # one character: its first byte and those that continue it
                    byte = np.uint32(text[position])
                    if byte & 0x80:  # fastText widens a signed char
                        byte |= np.uint32(0xFFFFFF00)
                    hashed = np.uint32((hashed ^ byte) * _FNV_PRIME)
                    position += 1
                    if position == end or text[position] & 0xC0 != 0x80:
                        break
                if n >= shortest and not (n == 1 and (start == begin or position == end)):
                    row = words + np.int64(hashed % np.uint32(bucket))
                    for k in range(dimensions):
                        out[i, k] += rows[row, k]
                    total += 1
        if total:
            scale = np.float32(1.0 / total)
            for k in range(dimensions):
                out[i, k] *= scale


@kernel
def insert_nearest(
    cosines: Floats,
    own: Ints,
    least: float,
    numbers: Ids,  # (n, most), -1
    values: Rows,  # (n, most)
) -> None:
    most = numbers.shape[1]
    for row in range(len(cosines)):
        n = 0
        for column in range(cosines.shape[1]):
            value = cosines[row, column]
            if value <= least or column == own[row] or (n == most and value <= values[row, n - 1]):
                continue
            i = n if n < most else n - 1
            while i > 0 and values[row, i - 1] < value:
                values[row, i] = values[row, i - 1]
                numbers[row, i] = numbers[row, i - 1]
                i -= 1
            values[row, i] = value
            numbers[row, i] = column
            n = min(n + 1, most)


@kernel
def best_answers(
    plus: Rows,  # (W, B) float32, score from each of W words if it is added
    minus: Rows,  # (W, B) float32, score if it is subtracted
    questions: Ints,  # (Q, 3) int64, a, b, c among the W words
    excluded: Ints,  # (Q, 3) int64, names that are not answers
    names: Ints,  # (B,) int64, of the candidates of this block
    scores: Floats,  # (Q,) float32, best so far
    answers: Ints,  # (Q,) int64
) -> None:
    """Update each question's best answer from a block of B candidates."""
    for q in range(len(questions)):
        a = questions[q, 0]
        b = questions[q, 1]
        c = questions[q, 2]
        best = scores[q]
        for candidate in range(plus.shape[1]):
            score = plus[b, candidate] + plus[c, candidate] - minus[a, candidate]
            if score > best:
                name = names[candidate]
                if name != excluded[q, 0] and name != excluded[q, 1] and name != excluded[q, 2]:
                    best = score
                    answers[q] = name
        scores[q] = best
