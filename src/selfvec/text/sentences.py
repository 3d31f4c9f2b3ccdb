"""Sentence boundaries: character spans for showing text, and fast counts for the mean sentence length.

A sentence ends at a blank line, and at . ! ? … ؟ । before white space unless the next word is in lower case;
。！？ need no white space. Full stops of initials end nothing, nor those of common abbreviations of a dozen
languages, which `count_sentences` does not know: it works on bytes and words.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from selfvec.base.compiled import kernel

from .characters import DIGIT, LOWER, SPACE, TERMINATOR
from .kernels import _character

__all__ = ["count_sentences", "sentence_spans"]

Bytes = NDArray[np.uint8]
Int64 = NDArray[np.int64]

_NEWLINE = 10
_FULL_STOP = 46
_IDEOGRAPHIC = 0xE3  # first byte of these marks and of later ones
# A full stop after one of these ends nothing. They are in lower case unless that is another word.
_LISTED = """
dr mr ms mrs prof vs al cf eq eqs fig figs e.g i.e vol resp approx St No
abb bzw ca d.h evtl ggf inkl nr s.o s.u sog u.a vgl z.b z.t mme mlle p.ex env chap sr sra srta pág núm p.ej
dott pag bijv d.w.z m.a.w mevr dhr blz t.o.v i.p.v t.ex bl.a dvs f.eks d.v.s kap esim kb ún ill vö özv örn
bkz yy yrd doç np m.in tzn tzw tj např tzv т.е т.к т.н ул рис стр
"""
_ABBREVIATIONS = frozenset(_LISTED.split())
_CLOSED = r"[\"'\u2019\u201d\u00bb\u300d\u300f)\]\uff09]*"
_END = re.compile(
    rf"(?P<mark>[.!?\u2026\u061f\u06d4\u0964]){_CLOSED}\s+|[\u3002\uff01\uff1f\uff61]+{_CLOSED}\s*|\n\s*\n"
)
_LAST = re.compile(r"[\w.]*$")


def sentence_spans(text: str, lower: bool = False) -> list[tuple[int, int]]:
    """Start and end of each sentence in characters, with the space after it; blank sentences are left out.

    With ``lower``, a sentence may begin in lower case, as in a text without capitals.

    >>> text = "It hailed. Was it bad? (Yes, e.g. on roofs.)"
    >>> [text[first:last] for first, last in sentence_spans(text)]
    ['It hailed. ', 'Was it bad? ', '(Yes, e.g. on roofs.)']
    >>> len(sentence_spans("Dr. J. Doe (Fig. 2) left."))
    1
    >>> len(sentence_spans("it hailed . it froze .", lower=True))
    2
    >>> len(sentence_spans("昨日は雨でした。今日は晴れです。"))
    2
    """
    ends = [match.end() for match in _END.finditer(text) if _ends(text, match, lower)] + [len(text)]
    return [(a, b) for a, b in zip([0, *ends], ends, strict=False) if text[a:b].strip()]


def _ends(text: str, match: re.Match[str], lower: bool) -> bool:
    """Whether a mark ends a sentence: no abbreviation or initial, and the next word not in lower case."""
    if match["mark"] is None:  # a mark that needs no space, or a blank line
        return True
    if match["mark"] == ".":
        start = match.start()
        last = _LAST.search(text, max(0, start - 8), start)
        word = last.group() if last else ""
        initial = word[-1:].isupper() and not word[-2:-1].isalnum()
        letters = len(word) == 1 and text[match.end() + 1 : match.end() + 2] == "."  # z. B.
        if initial or letters or not _ABBREVIATIONS.isdisjoint((word, word.lower())):
            return False
    return lower or not text[match.end() : match.end() + 1].islower() or match.group().count("\n") > 1


def count_sentences(
    data: Bytes,  # (B,) uint8, this and the rest as in kernels.spans
    bounds: Int64,  # (D + 1,) int64
    starts: Int64,  # (N,) int64
    lengths: NDArray[np.int32],  # (N,) int32
    offsets: Int64,  # (D + 1,) int64
    flags: Bytes,  # (0x110000,) uint8
) -> NDArray[np.int32]:
    """Number of sentences of each document, (D,) int32."""
    counts = np.empty(len(bounds) - 1, np.int32)
    _count_sentences(data, starts, lengths, offsets, flags, counts)
    return counts


@kernel
def _count_sentences(
    data: Bytes,
    starts: Int64,
    lengths: NDArray[np.int32],
    offsets: Int64,
    flags: Bytes,
    counts: NDArray[np.int32],
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
