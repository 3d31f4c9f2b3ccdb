"""Rules of letters between words that went and words that came: a spelling, a dialect, a transliteration.

Two words that differ in one place name a rule: *colour* and *color*, *our* → *or*. Letters agree by chance,
too: *storm* went and *storms* came. So all pairs of the vocabulary that a rule relates are counted, and how
many of them chance would part, had other words gone and come.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from selfvec.analysis.comparison.comparison import DIFFERENT
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding, Remedy
from selfvec.data.token_batch import TokenBatch

from .joined import pair_names
from .variant_pairs import moves_of

_LETTERS = 3  # that a rule changes, at most
_PAIRS = 3  # of a rule, at least
_START, _END = " at the beginning", " at the end"


class LetterRule(NamedTuple):
    """Letters of words of the first side, and what the second writes for them."""

    went: str
    came: str
    place: str  # in words; empty for anywhere
    pairs: dict[str, str]
    p: float

    def finding(self, names: Sequence[str], remedy: Remedy | None) -> Finding:
        went, came = (f"“{letters}”" if letters else "nothing" for letters in (self.went, self.came))
        words = count_of(len(self.pairs), "word")
        says = f"{names[0]} writes {went}{self.place} where {names[1]} writes {came}, in {words}"
        of = tuple(word for pair in self.pairs.items() for word in pair)
        return Finding(
            "writing", printable(f"{says} ({pair_names(self.pairs)})."), p=self.p, words=of, remedy=remedy
        )

    @property
    def longer(self) -> int:
        """The side that writes more letters."""
        return int(len(self.went) < len(self.came))

    def shortened(self, word: str) -> str:
        """A word as the side writes it, or would, that writes fewer letters."""
        more, less = (self.came, self.went) if self.longer else (self.went, self.came)
        if self.place == _END:
            return word.removesuffix(more) + less if word.endswith(more) else word
        if self.place:
            return less + word.removeprefix(more) if word.startswith(more) else word
        return word.replace(more, less)

    def explains(self, pair: Iterable[str]) -> bool:
        """Whether two words are one but for these letters, however often they have them."""
        return len({self.shortened(word.casefold()) for word in pair}) == 1


def letter_rules(parts: Sequence[TokenBatch]) -> list[LetterRule]:
    """The rules of which the words of two texts have more pairs than by chance, those with the most first."""
    moves = moves_of(parts)
    names = [name.casefold() for name in parts[0].types]
    went, came = (
        {names[i] for i in words[moves.sharp[words]].tolist()} for words in (moves.going, moves.coming)
    )
    vocabulary = {names[i] for i in np.flatnonzero(moves.often).tolist()}
    related = _related(went - came, came - went)
    tried = {letters: pairs for letters, pairs in related.items() if len(pairs) >= _PAIRS}
    parted = len(went) * len(came) / max(len(vocabulary), 1) ** 2
    rules: list[LetterRule] = []
    taken: set[str] = set()
    for letters in sorted(tried, key=lambda letters: (-len(tried[letters]), letters)):
        pairs = {old: new for old, new in tried[letters].items() if taken.isdisjoint((old, new))}
        cases = len(_cases(*letters, pairs, set(pairs.values())))
        if cases < _PAIRS or len(tried) * _as_many(cases, parted * cases) > DIFFERENT:
            continue
        usual = parted * len(_cases(*letters, vocabulary, vocabulary))
        p = min(len(tried) * _as_many(cases, usual), 1.0)
        if p <= DIFFERENT:
            rule = LetterRule(*_with_place(*letters, pairs), pairs, p)
            gone, new = ({names[i] for i in words.tolist()} - taken for words in moves.one_sided)
            short = {rule.shortened(word): word for word in sorted(new - gone)}
            every = {word: short.get(rule.shortened(word)) for word in sorted(gone - new)}
            pairs = {old: new for old, new in every.items() if new is not None}
            rules.append(rule._replace(pairs=pairs))
            taken.update(*pairs.items())
    return rules


def _related(went: Iterable[str], came: Iterable[str]) -> dict[tuple[str, str], dict[str, str]]:
    """The pairs of words that differ in a few letters in one place, by these letters."""
    beside = defaultdict(list)
    for new in sorted(came):
        for cut in _cuts(new):
            beside[cut].append(new)
    pairs: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for old in sorted(went):
        for new in dict.fromkeys(new for cut in _cuts(old) for new in beside[cut]):
            before = _alike(old, new)
            after = min(_alike(old[::-1], new[::-1]), len(old) - before, len(new) - before)
            letters = old[before : len(old) - after], new[before : len(new) - after]
            if new not in pairs[letters].values():
                pairs[letters].setdefault(old, new)
    return pairs


def _cuts(word: str) -> Iterator[tuple[str, str]]:
    """What is before and after some letters of a word, which are at most half of it."""
    for start in range(len(word) + 1):
        for end in range(start, min(start + _LETTERS, len(word)) + 1):
            if len(word) >= max(2 * (end - start), end - start + 2):
                yield word[:start], word[end:]


def _alike(a: str, b: str) -> int:
    """With how many of the same letters two words begin."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _cases(went: str, came: str, olds: Iterable[str], news: Set[str]) -> set[tuple[str, str]]:
    """What is beside the letters where a rule makes one word of another: forms of one word are one case."""
    return {
        _beside(old, went, at, 2)
        for old in olds
        if went in old
        for at in range(len(old) - len(went) + 1)
        if old.startswith(went, at) and old[:at] + came + old[at + len(went) :] in news
    }


def _beside(word: str, letters: str, at: int, number: int) -> tuple[str, str]:
    """So many of the letters before and after some in a word."""
    return word[:at][-number:], word[at + len(letters) :][:number]


def _with_place(went: str, came: str, pairs: Mapping[str, str]) -> tuple[str, str, str]:
    """A rule with where in all its words it is, or else with the letters beside.

    >>> _with_place("u", "", {"colour": "color", "labour": "labor"})
    ('our', 'or', '')
    """
    places = [(old, _alike(old, new)) for old, new in pairs.items()]
    before, after = map(set, zip(*(_beside(old, went, at, 1) for old, at in places), strict=True))
    if {""} in (before, after):
        return went, came, _START if before == {""} else _END
    left, right = ("".join(of) if len(of) == 1 else "" for of in (before, after))
    return left + went + right, left + came + right, ""


def _as_many(pairs: int, usual: float) -> float:
    """The probability of so many or more, if so many are usual (Poisson)."""
    below = sum(math.exp(k * math.log(usual) - math.lgamma(k + 1)) for k in range(pairs)) if usual else 1
    return max(1 - math.exp(-usual) * below, 0.0)
