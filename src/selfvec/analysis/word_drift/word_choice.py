"""Which words drift lists, in which order, and what it says of a word besides its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from selfvec.analysis.comparison.chosen_slices import BY_REFINING
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Json
from selfvec.base.arrays import Hashes, Ids, Ints, Mask
from selfvec.base.errors import InputError
from selfvec.base.threads import in_order, threads
from selfvec.corpus.slices import slice_counts
from selfvec.data.token_batch import TokenBatch
from selfvec.data.word_lookup import rows_of
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg
from selfvec.text.document_vectors import documents_of_words
from selfvec.text.odd_words import letters_key, names_of
from selfvec.text.tagger import Tagger


@dataclass(frozen=True, eq=False)
class CountedSides:
    """The two states that are compared, by their words."""

    names: Sequence[str]
    counts: Ints  # (2, V), of all words
    able: Mask  # (V,), words that can be measured
    least: int  # occurrences on each side; 0 if they are unknown

    @classmethod
    def of(cls, compared: Comparison, table: WordTable, least: int) -> CountedSides:
        """Two sides or, without them, the text before and after refining."""
        if compared.names:
            counts = slice_counts(compared.tokens, compared.slices)
            return cls(compared.names, counts, _in_both(counts, least, compared.names), least)
        unknown = table.refined.counts is None
        able = (table.counts >= least) | unknown
        able &= table.original.unit.any(axis=1) & table.refined.unit.any(axis=1)
        return cls(BY_REFINING, np.stack([table.counts] * 2), able, 0 if unknown else least)


def _in_both(counts: Ints, least: int, names: Sequence[str]) -> Mask:
    able: Mask = counts.min(axis=0) >= least
    if not able.any():
        rule = f"no word occurs {least} times in both {names[0]} and {names[1]}"
        wider = "compare larger slices: --between A..B C..D, or --between original refined"
        raise InputError(rule, remedy=f"{wider}; or lower --min-count")
    return able


@dataclass(frozen=True)
class Measures:
    """The words that occur often enough in two states."""

    a: str  # the names of the states
    b: str
    general: float  # by how much the words that are listed by default differ beyond chance, as a median
    rows: list[Json]  # one per word, as in `drift`, but without q, which depends on the choice of words
    only_a: int  # words that occur often enough, but in one slice only; they have no row
    only_b: int
    reasons: dict[str, str]  # by word, why it is not listed by default
    unmatched: list[Json]  # words that occur often enough in one slice only, see `unmatched_words`


@dataclass(frozen=True)
class Choice:
    """Which words are tested."""

    named: Collection[str] = ()  # tested in any case and, if there are some, listed alone
    pos: Collection[str] = ()  # parts of speech; all if there are none
    tagger: Tagger | None = None  # that tells them
    every: bool = False  # stop words, numbers, words of repeated text and other spellings, too


_ALL = Choice()


def listed_rows(
    table: WordTable, measured: Measures, choice: Choice = _ALL
) -> tuple[list[Json], dict[str, int]]:
    """The rows of a choice of words, with their q, in order; and how many words each rule leaves out.

    q is the false discovery rate among all words that are tested.
    """
    rows, left_out = _tested_rows(table, measured.rows, measured.reasons, choice)
    tested = _with_q(rows)
    # Words are picked after this: q is that of all that are tested, however few are named.
    if choice.named:
        return in_order_of_change(row for row in tested if row["word"] in choice.named), left_out
    tested = in_order_of_change(tested)
    if choice.every:
        return tested, left_out
    once = _each_once(tested)
    return once, left_out | {"other spellings": len(tested) - len(once)}


def new_and_gone(
    table: WordTable, measured: Measures, choice: Choice = _ALL
) -> tuple[list[Json], list[Json]]:
    """Words that came, and words that went, with q ≤ .05, the most certain first; names and numbers last."""
    rows, _ = _tested_rows(table, measured.unmatched, measured.reasons, choice)
    certain = [row for row in _with_q(rows) if row["q"] <= LEVEL]
    if choice.named:
        certain = [row for row in certain if row["word"] in choice.named]
    certain.sort(
        key=lambda row: (row["kind"] != WORD, row["p"], -max(row["documents_a"], row["documents_b"]))
    )
    certain = certain if choice.every else _each_once(certain)
    new, gone = (
        [row for row in certain if (row["count_b"] > row["count_a"]) == came] for came in (True, False)
    )
    return new, gone


def _with_q(rows: Sequence[Json]) -> list[Json]:
    """The rows with their false discovery rate."""
    with_q = [dict(row) for row in rows]
    for p, q in (("p", "q"), ("p_contexts", "q_contexts")):
        every = benjamini_hochberg(np.array([row.get(p) for row in rows], np.float64)).tolist()
        for row, of in zip(with_q, every, strict=True):
            row[q] = None if of != of else of
    return with_q


def is_significant(row: Mapping[str, Any]) -> bool:
    """Whether a row has q ≤ .05."""
    return row["q"] is not None and row["q"] <= LEVEL


# Where one subject doubles, at most .17 of the uses of a word that it shares with others differ.
NAMED = 0.2
SURE = 0.01  # q of the words beside a word: the sides of a hundred comparisons by chance name no word, mostly


def is_changed(row: Mapping[str, Any]) -> bool:
    """Whether a word's uses surely differ more than is usual.

    The lower end of the share that differs is above a fifth, also without what other findings explain; or it
    may be, and single words beside it tell.
    """
    p, q = row.get("p_contexts"), row.get("q_contexts")
    by_share = is_significant(row) and (row["differing_low"] or 0) > NAMED and (p is None or p <= SURE)
    by_words = q is not None and q <= SURE and row["differing_high"] > NAMED
    # Of random divisions one in fifteen has a word by the words beside it alone: their tail is an estimate.
    return by_share or (by_words and row["p"] <= LEVEL)


# A word that changed takes its neighbours along: *panel* differs as well if most of it was *strobe panel*.
_BESIDE = 1 / 3  # of the documents of a word on one side, and twice what is usual, have the other
_LESS = 0.5  # times as many uses differ as of the other, at most, and up to once, if all documents have it


def changed_beside(compared: Comparison, table: WordTable, rows: Sequence[Json]) -> dict[str, str]:
    """Words that surely changed, but are mostly where a word before them in order is: that word of each.

    Or it is what came, or went, the most clearly beside them.
    """
    those = [row for row in rows if is_changed(row)]
    changed = [row["word"] for row in those]
    if len(changed) < 2:
        return {}
    numbers = table.numbers(changed)
    sides = [(part.documents, documents_of_words(part, numbers)) for part in compared.parts]
    share = np.array([row["differing"] for row in those], np.float64)
    beside: dict[str, str] = {}
    for place, word in enumerate(changed):
        clearest = [
            near[0]["word"] for near in (those[place]["came_beside"], those[place]["went_beside"]) if near
        ]
        if led_by := [other for other in clearest if other in changed[:place] and other not in beside]:
            beside.setdefault(word, led_by[0])
        if word in beside:
            continue
        for total, pairs in sides:
            shares = pairs.shared(place) / np.diff(pairs.bounds)
            often = shares >= max(_BESIDE, 2 * len(pairs.of(place)) / total)
            less = share <= (_LESS + (1 - _LESS) * shares) * share[place]
            led = np.flatnonzero(often & less).tolist()
            beside |= {changed[i]: word for i in led if i > place and changed[i] not in beside}
    return beside


def order_key(row: Mapping[str, Any]) -> tuple[bool, bool, bool, float]:
    """The sort key of a row, see `Drift.order`. With few documents a large change is often chance.

    Within these groups the change decides, not its lower end, with which people's judgements agree less.
    """
    changed = is_changed(row)
    significant = changed or is_significant(row)
    unsure = significant and not changed
    return not significant, significant and row["kind"] != WORD, unsure, -row["change"]


def in_order_of_change(rows: Iterable[Json]) -> list[Json]:
    """Rows in the order of `Drift.order`, see there."""
    ordered = []
    for _, rows_of_group in groupby(sorted(rows, key=order_key), lambda row: order_key(row)[:3]):
        group = list(rows_of_group)
        if any(row.get("texts") is not None for row in group):
            # Ranks, since distances of words and of an encoder's texts have no common unit; people's
            # judgements agree as well with other weights (docs/results/teacher.md).
            farthest = sorted(group, key=lambda row: np.inf if row["texts"] is None else -row["texts"])
            rank = {row["word"]: place for place, row in enumerate(farthest)}
            added = {row["word"]: place + rank[row["word"]] for place, row in enumerate(group)}
            group.sort(key=lambda row: added[row["word"]])
        ordered += group
    return ordered


def _each_once(rows: Sequence[Json]) -> list[Json]:
    """The sorted rows without other spellings of a word above."""
    listed: set[str] = set()
    kept = []
    for row in rows:
        if listed.isdisjoint(row["variants"]):
            listed.add(row["word"])
            kept.append(row)
    return kept


def _tested_rows(
    table: WordTable, measured: Sequence[Json], reasons: Mapping[str, str], choice: Choice
) -> tuple[list[Json], dict[str, int]]:
    """The rows of the words that are tested, frequent words first; and how many each rule leaves out."""
    order = table.refined.key_to_index
    rows = sorted(measured, key=lambda row: order[row["word"]])
    left_out: Counter[str] = Counter()
    if not choice.every:
        left_out.update(dict.fromkeys(("stop words", "numbers", "repeated text"), 0))
        left_out.update(reasons[row["word"]] for row in rows if row["word"] in reasons)
    kept = [row["word"] for row in rows if choice.every or row["word"] not in reasons]
    if choice.tagger is not None:
        parts = choice.tagger.parts(kept, [])
        tagged = list(zip(kept, parts, strict=True))
        kept = [word for word, part in tagged if part in choice.pos]
        left_out["other parts of speech"] = len(tagged) - len(kept)
    tested = {*kept, *choice.named}
    return [row for row in rows if row["word"] in tested], dict(left_out)


def measurable(
    compared: Comparison, table: WordTable, words: Sequence[str], language: str | None, least: int
) -> tuple[set[str], list[Json]]:
    """The named words that can be measured; for each other word, the reason and its counts.

    Raises `InputError` if words are named and none can be measured.
    """
    if not words:
        return set(), []
    sides = CountedSides.of(compared, table, least)
    rows, unknown = rows_of(words, [table.refined], language)
    unknown = [each | {"count_a": 0, "count_b": 0} for each in unknown]
    measured = set()
    for _, row in rows:
        word = table.names[row]
        if sides.able[row]:
            measured.add(word)
        else:
            unknown.append(_unmeasured(table, word, sides))
    if not measured:
        rule = "; ".join(f"{word['word']!r} {word['reason']}" for word in unknown)
        raise InputError(rule, remedy="compare larger slices, or lower --min-count")
    return measured, unknown


def _unmeasured(table: WordTable, word: str, sides: CountedSides) -> Json:
    """A word that cannot be measured, the reason and its counts."""
    a, b = sides.counts[:, table.refined.key_to_index[word]].tolist()
    few = [side for side, n in zip(sides.names, (a, b), strict=True) if n < sides.least]
    reason = f"has no vector in {' or '.join(sides.names)}"
    if few:
        seen = "" if sides.names[0] == "original" else f" in {' or '.join(few)}"
        times = " and ".join(str(n) for n in dict.fromkeys((a, b)) if n < sides.least)
        reason = f"occurs too rarely{seen} to be measured: {times} times, and {sides.least} are needed"
    counted = {"count": table.count(word), "count_a": a, "count_b": b}
    return {"word": word, "reason": reason} | counted


# ---- Why a word is not listed by default
# A copyright line at the end of every document of one year would make *reserved* the word that changed most.
# Therefore a word is left out if most of its occurrences in a slice have the same words next to them.


_SHARE = 0.5  # of the occurrences of a word in a slice; with a larger share in repeated text it is left out
_MOST = 0.1  # of the words; if more are in repeated text, none is left out for this


def left_out_words(
    compared: Comparison,
    table: WordTable,
    able: Mask,  # (V,), words that occur often enough
) -> dict[str, str]:
    """Words that are not listed by default, with the reason: stop words, numbers or repeated text."""
    left_out = np.zeros(len(able), bool)
    reasons: dict[str, str] = {}

    def leave_out(reason: str, dropped: Mask) -> None:
        rows = np.flatnonzero(able & ~left_out & dropped)
        reasons.update(dict.fromkeys((table.names[i] for i in rows.tolist()), reason))
        left_out[rows] = True

    leave_out("stop words", table.stop_words)
    numbers = ~table.with_letters
    leave_out("numbers", numbers)
    leave_out("repeated text", _is_repeated(compared, able & ~left_out, numbers))
    return reasons


def _is_repeated(compared: Comparison, words: Mask, numbers: Mask) -> Mask:
    """Words with most of their occurrences in a slice in repeated text, (V,) bool.

    All false if these are more than a tenth of the ``words``, because the whole corpus is then repeated text.
    """

    def repeated(part: TokenBatch) -> Mask:
        return repeated_occurrences(part, words, numbers) > _SHARE * part.counts

    dropped = words & np.any(
        [*in_order(compared.read.parts, repeated, threads(None)), np.zeros_like(words)], axis=0
    )
    return dropped if dropped.sum() <= _MOST * words.sum() else np.zeros_like(dropped)


# ---- Marks: names, numbers and other spellings
# Names and numbers change with the news, and spellings with the press. They are listed after the words
# whose uses differ.


WORD = "word"
NAME = "name"
NUMBER = "number"
VARIANT = "variant"


def mark_words(compared: Comparison, table: WordTable, rows: Sequence[Json], min_count: int) -> None:
    """Add to each row its ``kind``, and the ``variants`` of its word: other spellings, most frequent first.

    ``spellings_a`` and ``spellings_b`` count the occurrences of all its spellings: a word that changed its
    spelling only is as frequent as before.

    The kind is "number" for words that begin with a digit, such as 2nd, "variant" for words that have a more
    frequent spelling, "name" for words that the documents mostly capitalise, otherwise "word". Without
    the text no word is a name.
    """
    words = [str(row["word"]) for row in rows]
    slices = compared.read.slices
    names = names_of(
        compared.text, words, np.flatnonzero(np.any([part.documents for part in slices], axis=0))
    )
    groups = _groups(table, min_count)
    counts = slice_counts(compared.tokens, slices).tolist() if slices else None
    for row, word, name in zip(rows, words, names.tolist(), strict=True):
        first = int(table.first_spellings[table.refined.key_to_index[word]])
        spellings = [*groups.get(first, ()), *_confused(row, table)]
        row["variants"] = [other for other in dict.fromkeys(spellings) if other != word]
        together = table.numbers([word, *row["variants"]]).tolist()
        for side, counted in (("a", 0), ("b", -1)):
            row[f"spellings_{side}"] = None if counts is None else sum(counts[counted][i] for i in together)
        rarer = any(table.count(other) > table.count(word) for other in row["variants"])
        number = word[:1].isdigit()
        row["kind"] = NUMBER if number else VARIANT if rarer else NAME if name else WORD


def _groups(table: WordTable, least: int) -> dict[int, list[str]]:
    """Words that are spelled differently, by the first of them, most frequent first."""
    groups: dict[int, list[str]] = {}
    for i in np.flatnonzero(table.counts >= least).tolist():
        groups.setdefault(int(table.first_spellings[i]), []).append(table.names[i])
    return {key: words for key, words in groups.items() if len(words) > 1}


def _confused(row: Json, table: WordTable) -> Iterable[str]:
    """A more frequent word with letters like those of a row's word that is also one of its neighbours."""
    key = letters_key(row["word"])
    near = [word for word in (*row.get("gained", ()), *row.get("lost", ())) if letters_key(word) == key]
    return [word for word in near if table.count(word) > table.count(row["word"])][:1]


