"""What is measured of how texts are written: figures of each document that depend little on its subject.

A column is what one pattern counts in each document: a share of its characters, letters or words, whether it
has a string of some shape, how long its sentences are. Nothing is asked of any language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.data.token_batch import TokenBatch

from .recurring import in_a_row

_WORD = r"[\pL\pN](?:[\pL\pM\pN]|['’]\pL)*"
# What stands between blanks; what is in brackets, as tags and masks are, is one string.
_STRING = r"\[[^\]\n]{1,30}\]|</?\pL[^>\n]{0,80}>|\{\{?[^}\n]{1,30}\}|&#?\w{1,8};|[^\s<\[{&]+|[<\[{&]"
_RUNS = {  # of letters, digits, three digits, both, and crosses, by their sign in a shape
    **{"a": r"[\pL\pM]+", "9": r"\pN+", "∴": r"\pN{3}"},
    **{"¤": r"[\pL\pM\pN]*(?:\pL\pM*\pN|\pN\pL)[\pL\pM\pN]*", "×": "(?:X{3,}|x{3,})"},
}
_PLAIN = r"^(?:[a9]|\pP*)$"  # the shape of a word, a number or signs
_SIGNS = ",.;:?!"  # after a string
_SHAPE = 4  # signs of a shape: what follows the first of them varies, as in links
_ENDS = r"[.!?…]+[\pP]*(?:\s|$)|\p{Ll}[.!?]\p{Lu}|[。！？]|\n\n"  # of sentences
_NAMED = {"\n": "line breaks", "\t": "tabs", "\r": "carriage returns"}
_MOST = 60  # columns of a kind, the most frequent ones
_RARE = 0.02  # share of the documents: what fewer have tells no side from the other
_COMMON = 3  # documents with a word that another may be misspelt for
_CONTENT = (0.01, 0.3)  # shares of the documents with a word that tells the subject
_SUBJECT_WORDS = 1_000  # the most frequent of these
_PHRASE, _ALWAYS = 5, 0.9  # words of what lines begin with, and how often each follows
_LONG = 4  # letters of a word whose neighbours in spelling are no accident

Edit = tuple[str, str]
"""A pattern and what replaces it; without a pattern, letters become small ones."""
ACCENT = r"\pM"
"""The pattern of accents, before which letters are parted from these."""


@dataclass(frozen=True, eq=False)
class Column:
    """Figures of the documents, (D,), how a sentence calls them, and what takes them out of the texts."""

    kind: str
    of: str  # what a figure is a share of: documents, words, letters, characters; empty for numbers of words
    what: str
    label: str
    counts: Doubles | Ints
    among: Doubles | float = 1
    edits: tuple[Edit, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is, in the same texts after an edit as well."""
        return self.of, self.what, self.label

    @property
    def compared(self) -> Doubles:
        shares = self.counts / np.maximum(self.among, 1)
        out: Doubles = np.sqrt(shares) if self.of else np.log1p(shares)
        return out

    def figure(self, side: Mask) -> float:
        """The share of all documents of a side, as a reader counts it; the median of lengths."""
        if not self.of:
            return float(np.median(self.counts[side]))
        among = np.broadcast_to(self.among, len(side))[side].sum()
        return float(self.counts[side].sum() / np.maximum(among, 1))


