"""The path of a word through the slices of a corpus, and how far each place on it can be trusted.

A word stands, in each slice, at its mean use. How much of that is chance is asked of the documents: drawing
as many again, with replacement, gives other places the word could as well have had (the bootstrap; Efron,
1979). Sums of uses add up over documents, so that no draw needs a look at the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.usage.space import UseSpace, use_space

from .comparable_slices import parts_of
from .document_blocks import Units, document_counts, summed

__all__ = ["SlicePath", "mean_uses", "slice_paths"]

DRAWS = 200
UNITS = 64  # of documents a slice: what is drawn

Ints = NDArray[np.int64]
Table = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SlicePath:
    """A word in S slices.

    Parameters
    ----------
    word : str
    names : tuple of str
        What the slices are called.
    vectors : (S, d) float32
        Its mean use in each slice, unit rows; zeros where it does not occur.
    draws : (B, S, d) float32
        The same for B bootstrap draws of each slice's documents.
    uses, documents : (S,) int64
        How often it occurs, and in how many documents.
    """

    word: str
    names: tuple[str, ...]
    vectors: Table
    draws: Table
    uses: NDArray[np.int64]
    documents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    def from_first(self, level: float = 0.95) -> tuple[NDArray[np.float64], ...]:
        """Distance of each slice from the first in which the word occurs, and its bounds, three of (S,).

        The draws' own spread is shifted to the distance found: distances of resampled places are larger, for
        there is chance on either side. NaN where the word does not occur; the first slice has no bounds.
        """
        alive = self.vectors.any(axis=1)
        first = int(np.argmax(alive))
        found = 1 - (self.vectors @ self.vectors[first]).astype(np.float64)
        drawn = 1 - np.einsum("bsd,bd->bs", self.draws, self.draws[:, first]).astype(np.float64)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0) - np.median(drawn, axis=0)
        found[~alive] = np.nan
        found[first] = 0.0
        bounds = [np.clip(found + edge, 0, 2) for edge in (low, high)]
        for edge in bounds:
            edge[first] = 0.0
        return found, bounds[0], bounds[1]

    def as_dict(self) -> dict[str, Any]:
        """A row of ``selfvec trajectory --slices --json``; what does not exist is null."""
        figures = zip(*(edge.tolist() for edge in self.from_first()), strict=True)
        rows = []
        for i, (name, found) in enumerate(zip(self.names, figures, strict=True)):
            distance, low, high = (None if np.isnan(value) else value for value in found)
            counted = {"uses": int(self.uses[i]), "documents": int(self.documents[i])}
            rows.append({"slice": name, **counted, "distance": distance, "low": low, "high": high})
        return {"word": self.word, "slices": rows}


def slice_paths(
    run: Run,
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    jobs: int | None = None,
) -> list[SlicePath]:
    """The paths of some words through slices.

    Parameters
    ----------
    run : Run
        Has kept its corpus.
    words : sequence of str
    slices : sequence of Slice, optional
        In order; the parts of the run's text, see `parts_of`, where not given.
    draws : int
        Bootstrap draws.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads; the paths are the same.

    Raises
    ------
    InputError
        If there are fewer than two slices, or a word occurs in none of them.
    """
    every = list(parts_of(run) if slices is None else slices)
    if len(every) < 2:
        raise InputError(
            "a path leads through at least two slices, this run has not as many",
            path=run.folder,
            remedy="refine again with --slice year, or say which slices",
        )
    rows = np.array([run.index(word) for word in words], np.int64)
    space = use_space(run, every, seed)
    documents = document_counts(space)
    missing = [i for i in rows.tolist() if not documents[i].any()]
    if missing:
        raise InputError(
            f"the word {run.vectors.index_to_key[missing[0]]!r} occurs in none of these slices",
            remedy="choose another word, or other slices",
        )
    order, inverse = np.unique(rows, return_inverse=True)
    found = _paths(space, order, documents, [part.name for part in every], draws, seed, threads(jobs))
    return [found[i] for i in inverse.tolist()]


def mean_uses(space: UseSpace, words: Ints, jobs: int, progress: Progress | None = None) -> Table:
    """The mean use of some words in every slice, (S, m, d) float32: unit rows, zero without a use."""
    slices, types = len(space.centres), len(space.batch.types)
    out = np.zeros((slices, len(words), space.table.shape[1]), np.float32)
    whole = Units(np.ones((types, slices), np.int64), np.full(types, space.batch.documents, np.int64))
    done = 0
    with (progress or Progress()).stage("Comparing", len(words), "words") as advance:
        for part in summed(space, words, whole, 0, jobs):
            rows = unit_rows(part.rows).reshape(len(part.words), slices, -1)
            out[:, done : done + len(part.words)] = rows.transpose(1, 0, 2)
            done += len(part.words)
            advance(len(part.words))
    return out


def _paths(
    space: UseSpace,
    words: NDArray[np.int64],
    documents: NDArray[np.int64],
    names: Sequence[str],
    draws: int,
    seed: int,
    jobs: int,
) -> list[SlicePath]:
    number = np.minimum(documents, UNITS)
    size = np.maximum(1, -(-documents.max(axis=1) // UNITS))  # every document is dealt
    units = Units(number, size)
    out = []
    for part in summed(space, words, units, seed, jobs):
        for i, word in enumerate(part.words.tolist()):
            mine = slice(part.starts[i], part.starts[i + 1])
            cuts = np.cumsum(number[word])[:-1]
            rows = np.split(part.rows[mine], cuts)
            uses = [int(each.sum()) for each in np.split(part.uses[mine], cuts)]
            rng = np.random.default_rng([seed, word])
            out.append(
                SlicePath(
                    space.batch.types[word],
                    tuple(names),
                    unit_rows(np.stack([each.sum(axis=0) for each in rows])),
                    np.stack([_drawn(each, draws, rng) for each in rows], axis=1),
                    np.array(uses, np.int64),
                    documents[word],
                )
            )
    return out


def _drawn(rows: Table, draws: int, rng: np.random.Generator) -> Table:
    """Directions of the sums of as many units, drawn again with replacement, (B, d)."""
    if not len(rows):
        return np.zeros((draws, rows.shape[1]), np.float32)
    times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=draws)
    return unit_rows(times.astype(np.float32) @ rows)
