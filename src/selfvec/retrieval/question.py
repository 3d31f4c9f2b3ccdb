"""`Question`: what the signs of a question ask for ("a phrase", -word, NOT word, +word), and who has it.

People quote words in plain questions, too. So a sign is a preference where the question has other words, and
a condition where it has none, or where it is a plus. Search engines and databases differ in their signs.
Those that do nothing here are said to do nothing.

Stop words are part of a phrase, but not of the index of words. Documents that lack one of the other words are
ruled out by the index; the texts of those left are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import plain, without_accents
from selfvec.base.threads import cut, in_order
from selfvec.text.passages import sentence_spans
from selfvec.text.segmentation import is_unspaced
from selfvec.text.tokenizers import WORDS, FoundWords, find_words
from selfvec.text.vocabulary import Query, Vocabulary

from .scoring import Scored
from .segments import SearchedDocuments

_QUOTE = '"\u201c\u201d\u201e\u00ab\u00bb\uff02'
# What stands before the first letter of a phrase has no letter, so there is one way to match it: a quotation
# mark that is never closed costs one look at the rest of a question, however long.
_PHRASE = rf"[{_QUOTE}](?P<phrase>[^{_QUOTE}\w]*\w[^{_QUOTE}]*)[{_QUOTE}](?!\w)"
_QUOTED = rf"(?<!\w)(?P<sign>(?<!\S)[+-]|\bNOT\s+)?{_PHRASE}"
# From the first letter, or a sign of names before it, to the last letter before a space, or such a sign
_PIECE = rf"(?:--|[@#$€£¥%.~/\\])?\w(?:[^\s{_QUOTE}]*\w)?(?:\(\)|\+\+|#)?"
_SIGNED = rf"(?<!\S)(?P<mark>[+-]|NOT\s+)(?P<word>{_PIECE})"
# Signs of ASCII that are seldom within a word, and a hyphen at a digit
_PARTED = re.compile(r"[!-&(-,./:-@\[-^`{-~]|-(?=\d)|(?<=\d)-")
_SIGN = re.compile(f"{_QUOTED}|{_SIGNED}")
_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR)(?!\S)")
_WILD = re.compile(r"\w\*|\*\w")
_CLAUSE = re.compile("[;\u037e\u061b\uff1b]")
_READ = 1 << 21  # bytes read at a time: what many texts have in common is compared once
_LOOKED_AT = 256  # documents that are read for a piece of a question, the best first
_MOST = 20  # signs of a question: documents are read for them, so that a hundred would keep others waiting

Fits = Callable[[str], bool]


class Sign(NamedTuple):
    """A phrase or word of a question that has a sign."""

    text: str
    sign: str  # "+", "-", or "" for a phrase in quotes only
    quoted: bool


@dataclass(frozen=True)
class Question:
    """A question, taken apart."""

    text: str  # whose words and meaning are looked for, those of phrases included
    signs: list[Sign]
    strict: bool  # whether all signs are conditions, since the question has nothing else
    notes: list[str]  # how it was understood

    @classmethod
    def of(cls, asked: str) -> Question:
        """Read the signs of a question.

        >>> Question.of('"heat pump" noise -gas NOT "air conditioner"').text.split()
        ['heat', 'pump', 'noise']
        """
        shouted = asked.upper() == asked  # a question in capitals has no operators
        signs: list[Sign] = []
        text, rest, end = "", "", 0  # rest: all that has no sign
        for match in _SIGN.finditer(asked):
            quoted = match["phrase"] is not None
            mark = (match["sign"] or match["mark"] or "").replace("NOT", "" if shouted else "-").strip()
            if not mark and not quoted:
                continue
            asked_for = (match["phrase"] if quoted else match["word"]).strip()
            sign = Sign(asked_for, mark, quoted or len(words_of(asked_for)) > 1)  # C++ is one word
            between = asked[end : match.start()]
            text += between + (" " if mark == "-" else sign.text)
            rest += between + " "
            end = match.end()
            signs.append(sign)
        text, rest = text + asked[end:], rest + asked[end:]
        operators = [] if shouted else list(dict.fromkeys(_OPERATOR.findall(rest)))
        others = rest if shouted else _OPERATOR.sub(" ", rest)
        # Of phrases joined by OR, one is enough.
        strict = bool(signs) and "OR" not in operators and not re.search(r"\w", others)
        notes = []
        if operators and not strict:
            names = " and ".join(operators)
            notes.append(f"{names}: no operator here; documents with more of the words come first")
        if _WILD.search(text):
            notes.append("*: no wildcard here; the forms of a word find each other")
        if signs and not re.search(r"\w", text):
            notes.append("the question only names what documents must not have: add what they should")
        distinct = list(dict.fromkeys(signs))
        if len(distinct) > _MOST:
            notes.append(f"only the first {_MOST} phrases and signs count")
        return cls(text, distinct[:_MOST], strict, notes)


@dataclass(frozen=True)
class _Phrase:
    words: Sequence[Fits]
    crosses: bool = False  # whether a sentence may end within it


def by_signs(
    vocabulary: Vocabulary, documents: SearchedDocuments, question: Question, among: Mask
) -> tuple[Mask, Floats | None, Mask | None, list[str]]:
    """What the signs of a question say about D documents; those outside ``among``, (D,), do not pass.

    The documents that fulfil all conditions, (D,); the share of the question's words that stand in phrases
    that a document has, (D,), and the documents that have what the question would rather not, (D,), if there
    are such signs; and notes.
    """
    passing = among.copy()
    higher = np.zeros(len(documents), np.float32)
    last = np.zeros(len(documents), bool)
    words = max(len(words_of(question.text)), 1)
    preferred: list[str] = []
    avoided: list[str] = []
    notes = []
    documents_with = _having(vocabulary, documents, question.signs, among)
    for (text, sign, quoted), having in zip(question.signs, documents_with, strict=True):
        if sign == "-":
            if question.strict:
                passing &= ~having
            else:
                avoided.append(text)
                last |= having
        elif not having.any():
            what = "phrase" if quoted else "word"
            inside = ", in identifiers, too" * (quoted and vocabulary.preprocessing.parts)
            notes.append(f"no document has the {what} \u201c{text}\u201d: its words were searched{inside}")
        elif question.strict or sign == "+":
            passing &= having
        else:
            preferred.append(text)
            higher[having] += len(words_of(text)) / words
    if preferred:
        ask = '+"\u2026" asks for these only'
        notes.append(f"documents with {_quoted(preferred)} come higher, the others follow; {ask}")
    if avoided:
        ask = "with + before every other word they are left out"
        notes.append(f"documents with {_quoted(avoided)} come last; {ask}")
    return passing, higher if preferred else None, last if avoided else None, notes


def _quoted(texts: Sequence[str]) -> str:
    return " or ".join(f"\u201c{text}\u201d" for text in texts)


def _having(
    vocabulary: Vocabulary, documents: SearchedDocuments, signs: Sequence[Sign], among: Mask
) -> list[Mask]:
    """For each sign the documents of ``among`` that have its phrase or word, (D,): their texts are read once.

    A single word that is not in quotes, or should not occur, counts in all its forms. Phrases do in any case,
    and with accents or without.
    """
    code = vocabulary.preprocessing.language
    by_index = [_by_index(vocabulary, documents, sign, among) for sign in signs]
    having = [mask for mask, _ in by_index]
    read = [number for number, (_, exact) in enumerate(by_index) if not exact]
    if not read:
        return having
    texts = [signs[number].text for number in read]
    phrases = [_Phrase([_fits(word, code) for word in words_of(text)], _is_broken(text)) for text in texts]
    able = np.any([having[number] for number in read], axis=0)
    sizes = _sizes([word for text in texts for word in words_of(text)], code)
    for number, counts in zip(read, _count(documents, phrases, able, sizes), strict=True):
        having[number] &= counts > 0
    return having


def _by_index(
    vocabulary: Vocabulary, documents: SearchedDocuments, sign: Sign, among: Mask
) -> tuple[Mask, bool]:
    """The documents that may have a sign, by the index of words, (D,); and whether all of them do."""
    query = vocabulary.parse(sign.text)
    if len(words_of(sign.text)) == 1 and len(query.types) and (sign.sign == "-" or not sign.quoted):
        spellings = [other for others in query.alike.values() for other in others]
        return among & with_types(documents, [*query.types.tolist(), *spellings]), True
    able = among.copy()
    if vocabulary.preprocessing.tokenizer in WORDS and not is_unspaced(sign.text):
        able &= not query.unknown
        for number in query.types.tolist():
            able &= with_types(documents, [number, *query.alike.get(number, ())])
    return able, False


_FOR_STOP_WORDS = 1 << 22  # bytes of texts read for a question of stop words alone: a quarter of a second


def within_reach(documents: SearchedDocuments, text: str, among: Mask) -> tuple[Mask, list[str]]:
    """The documents that are read for a question of stop words, (D,) bool; and what is said if not all are.

    Of much text these are documents that have the question as it stands, in any case, or else the first.
    """
    if int(documents.sizes[among].sum()) <= _FOR_STOP_WORDS:
        return among, []
    asked = " ".join(text.lower().split()).encode()
    having = np.zeros(len(documents), bool)
    read = first = 0
    for part in documents.indexed:
        data, ends = part.documents.arrays["texts"].data, part.documents.arrays["texts ends"].tolist()
        for number, local in enumerate(part.numbers[0].tolist(), first):
            if read > _FOR_STOP_WORDS or not among[number]:
                continue
            if asked in data[ends[local] : ends[local + 1]].tobytes().lower():
                having[number] = True
                read += ends[local + 1] - ends[local]
        first += len(part.numbers[0])
    if not read:
        first_size = int(documents.sizes[among][0])  # the first one is read however long it is
        most = max(_FOR_STOP_WORDS, first_size)
        having = among & (np.cumsum(np.where(among, documents.sizes, 0)) <= most)
    which = "that have them in a row" if read else "from the first on"
    return having, [f"of so much text {int(having.sum()):,} documents {which} were read for them"]


def count_written(documents: SearchedDocuments, text: str, code: str | None, among: Mask) -> Ints:
    """How often each document has a text as a phrase, (D,): in its case, else in any case, else its words."""
    words = words_of(text)
    exact: list[Fits] = [word.__eq__ for word in words]
    free = [_same_word(word, code) for word in words]
    crosses = _is_broken(text)
    phrases = [_Phrase(exact, crosses)] if text != text.lower() else []
    phrases += [_Phrase(free, crosses), *(_Phrase([word]) for word in free)]
    counted = _count(documents, phrases, among, _sizes(words, code))
    *whole, by_word = np.split(counted, range(1, len(phrases) - len(free) + 1))
    return next((counts[0] for counts in whole if counts.any()), by_word.sum(axis=0))


@lru_cache(maxsize=1 << 7)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, those of addresses and stop words included."""
    words = find_words([text.replace("://", "///")])  # an address is several
    names = list(map(plain, words.names))
    return tuple(names[i] for i in words.ids.tolist())


