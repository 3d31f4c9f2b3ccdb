"""Sentence boundaries: character spans for showing text.

A sentence ends at a blank line, and at . ! ? … ؟ । before white space unless the next word is in lower case;
。！？ need no white space. Full stops of initials and of common abbreviations of a dozen languages do not end
a sentence. `selfvec.text.kernels.count_sentences` works on bytes and does not know these abbreviations.
"""

from __future__ import annotations

import re

# A full stop after these does not end a sentence. They are in lower case unless that is another word.
_LISTED = """
dr mr ms mrs prof vs al cf eq eqs fig figs e.g i.e vol resp approx St No
abb bzw ca d.h evtl ggf inkl nr s.o s.u sog u.a vgl z.b z.t mme mlle p.ex env chap sr sra srta pág núm p.ej
dott pag bijv d.w.z m.a.w mevr dhr blz t.o.v i.p.v t.ex bl.a dvs f.eks d.v.s kap esim kb ún ill vö özv örn
bkz yy yrd doç np m.in tzn tzw tj např tzv т.е т.к т.н ул рис стр
"""
_ABBREVIATIONS = frozenset(_LISTED.split())
_CLOSED = r"[\"'\u2019\u201d\u00bb\u300d\u300f)\]\uff09]*"
_SPACED, _ALONE = (
    ".!?\u2026\u061f\u06d4\u0964",
    "\u3002\uff01\uff1f\uff61",
)  # before a space, and before anything
# A pattern that begins with a set of characters is searched for ten times as fast as one of alternatives.
_END = re.compile(
    rf"[{_SPACED}{_ALONE}\n]"
    rf"(?:(?<=[{_SPACED}]){_CLOSED}\s+|(?<=[{_ALONE}])[{_ALONE}]*{_CLOSED}\s*|(?<=\n)\s*\n)"
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
    """Whether a mark ends a sentence: not after an abbreviation or initial, nor before lower case."""
    start, end = match.span()
    if text[start] not in _SPACED:  # or a blank line
        return True
    if not lower and text[end : end + 1].islower() and match.group().count("\n") < 2:
        return False
    if text[start] == ".":
        last = _LAST.search(text, max(0, start - 8), start)
        word = last.group() if last else ""
        initial = word[-1:].isupper() and not word[-2:-1].isalnum()
        letters = len(word) == 1 and text[end + 1 : end + 2] == "."  # z. B.
        if initial or letters or not _ABBREVIATIONS.isdisjoint((word, word.lower())):
            return False
    return True
