"""The path of a word through slices of a corpus.

A path is the mean vector of the word's occurrences in each slice, with a bootstrap of the documents (Efron,
1979): resampling them with replacement gives other positions that the word could have had.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.analysis.comparison.chosen_slices import comparable_slices
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import (
    WordBlocks,
    block_sums,
    occurrence_space,
)
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Json
from selfvec.base.arrays import Doubles, Rows
from selfvec.base.display import escape_for_display
from selfvec.base.errors import InputError
from selfvec.base.view import COUNT, INTERVAL, Column, Form, Row, Table, ends, figure
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.numerics.rows import filled_rows, unit_rows

from .permutation_test import BLOCKS

DRAWS = 200  # of the bootstrap
_BOUNDS = (0.025, 0.975)  # of the interval around a distance
_FIGURES = ("distance", "low", "high", "chance")
FEW_USES = 5  # occurrences; with fewer a distance is mostly chance


def _distance(row: Row) -> str:
    """The distance of a slice, in brackets if it is mostly chance."""
    if row["distance"] is None:
        return ""
    return f"({row['distance']:.3f})" if row["few"] else f"{row['distance']:.3f}"


_COLUMNS = (
    Column("slice"),
    Column("uses", "times", COUNT),
    Column("documents", form=COUNT),
    Column("distance", form=Form("figure", _distance, is_figure=True), of=lambda row: row),
    Column("interval", "95 %", INTERVAL, of=ends),
    Column("chance", form=figure(3), meaning="the distance if nothing had changed"),
)


def slice_table(path: Json) -> Table:
    """A line for each slice: the distance from the first, its interval, and what chance alone gives."""
    rows = path["slices"]
    few = f"( ): fewer than {FEW_USES} occurrences, here or in the first, so it is mostly chance."
    return Table(_COLUMNS, rows, escape_for_display(path["word"]), [few] * any(row["few"] for row in rows))


def slice_paths(
    run: Run,
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,
    *,
    seed: int = 0,
) -> list[Json]:
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

    Returns
    -------
    list of dict
        Each with the ``word`` and its ``slices``: ``uses`` and ``documents`` with the word; its ``distance``
        from the first slice that has it, with the bounds ``low`` and ``high``; the distance by ``chance``
        alone; and whether there are ``few`` uses. Slices without the word have null figures.

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
    documents = space.documents
    missing = [i for i in rows.tolist() if not documents[i].any()]
    if missing:
        rule = f"the word {run.vectors.index_to_key[missing[0]]!r} occurs in none of these slices"
        raise InputError(rule, remedy="choose another word, or other slices")
    order, inverse = np.unique(rows, return_inverse=True)
    size = np.maximum(1, -(-documents.max(axis=1) // BLOCKS))  # every document is in a block
    blocks = WordBlocks(np.minimum(documents, BLOCKS), size)
    paths = []
    for part in block_sums(space, order, blocks, seed):
        for i, word in enumerate(part.words.tolist()):
            mine = slice(part.starts[i], part.starts[i + 1])
            cuts = np.cumsum(blocks.number[word])[:-1]
            sums, counts = np.split(part.rows[mine], cuts), np.split(part.counts[mine], cuts)
            uses = [int(each.sum()) for each in counts]
            first = next(number for number in uses if number)
            distances = _distances(sums, counts, np.random.default_rng([seed, word]))
            over_time = []
            for span, number, here, figures in zip(
                every, uses, documents[word].tolist(), distances.tolist(), strict=True
            ):
                few = 0 < min(number, first) < FEW_USES
                known = figures if number else [None] * len(_FIGURES)
                counted = {"slice": span.name, "uses": number, "documents": here, "few": few}
                over_time.append(counted | dict(zip(_FIGURES, known, strict=True)))
            paths.append({"word": space.batch.types[word], "slices": over_time})
    return [paths[i] for i in inverse.tolist()]


def _distances(sums: Sequence[Rows], counts: Sequence[Doubles], rng: np.random.Generator) -> Doubles:
    """Distance of each slice from the first with the word, its bounds, and that by chance alone, (S, 4).

    All from sums of occurrences by block; of no meaning in slices without the word. Distances of resampled
    positions are larger, because both ends vary by chance. Therefore their spread is shifted to the measured
    distance.
    """
    vectors = unit_rows(np.stack([each.sum(axis=0) for each in sums]))
    first = int(filled_rows(vectors).argmax())
    distances = 1 - (vectors @ vectors[first]).astype(np.float64)
    draws = np.stack([_resampled(each, rng) for each in sums], axis=1)  # (B, S, d)
    drawn = 1 - np.einsum("bsd,bd->bs", draws, draws[:, first]).astype(np.float64)
    spread = np.quantile(drawn, _BOUNDS, axis=0) - np.median(drawn, axis=0)
    figures = np.stack([distances, *np.clip(distances + spread, 0, 2), _chance(sums, counts, first)], axis=1)
    figures[first] = 0
    return figures


def _chance(sums: Sequence[Rows], counts: Sequence[Doubles], first: int) -> Doubles:
    """The distance from the first slice that there would be if the use were the same, (S,).

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
    return np.asarray(1 - kept[first] * kept, np.float64)


def _resampled(rows: Rows, rng: np.random.Generator) -> Rows:
    """Unit sums of blocks drawn with replacement, as many as there are, (B, d)."""
    if not len(rows):
        return np.zeros((DRAWS, rows.shape[1]), np.float32)
    times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=DRAWS)
    return unit_rows(times.astype(np.float32) @ rows)
