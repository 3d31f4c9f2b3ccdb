"""`Question`: what the signs of a question ask for: "a phrase", -word, NOT word.

Search engines and databases differ in their signs. Those that do nothing here are said to do nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTE = '"\u201c\u201d\u201e\u00ab\u00bb\uff02'
# No two parts of the pattern can share blanks: a question of a thousand blanks would take minutes.
_QUOTED = rf"[{_QUOTE}](?=[^\w{_QUOTE}]*\w)([^{_QUOTE}]*)[{_QUOTE}]"
_PHRASE = re.compile(rf"(?<!\w)(?P<no>(?<!\S)-|\bNOT\s+)?{_QUOTED}(?!\w)")
_WITHOUT = re.compile(r"(?<!\S)(?:-(?=[^\W\d_])|NOT\s+)([\w'\u2019]+)")
_OPERATOR = re.compile(r"(?<=\s)(?:AND|OR)(?=\s)")
_WILD = re.compile(r"\w\*|\*\w")


@dataclass(frozen=True)
class Question:
    """A question, taken apart."""

    text: str  # whose words and meaning are looked for, those of phrases included
    phrases: list[str]  # that a document must have
    excluded: list[str]  # words and phrases that it must not have
    notes: list[str]  # signs that do nothing

    @classmethod
    def of(cls, asked: str) -> Question:
        """Read the signs of a question.

        >>> Question.of('"heat pump" noise -gas NOT "air conditioner"').excluded
        ['air conditioner', 'gas']
        """
        shouted = asked.upper() == asked  # a question in capitals has no operators
        phrases: list[str] = []
        excluded: list[str] = []

        def phrase(match: re.Match[str]) -> str:
            quoted = match[2].strip()
            if match["no"] and not (shouted and match["no"] != "-"):
                excluded.append(quoted)
                return " "
            phrases.append(quoted)
            return quoted

        def word(match: re.Match[str]) -> str:
            if shouted and not match[0].startswith("-"):
                return match[0]
            excluded.append(match[1])
            return " "

        text = _WITHOUT.sub(word, _PHRASE.sub(phrase, asked))
        notes = []
        if not shouted and (operators := _OPERATOR.findall(text)):
            names = " and ".join(dict.fromkeys(operators))
            notes.append(
                f"{names}: no operator here; documents with more of the words come first, "
                'and "…" and -word ask for documents with a phrase or without a word'
            )
        if _WILD.search(text):
            notes.append("*: no wildcard here; the forms of a word find each other")
        if excluded and not re.search(r"\w", text):
            notes.append("the question only names what documents must not have: add what they should")
        return cls(text, phrases, excluded, notes)
