"""The path of a word through slices of a corpus.

A path is the mean vector of the word's occurrences in each slice, with a bootstrap of the documents (Efron,
1979): resampling them with replacement gives other positions that the word could have had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfvec.analysis.comparison.chosen_slices import comparable_slices
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import (
    WordBlocks,
    block_sums,
    document_counts,
    occurrence_space,
)
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.display import escape_for_display
from selfvec.base.errors import InputError
from selfvec.base.threads import threads
from selfvec.base.view import COUNT, INTERVAL, Column, Form, Row, Table, figure
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows

from .permutation_test import BLOCKS

DRAWS = 200  # of the bootstrap
CONFIDENCE = 0.95  # of the interval around a distance
FEW_USES = 5  # occurrences; with fewer a distance is mostly chance


def _distance(row: Row) -> str:
    """The distance of a slice, in brackets if it is mostly chance."""
    if row["distance"] is None:
        return ""
    return f"({row['distance']:.3f})" if row["few"] else f"{row['distance']:.3f}"


@dataclass(frozen=True, eq=False)
class SlicePath:
    """A word in S slices.

    Attributes
    ----------
    word : str
    names : tuple of str
        Names of the slices.
    vectors : (S, d) float32
        The mean vector of its occurrences in each slice, unit rows; zeros in slices without the word.
    draws : (B, S, d) float32
        The same for B bootstrap draws of the documents of each slice.
    uses, documents : (S,) int64
        Number of occurrences, and of documents with the word.
    chance : (S,) float64
        The distance from the first slice with the word that there would be if its use were the same; NaN in
        slices without the word.
    """

    word: str
    names: tuple[str, ...]
    vectors: Rows
    draws: Rows
    uses: Ints
    documents: Ints
    chance: Doubles

    columns = (
        Column("slice"),
        Column("uses", "times", COUNT),
        Column("documents", form=COUNT),
        Column("distance", form=Form("figure", _distance, is_figure=True), of=lambda row: row),
        Column(
            "interval",
            "95 %",
            INTERVAL,
            of=lambda row: None if row["low"] is None else (row["low"], row["high"]),
        ),
        Column("chance", form=figure(3), meaning="the distance if nothing had changed"),
    )

    def __len__(self) -> int:
        return len(self.names)

    @property
    def table(self) -> Table:
        """A line for each slice: the distance from the first, its interval, and what chance alone gives."""
        rows = self.as_dict()["slices"]
        few = f"( ): fewer than {FEW_USES} occurrences, here or in the first, so it is mostly chance."
        notes = [few] * any(row["few"] for row in rows)
        return Table(self.columns, rows, escape_for_display(self.word), notes)

    def __repr__(self) -> str:
        used = ", ".join(f"{name} {n:,}" for name, n in zip(self.names, self.uses.tolist(), strict=True))
        return f"SlicePath({self.word!r}, occurrences: {used})"

    def from_first(self) -> tuple[Doubles, ...]:
        """Distance of each slice from the first one with the word, and its lower and upper bound, (S,) each.

        Distances of resampled positions are larger, because both ends vary by chance. Therefore their spread
        is shifted to the measured distance. NaN in slices without the word; the bounds of the first slice are
        0.
        """
        alive = self.vectors.any(axis=1)
        first = int(np.argmax(alive))
        distances = 1 - (self.vectors @ self.vectors[first]).astype(np.float64)
        drawn = 1 - np.einsum("bsd,bd->bs", self.draws, self.draws[:, first]).astype(np.float64)
        ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
        low, high = np.quantile(drawn, ends, axis=0) - np.median(drawn, axis=0)
        distances[~alive] = np.nan
        distances[first] = 0.0
        bounds = [np.clip(distances + edge, 0, 2) for edge in (low, high)]
        for edge in bounds:
            edge[first] = 0.0
        return distances, bounds[0], bounds[1]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per slice; slices without the word have null figures."""
        return [{"word": self.word} | row for row in self.as_dict()["slices"]]

    def as_dict(self) -> dict[str, Any]:
        """A row of ``selfvec run trajectory --slices --json``; slices without the word have null figures."""
        first = self.uses[np.flatnonzero(self.uses)[0]]
        figures = zip(*(edge.tolist() for edge in (*self.from_first(), self.chance)), strict=True)
        rows = []
        for i, (name, values) in enumerate(zip(self.names, figures, strict=True)):
            named = zip(("distance", "low", "high", "chance"), values, strict=True)
            measured = {key: None if np.isnan(value) else value for key, value in named}
            few = bool(0 < min(self.uses[i], first) < FEW_USES)
            counted = {"uses": int(self.uses[i]), "documents": int(self.documents[i]), "few": few}
            rows.append({"slice": name, **counted, **measured})
        return {"word": self.word, "slices": rows}


