"""Figures of how two sides are written: what is counted in the texts that tells them apart, whatever is said.

A figure is what one pattern counts in each document: a share of its characters, letters or words, whether it
has a string of some shape, how long its sentences are. Nothing is asked of any language.

Each is tested by itself, among all: its correlation with the sides, and the largest of any figure with
the sides permuted (Westfall and Young, 1993). One is said if few permutations have any as large, if documents
of both sides are often in the right order, and if it is larger to a reader.

What a document is about brings its own words and figures, and so does its length. So figures are compared
as if both sides had the same subjects and lengths: what these tell of figures and of sides is taken out.

One cause shows in many figures: capitals change strings and beginnings, too. So the plainest of the strongest
is said, taken out of the texts of both sides, and all is measured again. What is said then is also true of
the texts as they stand, and has their figures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import polars as pl

from selfvec.base.arrays import Array, Doubles, Ints, Mask
from selfvec.base.finding import Finding
from selfvec.base.threads import one_core
from selfvec.data.run_text import GROUP
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import sampled
from selfvec.numerics.statistics import empirical_p
from selfvec.text.languages import STOP_WORDS, stop_words_of_language

from .comparison import DIFFERENT, Comparison
from .recurring import NewPassage, in_a_row, is_same, new_passages, on_documents, shares_of

SENTENCES = 3
"""What is said at most: sides with more causes are two kinds of text."""

_SAMPLED = 1_000  # documents of a side: p of what is large is small enough, in a second
_GROUPS = 16  # of rows, that are decoded to read them
_MOST_CHARACTERS = 500_000  # of a side, that are read: of longer texts, fewer tell as much
_BLANKS = r"[\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]"  # look alike: nobody would see what differs
_ENDLESS = r"[^.!?。！？…\p{Pe}\p{Pf}\p{Pi}\"'\s]\s*$"  # no end of a sentence, bracket or quotation
_LONG = 50  # characters of a text that is cut off: titles and labels are shorter
_CUT = 0.2  # of the documents, by which the sides differ

_LEAST = 0.1  # by which documents are in the right order more often than by chance
_AS_CLEAR = 0.1  # below the largest of these: the plainer of two is said
_PERMUTATIONS = 300  # the least p is 1 / 301, below the level of .01
_SUBJECTS = 20  # directions in which documents of a side differ most
_FEWEST = 10  # rows for a subject, and on a side
_ONE_SIDED = 0.2  # of what a side has, the other has at most
_LISTED = 3  # figures of a kind

_WORD = r"[\pL\pN](?:[\pL\pM\pN]|['’]\pL)*"
# What stands between blanks; what is in brackets, as tags and masks are, is one string.
_STRING = r"\[[^\]\n]{1,30}\]|</?\pL[^>\n]{0,80}>|\{\{?[^}\n]{1,30}\}|&#?\w{1,8};|[^\s<\[{&]+|[<\[{&]"
_RUNS = {  # of crosses, letters and digits, three digits, digits, and letters, by their sign in a shape
    **{"×": r"\b(?:X{3,}|x{3,})\b", "¤": r"[\pL\pM\pN]*(?:\pL\pM*\pN|\pN\pL)[\pL\pM\pN]*"},
    **{"∴": r"\pN{3}", "9": r"\pN+", "a": r"[\pL\pM]+"},
}
_PLAIN = r"^(?:[a9]|\pP*)$"  # the shape of a word, a number or signs
_SIGNS = ",.;:?!"  # after a string
_SHAPE = 4  # signs of a shape: what follows the first of them varies, as in links
_ENDS = r"[.!?…]+[\pP]*(?:\s|$)|\p{Ll}[.!?]\p{Lu}|[。！？]|\n\n"  # of sentences
_NAMED = {"\n": "line breaks", "\t": "tabs", "\r": "carriage returns"}
_MOST = 60  # figures of a kind, those of what most documents have
_RARE = 0.02  # share of the documents: what fewer have tells no side from the other
_COMMON = 3  # documents with a word that another may be misspelt for
_CONTENT = 0.3  # of the documents have a word that tells the subject, at most
_SUBJECT_WORDS = 1_000  # the most frequent of these
_PHRASE, _ALWAYS = 5, 0.9  # words of what lines begin with, and how often each follows
_LETTERS = 4  # of a word whose neighbours in spelling are no accident, and that may tell a subject

_Key = tuple[str, str, str]
Edit = tuple[str, str]
"""A pattern and what replaces it; without a pattern, letters become small ones."""
_ACCENT = r"\pM"  # the pattern before which letters are parted from their accents


# ---- Samples of the documents of two sides


class Sample(NamedTuple):
    """Some documents of a side as they are written."""

    texts: list[str]
    units: Ints  # (D,), equal for documents that are one observation
    mended: Sequence[str] | None = None  # without what is said elsewhere


def samples_of(compared: Comparison, own: Mapping[int, str]) -> list[Sample]:
    """Some documents of each side that count, in order. Few row groups are decoded for them.

    ``own`` are the texts of documents without what they quote, by number.
    """
    samples = []
    for side in compared.slices:
        rng = np.random.default_rng(0)
        numbers = np.flatnonzero(side.documents if compared.text is not None else [])
        group = numbers // GROUP
        numbers = sampled(numbers[np.isin(group, sampled(np.unique(group), _GROUPS, rng))], _SAMPLED, rng)
        written = [] if compared.text is None else compared.text.texts(numbers.tolist())
        texts = pl.Series(map(own.get, numbers.tolist(), written), dtype=pl.String)
        texts = texts.fill_null("").str.replace_all(_BLANKS, " ")
        read = rng.random(len(texts)) * sum(map(len, texts)) < _MOST_CHARACTERS
        numbers = numbers[read]
        samples.append(Sample(texts.filter(read).to_list(), compared.unit[numbers]))
    return samples


def cut_off(samples: Sequence[Sample], names: Sequence[str]) -> tuple[list[Finding], list[Sample]]:
    """Whether many texts of one side stop at one length; if so, the samples have no text that is longer."""
    counts, lengths = [], []
    for sample in samples:
        text = pl.Series(sample.texts, dtype=pl.String)
        length = text.str.len_chars()
        endless = length.filter(text.is_first_distinct() & text.str.contains(_ENDLESS) & (length >= _LONG))
        usual = np.bincount(endless.to_numpy(), minlength=1)
        lengths.append(int(usual.argmax()))
        counts += [int(usual.max()), len(text)]
    row = shares_of(*counts)
    if abs(row["b"] - row["a"]) < _CUT or row["p"] > DIFFERENT:
        return [], [*samples]
    says = "stop at one and the same length, without the end of a sentence, as if cut off."
    end = lengths[int(row["b"] > row["a"])]
    cut = [sample._replace(texts=[text[:end] for text in sample.texts]) for sample in samples]
    return [on_documents(says, row, names)], cut


# ---- What is counted


@dataclass(frozen=True, eq=False)
class _WrittenFigure:
    """Figures of the documents, (D,), how a sentence calls them, and what takes them out of the texts."""

    kind: str
    of: str  # what it is a share of: documents, words, letters, characters; empty for numbers of words
    what: str
    label: str
    counts: Doubles | Ints | Mask
    among: Doubles | float = 1
    edits: tuple[Edit, ...] = ()
    words: Sequence[str] = ()

    @property
    def key(self) -> _Key:
        """What it is, in the same texts after an edit as well."""
        return self.of, self.what, self.label

    @property
    def compared(self) -> Doubles:
        shares = self.counts / np.maximum(self.among, 1)
        out: Doubles = np.sqrt(shares) if self.of else np.log1p(shares)
        return out

    def on(self, side: Mask) -> float:
        """The share of all documents of a side, as a reader counts it; the median of lengths."""
        if not self.of:
            return float(np.median(self.counts[side]))
        among = np.broadcast_to(self.among, len(side))[side].sum()
        return float(self.counts[side].sum() / np.maximum(among, 1))


class _FigureKind(NamedTuple):
    """Of a kind of figures: how many times as large, and by how much larger, one side's is that is said."""

    times: float = 1.3
    more: float = 0.002
    final: bool = False  # where it differs, nothing else is as it would be


