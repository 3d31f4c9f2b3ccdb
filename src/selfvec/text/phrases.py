"""Phrases as single tokens: *flash flood* becomes ``flash_flood``.

Phrases are found and joined in `Running` text, which still has the punctuation and the dropped words, so that
adjacent words are known. The initial vector of a phrase is its own row in the vectors (GoogleNews contains
``flash_flood``), or else the mean direction of its words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask, Rows
from selfvec.base.casing import asked_forms
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import bounds_of
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from .kernels import matches
from .rules import listed_lines

LINK = "_"  # between the words of a phrase, as in word2vec's own vectors
LONGEST = 10  # words of a phrase from a list


def row_of(run: Run, term: str) -> int:
    """Row of a word or phrase; the words of a phrase may be separated by spaces, hyphens or underscores."""
    joined = LINK.join(term.replace("-", " ").split())
    forms = asked_forms(joined, run.provenance.language)
    return run.index(joined if any(form in run.vectors for form in forms) else term)


@dataclass(frozen=True)
class Running:
    """A corpus of N words in D documents, including the words that rules drop."""

    ids: Ids  # (N,) int32, index into types
    offsets: Ints  # (D + 1,) int64, document k holds ids[offsets[k]:offsets[k + 1]]
    types: Sequence[str]  # V keys
    kept: Mask  # (V,) bool, rules keep the word
    apart: Mask  # (N,) bool, punctuation precedes the word

    @classmethod
    def plain(cls, ids: Ids, offsets: Ints, types: Sequence[str]) -> Running:
        """Running text from tokens without punctuation."""
        return cls(ids, offsets, types, np.ones(len(types), bool), np.zeros(len(ids), bool))

    @cached_property
    def names(self) -> list[str]:
        return list(dict.fromkeys(word.lower() for word in self.types))

    @cached_property
    def type_classes(self) -> Ids:
        index = {name: i for i, name in enumerate(self.names)}
        return np.fromiter((index[word.lower()] for word in self.types), np.int32, len(self.types))

    @cached_property
    def classes(self) -> Ids:
        return self.type_classes[self.ids]

    @cached_property
    def breaks(self) -> Mask:
        """Whether a token does not follow the one before it, (N,) bool."""
        out = self.apart.copy()
        out[self.offsets[:-1][np.diff(self.offsets) > 0]] = True
        return out


Phraser = Callable[[Running], Sequence[str]]
"""Finds the phrases of a text."""

Joined = tuple[Ids, Ints, list[str]]
"""Ids, offsets and types, as of a `selfvec.TokenBatch`."""


def parts(phrase: str) -> list[str]:
    """The words of a phrase, which underscores join."""
    return [part for part in phrase.split(LINK) if part]


def join(text: Running, phrases: Sequence[str], named: Callable[[str], str] = str) -> Joined:
    """Join phrases, drop the words that rules drop; ids (N',) int32, offsets (D + 1,) int64, types.

    Matching is from left to right, the longest first, ignoring case. ``named`` returns the key of a phrase.
    Types are the kept words, then the phrases that occur. A word that occurs only in phrases has count 0.
    """
    ids, stays, types = placed(text, phrases, named)
    ends = bounds_of(stays)
    return ids[stays], ends[text.offsets], types


def placed(
    text: Running, phrases: Sequence[str], named: Callable[[str], str] = str
) -> tuple[Ids, Mask, list[str]]:
    """What `join` makes of each word, (N,) int32, which words stay or begin a phrase, (N,), and the types."""
    number = {name: i for i, name in enumerate(text.names)}
    able = {
        tuple(number[part] for part in split): phrase
        for phrase in phrases
        if len(split := parts(phrase.lower())) > 1 and all(part in number for part in split)
    }
    order = sorted(able, key=lambda numbers: (numbers[0], -len(numbers), numbers))
    sizes = np.array([len(numbers) for numbers in order], np.int64)
    words = np.full((len(order), max(sizes, default=1)), -1, np.int32)  # of each phrase, filled up with -1
    for row, numbers in zip(words, order, strict=True):
        row[: len(numbers)] = numbers
    bounds = np.searchsorted(words[:, 0], np.arange(len(number) + 1)).astype(np.int64)
    phrase_at = matches(text.classes, text.breaks, bounds, sizes, words)

    kept = text.kept[text.ids]
    types = [word for word, stays in zip(text.types, text.kept.tolist(), strict=True) if stays]
    places = (np.cumsum(text.kept) - 1).astype(np.int32)
    index = {word: i for i, word in enumerate(types)}
    units = np.zeros(len(order), np.int32)
    for p in np.unique(phrase_at[phrase_at >= 0]).tolist():
        units[p] = index.setdefault(named(able[order[p]]), len(index))
    ids = places[text.ids]
    ids[phrase_at >= 0] = units[phrase_at[phrase_at >= 0]]
    return ids, (phrase_at >= 0) | ((phrase_at == -1) & kept), list(index)


def compose(
    rows: Rows,  # (V, d) float32
    sources: Bytes,  # (V,) uint8, set to Source.SUBWORDS for means of words
    types: Sequence[str],
    units: Sequence[str],  # the phrases among the types
    pretrained: Vectors,
) -> None:
    """Give phrases without a vector the mean direction of their words, in place."""
    place = {word: i for i, word in enumerate(types)}
    lacking = [place[unit] for unit in units if sources[place[unit]] != Source.KNOWN]
    if not lacking:
        return
    words = [parts(types[i]) for i in lacking]
    names = list(dict.fromkeys(_form(word, pretrained) for phrase in words for word in phrase))
    directions = unit_rows(pretrained.lookup(names)[0])
    number = {name: i for i, name in enumerate(names)}
    for i, phrase in zip(lacking, words, strict=True):
        of_words = directions[[number[_form(word, pretrained)] for word in phrase]]
        rows[i] = unit_rows(of_words.sum(axis=0)[None])[0]
        sources[i] = Source.SUBWORDS if rows[i].any() else Source.NONE


def _form(word: str, pretrained: Vectors) -> str:
    return next((form for form in (word, word.lower(), word.title()) if form in pretrained), word)


def units_of(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """The phrases that are tokens of a run, as spelt in its vocabulary."""
    recorded = provenance.get("phrases")
    rows = recorded.get("rows", ()) if isinstance(recorded, Mapping) else ()
    return tuple(str(row["term"]) for row in rows if isinstance(row, Mapping) and "term" in row)


def read_phrases(path: str | os.PathLike[str]) -> list[str]:
    """Read phrases, one per line, words separated by spaces, hyphens or underscores; # begins a comment."""
    path = Path(path)
    if not path.is_file():
        rule = f"no file is called {os.fspath(path)!r}"
        remedy = "give a number, auto, or a file with a phrase per line"
        raise OptionError(rule, field="phrases", remedy=remedy)
    phrases = []
    for number, text in listed_lines(path):
        words = text.replace("-", " ").replace(LINK, " ").split()
        if not 2 <= len(words) <= LONGEST:
            rule = f"a phrase has 2 to {LONGEST} words, this one has {len(words)}"
            remedy = "write a phrase per line, its words separated by spaces"
            raise InputError(rule, path=path, line=number, remedy=remedy)
        phrases.append(LINK.join(words))
    return list(dict.fromkeys(phrases))
