"""Texts, questions and single words as numbers of one vocabulary: what all parts of a search agree on.

The vocabulary's types are what `selfvec.text.document_vectors` makes of words: keys as in a run,
words of one stem as one. It only grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

from .preprocessing import Preprocessing, encode_texts, merge_stems
from .rules import Rulebook
from .tokenizers import Tokenizer

__all__ = ["Asked", "Lexicon", "Located", "is_text", "located", "located_all"]

_KEPT = 100_000  # words whose types are remembered


@dataclass(frozen=True)
class Asked:
    """The words of a question that mean something, in order of first appearance.

    Parameters
    ----------
    types : (T,) int64
        Their numbers.
    counts : (T,) float32
    words : list of T str
        As they were written first.
    unknown : list of str
        Words that the vocabulary lacks; stop words are neither here nor there.
    """

    types: NDArray[np.int64]
    counts: NDArray[np.float32]
    words: list[str]
    unknown: list[str]


@dataclass
class Lexicon:
    """A vocabulary, and the preprocessing of texts that are looked up in it.

    Parameters
    ----------
    preprocessing : Preprocessing
    types : list of V str
    """

    preprocessing: Preprocessing
    types: list[str] = field(default_factory=list)
    _seen: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def index(self) -> dict[str, int]:
        """Number of each type."""
        return {name: i for i, name in enumerate(self.types)}

    def __len__(self) -> int:
        return len(self.types)

    def encode(self, texts: Sequence[str], known: Vectors | None = None) -> TokenBatch:
        """Texts as ids of the vocabulary, which takes in their new types.

        Parameters
        ----------
        texts : sequence of D str
        known : Vectors, optional
            Whose casing words follow; that of the vocabulary where not given.
        """
        words = encode_texts(texts, self.preprocessing, known if known is not None else self._as_known)
        merged = merge_stems(words, self.preprocessing)
        return TokenBatch(self.numbers(merged.types)[merged.ids], merged.offsets, self.types)

    def numbers(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Number of each type, (n,) int32; new ones are taken in."""
        for name in names:
            if name not in self.index:
                self.index[name] = len(self.types)
                self.types.append(name)
                self._seen.clear()
        return np.fromiter((self.index[name] for name in names), np.int32, len(names))

    @property
    def _as_known(self) -> Vectors:
        return Vectors(self.types, np.zeros((len(self.types), 1), np.float32))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from . import tokenizer

        return tokenizer(self.preprocessing.tokenizer)

    @cached_property
    def _rules(self) -> Rulebook:
        from . import Rules

        rules = Rules(lemmatize=self.preprocessing.lemmatize, stop_words=self.preprocessing.stop_words)
        return Rulebook(rules, self._tokenizer.casing)

    def read(self, text: str) -> Asked:
        """A question as types.

        Raises
        ------
        OptionError
            If it is no Unicode text.
        """
        if not is_text(text):
            raise OptionError(
                "the question holds half of a surrogate pair, which is no Unicode text",
                remedy="write it again, in UTF-8",
            )
        if self.preprocessing.tokenizer in ("words", "whitespace"):
            starts, ends = located(text, self.preprocessing.tokenizer)
            words = [text[a:b] for a, b in zip(starts, ends, strict=True)]
            pairs = [(n, word) for word, ns in zip(words, self.types_of(words), strict=True) for n in ns]
        else:  # pieces depend on what stands before them, so that the text is cut whole
            pairs = [(n, self.types[n] if n >= 0 else "") for ns in self.types_of([text]) for n in ns]
        found: dict[int, str] = {}
        counts: dict[int, int] = {}
        for number, word in pairs:
            found.setdefault(number, word)
            counts[number] = counts.get(number, 0) + 1
        known = [number for number in found if number >= 0]
        return Asked(
            np.array(known, np.int64),
            np.array([counts[number] for number in known], np.float32),
            [found[number] for number in known],
            list(dict.fromkeys(word for number, word in pairs if number < 0 and word)),
        )

    def read_all(self, texts: Sequence[str]) -> list[Asked]:
        """Many questions, whose words are looked up together."""
        if self.preprocessing.tokenizer in ("words", "whitespace"):
            self.types_of(located_all(texts, self.preprocessing.tokenizer).names)
        return [self.read(text) for text in texts]

    def types_of(self, words: Sequence[str]) -> list[tuple[int, ...]]:
        """The types of each word by itself: one as a rule, none for a stop word, -1 for an unknown one."""
        new = [word for word in dict.fromkeys(words) if word not in self._seen]
        if new:
            if len(self._seen) + len(new) > _KEPT:
                self._seen.clear()
                new = list(dict.fromkeys(words))
            self._seen |= dict(zip(new, self._looked_up(new), strict=True))
        return [self._seen[word] for word in words]

    def _looked_up(self, words: list[str]) -> list[tuple[int, ...]]:
        from .stems import stems

        types, ids, bounds = self._cut(words)
        counts = np.bincount(ids, minlength=len(types)).astype(np.int64)
        keys = self._rules.keys(types, counts, self.index)
        names = keys.types if self.preprocessing.stem is None else stems(keys.types, self.preprocessing.stem)
        number = np.array([self.index.get(name, -1) for name in names], np.int64)
        places = keys.places[ids].tolist()
        return [tuple(int(number[place]) for place in places[a:b] if place >= 0) for a, b in pairwise(bounds)]

    def _cut(self, words: list[str]) -> tuple[list[str], NDArray[np.int32], list[int]]:
        """Words as raw types, ids of tokens and where each word's begin; one token is not cut again."""
        from .tokenizers import plain

        if self.preprocessing.tokenizer == "words":
            found = located_all(words)
            if np.array_equal(found.ends - found.starts, [len(word) for word in words]):
                types = [word if word.isascii() and "'" not in word else plain(word) for word in words]
                return types, np.arange(len(words), dtype=np.int32), list(range(len(words) + 1))
        import polars as pl

        raw = self._tokenizer(pl.Series(words, dtype=pl.String))
        return raw.types, raw.ids, raw.offsets.tolist()