# ---- Repeated text
# The words next to an occurrence are hashed. Hashes are sorted for a share of the words at a time, so memory
# does not grow with the text.


ADJACENT = 5  # words before an occurrence, or after it, that are the same in repeated text
FEWEST = 3  # least number of these words, and of the occurrences that share them
_HASHED = 1 << 21  # occurrences at a time
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio, odd: it spreads numbers in a row


def repeated_occurrences(batch: TokenBatch, words: Mask, numbers: Mask) -> Ints:
    """Occurrences of each word that share the five words before, or after them, with two others, (V,).

    The larger of the two numbers; 0 for words not among the ``words``, (V,). All ``numbers``, (V,), count as
    the same word. Occurrences with fewer than three other words next to them are not counted.

    >>> lines = [["all", "rights", "reserved", "by", "us", "here"]] * 3 + [["she", "reserved", "a", "table"]]
    >>> batch = TokenBatch.from_documents(lines)
    >>> repeated_occurrences(batch, np.ones(9, bool), np.zeros(9, bool))[batch.types.index("reserved")].item()
    3
    """
    most = np.zeros(len(words), np.int64)
    share = np.cumsum(np.where(words, batch.counts, 0)) // _HASHED  # of each word
    for number in np.unique(share[words]):
        places = np.flatnonzero((words & (share == number))[batch.ids])
        for step in (-1, 1):  # the words before, the words after
            keys, known = _keys(batch, places, step, numbers)
            most = np.maximum(most, _often(keys[known], batch.ids[places[known]], len(most)))
    return most