def prefer_written(
    vocabulary: Vocabulary, documents: SearchedDocuments, text: str, parsed: Query, scored: Scored
) -> Scored:
    """The scores of a question, with what a tokeniser parts also looked for whole, as ``std::io::Read``.

    Of the best documents with the words of such a piece those come higher that have it as it is written, or,
    if there are none, those that have its words in a row. A short question with a stop word is such a piece.
    """
    pieces = [piece for piece in dict.fromkeys(re.findall(_PIECE, text)) if _PARTED.search(piece)]
    if parsed.left_out and len(words_of(text)) < 3:  # log in
        pieces = [text.lower()]
    higher = np.zeros(len(documents) if pieces else 0, np.float32)
    for piece in pieces[:_MOST]:
        words = words_of(piece)
        if words == (piece,) or ("." in piece and max(map(len, words)) == 1):  # e.g.
            continue
        able, _ = _by_index(vocabulary, documents, Sign(piece, "", True), scored.found)
        numbers = np.flatnonzero(able)
        best = numbers[np.argsort(-scored.scores[numbers], kind="stable")[:_LOOKED_AT]]
        best = best[np.cumsum(documents.sizes[best]) <= _READ].tolist()
        texts = list(map(documents.text, best))
        in_a_row = r"\W+".join(map(re.escape, words))
        for written in (re.escape(piece), f"(?i:{in_a_row})"):
            fits = re.compile(rf"(?<!\w){written}(?!\w)").search
            having = [document for document, whole in zip(best, texts, strict=True) if fits(whole)]
            if having:
                higher[having] += len(words) / len(words_of(text))
                break
    return scored.preferring(higher if higher.any() else None, None)