class Texts:
    """Some texts as words and as characters; each is of a unit, see `writing`."""

    def __init__(self, texts: Sequence[str], units: Ints) -> None:
        self.series = pl.Series(texts, dtype=pl.String)
        self.units = units  # (D,)
        self.number = int(units.max(initial=0)) + 1
        document, form, self.forms = self._numbered(rf"{_WORD}|\n")  # words as they are written, and lines
        breaks = (self.forms == "\n").to_numpy()[form]
        apart = np.diff(document) > 0
        self.begin = np.append(True, breaks[:-1] | apart)[: len(form)][~breaks]  # words that lines begin with
        self.end = np.append(breaks[1:] | apart, True)[: len(form)][~breaks]
        self.document, self.form = document[~breaks], form[~breaks]
        self.types, ids = numbered(self.forms.str.to_lowercase().str.replace_all("’", "'"))
        self.ids: Ints = ids[self.form]  # as they are compared
        self.words: Doubles = np.bincount(self.document, minlength=self.size).astype(np.float64)
        self.frequencies = self.units_with(self.ids, self.document, len(self.types))

    @property
    def size(self) -> int:
        return len(self.series)

    @property
    def batch(self) -> TokenBatch:
        """The words as they are compared."""
        offsets = np.append(0, np.cumsum(self.words)).astype(np.int64)
        return TokenBatch(self.ids.astype(np.int32), offsets, self.types.to_list())

    def _numbered(self, pattern: str) -> tuple[Ints, Ints, pl.Series]:
        """The document of each match of a pattern, its number, and what is numbered."""
        rows = pl.DataFrame({"it": self.series.str.extract_all(pattern)}).with_row_index("document")
        rows = rows.explode("it").drop_nulls()
        return (rows["document"].to_numpy().astype(np.int64), *numbered(rows["it"])[::-1])

    def units_with(self, ids: Ints, document: Ints, number: int) -> Ints:
        """How many units have each of some things, which are numbered."""
        pairs = np.unique(ids * self.number + self.units[document])
        return np.bincount(pairs // self.number, minlength=number)

    def counted(self, ids: Ints, document: Ints, chosen: Ints, number: int) -> Ints:
        """How often each document has each of the chosen ones of some things, (D, k)."""
        place = np.full(number, -1)
        place[chosen] = np.arange(len(chosen))
        place = place[ids]
        cells = document[place >= 0] * len(chosen) + place[place >= 0]
        return np.bincount(cells, minlength=self.size * len(chosen)).reshape(self.size, len(chosen))

    def often(self, frequencies: Ints, most: int = _MOST) -> Ints:
        """The most frequent of some things, by how many units have them."""
        order = np.argsort(-frequencies, kind="stable")[:most]
        return order[frequencies[order] >= max(3, _RARE * self.number)]

    def column(self, kind: str, what: str, label: str, words: Mask, *edits: Edit) -> Column:
        """The share of the words that are chosen, (T,)."""
        counts = np.bincount(self.document[words], minlength=self.size)
        return Column(kind, "words", what, label, counts, self.words, edits)

    def content(self, function_words: Collection[str]) -> Doubles:
        """The words that tell a document's subject, as unit rows, (D, m)."""
        low, high = (share * self.number for share in _CONTENT)
        chosen = (self.frequencies >= max(low, _COMMON)) & (self.frequencies <= high)
        chosen &= self.types.str.len_chars().to_numpy() >= _LONG
        chosen &= ~self.types.is_in(list(function_words)).to_numpy()
        words = self.often(np.where(chosen, self.frequencies, 0), _SUBJECT_WORDS)
        rows = np.sqrt(self.counted(self.ids, self.document, words, len(self.types)))
        out: Doubles = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return out

    def columns(self, function_words: Collection[str]) -> list[Column]:
        """All that is measured, the plainest kinds first."""
        kinds = self._strings(), self._misspelt(), self._words(function_words), self._characters()
        return [*chain(*kinds, self._cases(), self._lengths(), self._lines())]

    def _strings(self) -> Iterator[Column]:
        """Strings by their shape: letters in a row are one, and so are digits, of which three tell."""
        document, number, forms = self._numbered(_STRING)
        shapes = forms.str.strip_chars_end(_SIGNS).str.replace_all(rf"\b{_RUNS['×']}\b", "×")
        shapes = shapes.str.replace_all(_RUNS["¤"], "¤").str.replace_all(r"([.,])\pN{3}\b", "$1∴")
        shapes = shapes.str.replace_all(r"\pN+", "9").str.replace_all(_RUNS["a"], "a").str.slice(0, _SHAPE)
        kinds, kind_of = numbered(shapes)
        ids = kind_of[number]
        frequencies = self.units_with(ids, document, len(kinds))
        often = self.often(np.where(kinds.str.contains(_PLAIN).to_numpy(), 0, frequencies))
        has = self.counted(ids, document, often, len(kinds)) > 0
        order = np.argsort(np.bincount(number, minlength=len(forms)), kind="stable")
        usual = dict(zip(kind_of[order].tolist(), order.tolist(), strict=True))  # the last one stays
        for i, values in zip(often.tolist(), has.T, strict=True):
            example = str(forms[usual[i]])[:40].rstrip(_SIGNS)
            edit = (r"(\pL)[-‐\x{AD}]\s+(\pL)", "$1$2") if kinds[i] == "a-" else (_pattern(kinds[i]), " ")
            what = "have strings such as"
            yield Column("strings", "documents", what, f"“{example}”", values, edits=(edit, edit))

    def _misspelt(self) -> Iterator[Column]:
        """Words that no other document has, and that are a common one but for a letter."""
        long = self.types.str.contains(rf"^\pL{{{_LONG},}}$").to_numpy()
        near: set[str] = set()
        near.update(*map(_without_a_letter, self.types.filter(long & (self.frequencies >= _COMMON))))
        odd = np.zeros(len(self.types), bool)
        alone = np.flatnonzero(long & (self.frequencies == 1))
        odd[alone] = [not near.isdisjoint(_without_a_letter(word)) for word in self.types[alone]]
        what = "are in no other document and a letter or two from a frequent one, as if misread or misspelt"
        yield self.column("misspelt", what, "", odd[self.ids])

    def _words(self, function_words: Collection[str]) -> Iterator[Column]:
        """Function words together, and each short word that is frequent."""
        if function_words:
            chosen = self.types.is_in(list(function_words)).to_numpy()
            edit = _any_of(self.types.filter(chosen).to_list())
            yield self.column("function", "are", "function words", chosen[self.ids], edit)
        else:  # most of these are, in any language
            chosen = self.types.str.contains(rf"^[^\pN]{{1,{_LONG}}}$").to_numpy()
        often = self.often(np.where(chosen, self.frequencies, 0))
        each = self.counted(self.ids, self.document, often, len(self.types))
        for i, counts in zip(often.tolist(), each.T, strict=True):
            word = str(self.types[i])
            yield Column("words", "words", "are", f"“{word}”", counts, self.words, (_any_of([word]),))

    def _characters(self) -> Iterator[Column]:
        """Characters by their script and class; signs, and letters beyond ASCII, each by itself."""
        written = "".join(text.replace("\0", " ") + "\0" for text in self.series)
        raw = np.frombuffer(written.encode("utf-32-le", "surrogatepass"), np.uint32)
        ends = raw == 0
        document = np.cumsum(ends) - ends
        kinds = np.flatnonzero(np.bincount(raw))
        place = np.zeros(int(kinds[-1]) + 1, np.int64)
        place[kinds] = np.arange(len(kinds))
        ids = place[raw]
        signs = [*map(chr, kinds.tolist())]
        category = np.array([unicodedata.category(sign)[0] for sign in signs])
        solid = np.array([not sign.isspace() for sign in signs]) & (kinds > 0)
        letter = category == "L"
        script = np.array([unicodedata.name(sign, "").partition(" ")[0].capitalize() for sign in signs])
        accents = letter & np.array([unicodedata.decomposition(sign)[:1] not in ("", "<") for sign in signs])

        def total(chosen: Mask) -> Doubles:
            return np.bincount(document[chosen[ids]], minlength=self.size).astype(np.float64)

        letters, characters = total(letter), total(solid)
        for name in np.unique(script[letter]).tolist():
            yield Column("script", "letters", "are", name, total(letter & (script == name)), letters)
        yield Column("accents", "letters", "have accents", "", total(accents), letters, ((ACCENT, ""),))
        for what, of, edits in (
            ("digits", "N", ((r"\pN+", ""),)),
            ("punctuation", "P", (("['’]", ""), (r"\pP", " "))),
        ):
            yield Column(what, "characters", "are", what, total(category == of), characters, edits)
        each = (category != "N") & (category != "M") & (kinds > 0) & (kinds != ord(" "))
        each &= ~letter | (kinds > 127)  # letters that have no accents tell the words
        often = self.often(np.where(each, self.units_with(ids, document, len(kinds)), 0))
        counts = self.counted(ids, document, often, len(kinds))
        for i, values in zip(often.tolist(), counts.T, strict=True):
            label, edit = _NAMED.get(signs[i], f"“{signs[i]}”"), (re.escape(signs[i]), " ")
            kind = "breaks" if signs[i] in _NAMED else "signs"
            yield Column(kind, "characters", "are", label, values, characters, (edit,))

    def _cases(self) -> Iterator[Column]:
        whole = self.forms.str.contains(r"^\p{Lu}[\p{Lu}\pN'’]+$")
        for what, pattern in (
            ("are in capitals", None),
            ("begin with a capital", r"^[\p{Lu}\p{Lt}]"),
            ("have a capital inside", r"^.+\p{Lu}"),
        ):
            chosen = whole if pattern is None else self.forms.str.contains(pattern) & ~whole
            yield self.column("case", what, "", chosen.to_numpy()[self.form], ("", ""))

    def _lengths(self) -> Iterator[Column]:
        sentences = self.series.str.count_matches(_ENDS).to_numpy()
        edits = ("[.!?…。！？,;:]", " "), ("", "")
        yield Column("sentences", "", "sentences", "", self.words / np.maximum(sentences, 1), edits=edits)
        yield Column("length", "", "documents", "", self.words)

    def _lines(self) -> Iterator[Column]:
        """What lines begin and end with."""
        for what, edge, step in (
            ("have lines that begin with", self.begin, 1),
            ("have lines that end with", self.end, -1),
        ):
            at = np.flatnonzero(edge)
            document = self.document[at]
            often = self.often(self.units_with(self.ids[at], document, len(self.types)), 20)
            has = self.counted(self.ids[at], document, often, len(self.types)) > 0
            for i, values in zip(often.tolist(), has.T, strict=True):
                words = [str(self.types[word]) for word in self._phrase(at[self.ids[at] == i], step)]
                pattern = rf"^\W*{in_a_row(words)}\b\W*" if step > 0 else rf"\b{in_a_row(words)}\W*$"
                label = f"“{' '.join(words)}”"
                yield Column("lines", "documents", what, label, values, edits=((f"(?mi){pattern}", ""),))

    def _phrase(self, at: Ints, step: int) -> list[int]:
        """The word at some places, with those that nearly always are behind it, or before."""
        words = [int(self.ids[at[0]])]
        while len(words) < _PHRASE:
            near = at + step * len(words)
            inside = (near >= 0) & (near < len(self.ids))
            inside[inside] = self.document[near[inside]] == self.document[at[inside]]
            counts = np.bincount(self.ids[near[inside]], minlength=1)
            if counts.max() < _ALWAYS * len(at):
                break
            words.append(int(counts.argmax()))
        return words[::step]


def numbered(of: pl.Series) -> tuple[pl.Series, Ints]:
    """The different ones, in order, and the number of each."""
    kinds = of.unique(maintain_order=True).alias("it")
    numbers = of.alias("it").to_frame().join(kinds.to_frame().with_row_index(), "it", maintain_order="left")
    return kinds, numbers["index"].to_numpy().astype(np.int64)


def _without_a_letter(word: str) -> list[str]:
    """A word, and it without each of its letters: two that share one are a letter apart, or two at most."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]


def _any_of(words: Sequence[str]) -> tuple[str, str]:
    """An edit that leaves some words out."""
    return rf"(?i)\b(?:{'|'.join(map(re.escape, words))})\b\s*", ""


def _pattern(shape: str) -> str:
    """A pattern of all strings of a shape.

    >>> bool(re.search(_pattern("9/9/").replace(r"\\pN", r"\\d"), "on 12/5/2003")), _pattern("<a>")
    (True, '<[\\\\pL\\\\pM]+>')
    """
    runs = "".join(_RUNS.get(sign) or re.escape(sign) for sign in shape)
    rest = len(shape) == _SHAPE
    if shape[0] in "<[{&":
        return runs + r"[^\]>};\n]*[\]>};]+" * (rest and shape[-1] not in "]>};")
    return rf"(?:^|\s){runs}" + r"\S*" * rest + rf"[{_SIGNS}]*(?:\s|$)"
