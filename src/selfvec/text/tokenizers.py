"""From a batch of texts to raw tokens: those of `SPLITS`, and `pieces` of any ``tokenizer.json``.

A tokeniser only splits text and numbers the tokens. `selfvec.text.rules` decides once per type whether it is
kept and under which key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask
from selfvec.base.characters import plain
from selfvec.base.compiled import read_only
from selfvec.base.errors import OptionError
from selfvec.corpus.fingerprints import hashes, joined_utf8
from selfvec.data.token_batch import bounds_of
from selfvec.files.memory import PackedStrings
from selfvec.files.untrusted import decoding

from .kernels import apart, count_sentences, enter_words, number_words, spans, table
from .segmentation import Segment, is_unspaced, segmenter, split_spans

if TYPE_CHECKING:
    import polars as pl

# `DistinctWords`: words as numbers, by their first appearance.
#
# A dictionary of strings takes three times as long. It also needs the interpreter's lock, for which the
# threads that split the text would wait.

_ROOM = 1 << 12  # words in a new table


class DistinctWords:
    """A growing table of words, as UTF-8.

    >>> words = DistinctWords()
    >>> words.number(PackedStrings.of(["hail", "storm"])).tolist()
    [0, 1]
    >>> words.number(PackedStrings.of(["wind", "hail"])).tolist(), list(words.packed())
    ([2, 0], ['hail', 'storm', 'wind'])
    >>> words.find_spans(np.frombuffer(b"storm snow", np.uint8), np.array([0, 6]), np.array([5, 10])).tolist()
    [1, -1]
    """

    def __init__(self) -> None:
        self._size = 0  # words
        self._hashes = np.zeros(_ROOM, np.uint64)  # of the words, with room for more, as are the next two
        self._ends = np.zeros(_ROOM + 1, np.int64)  # word i is data[ends[i]:ends[i + 1]]
        self._data = np.zeros(8 * _ROOM, np.uint8)
        self._slots = np.full(2 * _ROOM, -1, np.int32)  # hash table with linear probing: numbers of words

    def __len__(self) -> int:
        return self._size

    def number(self, words: PackedStrings) -> Ids:
        """The numbers of n words, (n,) int32. New ones are added."""
        return self.number_spans(words.data, words.ends[:-1], words.ends[1:])

    def number_spans(self, data: Bytes, starts: Ints, ends: Ints) -> Ids:
        """The same for the words ``data[starts[i]:ends[i]]``."""
        hashed = hashes(data, starts, ends)
        ids = np.empty(len(starts), np.int32)
        done = 0
        while done < len(ids):
            table = self._slots, self._hashes, self._ends, self._data
            done, self._size = number_words(
                read_only(data), starts, ends, hashed, done, *table, self._size, True, ids
            )
            if done < len(ids):
                self._grow(int(ends[done] - starts[done]))
        return ids

    def find_spans(self, data: Bytes, starts: Ints, ends: Ints) -> Ids:
        """The numbers of the words ``data[starts[i]:ends[i]]``, (n,) int32; -1 for unknown words."""
        ids = np.empty(len(starts), np.int32)
        table = self._slots, self._hashes, self._ends, self._data
        hashed = hashes(data, starts, ends)
        number_words(read_only(data), starts, ends, hashed, 0, *table, self._size, False, ids)
        return ids

    def packed(self) -> PackedStrings:
        ends = self._ends[: self._size + 1]
        return PackedStrings(self._data[: ends[-1]], ends)

    def _grow(self, longest: int) -> None:
        """Make room for more words, one of them of ``longest`` bytes."""
        if self._size == len(self._hashes):
            self._hashes = np.concatenate((self._hashes, np.zeros_like(self._hashes)))
            self._ends = np.concatenate((self._ends, np.zeros(self._size, np.int64)))
            self._slots = np.full(2 * len(self._slots), -1, np.int32)
            enter_words(self._hashes[: self._size], self._slots)
        if self._ends[self._size] + longest > len(self._data):
            larger = np.zeros(2 * len(self._data) + longest, np.uint8)
            larger[: len(self._data)] = self._data
            self._data = larger


WORDS = ("words", "characters", "dictionary", "runs")
"""Tokenisers that differ in text without spaces: what is installed, pieces, a dictionary, or uncut runs."""

SPLITS = (*WORDS, "wordpunct", "whitespace")
"""Tokenisers that cut a text into words."""

LONGEST = 1000
"""Characters of the longest token that is kept."""

LONG = f"longer than {LONGEST:,} characters"
"""The rule, as `selfvec.text.Encoding.dropped` names it."""

_REMEDY = "give a tokenizer.json as the Hugging Face tokenizers library writes it"

Casing = Literal["lower", "keep", "exact"]
"""How a type becomes a key of the vocabulary: the first of its exact, lower-case and title-case forms that
has a vector, or else in lower case ("lower") or unchanged ("keep"). "exact": unchanged."""


@dataclass(frozen=True)
class RawTokens:
    ids: Ids  # (N,) int32, index into types
    offsets: Ints  # (D + 1,) int64, document k holds ids[offsets[k]:offsets[k + 1]]
    spellings: PackedStrings  # of the types as the texts have them, in order of first appearance
    sentence_counts: Ids  # (D,) int32
    apart: Callable[[], Mask]  # () -> (N,) bool, punctuation precedes the token
    normal: Callable[[str], str]  # the normal form of a spelling
    too_long: int = 0  # tokens that were left out for their length, see `LONGEST`

    @cached_property
    def types(self) -> list[str]:
        """The types in their normal form, of which two may be the same (don't, either apostrophe)."""
        return [self.normal(word) for word in self.spellings]


class Tokenizer(Protocol):
    """Splits texts into raw tokens, a batch at a time; the result does not depend on the batches."""

    @property
    def name(self) -> str:
        """As in ``--tokenizer``."""

    @property
    def casing(self) -> Casing: ...
    def __call__(self, texts: pl.Series) -> RawTokens: ...


def tokenizer(spec: str | os.PathLike[str], *, parts: bool = False) -> Tokenizer:
    """The tokeniser for a ``--tokenizer`` value, which may be the path of a folder with a ``tokenizer.json``.

    With ``parts``, the `parts_of` its words follow each text. `OptionError` for what is neither a known name
    nor an existing path; `FormatError` for a file that is no tokenizer.json.

    >>> import polars as pl
    >>> tokenizer("words")(pl.Series(["The county’s hail: 1.75 in."])).types
    ['The', 'county', 'hail', '1.75', 'in']
    """
    if spec in SPLITS:
        return Splitter(str(spec), parts)
    path = Path(spec)
    if os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises an error for a name that is too long)
        path /= "tokenizer.json"
    if not os.path.isfile(path):  # noqa: PTH113
        rule = f"no tokeniser and no file is called {os.fspath(spec)!r}"
        remedy = "use words, wordpunct, whitespace or the path of a tokenizer.json"
        raise OptionError(rule, field="tokenizer", remedy=remedy)
    return SubwordTokenizer(path)


