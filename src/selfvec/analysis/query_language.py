"""The language of corpus queries: a subset of CQP's (Evert and Hardie, 2011), and phrases.

    [lemma="use" & pos="N.*"] []{0,2} "damage.*" within s
    flash {0,1} flood* | hailstorm :: year="2019"

`parsed` makes a tree of sequences, alternatives and repetitions, whose leaves say what a single word has to
be. `Automaton.of` numbers the leaves and says which may follow which (Glushkov, 1961). So what a word is, is
asked once for each different word of a text, and sequences are looked for among numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, NamedTuple

import polars as pl

from selfvec.base.arrays import Mask
from selfvec.base.errors import OptionError
from selfvec.text.tagger import OTHER, PARTS

ANY = "*"
TAGS = tuple(part.upper() for part in (*PARTS, OTHER))
ATTRIBUTES = ("word", "lemma", "pos", "tag")
GRAMMAR = (
    'write words, "regular expressions", [word|lemma|pos|tag="…" & …], |, ( ), ?, *, +, {0,2} or within s'
)
_STAND_IN = "\ua66e"  # a letter that no text has: * would end a word where a phrase is cut into words
_DEEPEST = 50  # parentheses, each of which may be within the one before
_MOST = 64  # sequences that one regular expression stands for
_LEAVES, _PAIRS = 500, 5000  # words of a query, counted as often as they are repeated; which follow which

_BLANK = re.compile(r"\s*")
_TIMES = re.compile(r"\{(\d{1,2})(,(\d{1,2})?)?\}|[?*+]")
_GAP = re.compile(r"\{(\d{1,2})(?:,(\d{1,2}))?\}(?=[\s|)]|$)")
_NAME = re.compile(r"\w+")
_EQUALS = re.compile(r"\s*(!?=)\s*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'')
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/")
_FLAGS = re.compile(r"(?:%([cd]+))?")
_WITHIN = re.compile(r"\s+within\s+s\s*$")
_PIECE = re.compile(r"[^\s|()]+")
_EXCLUDED = re.compile(r"!(?=[\w*])")  # !!! is a word where all between blanks is
_OF_NO_WORD = re.compile(r"[{}\[\]<>]|::")
_OF_CQP = re.compile(r'["\[]|(?:^|[\s(])/[^/]+/')  # beside which words stand in quotes
_UNKNOWN = 'which is not in the query language; beside "…" and [ ], words stand in quotes'
_MEANT = dict.fromkeys("{}", "which is not a gap; write {0,3} for up to three words, without a blank")
_MEANT["::"] = 'after which come FIELD="value", FIELD!="value" or FIELD < 1970, joined by &'
_ELEMENT = re.compile(r"(?s)(\\.|\[(?:\\.|[^\]\\])*\]|.)([?*+{]?)")  # of a regular expression
_SIGN = re.compile(r"(?<=\\)[^\w\s]|[^\w\s'\\.^$*+?()\[\]{}|-]")  # that stands for itself
_RANGE = re.compile(r"\\?.-\\?[^\s]")


class Condition(NamedTuple):
    """What an attribute of a word has to be."""

    attribute: str
    value: str
    kind: Literal["regex", "phrase"] = "regex"  # of a phrase, * stands for any letters, the rest for itself
    case: bool = True  # whether capitals differ from small letters
    marks: bool = True  # whether letters with marks, as é, differ from those without
    negated: bool = False


class Word(NamedTuple):
    """What a word has to be: all or any of some tests. Without tests, every word fits."""

    tests: tuple[Condition | Word, ...] = ()
    every: bool = True
    negated: bool = False


class Sequence(NamedTuple):
    """Parts, one after another."""

    parts: tuple[Node, ...]


class Either(NamedTuple):
    """One of several parts."""

    parts: tuple[Node, ...]


class Repeated(NamedTuple):
    """A part, so many times."""

    part: Node
    least: int
    most: int | None


Node = Word | Sequence | Either | Repeated


@dataclass(frozen=True)
class Reading:
    """How a query is read."""

    cut: Callable[[str], list[str]]  # a phrase into words, as the text is
    tagsets: Mapping[str, list[str]]  # for which pos and tag may ask
    case: bool = False  # words of a phrase and regular expressions only as they are written
    lemma: bool = False  # words of a phrase are lemmas
    joints: str = " -"  # signs that part words


def parsed(query: str, reading: Reading) -> tuple[Node, bool, str]:
    """What is looked for, whether within sentences, and a remedy if that occurs nowhere; empty for none.

    `OptionError`, which shows the place, for what is not in the language.
    """
    reader = _Reader(query, reading)
    if max(map(query.count, "(!")) > _DEEPEST:
        raise reader.error(f"has more than {_DEEPEST} parentheses or !")
    ends = _WITHIN.search(query)
    if ends:
        reader.query = query[: ends.start()]
    node = reader.either()
    if reader.at < len(reader.query):
        raise reader.error("has a ) without a (")
    remedy = f"write one string for each word: none has {reader.parting[0]}" if reader.parting else ""
    return node, ends is not None, remedy


@dataclass
class _Reader:
    """Reads a query from left to right. A method is called where what it is named after begins."""

    query: str
    reading: Reading
    at: int = 0
    parting: list[str] = field(default_factory=list)  # signs that are in no word

    def error(self, rule: str, at: int | None = None, remedy: str = GRAMMAR) -> OptionError:
        at = self.at if at is None else at
        shown = f"{rule}: {self.query[:at]}‸{self.query[at:]} (character {at + 1})"
        return OptionError(shown, field="query", remedy=remedy)

    @property
    def in_cqp(self) -> bool:
        return _OF_CQP.search(self.query) is not None

    def met(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What matches here, behind which reading goes on."""
        match = pattern.match(self.query, self.at)
        self.at = match.end() if match else self.at
        return match

    def sign(self, signs: str) -> str:
        """The sign that follows, if it is among some; otherwise nothing."""
        self.met(_BLANK)
        sign = self.query[self.at : self.at + 1]
        if not sign or sign not in signs:
            return ""
        self.at += 1
        return sign

    def either(self) -> Node:
        parts = [self.sequence()]
        while self.sign("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.met(_BLANK) and self.query[self.at : self.at + 1] not in ("", "|", ")"):
            parts.extend(self.part())
        return Sequence(tuple(parts))

    def part(self) -> Iterator[Node]:
        begin = self.at
        if not self.in_cqp and (gap := self.met(_GAP)):
            yield self.repeated(Word(), int(gap[1]), int(gap[2] or gap[1]), begin)
            return
        if self.sign("("):
            part = self.either()
            if not self.sign(")"):
                raise self.error("has a ( without a )", begin)
        elif self.sign("["):
            part = Word() if self.sign("]") else self.alternatives("]")
        elif self.query[begin] == '"':
            part = self.words(self.string("word"), begin)
        elif regex := self.met(_REGEX):
            part = self.words(self.test("word", regex[1], begin, self.reading.case), begin)
        else:
            yield from self.phrase()
            return
        if times := self.met(_TIMES):
            if times[0] in "?*+":
                least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}[times[0]]
            else:
                least = int(times[1])
                most = int(times[3]) if times[3] else None if times[2] else least
            part = self.repeated(part, least, most, begin)
        yield part

    def repeated(self, part: Node, least: int, most: int | None, begin: int) -> Node:
        if most is not None and least > most:
            raise self.error(f"has a gap from {least} to {most} words", begin)
        return Repeated(part, least, most)

    def alternatives(self, end: str) -> Word:
        """Tests of a word that | and & join, up to a sign."""
        either: list[Condition | Word] = []
        sign = "|"
        while sign == "|":
            every: list[Condition | Word] = []
            sign = "&"
            while sign == "&":
                every.append(self.condition())
                sign = self.sign(f"&|{end}")
            either.append(Word(tuple(every)))
        if not sign:
            raise self.error(f"has neither &, | nor {end}")
        return Word(tuple(either), every=False)

    def condition(self) -> Condition | Word:
        if self.sign("!"):
            return Word((self.condition(),), negated=True)
        if self.sign("("):
            return self.alternatives(")")
        begin = self.at
        name = self.met(_NAME)
        if name is None or name[0] not in ATTRIBUTES:
            raise self.error(f"has neither {', '.join(ATTRIBUTES[:-1])} nor {ATTRIBUTES[-1]}", begin)
        equals = self.met(_EQUALS)
        if equals is None:
            raise self.error("has neither = nor !=")
        begin = self.at
        test = self.string(name[0])
        tags = self.reading.tagsets.get(name[0])
        if tags is not None and not matching(pl.Series(tags, dtype=pl.String), test).any():
            remedy = f"use {', '.join(tags[:30])}" if tags else "refine with --tagger, or a tagged text"
            raise self.error(f"asks for no {'tag' if name[0] == 'tag' else 'part of speech'}", begin, remedy)
        sizes = {len(words) for words in _in_words(test.value, self.reading.joints)}
        if sizes != {1} or len(self.pieces(test.value)) > 1:
            raise self.error("has what parts words", begin, "write one [ ] for each word")
        return test._replace(negated=equals[1] == "!=")

    def string(self, attribute: str) -> Condition:
        begin = self.at
        string = self.met(_STRING)
        if string is None:
            raise self.error("has no string in quotes")
        return self.test(attribute, string[1] if string[2] is None else string[2], begin)

    def test(self, attribute: str, regex: str, begin: int, case: bool = True) -> Condition:
        """A test by a regular expression, after which flags may stand."""
        flags = self.met(_FLAGS)
        asked = flags[1] or "" if flags else ""
        self.check(regex, begin)
        return Condition(attribute, regex, case=case and "c" not in asked, marks="d" not in asked)

    def check(self, regex: str, begin: int) -> None:
        try:
            pl.Series(TAGS).str.contains(regex)
            matching(pl.Series(TAGS), Condition("word", regex))
        except pl.exceptions.ComputeError as error:
            why = re.search(r"(?m)^error: (.*)", str(error)) or re.search("error: (.*)", str(error))
            raise self.error(f"has no regular expression ({why[1] if why else 'too large'})", begin) from None

    def words(self, test: Condition, begin: int) -> Node:
        """A regular expression, of several words if it has what parts words."""
        either = _in_words(test.value, self.reading.joints)
        if not 0 < len(either) <= _MOST or not all(map(all, either)):
            rule = (
                f"has no word, over {_MOST} readings, or a blank or hyphen elsewhere than between two words"
            )
            raise self.error(rule, begin, "write | between sequences of words")
        for word in chain.from_iterable(either):
            self.check(word, begin)

        def one_after_another(word: str) -> Node:
            return Sequence(tuple(Word((test._replace(value=each),)) for each in self.pieces(word)))

        # A hyphen between two words is a word of its own where punctuation is.
        hyphens = [
            Condition("word", sign, "phrase") for sign in self.reading.cut("-") if "-" in self.reading.joints
        ]
        between = [Repeated(Word((hyphen,)), 0, 1) for hyphen in hyphens]
        sequences = []
        for words in either:
            first, *others = map(one_after_another, words)
            sequences.append(Sequence((first, *chain.from_iterable([*between, word] for word in others))))
        return Either(tuple(sequences))

    def pieces(self, regex: str) -> list[str]:
        """A regular expression or, of what it spells out, those of the words into which a text parts it."""
        if not re.search(r"[\\.^$*+?()\[\]{}|]", re.sub(r"\\\W", "", regex)):
            spelled = self.reading.cut(re.sub(r"\\(\W)", r"\1", regex))
            if spelled:
                return list(map(re.escape, spelled))
        signs = [*_SIGN.findall(regex), *["."] * regex.endswith(".")]
        self.parting += [sign for sign in signs if self.reading.cut(f"a{sign} b") == ["a", "b"]]
        return [regex]

    def phrase(self) -> Iterator[Node]:
        """The words of a piece of a phrase between blanks."""
        begin = self.at
        piece = self.met(_PIECE)
        text = piece[0] if piece else ""
        foreign = _OF_NO_WORD.search(text) if self.reading.joints == " -" else None
        if foreign or self.in_cqp:
            sign, at = (foreign[0], foreign.start()) if foreign else ("", 0)
            raise self.error(f"has {text!r}, {_MEANT.get(sign, _UNKNOWN)}", begin + at)
        excluded = _EXCLUDED.match(text) is not None
        text = text[excluded:]
        tests: tuple[Condition, ...] = ()
        word, _, tag = text.rpartition("_")
        if tag in self.reading.tagsets["pos"]:
            text = word or ANY
            tests = (Condition("pos", re.escape(tag)),)
        attribute = "lemma" if self.reading.lemma else "word"
        for word in self.reading.cut(text.replace(ANY, _STAND_IN)):
            written = word.replace(_STAND_IN, ANY)
            own = [Condition(attribute, written, "phrase", self.reading.case)] if written.strip(ANY) else []
            yield Word((*own, *tests), negated=excluded)