def with_types(documents: SearchedDocuments, types: Sequence[int]) -> Mask:
    """The documents that have one of some types, (D,)."""
    having = []
    for place, part in enumerate(documents.parts):
        starts, units = part.arrays["starts"], part.arrays["units"]
        of_part = np.zeros(part.units, bool)
        local = documents.local_types(place, np.array(types, np.int64))
        for number in local[local >= 0].tolist():
            of_part[units[starts[number] : starts[number + 1]]] = True
        having.append(of_part)
    return documents.assembled(having)[: len(documents)]


def _sizes(asked: Sequence[str], code: str | None) -> set[int]:
    """The lengths of words of ASCII that may fit one of those asked for."""
    return {len(form) for word in asked for form in (word, lower(word, code))}


def _same_word(asked: str, code: str | None) -> Fits:
    """Whether a word is the one asked for: in any case and, if that has no accents, with accents, too."""
    key = lower(asked, code)
    if key != without_accents(key):
        return lambda word: lower(word, code) == key
    return lambda word: without_accents(lower(word, code)) == key


def _fits(asked: str, code: str | None) -> Fits:
    """Whether a word is the one asked for; one of a script without spaces is looked for within it."""
    return (lambda word: asked in word) if is_unspaced(asked) else _same_word(asked, code)