class Splitter:
    """Tokens between separators: Unicode words, or everything between white space.

    ``words``: runs of letters, marks, numbers and underscores with at least one letter or number. An
    apostrophe between two of these stays (*don't*), a point or comma between two digits stays (*1.75*),
    signs of names stay (*C++*, *C#*, *AT&T*, *.NET*; `selfvec.text.kernels.spans`), an address is one token
    (*https://t.co/1*), hyphens and all other characters separate. Scripts without spaces are cut by
    `selfvec.text.segmentation`. Types are normalised: `plain`. Tokens of
    more than `LONGEST` characters are left out.
    ``wordpunct``: the same words, and each other character but white space as a token of its own.
    """

    def __init__(self, split: str, parts: bool) -> None:
        self.name = split
        self._parts = parts
        self._segment = segmenter(split)
        self.casing: Casing = "keep" if split == "whitespace" else "lower"

    def __call__(self, texts: pl.Series) -> RawTokens:
        data, bounds = joined_utf8(texts)
        runs = _runs(data, bounds, self.name)
        words = runs if self.name in WORDS else _runs(data, bounds)
        starts, lengths, offsets, too_long = _cut(data, runs, self._segment)
        distinct = DistinctWords()
        ids = distinct.number_spans(data, starts, starts + lengths)
        if self._parts:
            ids, offsets = _with_parts(distinct, ids, offsets)
        return RawTokens(
            ids,
            offsets,
            distinct.packed(),
            count_sentences(data, *words, table("words")),
            lambda: apart(data, starts, lengths, offsets, table(self.name)),
            str if self.name == "whitespace" else lambda word: plain(word) or word,
            too_long,
        )


