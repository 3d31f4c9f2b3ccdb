"""Which words drift lists, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.analysis.kernels import LEAST_BLOCKS
from selfvec.analysis.word_kinds import languages
from selfvec.base.errors import InputError
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.text.tagger import tagger

from .compared_slices import CountedSides
from .measures import Measures
from .permutation_test import LEVEL
from .word_marks import WORD, count_in_run

Row = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """Which words are tested.

    Attributes
    ----------
    named : collection of str
        Words that are tested in any case and, if there are some, listed alone.
    pos : collection of str
        Parts of speech; all if there are none.
    every : bool
        Stop words, numbers, words of repeated text and other spellings, too.
    """

    named: Collection[str] = ()
    pos: Collection[str] = ()
    every: bool = False


_ALL = Choice()


def listed_rows(run: Run, measured: Measures, choice: Choice = _ALL) -> tuple[list[Row], dict[str, int]]:
    """The rows of a choice of words, with their q, in order; and how many words each rule leaves out.

    q is the false discovery rate among all words that are tested.
    """
    rows, left_out = _tested_rows(run, measured.rows, measured.reasons, choice)
    tested = sorted(_with_q(rows), key=order_key)
    if choice.named:
        return [row for row in tested if row["word"] in choice.named], left_out
    if choice.every:
        return tested, left_out
    once = _each_once(tested)
    return once, left_out | {"other spellings": len(tested) - len(once)}


def new_and_gone(run: Run, measured: Measures, choice: Choice = _ALL) -> tuple[list[Row], list[Row]]:
    """Words that came, and words that went, with q ≤ .05, the most certain first; names and numbers last."""
    rows, _ = _tested_rows(run, measured.unmatched, measured.reasons, choice)
    certain = [row for row in _with_q(rows) if row["q"] <= LEVEL]
    certain.sort(
        key=lambda row: (row["kind"] != WORD, row["p"], -max(row["documents_a"], row["documents_b"]))
    )
    certain = certain if choice.every else _each_once(certain)
    new, gone = (
        [row for row in certain if (row["count_b"] > row["count_a"]) == came] for came in (True, False)
    )
    return new, gone


def _with_q(rows: Sequence[Row]) -> list[Row]:
    """The rows with their false discovery rate."""
    q = benjamini_hochberg(np.array([row["p"] for row in rows], np.float64)).tolist()
    return [row | {"q": None if of != of else of} for row, of in zip(rows, q, strict=True)]


def is_significant(row: Mapping[str, Any]) -> bool:
    """Whether a row has q ≤ .05."""
    return row["q"] is not None and row["q"] <= LEVEL


def order_key(row: Mapping[str, Any]) -> tuple[bool, bool, bool, float]:
    """The sort key of a row, see `Drift.order`. With few documents a large change is often chance."""
    significant = is_significant(row)
    few = min(row["documents_a"], row["documents_b"]) < LEAST_BLOCKS
    return not significant, significant and row["kind"] != WORD, significant and few, -row["change"]


def _each_once(rows: Sequence[Row]) -> list[Row]:
    """The sorted rows without other spellings of a word above."""
    listed: set[str] = set()
    kept = []
    for row in rows:
        if listed.isdisjoint(row["variants"]):
            listed.add(row["word"])
            kept.append(row)
    return kept


def _tested_rows(
    run: Run, measured: Sequence[Row], reasons: Mapping[str, str], choice: Choice
) -> tuple[list[Row], dict[str, int]]:
    """The rows of the words that are tested, frequent words first; and how many each rule leaves out."""
    rows = sorted(measured, key=lambda row: run.vectors.key_to_index[row["word"]])
    left_out: Counter[str] = Counter()
    if not choice.every:
        left_out.update(
            {"stop words": 0, "numbers": 0} | ({} if run.tokens is None else {"repeated text": 0})
        )
        left_out.update(reasons[row["word"]] for row in rows if row["word"] in reasons)
    kept = [row["word"] for row in rows if choice.every or row["word"] not in reasons]
    if choice.pos:
        tagged = list(zip(kept, _tags(run, kept), strict=True))
        kept = [word for word, part in tagged if part in choice.pos]
        left_out["other parts of speech"] = len(tagged) - len(kept)
    tested = {*kept, *choice.named}
    return [row for row in rows if row["word"] in tested], dict(left_out)


def _tags(run: Run, words: Sequence[str]) -> list[str]:
    """The part of speech of each word."""
    return tagger(run.provenance.options.get("tagger"), languages(run)).parts(words, [])


def measurable(
    run: Run, words: Sequence[str], slices: Sequence[Slice], least: int
) -> tuple[set[str], list[Row]]:
    """The named words that can be measured; for each other word, the reason and its counts.

    Raises `InputError` if words are named and none can be measured.
    """
    if not words:
        return set(), []
    sides = CountedSides.of(run, slices, least)
    rows, unknown = run.rows(words)
    unknown = [each | {"count_a": 0, "count_b": 0} for each in unknown]
    measured = set()
    for row in rows:
        word = run.vectors.index_to_key[row]
        if sides.able[row]:
            measured.add(word)
        else:
            unknown.append(_unmeasured(run, word, sides))
    if not measured:
        rule = "; ".join(f"{word['word']!r} {word['reason']}" for word in unknown)
        raise InputError(rule, remedy="compare larger slices, or lower --min-count")
    return measured, unknown


def _unmeasured(run: Run, word: str, sides: CountedSides) -> Row:
    """A word that cannot be measured, the reason and its counts."""
    a, b = sides.counts[:, run.vectors.key_to_index[word]].tolist()
    few = [side for side, n in zip(sides.names, (a, b), strict=True) if n < sides.least]
    reason = f"has no vector in {' or '.join(sides.names)}"
    if few:
        seen = "" if sides.names[0] == "original" else f" in {' or '.join(few)}"
        times = " and ".join(str(n) for n in dict.fromkeys((a, b)) if n < sides.least)
        reason = f"occurs too rarely{seen} to be measured: {times} times, and {sides.least} are needed"
    counted = {"count": count_in_run(run, word), "count_a": a, "count_b": b}
    return {"word": word, "reason": reason} | counted