def _keys(batch: TokenBatch, places: Ints, step: int, numbers: Mask) -> tuple[Hashes, Mask]:
    """A hash of each occurrence and the words on one side, (n,), and whether enough of these are words."""
    documents = batch.document_of(places)
    first, end = batch.offsets[documents], batch.offsets[documents + 1]
    keys = batch.ids[places].astype(np.uint64)
    others = np.zeros(len(places), np.int64)  # neighbours that are words
    for distance in range(1, ADJACENT + 1):
        near = places + step * distance
        inside = (near >= first) & (near < end)
        ids = batch.ids[np.where(inside, near, places)]
        is_number = numbers[ids]
        others += inside & ~is_number
        named = np.where(is_number, len(numbers), ids) + 1
        keys = (keys ^ keys >> np.uint64(29)) * _MIX + np.where(inside, named, 0).astype(np.uint64)
    return keys, others >= FEWEST


def _often(keys: Hashes, owners: Ids, types: int) -> Ints:
    """Number of occurrences of each word whose key at least `FEWEST` occurrences share, (V,)."""
    order = np.argsort(keys)  # not stable, which takes longer: a key is of one word
    first = np.flatnonzero(np.append(True, np.diff(keys[order]) != 0))[: len(keys)]
    times = np.diff(first, append=len(keys))
    often = times >= FEWEST
    held = np.bincount(owners[order[first[often]]], times[often], minlength=types)
    return held.astype(np.int64)