_GLUED = re.compile(r"_|[a-z][A-Z]|[0-9][A-Za-z]|[A-Z]{2}[a-z]{2}|://")
_JOINT = re.compile(r"_+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})|(?<=[0-9])(?=[A-Za-z])")


def parts_of(word: str) -> list[str]:
    """The parts that identifiers, hashtags, measures and addresses are made of; none of other words.

    >>> [parts_of(word) for word in ("MAX_RETRY", "getHTMLName", "5mg", "M8x40", "https://t.co/ab", "don't")]
    [['MAX', 'RETRY'], ['get', 'HTML', 'Name'], ['5', 'mg'], ['M8', 'x40'], ['https', 'co', 'ab'], []]
    """
    if not _GLUED.search(word):
        return []
    parts = _JOINT.split(re.sub(r"\W+", "_", word) if "://" in word else word)
    return [part for part in parts if len(part) > 1 or part.isdigit()]


def _with_parts(distinct: DistinctWords, ids: Ids, offsets: Ints) -> tuple[Ids, Ints]:
    """Tokens and offsets of texts that are followed by the parts of their words."""
    parts = list(map(parts_of, distinct.packed()))
    sizes = np.fromiter(map(len, parts), np.int64)
    glued = np.flatnonzero(sizes[ids])
    words = ids[glued]
    more = distinct.number(PackedStrings.of(chain.from_iterable(map(parts.__getitem__, words))))
    texts = np.repeat(np.searchsorted(offsets, glued, "right"), sizes[words])
    shifts = np.cumsum(np.bincount(texts, minlength=len(offsets)))
    return np.insert(ids, offsets[texts], more), offsets + shifts


class SubwordTokenizer:
    """Subwords of a ``tokenizer.json``, as in its vocabulary (``▁hail``, ``##ing``); no special tokens."""

    name = "pieces"
    casing: Casing = "exact"

    def __init__(self, path: Path) -> None:
        self.path = path
        from selfvec.storage.formats.subwords import load_tokenizer  # for subwords alone

        self._tokenizer = load_tokenizer(path, _REMEDY)
        with _used(path):
            decoder = self._tokenizer.get_added_tokens_decoder()
            self._special = np.array([i for i, token in decoder.items() if token.special], np.int64)

    def __call__(self, texts: pl.Series) -> RawTokens:
        data, bounds = joined_utf8(texts)
        words = _runs(data, bounds)
        sentences = count_sentences(data, *words, table("words"))
        documents = texts.fill_null("").to_list()
        documents, too_long = without_long_runs(documents, data, bounds, *words[:2])
        with _used(self.path):
            rows = [
                encoding.ids
                for encoding in self._tokenizer.encode_batch_fast(documents, add_special_tokens=False)
            ]
        ends = bounds_of([*map(len, rows)])
        pieces = np.fromiter(chain.from_iterable(rows), np.int64, int(ends[-1]))
        kept = ~np.isin(pieces, self._special)
        ids, used = _by_appearance(pieces[kept])
        types = PackedStrings.of([self._tokenizer.id_to_token(piece) or "" for piece in used])
        offsets = bounds_of(kept)[ends]
        return RawTokens(ids, offsets, types, sentences, lambda: np.zeros(len(ids), bool), str, too_long)


def _by_appearance(numbers: Ints) -> tuple[Ids, list[int]]:
    """Distinct numbers in order of first appearance, and the index of each number among them, (N,) int32."""
    distinct, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place[inverse], distinct[order].tolist()


def _runs(data: Bytes, bounds: Ints, split: str = "words") -> tuple[Ints, Ids, Ints]:
    """What stands between separators, as of `spans`."""
    return spans(data, bounds, table(split), split != "whitespace", split == "wordpunct")


def _cut(data: Bytes, runs: tuple[Ints, Ids, Ints], segment: Segment | None) -> tuple[Ints, Ids, Ints, int]:
    """Runs cut into the words of a language without spaces, without those that are too long, and how many."""
    starts, lengths, offsets = runs if segment is None else split_spans(data, *runs, segment)
    left_out = long_tokens(data, starts, lengths)
    if not left_out:
        return starts, lengths, offsets, 0
    kept = np.ones(len(starts), bool)
    kept[left_out] = False
    return starts[kept], lengths[kept], bounds_of(kept)[offsets], len(left_out)


