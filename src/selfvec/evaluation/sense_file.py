"""Files of uses of words with their senses, as published sense inventories can be written down.

    bank<TAB>river<TAB>They sat on the [[bank]] and fished.
    bank.n<TAB>money/0.8 river/0.2<TAB>the <head>banks</head> were closed
    bank<TAB>river<TAB>16:20<TAB>They sat on the bank and fished.

The used word is marked, or told by its place in characters, or it is the first that looks like the lemma.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from selfvec.base.errors import InputError

from .task_files import text_lines

__all__ = ["Use", "bare", "read_uses"]

_LAYOUT = "lemma<TAB>sense<TAB>text, or lemma<TAB>sense<TAB>start:end<TAB>text"
_MARKED = re.compile(r"\[\[(.+?)\]\]|<(head|b)>(.+?)</\2>", re.DOTALL)
_PLACE = re.compile(r"(\d+):(\d+)", re.ASCII)
_PART = re.compile(r"[.#](n|v|a|j|r|s|noun|verb|adj|adv)$", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")


@dataclass(frozen=True)
class Use:
    """One use of a word.

    Parameters
    ----------
    lemma : str
        As the file names it: uses are compared within a lemma.
    senses : dict of str to float
        Its senses and how far each applies; they add up to 1.
    before, word, after : str
        The text.
    """

    lemma: str
    senses: dict[str, float]
    before: str
    word: str
    after: str

    @property
    def sense(self) -> str:
        """The sense that applies most; of equal ones that which was named first."""
        return max(self.senses, key=lambda name: self.senses[name])


def read_uses(path: Path) -> list[Use]:
    """All uses in a file, in order.

    Raises
    ------
    InputError
        If a row is not as it should be, or there is none; names the line.
    """
    out = []
    for line, text in text_lines(path, errors="replace"):
        if text.startswith("#"):
            continue
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) not in (3, 4):
            rule = f"a row is {_LAYOUT}; this one has {len(fields)} field{'s' * (len(fields) != 1)}"
            raise InputError(rule, path=path, line=line, remedy="separate the fields by one tab each")
        if "" in fields:
            name = ("lemma", "sense", "text" if len(fields) == 3 else "place", "text")[fields.index("")]
            raise InputError("is empty", path=path, line=line, field=name, remedy="fill it or remove the row")
        place = fields[2] if len(fields) == 4 else None
        try:
            parts = _cut(fields[-1], fields[0], place)
            out.append(Use(fields[0], _senses(fields[1]), *parts))
        except ValueError as error:
            raise InputError(str(error), path=path, line=line) from None
    if not out:
        raise InputError("holds no uses", path=path, remedy=f"give rows of {_LAYOUT}")
    return out


def _senses(text: str) -> dict[str, float]:
    """Senses by name, their degrees adding up to 1.

    >>> _senses("river"), _senses("a/3 b/1")
    ({'river': 1.0}, {'a': 0.75, 'b': 0.25})
    """
    found: dict[str, float] = {}
    for part in text.split():
        name, slash, degree = part.rpartition("/")
        try:
            value = float(degree) if slash and name and "_" not in degree else math.nan
        except ValueError:
            value = math.nan
        if math.isnan(value):
            name, value = part, 1.0
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"a sense applies by a number above 0, {part!r} does not")
        found[name] = found.get(name, 0.0) + value
    total = sum(found.values())
    return {name: value / total for name, value in found.items()}


def _cut(text: str, lemma: str, place: str | None) -> tuple[str, str, str]:
    """What stands before the used word, the word, and what stands after it."""
    if place is not None:
        told = _PLACE.fullmatch(place)
        start, end = (int(told[1]), int(told[2])) if told else (0, 0)
        if not 0 <= start < end <= len(text):
            raise ValueError(f"a place is start:end, in characters of the text, not {place[:40]!r}")
        return text[:start], text[start:end], text[end:]
    marked = _MARKED.search(text)
    if marked:
        return text[: marked.start()], marked[1] or marked[3], text[marked.end() :]
    match = _alike(text, bare(lemma))
    return text[: match.start()], match[0], text[match.end() :]


def bare(lemma: str) -> str:
    """A lemma without its part of speech.

    >>> bare("bank.n"), bare("close#verb"), bare("bank")
    ('bank', 'close', 'bank')
    """
    return _PART.sub("", lemma)


def _alike(text: str, lemma: str) -> re.Match[str]:
    """The first word that is the lemma, or else has its stem, or else begins like it."""
    from selfvec.text.stems import stems

    words = list(_WORD.finditer(text))
    lemma = lemma.lower()
    wanted = stems([lemma], "en")[0]
    told = stems([match[0] for match in words], "en")
    for match in words:
        if match[0].lower() == lemma:
            return match
    for match, stem in zip(words, told, strict=True):
        if stem == wanted:
            return match
    for match in words:
        if len(lemma) > 3 and match[0].lower().startswith(lemma[:-1]):
            return match
    raise ValueError(f"no word of the text looks like {lemma!r}; mark it as [[word]]")