def _count(
    documents: SearchedDocuments,
    phrases: Sequence[_Phrase],
    among: Mask,
    sizes: Collection[int],  # of the words of ASCII that may be in a phrase
) -> Ints:
    """How often each document of ``among`` has each phrase, (P, D); the texts are read once."""
    out = np.zeros((len(phrases), len(documents)), np.int64)
    numbers = np.flatnonzero(among)

    @cache
    def fits(name: str) -> bytes:
        """Which words of the phrases a spelling fits: 1 or 0 for each."""
        word = plain(name)
        return bytes([fit(word) for phrase in phrases for fit in phrase.words])

    def read(block: tuple[int, int]) -> tuple[Ints, list[str], FoundWords]:
        part = numbers[slice(*block)]
        texts = [documents.text(number).replace("://", "///") for number in part.tolist()]
        return part, texts, find_words(texts, sizes=sizes)

    for part, texts, words in in_order(cut(documents.sizes[numbers] + 1, _READ), read):
        spelt = b"".join(map(fits, ("", *words.names)))
        table = np.frombuffer(spelt, bool).reshape(1 + len(words.names), -1)
        names = words.ids + 1  # 0 for words that cannot fit
        owners = np.repeat(np.arange(len(part)), np.diff(words.bounds))
        column = 0
        for number, phrase in enumerate(phrases):
            fit = table[:, column : column + len(phrase.words)]
            column += len(phrase.words)
            begins = _in_a_row(fit, names, owners)
            if not phrase.crosses and len(phrase.words) > 1:  # no sentence ends within it
                ends = words.ends[begins + len(phrase.words) - 1]
                spans = np.column_stack([owners[begins], words.starts[begins], ends]).tolist()
                is_whole = [not _is_broken(texts[owner][start:end]) for owner, start, end in spans]
                begins = begins[np.array(is_whole, bool)]
            out[number, part] = np.bincount(owners[begins], minlength=len(part))
    return out


def _in_a_row(fit: Mask, names: Ids, owners: Ints) -> Ints:
    """Where a phrase begins, by what each name fits, (R, n), and the name of each word: in one text."""
    last = fit.shape[1] - 1
    if not fit.size or len(names) <= last:
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(fit[:, 0][names[: len(names) - last]])
    for k in range(1, last + 1):
        begins = begins[fit[:, k][names[begins + k]]]
    whole: Ints = begins[owners[begins] == owners[begins + last]]
    return whole


@lru_cache(maxsize=1 << 12)
def _is_broken(text: str) -> bool:
    """Whether a sentence or, at a semicolon, a clause ends within a text."""
    return _CLAUSE.search(text) is not None or len(sentence_spans(text)) > 1
