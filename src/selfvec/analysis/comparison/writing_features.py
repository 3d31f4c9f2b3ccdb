"""What is measured of how texts are written: figures of each document, in families, without their subject.

All characters of all texts are one array, in which words are runs and a document's figure is a sum over a
stretch. A word, a passage and the shape of a string are known by a sum of products, modulo 2^64.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from selfvec.base.arrays import Array, Bytes, Doubles, Hashes, Ints, Mask
from selfvec.corpus.fingerprints import hash_of_two, hashes_of_stretches

LETTER, CAPITAL, DIGIT, SPACE, PUNCTUATION, ACCENT = 1, 2, 4, 8, 16, 32  # bits of a character's kind
END, GAP = ".!?…。！？", "\0"  # of a sentence; between two texts
_NAMED = {"\n": "line breaks", "\t": "tabs", "\r": "carriage returns"}
_COLUMNS = 80  # of a family, the most frequent ones
_RARE = 0.02  # share of the documents: what fewer have tells no side from the other
PASSAGE_WORDS = 4  # of a passage; a longer one is all of its passages
_ENDINGS = 40  # of words, the most frequent ones
_COMMON = 3  # documents with a word that another may be misspelt for
_CONTENT = (0.01, 0.3)  # shares of the documents with a word that tells the subject
_SUBJECT_WORDS = 1_000  # the most frequent of these
_LONG = 4  # letters of a word whose neighbours in spelling are no accident
_LINKED, _USER = r"(?:https?://|www\.)\S+", r"(?:^|\s)@\w+"
TOUCHING = "sentences without a blank between them"
MARKS = {  # that documents have or lack, and what is left of a text without them
    "links": (_LINKED, ""),
    "names of users such as @name": (_USER, " "),
    "words after a hash sign such as #word": (r"(?:^|\s)#\pL\w*", " "),
    "numbers with a comma before three digits, as in 1,000": (r"\b[1-9]\d{0,2}(?:,\d{3})+\b", ""),
    "numbers with a point before three digits, as in 1.000": (r"\b[1-9]\d{0,2}(?:\.\d{3})+\b", ""),
    "numbers with a decimal comma, as in 1,5": (r"\b\d{1,3},\d{1,2}\b", ""),
    "numbers with a decimal point, as in 1.5": (r"\b\d{1,3}\.\d{1,2}\b", ""),
    "emoji": (r"[\x{1F300}-\x{1FAFF}\x{2600}-\x{27BF}]", ""),
    "headings that end with a colon": (r"(?m)(^|[.!?;] )[ \t]*\pL[\pL ]{1,30}:\s", "$1"),
    TOUCHING: (r"\p{Ll}{2}[.!?]\p{Lu}\p{Ll}", ""),
}
# What stands for words: [REDACTED], <name>, &amp;, XXXX, ***.
MASKS = (
    r"\[[^\]\n]{1,30}\]|</?\pL[^>\n]{0,80}>|\{\{?[^}\n]{1,30}\}|&#?\w{1,8};|\b(?:X{3,}|x{3,})\b|[*_#=~|]{2,}"
)


@dataclass(frozen=True)
class Family:
    """Figures of one kind, a column each."""

    name: str
    values: Doubles  # (D, k), as they are said
    labels: list[str]
    otherwise: Doubles | None = None  # (D, k), as they are compared, if not by their roots

    @property
    def compared(self) -> Doubles:
        out: Doubles = np.sqrt(self.values) if self.otherwise is None else self.otherwise
        return out


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] in "LM":
        accent = ACCENT if category[0] == "M" or unicodedata.decomposition(character) else 0
        return LETTER | accent | (CAPITAL if category in ("Lu", "Lt") else 0)
    if category[0] == "P":
        return PUNCTUATION
    return DIGIT if category[0] == "N" else SPACE if character.isspace() or character == GAP else 0


class Texts:
    """Some texts as one array of characters and one of words; each is of a unit, see `writing`."""

    def __init__(self, texts: Sequence[str], units: Ints) -> None:
        self.series = pl.Series(texts, dtype=pl.String)
        self.units = units  # (D,)
        self.written = "".join(f"{text.replace(GAP, ' ')}{GAP}" for text in texts)
        raw = np.frombuffer(self.written.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        self.present = np.flatnonzero(np.bincount(raw))
        kinds, lower = np.zeros(self.present[-1] + 1, np.uint8), np.zeros(self.present[-1] + 1, np.int64)
        kinds[self.present] = [_kind(chr(code)) for code in self.present.tolist()]
        lower[self.present] = [_lower(chr(code)) for code in self.present.tolist()]
        self.raw: Ints = raw
        self.kinds: Bytes = kinds[raw]
        self.codes: Ints = lower[raw]
        ends = np.flatnonzero(raw == 0)
        self.starts: Ints = np.append(0, ends[:-1] + 1)
        self.document: Ints = np.repeat(np.arange(len(ends)), np.diff(np.append(-1, ends)))
        self.number = int(units.max()) + 1
        self._find_words()

    def _find_words(self) -> None:
        inside = self.of(LETTER | DIGIT)
        letters = self.of(LETTER)
        inside[1:-1] |= (self.codes[1:-1] == ord("'")) & letters[:-2] & letters[2:]
        edges = np.flatnonzero(np.diff(inside, prepend=False))
        self.word_starts, self.word_ends = edges[::2], edges[1::2]
        self.hashes = hashes_of_stretches(self.codes, self.word_starts, self.word_ends)
        self.types, self.first, self.ids = np.unique(self.hashes, return_index=True, return_inverse=True)
        self.word_document: Ints = self.document[self.word_starts]
        self.lengths: Ints = self.word_ends - self.word_starts
        self.words: Doubles = np.bincount(self.word_document, minlength=self.size).astype(np.float64)

    @property
    def size(self) -> int:
        return len(self.starts)

    def of(self, kinds: int) -> Mask:
        """Which characters are of some kinds, (N,)."""
        out: Mask = (self.kinds & np.uint8(kinds)) != 0
        return out

    def total(self, characters: Array) -> Doubles:
        """The sum of an array over the characters of each document, (D,)."""
        return np.add.reduceat(characters, self.starts, dtype=np.float64)

    def share_of_words(self, chosen: Mask) -> Doubles:
        """The share of each document's words that are chosen, (D,)."""
        out: Doubles = np.bincount(self.word_document[chosen], minlength=self.size) / np.maximum(
            self.words, 1
        )
        return out

    def in_words(self, characters: Mask) -> Ints:
        """How many of the characters each word has, (T,)."""
        sums = np.append(0, np.cumsum(characters))
        out: Ints = sums[self.word_ends] - sums[self.word_starts]
        return out

    def units_with(self, ids: Ints, document: Ints, number: int) -> Ints:
        """How many units have each of some things, which are numbered."""
        pairs = np.unique(ids * self.number + self.units[document])
        return np.bincount(pairs // self.number, minlength=number)

    @cached_property
    def frequencies(self) -> Ints:
        """How many units have each word, (V,)."""
        return self.units_with(self.ids, self.word_document, len(self.types))

    def places_of(self, passage: Ints) -> Ints:
        """Where each occurrence of some words in a row begins, (n,)."""
        last = len(self.ids) - len(passage)
        at = np.flatnonzero(self.ids[: last + 1] == passage[0])
        for i, word in enumerate(passage.tolist()):
            at = at[self.ids[at + i] == word]
        inside: Mask = self.word_document[at] == self.word_document[at + len(passage) - 1]
        return at[inside]

    def documents_with(self, passage: Ints) -> Mask:
        """Which documents have some words in a row, (D,)."""
        out = np.zeros(self.size, bool)
        out[self.word_document[self.places_of(passage)]] = True
        return out

    def counted(self, ids: Ints, document: Ints, chosen: Ints, number: int) -> Ints:
        """How often each document has each of the chosen ones of some things, (D, k)."""
        place = np.full(number, -1)
        place[chosen] = np.arange(len(chosen))
        place = place[ids]
        cells = document[place >= 0] * len(chosen) + place[place >= 0]
        return np.bincount(cells, minlength=self.size * len(chosen)).reshape(self.size, len(chosen))

    def name(self, word: int) -> str:
        """A word by its number."""
        at = self.first[word]
        return self.written[self.word_starts[at] : self.word_ends[at]].lower()

    def numbers(self, words: Collection[str]) -> Ints:
        """The numbers of those of some words that the texts have."""
        one = Texts([" ".join(sorted(words))], np.zeros(1, np.int64)) if words else None
        return np.empty(0, np.int64) if one is None else np.flatnonzero(np.isin(self.types, one.types))


def _lower(character: str) -> int:
    small = character.lower()
    return ord("'") if character == "’" else ord(small) if len(small) == 1 else ord(character)


def presence(texts: Texts, things: Hashes, document: Ints, most: int = _COLUMNS) -> tuple[Mask, Ints]:
    """Which documents have each of the things that many have, (D, k); and where each first is, (k,)."""
    types, first, ids = np.unique(things, return_index=True, return_inverse=True)
    often = np.flatnonzero(np.bincount(ids, minlength=1) >= max(3, _RARE * texts.number))
    units = texts.units_with(ids, document, len(types))[often]
    often = often[units >= max(3, _RARE * texts.number)]
    often = often[np.argsort(-units[units >= max(3, _RARE * texts.number)], kind="stable")[:most]]
    return texts.counted(ids, document, often, len(types)) > 0, first[often]


def families(texts: Texts, function_words: Collection[str], moved: Ints) -> list[Family]:
    """All that is measured of some texts; ``moved`` words are left out where words are measured."""
    function = texts.numbers(function_words) if function_words else short_words(texts)
    letters, words = texts.of(LETTER), texts.words[:, None]
    solid = np.maximum(texts.total(~texts.of(SPACE)), 1)
    share = {kind: (texts.total(texts.of(kind)) / solid)[:, None] for kind in (DIGIT, PUNCTUATION)}
    accents = texts.total(texts.of(ACCENT)) / np.maximum(texts.total(letters), 1)
    length = words[:, 0] / np.maximum(texts.total(_sentence_ends(texts)), 1)
    return [
        _passages(texts),
        _marks(texts),
        _masks(texts),
        _damage(texts),
        Family("accents", accents[:, None], ["letters with accents"]),
        Family("digits", share[DIGIT], ["digits"]),
        _function_words(texts, function),
        _case(texts),
        Family("sentences", length[:, None], ["words"], np.log1p(length)[:, None]),
        Family("punctuation", share[PUNCTUATION], ["punctuation"]),
        Family("length", words, ["words"], np.log1p(words)),
        _ends(texts),
        _characters(texts, solid),
        _shapes(texts),
        *_words(texts, moved),
    ]


def short_words(texts: Texts) -> Ints:
    """The most frequent short words, which are function words for the most part in any language."""
    short = (texts.lengths[texts.first] <= _LONG) & (texts.frequencies >= 0.1 * texts.number)
    short &= texts.in_words(texts.of(DIGIT))[texts.first] == 0
    return _most_frequent(texts, np.flatnonzero(short))


def _most_frequent(texts: Texts, words: Ints, most: int = _COLUMNS) -> Ints:
    return words[np.argsort(-texts.frequencies[words], kind="stable")[:most]]


def content(texts: Texts, function_words: Collection[str]) -> Doubles:
    """The words that tell a document's subject, as unit rows, (D, m)."""
    low, high = (share * texts.number for share in _CONTENT)
    chosen = (texts.frequencies >= max(low, _COMMON)) & (texts.frequencies <= high)
    chosen &= texts.lengths[texts.first] >= _LONG
    chosen[texts.numbers(function_words)] = False
    words = _most_frequent(texts, np.flatnonzero(chosen), _SUBJECT_WORDS)
    rows = np.sqrt(texts.counted(texts.ids, texts.word_document, words, len(texts.types)))
    out: Doubles = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return out


def _marks(texts: Texts) -> Family:
    of = pl.DataFrame({"text": texts.series})
    found = of.select(
        pl.col("text").str.contains(pattern).alias(name) for name, (pattern, _) in MARKS.items()
    )
    return Family("marks", found.to_numpy().astype(np.float64), list(MARKS))


def _masks(texts: Texts) -> Family:
    """Tags and the like by their names, whatever digits or attributes they have."""
    of = pl.DataFrame({"text": texts.series}).with_row_index("document")
    marks = of.select("document", mark=pl.col("text").str.extract_all(MASKS)).explode("mark").drop_nulls()
    kind = pl.col("mark").str.replace_all(r"\d+", "9").str.replace_all(r"\s.*>", ">")
    marks = marks.with_columns(number=kind.rank("dense").cast(pl.UInt64))
    has, first = presence(texts, marks["number"].to_numpy(), marks["document"].to_numpy().astype(np.int64))
    return Family("masks", has.astype(np.float64), [marks["mark"][int(at)] for at in first])


def _passages(texts: Texts) -> Family:
    """Passages that many documents have; labels are the numbers of their first words."""
    starts = np.arange(max(len(texts.ids) - PASSAGE_WORDS + 1, 0))
    document = texts.word_document
    starts = starts[document[starts] == document[starts + PASSAGE_WORDS - 1]]
    hashes = hashes_of_stretches(texts.ids, starts, starts + PASSAGE_WORDS)
    has, first = presence(texts, hashes, document[starts])
    return Family("passages", has.astype(np.float64), [str(starts[at]) for at in first])


def _case(texts: Texts) -> Family:
    """Capitals among letters; among words those with an initial one, those of capitals, and all others."""
    letters, capitals = texts.of(LETTER), texts.of(CAPITAL)
    upper, every = texts.in_words(capitals), texts.in_words(letters)
    whole = (upper == every) & (every > 1)
    initial = capitals[texts.word_starts] & ~whole
    share = texts.total(capitals) / np.maximum(texts.total(letters), 1)
    kinds = initial, whole, (upper > initial) & ~whole
    values = np.column_stack([share, *map(texts.share_of_words, kinds)])
    return Family("case", values, ["capitals", "initial", "whole", "mixed"])


def _damage(texts: Texts) -> Family:
    """Words that no other document has, those of them that are a common one but for a letter, and halves."""
    letters = texts.in_words(texts.of(LETTER))
    alone = (texts.frequencies[texts.ids] == 1) & (letters > 0)
    long = (texts.lengths[texts.first] >= _LONG) & (letters[texts.first] > 1)
    common = np.flatnonzero(long & (texts.frequencies >= _COMMON))
    near = {key for word in common.tolist() for key in _without_a_letter(texts.name(word))}
    odd = np.flatnonzero(long & (texts.frequencies == 1)).tolist()
    misspelt = np.zeros(len(texts.types), bool)
    misspelt[odd] = [not near.isdisjoint(_without_a_letter(texts.name(word))) for word in odd]
    shares = map(texts.share_of_words, (alone, misspelt[texts.ids], _halves(texts)))
    return Family("damage", np.column_stack([*shares]), ["alone", "misspelt", "halves"])


def _without_a_letter(word: str) -> list[str]:
    """A word, and it without each of its letters: two that share one are a letter apart, or two at most."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]


def _halves(texts: Texts) -> Mask:
    """The words that end in a hyphen or are, with the next, a word that others write in one, (T,)."""
    out = np.zeros(len(texts.ids), bool)
    if len(out) < 2:
        return out
    ends, starts = texts.word_ends[:-1], texts.word_starts[1:]
    spaces = np.append(0, np.cumsum(texts.of(SPACE)))
    between, blank = starts - ends, spaces[starts] - spaces[ends]
    same = texts.word_document[:-1] == texts.word_document[1:]
    same &= ~texts.of(CAPITAL | DIGIT)[starts] & ~texts.of(DIGIT)[ends - 1]
    hyphen = np.isin(texts.raw[ends], [*map(ord, "-‐\xad")]) & (blank == between - 1) & (blank > 0)
    apart = same & (blank == between) & (np.minimum(texts.lengths[:-1], texts.lengths[1:]) > 1)
    whole = hash_of_two(texts.hashes[:-1][apart], texts.lengths[:-1][apart], texts.hashes[1:][apart])
    place = np.minimum(np.searchsorted(texts.types, whole), len(texts.types) - 1)
    known = (texts.types[place] == whole) & (texts.frequencies[place] >= 2)
    # A few words in two are a spelling; halves are of any word.
    often = np.bincount(place[known], minlength=len(texts.types))
    apart[apart] = known & (often[place] <= max(0.1 * np.count_nonzero(known), 1))
    out[:-1] = (same & hyphen) | apart
    return out


def _function_words(texts: Texts, function: Ints) -> Family:
    """The share of all of them, and of each that is frequent."""
    often = _most_frequent(texts, function)
    every = np.bincount(texts.word_document[np.isin(texts.ids, function)], minlength=texts.size)
    each = texts.counted(texts.ids, texts.word_document, often, len(texts.types))
    shares = np.column_stack([every, each]) / np.maximum(texts.words, 1)[:, None]
    # Each among all of them: where other words are left out, or written in two, all have another share.
    among = np.column_stack([shares[:, 0], each / np.maximum(every, 1)[:, None]])
    return Family("function words", shares, ["", *map(texts.name, often.tolist())], np.sqrt(among))


def _sentence_ends(texts: Texts) -> Mask:
    """The characters with which sentences end, and the first of two line breaks."""
    solid, line = np.isin(texts.raw, [*map(ord, "。！？")]), texts.raw == ord("\n")
    small, capital = texts.of(LETTER) & ~texts.of(CAPITAL), texts.of(CAPITAL)
    before, after = np.append(False, small[:-1]), np.append(capital[1:], False)
    ends = np.append(texts.of(SPACE)[1:], True)
    stop = np.isin(texts.raw, [*map(ord, END)]) & (ends | solid | (before & after))
    out: Mask = stop | (line & np.append(line[1:], False))
    return out


def _characters(texts: Texts, solid: Doubles) -> Family:
    """Signs, each by itself, and blanks in a row, as shares of the characters that are not blank."""
    kinds = np.array([_kind(chr(code)) for code in texts.present.tolist()])
    signs = texts.present[(kinds & (LETTER | DIGIT) == 0) & ~np.isin(texts.present, [0, ord(" ")])]
    counts = texts.counted(texts.raw, texts.document, signs, int(texts.present[-1]) + 1)
    documents = np.count_nonzero(counts, axis=0)
    often = np.argsort(-documents, kind="stable")[:_COLUMNS]
    often = often[documents[often] >= _RARE * texts.size]
    blank = texts.raw == ord(" ")
    rows = texts.total(blank & np.append(False, blank[:-1]))
    names = map(chr, signs[often].tolist())
    labels = [_NAMED.get(name, f"“{name}”") for name in names]
    values = np.column_stack([counts[:, often], rows]) / solid[:, None]
    return Family("characters", values, [*labels, "blanks in a row"])


def _ends(texts: Texts) -> Family:
    """What documents begin and end with."""
    solid = np.flatnonzero(~texts.of(SPACE))
    first = np.full(texts.size, len(texts.raw) - 1)  # of an empty text, a gap
    last = first.copy()
    last[texts.document[solid]] = solid
    first[texts.document[solid[::-1]]] = solid[::-1]
    letters = texts.of(LETTER)
    chosen = [
        letters[first] & ~texts.of(CAPITAL)[first],
        texts.of(DIGIT)[first],
        texts.of(LETTER | DIGIT)[last],
    ]
    labels = ["begin with a small letter", "begin with a number", "end without the end of a sentence"]
    bounds = np.searchsorted(texts.word_document, np.arange(texts.size + 1))
    some = np.flatnonzero(np.diff(bounds) > 0)
    for what, at in (("begin", bounds[:-1][some]), ("end", bounds[1:][some] - 1)):
        has, found = presence(texts, texts.hashes[at], some, 20)
        chosen += list(has.T)
        labels += [f"{what} with “{texts.name(texts.ids[at[where]])}”" for where in found]
    return Family("ends", np.column_stack(chosen).astype(np.float64), labels)


def _shapes(texts: Texts) -> Family:
    """Strings between blanks by their shape, letters in a row being one, and digits; with an example."""
    masked = np.where(texts.of(LETTER), 1, np.where(texts.of(DIGIT), 2, texts.raw))
    kept = ~texts.of(SPACE)
    kept[1:] &= (masked[1:] != masked[:-1]) | (masked[1:] > 2)
    runs = np.flatnonzero(kept)
    begins = np.flatnonzero(texts.of(SPACE)[runs - 1] | (runs == 0))
    ends = np.append(begins[1:], len(runs))[: len(begins)]
    # A word or a number, and the sign after it.
    plain = np.isin(masked[runs[ends - 1]], [1, 2, *map(ord, ",.;:?!")]) & (ends - begins <= 2)
    plain &= masked[runs[begins]] <= 2
    begins, ends = begins[~plain], ends[~plain]
    has, first = presence(
        texts, hashes_of_stretches(masked[runs], begins, ends), texts.document[runs[begins]]
    )
    examples = (texts.written[runs[begins[at]] :][:40].replace(GAP, " ").split()[0] for at in first)
    return Family("shapes", has.astype(np.float64), [*examples])


def _words(texts: Texts, moved: Ints) -> list[Family]:
    """How words end, by the last two letters that most longer words have, and how many letters they have."""
    letters, document = texts.in_words(texts.of(LETTER)), texts.word_document
    stays = np.ones(len(texts.types), bool)
    stays[moved] = False
    own = np.flatnonzero(
        stays & (texts.lengths[texts.first] > _LONG) & (letters == texts.lengths)[texts.first]
    )
    last = texts.word_ends[texts.first[own]]
    types, first, ids = np.unique(
        hashes_of_stretches(texts.codes, last - 2, last), return_index=True, return_inverse=True
    )
    often = np.argsort(-np.bincount(ids, minlength=len(types)), kind="stable")[:_ENDINGS]
    ending = np.full(len(texts.types), len(types))
    ending[own] = ids
    counts = texts.counted(ending[texts.ids], document, often, len(types) + 1)
    labels = [texts.written[end - 2 : end].lower() for end in last[first[often]].tolist()]
    kept = (letters > 0) & stays[texts.ids]
    number = np.maximum(np.bincount(document[kept], minlength=texts.size), 1)
    mean = (np.bincount(document[kept], letters[kept], minlength=texts.size) / number)[:, None]
    return [
        Family("endings", counts / np.maximum(texts.words, 1)[:, None], labels),
        Family("word lengths", mean, ["letters"], mean),
    ]