_KINDS = {  # the plainest first: those before bring those after them along
    "script": _FigureKind(final=True),
    "beginnings": _FigureKind(more=0.2, final=True),
    "strings": _FigureKind(more=0.2),
    "misspelt": _FigureKind(2, 0.005, final=True),
    "accents": _FigureKind(),
    "digits": _FigureKind(),
    "function": _FigureKind(1.1, 0.05),
    "sentences": _FigureKind(more=0),
    "case": _FigureKind(),
    "punctuation": _FigureKind(),
    "length": _FigureKind(1.5, 0),
    "breaks": _FigureKind(),
    "lines": _FigureKind(more=0.4),
    "signs": _FigureKind(),
    "words": _FigureKind(3),
}


class Texts:
    """Some texts as words and as characters; each is of a unit."""

    def __init__(self, series: pl.Series, units: Ints) -> None:
        self.series = series
        self.units = units  # (D,)
        self.number = int(units.max(initial=0)) + 1
        self.document, self.form, self.forms = self._parts(
            series.str.extract_all(_WORD)
        )  # words as they are written
        self.types, ids = _numbered(self.forms.str.to_lowercase().str.replace_all("’", "'"))
        self.ids: Ints = ids[self.form]  # as they are compared
        self.words: Doubles = np.bincount(self.document, minlength=len(series)).astype(np.float64)
        self.frequencies = self._frequencies(self.document, self.ids, len(self.types))

    @property
    def batch(self) -> TokenBatch:
        """The words as they are compared."""
        offsets = np.append(0, np.cumsum(self.words)).astype(np.int64)
        return TokenBatch(self.ids.astype(np.int32), offsets, self.types.to_list())

    def _parts(self, lists: pl.Series) -> tuple[Ints, Ints, pl.Series]:
        """The document of each part of the texts, its number, and what is numbered."""
        rows = pl.DataFrame({"it": lists}).with_row_index("document").explode("it").drop_nulls()
        return (rows["document"].to_numpy().astype(np.int64), *_numbered(rows["it"])[::-1])

    def _frequencies(self, document: Ints, ids: Ints, number: int) -> Ints:
        """How many units have each of some things, which are numbered."""
        pairs = np.sort(ids * self.number + self.units[document])
        return np.bincount(pairs[np.diff(pairs, prepend=-1) > 0] // self.number, minlength=number)

    def _often(
        self, document: Ints, ids: Ints, among: pl.Series | Mask, most: int = _MOST
    ) -> list[tuple[int, Ints]]:
        """The most frequent of some things, by how many units have them, each with its counts, (D,)."""
        frequencies = np.where(among, self._frequencies(document, ids, len(among)), 0)
        chosen = np.argsort(-frequencies, kind="stable")[:most]
        chosen = chosen[frequencies[chosen] >= max(3, _RARE * self.number)]
        place = np.full(len(among), -1)
        place[chosen] = np.arange(len(chosen))
        place = place[ids]
        cells = (place * len(self.series) + document)[place >= 0]
        counts = np.bincount(cells, minlength=len(chosen) * len(self.series))
        return list(zip(chosen.tolist(), counts.reshape(-1, len(self.series)), strict=True))

    def _of_words(self, kind: str, what: str, label: str, words: Array, *edits: Edit) -> _WrittenFigure:
        """The share of the words that are chosen, (T,)."""
        counts = np.bincount(self.document[words], minlength=len(self.series))
        return _WrittenFigure(kind, "words", what, label, counts, self.words, edits)

    def content(self, function_words: Collection[str]) -> Doubles:
        """The words that tell a document's subject, as unit rows, (D, m)."""
        long = (self.types.str.len_chars() >= _LETTERS) & ~self.types.is_in(list(function_words))
        chosen = long.to_numpy() & (self.frequencies <= _CONTENT * self.number)
        often = self._often(self.document, self.ids, chosen, _SUBJECT_WORDS)
        rows = np.sqrt(np.array([counts for _, counts in often]).reshape(-1, len(self.series)).T)
        out: Doubles = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return out

    def figures(self, function_words: Collection[str]) -> list[_WrittenFigure]:
        """All that is measured."""
        kinds = self._strings(), self._misspelt(), self._words(function_words), self._characters()
        return [*chain(*kinds, self._cases(), self._lengths(), self._lines())]

    def _strings(self) -> Iterator[_WrittenFigure]:
        """Strings by their shape: letters in a row are one, and so are digits, of which three tell."""
        document, number, forms = self._parts(self.series.str.extract_all(_STRING))
        shapes = forms.str.strip_chars_end(_SIGNS)
        for sign, run in _RUNS.items():
            after, kept = (r"([.,])", "$1") if sign == "∴" else ("", "")
            shapes = shapes.str.replace_all(after + run, kept + sign)
        kinds, kind_of = _numbered(shapes.str.slice(0, _SHAPE))
        order = np.argsort(np.bincount(number, minlength=len(forms)), kind="stable")
        usual = dict(zip(kind_of[order].tolist(), order.tolist(), strict=True))  # the last one stays
        for i, counts in self._often(document, kind_of[number], ~kinds.str.contains(_PLAIN)):
            example = str(forms[usual[i]])[:40].rstrip(_SIGNS)
            edit = (r"(\pL)[-‐\x{AD}]\s+(\pL)", "$1$2") if kinds[i] == "a-" else (_pattern(kinds[i]), " ")
            what = "have strings such as"
            words = forms.filter(kind_of == i).str.strip_chars_end(_SIGNS).str.to_lowercase().to_list()
            yield _WrittenFigure(
                "strings", "documents", what, f"“{example}”", counts > 0, edits=(edit, edit), words=words
            )

    def _misspelt(self) -> Iterator[_WrittenFigure]:
        """Words that no other document has, and that are a common one but for a letter."""
        long = self.types.str.contains(rf"^\pL{{{_LETTERS},}}$").to_numpy()
        near: set[str] = set()
        near.update(*map(_without_a_letter, self.types.filter(long & (self.frequencies >= _COMMON))))
        odd = long & (self.frequencies == 1)
        odd[odd] = [not near.isdisjoint(_without_a_letter(word)) for word in self.types.filter(odd)]
        what = "are in no other document and a letter or two from a frequent one, as if misread or misspelt"
        yield self._of_words("misspelt", what, "", odd[self.ids])

    def _words(self, function_words: Collection[str]) -> Iterator[_WrittenFigure]:
        """Function words together, and each short word that is frequent."""
        if function_words:
            chosen = self.types.is_in(list(function_words))
            edit = _any_of(self.types.filter(chosen).to_list())
            yield self._of_words("function", "are", "function words", chosen.to_numpy()[self.ids], edit)
        else:  # most of these are, in any language
            chosen = self.types.str.contains(rf"^[^\pN]{{1,{_LETTERS}}}$")
        for i, counts in self._often(self.document, self.ids, chosen):
            word = str(self.types[i])
            yield _WrittenFigure(
                "words", "words", "are", f"“{word}”", counts, self.words, (_any_of([word]),), [word]
            )

    def _characters(self) -> Iterator[_WrittenFigure]:
        """Characters by their script and class; signs, and letters beyond ASCII, each by itself."""
        document, ids, signs = self._parts(self.series.str.split(""))

        def total(chosen: pl.Series) -> Doubles:
            of = document[chosen.to_numpy()[ids]]
            return np.bincount(of, minlength=len(self.series)).astype(np.float64)

        letter = signs.str.contains(r"\pL")
        letters, characters = total(letter), total(signs.str.contains(r"[^\s\x00]"))
        script = pl.Series(
            [unicodedata.name(sign, "").split(" ")[0].capitalize() for sign in signs], dtype=pl.String
        )
        for name in script.filter(letter).unique().sort():
            yield _WrittenFigure("script", "letters", "are", name, total(letter & (script == name)), letters)
        accents = total(signs.str.normalize("NFD").str.contains(r"\pL\pM"))
        yield _WrittenFigure("accents", "letters", "have accents", "", accents, letters, ((_ACCENT, ""),))
        for what, of, edits in (
            ("digits", r"\pN", ((r"\pN+", ""),)),
            ("punctuation", r"\pP", (("['’]", ""), (r"\pP", " "))),
        ):
            yield _WrittenFigure(
                what, "characters", "are", what, total(signs.str.contains(of)), characters, edits
            )
        # Letters that have no accents tell the words.
        for i, counts in self._often(document, ids, ~signs.str.contains(r"[\pN\pM\x00 a-zA-Z]|^$")):
            label, edit = _NAMED.get(signs[i], f"“{signs[i]}”"), (re.escape(signs[i]), " ")
            kind = "breaks" if signs[i] in _NAMED else "signs"
            yield _WrittenFigure(kind, "characters", "are", label, counts, characters, (edit,))

    def _cases(self) -> Iterator[_WrittenFigure]:
        whole = self.forms.str.contains(r"^\p{Lu}[\p{Lu}\pN'’]+$")
        for what, chosen in (
            ("are in capitals", whole),
            ("begin with a capital", self.forms.str.contains(r"^[\p{Lu}\p{Lt}]") & ~whole),
            ("have a capital inside", self.forms.str.contains(r"^.+\p{Lu}") & ~whole),
        ):
            yield self._of_words("case", what, "", chosen.to_numpy()[self.form], ("", ""))
        small = self.series.str.contains(r"(?s)^\p{Ll}.*\p{Lu}")
        what = "begin with a small letter, as if cut off"
        yield _WrittenFigure("beginnings", "documents", what, "", small.to_numpy())

    def _lengths(self) -> Iterator[_WrittenFigure]:
        sentences = self.series.str.count_matches(_ENDS).to_numpy()
        edits = ("[.!?…。！？,;:]", " "), ("", "")
        yield _WrittenFigure(
            "sentences", "", "sentences", "", self.words / np.maximum(sentences, 1), edits=edits
        )
        yield _WrittenFigure("length", "", "documents", "", self.words)

    def _lines(self) -> Iterator[_WrittenFigure]:
        """What lines begin and end with: a word, with those that nearly always are beside it."""
        lines = pl.DataFrame({"it": self.series.str.to_lowercase().str.split("\n")}).with_row_index()
        lines = lines.explode("it").with_columns(pl.col("it").str.extract_all(_WORD))
        lines = lines.filter(pl.col("it").list.len() > 0)
        document = lines["index"].to_numpy().astype(np.int64)
        for edge, part, pattern in (
            ("begin", pl.col("it").list.head, r"(?mi)^\W*{}\b\W*"),
            ("end", pl.col("it").list.tail, r"(?mi)\b{}\W*$"),
        ):
            phrases = lines.select(part(k).list.join(" ").alias(str(k)) for k in range(_PHRASE, 0, -1))
            kinds, ids = _numbered(phrases["1"])
            for i, counts in self._often(document, ids, np.ones(len(kinds), bool), 20):
                of = phrases.filter(ids == i)
                usual = ((column, column.mode()[0]) for column in of)
                phrase = next(words for column, words in usual if (column == words).mean() >= _ALWAYS)
                edit = pattern.format(in_a_row(phrase.split(" "))), ""
                what = f"have lines that {edge} with"
                yield _WrittenFigure("lines", "documents", what, f"“{phrase}”", counts > 0, edits=(edit,))


def _numbered(of: pl.Series) -> tuple[pl.Series, Ints]:
    """The different ones, in order, and the number of each."""
    kinds = of.unique(maintain_order=True)
    return kinds, of.cast(pl.Enum(kinds)).to_physical().to_numpy().astype(np.int64)


def _without_a_letter(word: str) -> list[str]:
    """A word, and it without each of its letters: two that share one are a letter apart, or two at most."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]


def _any_of(words: Sequence[str]) -> Edit:
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


# ---- What differs


@dataclass(frozen=True)
class _DifferingFigure:
    """A figure that tells the sides apart."""

    figure: _WrittenFigure
    clear: float  # by how much more often than half a document of the second side has more
    p: float
    on_sides: tuple[float, float]  # see `_WrittenFigure.on`

    @property
    def order(self) -> tuple[bool, int, float]:
        """What one side hardly has is plainest, then the kind, then what differs most."""
        low, high = sorted(self.on_sides)
        return low > _ONE_SIDED * high, [*_KINDS].index(self.figure.kind), low - high


class _Rows:
    """The observations, which are the documents of a unit on one side; tests deal the sides anew."""

    def __init__(self, units: Ints, sides: Mask) -> None:
        rng = np.random.default_rng(0)
        self.documents = sides
        pairs, self.of_document, self.sizes = np.unique(
            2 * units + sides, return_inverse=True, return_counts=True
        )
        self.sides: Mask = pairs % 2 == 1  # (R,)
        dealt = [self.sides, *(rng.permutation(self.sides) for _ in range(_PERMUTATIONS))]
        self.labels: Doubles = 2.0 * np.column_stack(dealt) - 1

    def means(self, values: Doubles) -> Doubles:
        """The mean of the documents of each row, (R, k)."""
        sums = np.zeros((len(self.sides), values.shape[1]))
        np.add.at(sums, self.of_document, values)
        return sums / self.sizes[:, None]

    def differing(self, texts: Texts, function_words: Collection[str]) -> dict[_Key, _DifferingFigure]:
        """The figures that tell the sides apart, beyond chance among all and visibly."""
        figures = texts.figures(function_words)
        length = self.means(np.log1p(texts.words)[:, None])
        subjects = self._subjects(self.means(texts.content(function_words)))
        compared = self.means(np.column_stack([figure.compared for figure in figures]))
        fits = np.zeros((len(figures), self.labels.shape[1]))
        # Strings are of no subject, and what many documents have would be one of its own.
        held_equal = {"strings": 0, "length": 1}
        which = np.array([held_equal.get(figure.kind, 2) for figure in figures])
        for number, held in enumerate(([length], [subjects], [subjects, length])):
            own = which == number
            compared[:, own] = _unit(_left(compared[:, own], *held))
            fits[own] = np.abs(compared[:, own].T @ _unit(_left(self.labels, *held)))
        p = empirical_p((fits[:, 1:].max(axis=0) >= fits[:, :1]).sum(axis=1), _PERMUTATIONS)
        out = {}
        for i in np.flatnonzero(p <= DIFFERENT).tolist():
            figure, clear = figures[i], _larger(compared[:, i], self.sides) - 0.5
            a, b = figure.on(~self.documents), figure.on(self.documents)
            low, high = sorted((a, b))
            kind = _KINDS[figure.kind]
            visible = high >= kind.times * low and high - low >= kind.more
            if visible and abs(clear) >= _LEAST and clear * (b - a) > 0:
                out[figure.key] = _DifferingFigure(figure, clear, float(p[i]), (a, b))
        return out

    def _subjects(self, words: Doubles) -> Doubles:
        """The subjects of rows, (R, c): places in the directions in which rows of a side differ most."""
        inside = _left(words, self.labels[:, :1])
        number = min(_SUBJECTS, len(words) // _FEWEST, words.shape[1])
        # The largest singular vectors by subspace iteration (Halko, Martinsson and Tropp, 2011).
        basis = np.random.default_rng(0).standard_normal((words.shape[1], number + 5))
        for _ in range(4):
            basis, _ = np.linalg.qr(inside.T @ (inside @ basis))
        out: Doubles = words @ basis[:, :number]
        return out


def _left(values: Doubles, *held: Doubles) -> Doubles:
    """Columns, (R, k), less what others, and their mean, tell of them.

    Figures and sides are treated alike, so that p is right in small samples as well.
    """
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(values)), *held]))
    out: Doubles = values - basis @ (basis.T @ values)
    return out


def _unit(columns: Doubles) -> Doubles:
    out: Doubles = columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-9)
    return out


def _larger(values: Doubles, sides: Mask) -> float:
    """The probability that a value of the second side is larger than one of the first, ties being half.

    >>> _larger(np.array([1.0, 2.0, 2.0, 2.0, 3.0, 4.0]), np.arange(6) >= 3)
    0.8888888888888888
    """
    different, place = np.unique(values, return_inverse=True)
    own, other = (np.bincount(place[side], minlength=len(different)) for side in (~sides, sides))
    below = np.cumsum(own) - own / 2  # of the first side, for each value
    return float(other @ below / (own.sum() * other.sum()))


# ---- What is said


def differing_figures(
    samples: Sequence[Sample],
    names: Sequence[str],
    language: str | None = None,
) -> list[Finding]:
    """How the texts of two sides are written differently: a finding for each cause, three at most.

    Parameters
    ----------
    samples : sequence of Sample
        Of both sides.
    names : sequence of str
        The sides' names.
    language : str, optional
        The code of the language of both, which tells the function words.
    """
    if samples[0].texts > samples[1].texts:  # so that nothing depends on which side comes first
        return differing_figures(samples[::-1], names[::-1], language)
    a, b = samples
    sides = np.repeat([False, True], [len(a.texts), len(b.texts)])
    whole = pl.Series([*a.texts, *b.texts], dtype=pl.String)
    units = np.unique(np.concatenate([a.units, b.units]), return_inverse=True)[1]
    if len(np.unique(units)) == len(units):  # then equal texts are one observation
        units = _numbered(whole)[1]
    rows = _Rows(units, sides)
    if min(np.count_nonzero(rows.sides), np.count_nonzero(~rows.sides)) < _FEWEST:
        return []
    function_words = stop_words_of_language(language) if language in STOP_WORDS else ()

    def differing(texts: pl.Series) -> dict[_Key, _DifferingFigure]:
        return rows.differing(Texts(texts, units), function_words)

    def held(texts: pl.Series) -> list[NewPassage]:
        return new_passages(Texts(texts, units).batch, sides, units)

    said: list[_DifferingFigure] = []
    with one_core():
        mended = pl.Series([*(a.mended or a.texts), *(b.mended or b.texts)], dtype=pl.String)
        passages = held(mended)
        texts = _without(mended, [edit for passage in passages for edit in passage.edits])
        standing = differing(whole)
        differ = differing(texts) if standing and not texts.equals(whole) else standing
        findings: list[Finding] = []
        while len(findings) < SENTENCES and (told := _told(standing, differ, said)):
            findings.append(_finding(told, names))
            said += told
            if _KINDS[told[0].figure.kind].final:
                passages = []
                break
            texts = _without(texts, [edit for of in told for edit in of.figure.edits])
            differ = differing(texts)
        if passages and said:  # those that nothing else brings about
            stay = held(_without(mended, [edit for of in said for edit in of.figure.edits]))
            passages = [of for of in passages if any(is_same(of.documents, each.documents) for each in stay)]
    return [*(of.finding(whole.to_list(), names) for of in passages[:SENTENCES]), *findings]


def _without(texts: pl.Series, edits: Sequence[Edit]) -> pl.Series:
    """The texts of both sides without what is said."""
    if not edits:
        return texts
    for pattern, replacement in edits:
        if pattern == _ACCENT:
            texts = texts.str.normalize("NFD")
        texts = texts.str.replace_all(pattern, replacement) if pattern else texts.str.to_lowercase()
    return texts.str.replace_all(r" +([.,;:!?]|$| )", "$1").str.strip_chars()


def _told(
    standing: Mapping[_Key, _DifferingFigure],
    differ: Mapping[_Key, _DifferingFigure],
    said: Sequence[_DifferingFigure],
) -> list[_DifferingFigure]:
    """The plainest of the strongest differences that are left, and all of its kind, as the texts stand."""
    left = {
        key: abs(differ[key].clear)
        for key, of in standing.items()
        if key in differ and of not in said and of.clear * differ[key].clear > 0
    }
    every = sorted((standing[key] for key in left), key=lambda of: of.order)
    clear = (of for of in every if left[of.figure.key] >= max(left.values()) - _AS_CLEAR)
    first = next(clear, None)
    if first is None:
        return []
    kind = first.order[:2], first.figure.what
    return [of for of in every if (of.order[:2], of.figure.what) == kind]


def _finding(told: Sequence[_DifferingFigure], names: Sequence[str]) -> Finding:
    first, figure = told[0], told[0].figure
    less, more = sorted((0, 1), key=first.on_sides.__getitem__)
    form = ".0f" if not figure.of else ".0%" if figure.of == "documents" else ".1%"
    shares = [(f"{of.on_sides[more]:{form}}", f"{of.on_sides[less]:{form}}", of.figure.label) for of in told]
    (high, low, label), *others = shares[:_LISTED]
    says = f"{names[more]} has longer {figure.what}: in the median {high} words, not {low}"
    if figure.of:
        says = f"{high} of the {figure.of} of {names[more]} and {low} of {names[less]} {figure.what} {label}"
    listed = [f"{high} and {low} {label}" for high, low, label in others]
    says = ", ".join([says.rstrip(), *listed, *["and more"] * (len(told) > _LISTED)]) + "."
    words = tuple(sorted({word for each in told for word in each.figure.words}))
    effect = first.on_sides[more] - first.on_sides[less]
    return Finding("writing", says, p=first.p, effect=effect, words=words)