def slice_paths(
    run: Run,
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,
    *,
    seed: int = 0,
    jobs: int | None = None,
) -> list[SlicePath]:
    """Paths of words through slices.

    Parameters
    ----------
    run : Run
        A run that kept its corpus.
    words : sequence of str
    slices : sequence of Slice, optional
        In order; `comparable_slices` of the run by default.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads; all cores by default. The paths are the same for any number.

    Raises
    ------
    InputError
        If there are fewer than two slices, or a word occurs in none of them.
    """
    every = list(comparable_slices(run) if slices is None else slices)
    if len(every) < 2:
        rule = "a path needs at least two slices, and this run has fewer"
        remedy = "refine again with --slice year, or name the slices"
        raise InputError(rule, path=run.folder, remedy=remedy)
    rows = np.array([run.index(word) for word in words], np.int64)
    space = occurrence_space(Comparison.of(run.require_tokens(), every), WordTable.of(run), seed)
    documents = document_counts(space)
    missing = [i for i in rows.tolist() if not documents[i].any()]
    if missing:
        rule = f"the word {run.vectors.index_to_key[missing[0]]!r} occurs in none of these slices"
        raise InputError(rule, remedy="choose another word, or other slices")
    order, inverse = np.unique(rows, return_inverse=True)
    size = np.maximum(1, -(-documents.max(axis=1) // BLOCKS))  # every document is in a block
    blocks = WordBlocks(np.minimum(documents, BLOCKS), size)
    names = tuple(part.name for part in every)
    paths = []
    for part in block_sums(space, order, blocks, seed, threads(jobs)):
        for i, word in enumerate(part.words.tolist()):
            mine = slice(part.starts[i], part.starts[i + 1])
            cuts = np.cumsum(blocks.number[word])[:-1]
            sums = np.split(part.rows[mine], cuts)
            counts = np.split(part.counts[mine], cuts)
            uses = np.array([each.sum() for each in counts], np.int64)
            chance = _chance(sums, counts)
            rng = np.random.default_rng([seed, word])
            vectors = unit_rows(np.stack([each.sum(axis=0) for each in sums]))
            drawn = np.stack([_resampled(each, rng) for each in sums], axis=1)
            name = space.batch.types[word]
            paths.append(SlicePath(name, names, vectors, drawn, uses, documents[word], chance))
    return [paths[i] for i in inverse.tolist()]


def _chance(sums: Sequence[Rows], counts: Sequence[Doubles]) -> Doubles:
    """The distance from the first slice by chance alone, (S,), from sums of occurrences by block.

    Two sums of the same use point in one direction but for noise. The share of a sum's squared length that is
    no noise follows from how alike two occurrences of different documents are, as a mean over all slices: a
    slice with few documents says too little of that itself.
    """
    squares = np.array([np.sum(each.sum(axis=0, dtype=np.float64) ** 2) for each in sums])
    totals = np.array([each.sum() for each in counts])
    pairs = np.sum(totals**2) - sum(np.sum(each**2) for each in counts)
    own = sum(np.sum(each.astype(np.float64) ** 2) for each in sums)
    alike = max(float(squares.sum() - own), 0.0) / pairs if pairs else 0.0
    with np.errstate(invalid="ignore"):  # 0 / 0, in slices without the word
        kept = np.sqrt(np.minimum(alike * totals**2 / squares, 1.0))
    first = int(np.argmax(squares > 0))
    chance = 1 - kept[first] * kept
    chance[first] = 0.0
    return np.asarray(chance, np.float64)


def _resampled(rows: Rows, rng: np.random.Generator) -> Rows:
    """Unit sums of blocks drawn with replacement, as many as there are, (B, d)."""
    if not len(rows):
        return np.zeros((DRAWS, rows.shape[1]), np.float32)
    times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=DRAWS)
    return unit_rows(times.astype(np.float32) @ rows)
