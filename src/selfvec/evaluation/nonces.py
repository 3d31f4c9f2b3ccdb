"""A word met once: is its vector found from one definition, or from a few sentences?

Definitional nonces (Herbelot and Baroni, 2017): a word's vector is guessed from its definition, and the true
one ranked. Chimeras (Lazaridou, Marelli and Baroni, 2017): a made-up word stands in a few sentences, and its
vector's cosines with other words are held against people's ratings. Any vectors can be measured: the guess is
the mean of the words around, weighted by inverse document frequency in the file, in the table less its mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.numerics.bootstrap import mean, median, rank_correlation
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency
from selfvec.text.preprocessing import encode_texts

from .compared_vectors import Table, as_path
from .oov import ranks
from .task import Measurement
from .task_files import number, rows
from .word_lookup import find_rows, word_vectors

__all__ = ["Chimeras", "Nonces"]

_SLOT = "___"
_JOIN = "@@"


@dataclass(frozen=True)
class Nonces:
    """Words found again from their definitions.

    Rows have metric ``median_rank``, of a word's true vector by cosine to the guess, among all rows of the
    table that are not zero, and ``mrr``. They are over the words that the table has; ``covered`` is their
    share of the file. ``candidates`` says how many rows are ranked, ``share`` the median rank as a share of
    them: ranks in vocabularies of different sizes compare by it.

    Parameters
    ----------
    path : path
        Rows of word<TAB>definition, in which ``___`` stands for the word; lines that begin with # are none.
    """

    path: Path
    kind: ClassVar[str] = "nonces"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """Two rows a table.

        Raises
        ------
        InputError
            If the file is not as it should be; names the line.
        """
        read = list(rows(self.path, ("word", "definition"), errors="replace", comment="#"))
        if not read:
            remedy = "give rows of word<TAB>definition"
            raise InputError("holds no definitions", path=self.path, remedy=remedy)
        words, texts = ([fields[column] for _, fields in read] for column in (0, 1))
        for table in tables:
            space = _centred(table)
            there = np.flatnonzero(space.any(axis=1))
            found = find_rows(table.vectors, words)
            known = np.flatnonzero(found >= 0)
            guesses = _guesses(table, texts)[known]
            ranked = ranks(guesses, space[there], np.searchsorted(there, found[known]))
            share = float(np.median(ranked)) / len(there) if len(known) else None
            extra = {"candidates": len(there), "share": share}
            size, covered = len(known), len(known) / len(words)
            for metric, estimate in (("median_rank", median(ranked, seed)), ("mrr", mean(1 / ranked, seed))):
                yield Measurement(table.name, metric, estimate, size, covered, extra=extra, **table.size)


@dataclass(frozen=True)
class Chimeras:
    """Made-up words, known by a few sentences, compared with other words as people do.

    A row of metric ``spearman`` a table: the mean over the chimeras of the rank correlation of cosines and
    ratings. A word that has no vector has cosine 0; ``covered`` is the share of words that have one.
    ``spearman_covered`` is the mean over the ``complete`` chimeras, all of whose words have one.

    Parameters
    ----------
    path : path
        Rows of id<TAB>sentences<TAB>words<TAB>ratings, words and ratings with commas; ``___`` stands for the
        chimera, ``@@`` may separate sentences.
    """

    path: Path
    kind: ClassVar[str] = "chimeras"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row a table.

        Raises
        ------
        InputError
            If the file is not as it should be; names the line.
        """
        texts, probes, ratings = _read_chimeras(self.path)
        flat = [word for words in probes for word in words]
        bounds = np.cumsum([0, *map(len, probes)])
        for table in tables:
            found, known = word_vectors(table.vectors, flat)
            found = unit_rows(np.where(known[:, None], found - _mean(table), np.float32(0)))
            guesses = _guesses(table, texts)
            figures, whole = [], []
            for i, rated in enumerate(ratings):
                part = slice(bounds[i], bounds[i + 1])
                figures.append(rank_correlation(found[part] @ guesses[i], rated))
                whole.append(bool(known[part].all()))
            values, complete = np.array(figures), np.array(whole)
            over = float(values[complete].mean()) if complete.any() else None
            covered = {"spearman_covered": over, "complete": int(complete.sum())}
            yield Measurement(
                table.name,
                "spearman",
                mean(values, seed),
                n=len(values),
                covered=float(known.mean()),
                extra=covered,
                **table.size,
            )


def _read_chimeras(path: Path) -> tuple[list[str], list[list[str]], list[NDArray[np.float64]]]:
    texts, probes, ratings = [], [], []
    names = ("id", "sentences", "words", "ratings")
    for line, (_, text, words, rated) in rows(path, names, errors="replace"):
        probes.append([word.strip() for word in words.split(",")])
        scores = [number(score, path, line, "ratings") for score in rated.split(",")]
        if len(scores) != len(probes[-1]):
            rule = f"each word has a rating, here are {len(probes[-1])} words and {len(scores)} ratings"
            raise InputError(rule, path=path, line=line)
        texts.append(text.replace(_JOIN, " "))
        ratings.append(np.array(scores))
    if not texts:
        remedy = "give rows of id<TAB>sentences<TAB>words<TAB>ratings"
        raise InputError("holds no chimeras", path=path, remedy=remedy)
    return texts, probes, ratings


def _mean(table: Table) -> NDArray[np.float32]:
    """Mean of the unit rows that are not zero, (d,)."""
    unit = table.vectors.unit
    there = max(int(np.count_nonzero(unit.any(axis=1))), 1)
    average: NDArray[np.float32] = (unit.sum(axis=0, dtype=np.float64) / there).astype(np.float32)
    return average


def _centred(table: Table) -> NDArray[np.float32]:
    """Unit rows of the table less its mean, (V, d); zeros stay zeros."""
    unit = table.vectors.unit
    return unit_rows(np.where(unit.any(axis=1, keepdims=True), unit - _mean(table), np.float32(0)))


def _guesses(table: Table, texts: Sequence[str]) -> NDArray[np.float32]:
    """A vector for each text, (n, d) unit rows; the slot is left out."""
    batch = encode_texts([text.replace(_SLOT, " ") for text in texts], table.preprocessing, table.vectors)
    found, known = word_vectors(table.vectors, batch.types)
    found = unit_rows(np.where(known[:, None], found - _mean(table), np.float32(0)))
    return document_vectors(batch, found, inverse_document_frequency(batch))
