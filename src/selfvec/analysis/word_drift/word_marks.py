"""What a changed word is: a word, a name, a number, or another spelling of a word.

Names and numbers change with the news, and spellings with the press. They are listed after the words whose
meaning changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.text.proper_names import NAMES_READ, proper_names
from selfvec.text.spelling_variants import letters_key, spelling_key

__all__ = ["NAME", "NUMBER", "VARIANT", "WORD", "mark_words"]

WORD = "word"
NAME = "name"
NUMBER = "number"
VARIANT = "variant"

Row = dict[str, Any]


def mark_words(run: Run, slices: Sequence[Slice], rows: Sequence[Row], min_count: int) -> None:
    """Add to each row its ``kind``, and the ``variants`` of its word: other spellings, most frequent first.

    ``spellings_a`` and ``spellings_b`` count the occurrences of all its spellings: a word that changed its
    spelling only is as frequent as before.

    The kind is "number" for words that begin with a digit, such as 2nd, "variant" for words that have a more
    frequent spelling, "name" for words that the run's documents mostly capitalise, otherwise "word". Without
    the text no word is a name.
    """
    words = [str(row["word"]) for row in rows]
    documents = [np.flatnonzero(part.documents) for part in slices] or [np.zeros(0, np.int64)]
    every = np.sort(np.concatenate(documents))
    read = every[np.linspace(0, len(every) - 1, min(len(every), NAMES_READ)).astype(np.int64)]
    names = proper_names(words, run.text.texts(read.tolist()) if run.text else ())
    groups = _groups(run, min_count)
    counts = None if run.tokens is None else slice_counts(run.tokens, slices)
    for row, word, name in zip(rows, words, names.tolist(), strict=True):
        spellings = [*groups.get(spelling_key(word), ()), *_confused(row, run)]
        row["variants"] = [other for other in dict.fromkeys(spellings) if other != word]
        together = [run.vectors.key_to_index[one] for one in (word, *row["variants"])]
        for side, counted in (("a", 0), ("b", -1)):
            row[f"spellings_{side}"] = None if counts is None else int(counts[counted, together].sum())
        rarer = any(_count(run, other) > _count(run, word) for other in row["variants"])
        number = word[:1].isdigit()
        row["kind"] = NUMBER if number else VARIANT if rarer else NAME if name else WORD


def _groups(run: Run, least: int) -> dict[str, list[str]]:
    """Words that are spelled differently, by key, most frequent first."""
    groups: dict[str, list[str]] = {}
    for word in run.vectors.index_to_key:  # most frequent first
        if _count(run, word) >= least:
            groups.setdefault(spelling_key(word), []).append(word)
    return {key: words for key, words in groups.items() if len(words) > 1}


def _confused(row: Row, run: Run) -> Iterable[str]:
    """A more frequent word with letters like those of a row's word that is also one of its neighbours."""
    key = letters_key(row["word"])
    near = [word for word in (*row["gained"], *row["lost"]) if letters_key(word) == key]
    return [word for word in near if _count(run, word) > _count(run, row["word"])][:1]


def _count(run: Run, word: str) -> int:
    counts = run.vectors.counts
    return 0 if counts is None else int(counts[run.vectors.key_to_index[word]])