def _in_words(regex: str, joints: str) -> list[list[str]]:
    """The sequences of words that a regular expression stands for; none if what parts words is within ().

    >>> _in_words("type[- ]?checkers?", " -"), _in_words("a b|[a-z]+", " ")
    ([['type', 'checkers?'], ['typecheckers?']], [['a', 'b'], ['[a-z]+']])
    """
    done: list[list[str]] = []
    present = [[""]]
    depth = 0
    for element, times in _ELEMENT.findall(regex):
        is_class = element[0] == "[" and element[1:2] != "^"
        inner = _RANGE.sub("", element[1:-1]) if is_class else element
        parts = [
            sign
            for sign in (*joints, r"\s")
            if sign in inner and (is_class or element in (sign, f"\\{sign}"))
        ]
        depth += (element == "(") - (element == ")")
        if element == "|" and depth == 0:
            done, present = [*done, *present], [[times]]
        elif not parts:
            present = [[*words[:-1], words[-1] + element + times] for words in present]
        elif depth or times not in ("", "?"):
            return []
        else:
            others = element + times if is_class and element[1:-1].strip("".join(parts)) else ""
            joined = [[*words[:-1], words[-1] + others] for words in present] if others or times else []
            present = [*([*words, ""] for words in present), *joined]
            if len(present) > _MOST:  # they double at each
                return []
    return [*done, *present]


