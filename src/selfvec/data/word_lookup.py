"""Words that a person names, in vectors: their rows and neighbours, or words that are spelled like them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.casing import asked_forms
from selfvec.base.characters import plain, without_accents
from selfvec.base.errors import NotFound

from .vectors import Source, Vectors, least_count

_NEAR = 30  # words of similar spelling that are looked at
_RARER = 10  # times: a word is so much rarer than the one of which it is a misspelling
_SAME = 0.9  # likeness of words that differ by a letter


def rows_of(
    words: Sequence[str], vectors: Sequence[Vectors], language: str | None = None, where: str = "this run"
) -> tuple[list[tuple[int, int]], list[dict[str, Any]]]:
    """For each word the number of the first vectors that have it and its row; and the words not found.

    The second list holds dicts with word, reason, count (0) and alike (words of similar spelling).
    `InputError` if no word is found.
    """
    rows: list[tuple[int, int]] = []
    unknown: list[dict[str, Any]] = []
    for word in words:
        forms = asked_forms(word, language)
        places = [(i, form) for i, each in enumerate(vectors) for form in forms if form in each]
        if places:
            number, form = places[0]
            rows.append((number, vectors[number].key_to_index[form]))
        else:
            reason = f"does not occur in {where}"
            unknown.append({"word": word, "reason": reason, "count": 0, "alike": _alike(word, vectors)})
    if unknown and not rows:
        alike = list(dict.fromkeys(form for each in unknown for form in each["alike"]))
        remedy = f"did you mean {', '.join(alike)}?" if alike else "try another word"
        if any(len(each["word"].split()) > 1 for each in unknown):
            remedy = "name single words, or a run that has phrases: refine --phrases auto"
        names = ", ".join(repr(each["word"]) for each in unknown)
        which = f"the word {names} does not occur" if len(unknown) == 1 else f"none of {names} occurs"
        raise NotFound(f"{which} in {where}", remedy=remedy)
    return rows, unknown


def find_rows(vectors: Vectors, words: Iterable[str]) -> Ints:
    """For each of n words the row of the first of its `asked_forms` that has a vector, (n,); -1 if none has.

    >>> v = Vectors(["us", "US", "Rome"], np.array([[0, 1], [1, 0], [1, 1]], dtype=np.float32))
    >>> find_rows(v, ["US", "Us", "rome", "oslo"]).tolist()
    [1, 0, 2, -1]
    """

    def row(word: str) -> int:
        rows = (vectors.key_to_index.get(form, -1) for form in asked_forms(word))
        return next((row for row in rows if row >= 0 and vectors.vectors[row].any()), -1)

    return np.array([*map(row, words)], np.int64)


def _alike(word: str, vectors: Sequence[Vectors]) -> list[str]:
    """Up to three words of similar spelling, the nearest first, none of them a likely misspelling.

    Those that differ in accents alone are the nearest; the letters of a short word would not show it.
    """
    word = plain(word.strip()).lower()
    bare = without_accents(word)
    letters = sorted(word)  # most often two of them are exchanged
    counts = Counter[str]()
    for each in vectors:
        accented = [form for form in each.index_to_key if without_accents(form).lower() == bare]
        near = difflib.get_close_matches(word, each.index_to_key, n=_NEAR)
        for form in dict.fromkeys((*accented, *near)):
            counts[form] += 0 if each.counts is None else int(each.counts[each.key_to_index[form]])

    def nearness(form: str) -> tuple[bool, bool, float, int]:
        same = without_accents(form).lower() == bare
        return same, sorted(form) == letters, likeness(word, form), counts[form]

    ranked = sorted(counts, key=nearness, reverse=True)
    spelt_well = [
        form
        for i, form in enumerate(ranked)
        if nearness(form)[0] or not _is_misspelt(form, ranked[:i], counts)
    ]
    return spelt_well[:3]


def _is_misspelt(form: str, nearer: Sequence[str], counts: Counter[str]) -> bool:
    """Whether a word is much rarer than one of the ``nearer``, or far rarer than one that is nearly it."""
    return any(
        counts[other] > _RARER * counts[form]
        and (other in nearer or (counts[other] > _RARER**2 * counts[form] and likeness(form, other) > _SAME))
        for other in counts
    )


def likeness(a: str, b: str) -> float:
    """How much the spelling of two words agrees, 0 to 1."""
    return difflib.SequenceMatcher(None, a, b).ratio()


def similar_row(
    state: str,
    vectors: Vectors,
    index: int,
    top: int,
    min_count: int | None = None,
    left_out: Collection[str] = (),
) -> dict[str, Any]:
    """A row of ``selfvec similar --json``: the words nearest to the word of row ``index``, but some."""
    word = vectors.index_to_key[index]
    nearest = []
    if vectors.unit[index].any():
        ranked = vectors.most_similar(word, topn=top + len(left_out), min_count=min_count)
        nearest = [list(pair) for pair in ranked if pair[0] not in left_out][:top]
    row = {"word": word, "state": state, "neighbours": nearest}
    return row | doubts(vectors, index, nearest)


def doubts(vectors: Vectors, index: int, neighbours: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The neighbours ``from_subwords``, and ``rare``: how often the word occurs, if too rarely to be one."""
    built = [term for term, _ in neighbours if vectors.sources[vectors.key_to_index[term]] == Source.SUBWORDS]
    said: dict[str, Any] = {"from_subwords": built} if built else {}
    if vectors.counts is not None and vectors.counts[index] < least_count(vectors.counts):
        said["rare"] = int(vectors.counts[index])
    return said