def is_text(text: str) -> bool:
    """Whether a string can be written as UTF-8, which half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def located(text: str, tokenizer: str = "words") -> tuple[list[int], list[int]]:
    """Where the words of a text begin and end, in characters.

    >>> located("Über the county’s roof")
    ([0, 5, 9, 18], [4, 8, 17, 22])
    """
    words = located_all([text], tokenizer)
    return words.starts.tolist(), words.ends.tolist()


@dataclass(frozen=True)
class Located:
    """The words of some texts, N in all, of which V are different.

    Parameters
    ----------
    names : list of V str
    ids : (N,) int32
        Which of the names each is.
    starts, ends : (N,) int64
        In characters of its text.
    bounds : (D + 1,) int64
        Where the words of each text begin.
    """

    names: list[str]
    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    bounds: NDArray[np.int64]


def located_all(texts: Sequence[str], tokenizer: str = "words") -> Located:
    """Where the words of texts are, found in one go.

    >>> words = located_all(["wind, wind", "the wind"])
    >>> words.names, words.ids.tolist(), words.starts.tolist()
    (['wind', 'the'], [0, 0, 1, 0], [0, 6, 0, 4])
    """
    from . import kernels
    from .characters import table

    whole = "".join(texts)
    data = np.frombuffer(whole.encode(), np.uint8)
    bounds = characters = np.cumsum([0, *map(len, texts)])
    if len(data) != len(whole):
        bounds = np.cumsum([0, *(len(text.encode()) for text in texts)])
    flags = table("whitespace" if tokenizer == "whitespace" else "words")
    starts, lengths, offsets = kernels.spans(data, bounds, flags)
    ids, firsts = kernels.distinct(data, starts, lengths)
    ends = starts + lengths
    if len(data) != len(whole):  # bytes to characters: those that begin one
        before = np.concatenate(([0], np.cumsum((data & 0xC0) != 0x80)))
        starts, ends = before[starts], before[ends]
    names = [whole[a:b] for a, b in zip(starts[firsts].tolist(), ends[firsts].tolist(), strict=True)]
    shift = np.repeat(characters[:-1], np.diff(offsets))
    return Located(names, ids, starts - shift, ends - shift, offsets)