def matching(names: pl.Series, test: Condition) -> Mask:
    """Which names a regular expression matches as a whole, (n,) bool, in linear time."""
    flags = "" if test.case else "(?i)"
    return names.str.contains(rf"{flags}\A(?:{test.value})\z").to_numpy()


@dataclass
class Automaton:
    """Which words may follow which: m leaves of a query, those that begin it, and those that may end it."""

    words: list[Word] = field(default_factory=list)
    follows: list[set[int]] = field(default_factory=list)
    first: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, node: Node) -> Automaton:
        """`OptionError` if it has no word, may be empty, or is too large."""
        made = cls()
        empty, made.first, made.last = made._add(node)
        if all(word == Word() for word in made.words):
            raise OptionError("has no word", field="query", remedy="write some letters")
        if sum(map(len, made.follows)) > _PAIRS:
            raise _too_large()
        if empty:
            raise OptionError(
                "fits where no word is", field="query", remedy="write a word that it has to have"
            )
        return made

    def _add(self, node: Node) -> tuple[bool, set[int], set[int]]:
        """Number the leaves of a node: whether it may be empty, its first leaves and its last ones."""
        if isinstance(node, Word):
            if len(self.words) == _LEAVES:
                raise _too_large()
            self.words.append(node)
            self.follows.append(set())
            return False, {len(self.words) - 1}, {len(self.words) - 1}
        if isinstance(node, Sequence):
            return self._joined([self._add(part) for part in node.parts])
        if isinstance(node, Either):
            parts = [self._add(part) for part in node.parts]
            empties, firsts, lasts = zip(*parts, strict=True)
            return any(empties), set().union(*firsts), set().union(*lasts)
        times = max(node.least, 1) if node.most is None else node.most
        before = len(self.words)
        copies = [self._add(node.part) for copy in range(times) if not copy or len(self.words) > before]
        needed, more = copies[: node.least], copies[node.least :]
        if node.most is None:
            _, first, last = copies[-1]
            self._link(last, first)
            more = [(True, first, last) for _, first, last in more]
            return self._joined([*needed, *more])
        rest: tuple[bool, set[int], set[int]] = (True, set(), set())
        for copy in reversed(more):  # x(x(x)?)?, which has fewer pairs than x?x?x?
            rest = (True, *self._joined([copy, rest])[1:])
        return self._joined([*needed, rest])

    def _joined(self, parts: list[tuple[bool, set[int], set[int]]]) -> tuple[bool, set[int], set[int]]:
        empty, first, last = True, set[int](), set[int]()
        for may_lack, begins, ends in parts:
            self._link(last, begins)
            first = first | begins if empty else first
            last = last | ends if may_lack else ends
            empty &= may_lack
        return empty, first, last

    def _link(self, before: set[int], after: set[int]) -> None:
        for leaf in before:
            self.follows[leaf] |= after


def _too_large() -> OptionError:
    return OptionError("repeats too much", field="query", remedy="ask for fewer repetitions")