# Turns an error or a panic of the library into an error that names the file
_used = partial(decoding, what="tokenizer.json", remedy=_REMEDY)


# The words of texts and their positions, in characters


def word_spans(text: str, tokenizer: str = "runs") -> list[tuple[int, int]]:
    """Start and end of each word of a text, in characters; "runs" leaves text without spaces uncut.

    >>> word_spans("Über the county’s roof")
    [(0, 4), (5, 8), (9, 17), (18, 22)]
    """
    words = find_words([text], tokenizer)
    return list(zip(words.starts.tolist(), words.ends.tolist(), strict=True))


@dataclass(frozen=True)
class FoundWords:
    """The N words of D texts, V of them distinct."""

    names: list[str]  # V words
    ids: Ids  # (N,) int32, index into names; -1 for words that were not asked for
    starts: Ints  # (N,) int64, in characters of its text
    ends: Ints  # (N,) int64, in characters of its text
    bounds: Ints  # (D + 1,) int64, where the words of each text begin


def find_words(
    texts: Sequence[str],
    tokenizer: str = "runs",
    *,
    sizes: Collection[int] | None = None,
) -> FoundWords:
    """The words of texts and their positions.

    With ``sizes``, words that cannot have one of these lengths when they are `plain` have the id -1.
    """
    whole = "".join(texts)
    data = np.frombuffer(whole.encode(), np.uint8)
    bounds = characters = bounds_of([*map(len, texts)])
    if len(data) != len(whole):
        bounds = bounds_of([len(text.encode()) for text in texts])
    split = tokenizer if tokenizer in SPLITS else "words"
    starts, lengths, offsets, _ = _cut(data, _runs(data, bounds, split), segmenter(tokenizer))
    first, last = starts, starts + lengths
    if len(data) != len(whole):  # bytes to characters: count the bytes that begin one
        before = bounds_of((data & 0xC0) != 0x80)
        first, last = before[first], before[last]
    named: Mask = np.ones(len(starts), bool)
    if sizes is not None:  # words of ASCII are plain already, but for a possessive
        possessives = [size + 2 for size in sizes]
        named = np.isin(lengths, [*sizes, *possessives]) | (last - first != lengths)
    distinct = DistinctWords()
    ids = np.full(len(starts), -1, np.int32)
    ids[named] = distinct.number_spans(data, starts[named], (starts + lengths)[named])
    shift = np.repeat(characters[:-1], np.diff(offsets))
    return FoundWords(list(distinct.packed()), ids, first - shift, last - shift, offsets)


# Tokens that are too long to be words: encoded data, a text without spaces, a file that is broken. Every
# later step copies a token: normal forms, cases, stems, the subwords of an unknown word. So a token of
# megabytes would take a hundred times its size. Such tokens are found by their places in the text and left
# out before any string is made of them.


def long_tokens(data: Bytes, starts: Ints, lengths: Ids) -> list[int]:
    """The numbers of the tokens that are too long; arrays as of `selfvec.text.kernels.spans`."""
    return [
        number
        for number in np.flatnonzero(lengths > LONGEST).tolist()  # bytes, and so a few of shorter ones
        if np.count_nonzero((data[starts[number] :][: lengths[number]] & 0xC0) != 0x80) > LONGEST
    ]


def without_long_runs(
    documents: list[str], data: Bytes, bounds: Ints, starts: Ints, lengths: Ids
) -> tuple[list[str], int]:
    """The documents without words that are too long, for a tokeniser that reads texts; how many these are.

    Runs of letters of scripts without spaces stay: they are ordinary text, which that tokeniser divides.
    """
    left_out: dict[int, list[int]] = {}  # document -> its bounds, and first and last byte of each such word
    total = 0
    for number in long_tokens(data, starts, lengths):
        first = int(starts[number])
        last = first + int(lengths[number])
        if is_unspaced(data[first:last].tobytes().decode()):
            continue
        document = int(np.searchsorted(bounds, first, "right")) - 1
        left_out.setdefault(document, bounds[document : document + 2].tolist())[-1:-1] = first, last
        total += 1
    if total:
        documents = documents.copy()
    for document, places in left_out.items():
        parts = (data[first:last].tobytes() for first, last in zip(places[::2], places[1::2], strict=True))
        documents[document] = b" ".join(parts).decode()
    return documents, total
