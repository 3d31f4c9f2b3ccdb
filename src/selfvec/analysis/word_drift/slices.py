"""Slices of a corpus that can be compared, and the path of a word through them.

A corpus of many years may have years with few documents, so neighbouring periods are joined. A path is the
mean vector of a word's occurrences in each slice, with a bootstrap of the documents (Efron, 1979): resampling
them with replacement gives other positions that the word could have had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, by_label, by_period, named_slice
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.usage.occurrence_vectors import Blocks, block_sums, document_counts, occurrence_space

from .permutation_test import BLOCKS

__all__ = [
    "SlicePath",
    "chosen_slices",
    "comparable_slices",
    "first_and_last",
    "join_periods",
    "slice_paths",
    "slices_of",
    "sources_of",
    "without_slices",
]

ENOUGH_TOKENS = 2_000  # with fewer, hardly any word of a period can be compared
MOST_SLICES = 8  # of a text
DRAWS = 200  # of the bootstrap
CONFIDENCE = 0.95  # of the interval around a distance


def slices_of(run: Run) -> list[Slice]:
    """The slices a run was made with: periods or labels of documents; empty if there are none."""
    if run.tokens is None:
        return []
    period = run.provenance.options.get("slice")
    if period:
        return by_period(run.tokens, period)
    return by_label(run.tokens) if run.tokens.slices is not None else []


def without_slices(run: Run) -> Run:
    """The run as if it had been made without slices, so that drift compares original with refined."""
    if run.tokens is None:
        return run
    options = {**run.provenance.options, "slice": None}
    tokens = replace(run.tokens, slices=None, slice_names=())
    return run.replace(provenance=run.provenance.replace(options=options), tokens=tokens)


def comparable_slices(run: Run) -> list[Slice]:
    """At most eight slices of a run's corpus, in order: by label, by its period, or by year.

    Empty if the corpus has neither labels nor dates, or falls into a single slice.
    """
    batch = run.tokens
    if batch is None:
        return []
    period = run.provenance.options.get("slice")
    try:
        if batch.slices is not None:
            found = [part for part in by_label(batch) if part.documents.any()][:MOST_SLICES]
        else:
            found = join_periods(by_period(batch, period or "year"), batch)
    except InputError:  # no dates
        return []
    return found if len(found) > 1 else []


def join_periods(periods: Sequence[Slice], batch: TokenBatch, most: int = MOST_SLICES) -> list[Slice]:
    """Join neighbouring periods until each holds at least its share of the text.

    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in join_periods(by_period(batch, "year"), batch, most=3)]
    ['1990..1993', '1994..1995']
    """
    if len(periods) <= 2:
        return list(periods)
    sizes = _sizes(periods, batch)
    groups: list[list[int]] = [[]]
    for number, size in enumerate(sizes.tolist()):
        groups[-1].append(number)
        if sizes[groups[-1]].sum() >= sizes.sum() / most and size:
            groups.append([])
    if not groups[-1]:
        groups.pop()
    elif len(groups) > 1 and sizes[groups[-1]].sum() < sizes.sum() / most / 2:
        tail = groups.pop()
        groups[-1] += tail
    return [_joined([periods[i] for i in group]) for group in groups]


def first_and_last(periods: Sequence[Slice], batch: TokenBatch, enough: int = ENOUGH_TOKENS) -> list[Slice]:
    """The first and the last period, each joined with its neighbours until it has enough tokens.

    >>> dates = np.array([f"{1990 + i}-05-01" for i in range(6)], "datetime64[D]")
    >>> offsets = np.array([0, 1, 2, 10, 20, 30, 31])
    >>> batch = TokenBatch(np.zeros(31, np.int32), offsets, ["a"], dates)
    >>> [part.name for part in first_and_last(by_period(batch, "year"), batch, 8)]
    ['1990..1992', '1994..1995']
    """
    sizes = _sizes(periods, batch)
    first = 1 + int(np.searchsorted(np.cumsum(sizes), enough))
    last = 1 + int(np.searchsorted(np.cumsum(sizes[::-1]), enough))
    if first + last > len(periods):  # too little text in all
        first = last = 1
    return [_joined(periods[:first]), _joined(periods[-last:])]


def _sizes(periods: Sequence[Slice], batch: TokenBatch) -> Ints:
    """Tokens of each period."""
    lengths = np.diff(batch.offsets)
    return np.array([lengths[part.documents].sum() for part in periods], np.int64)


def _joined(parts: Sequence[Slice]) -> Slice:
    if len(parts) == 1:
        return parts[0]
    documents = np.any([part.documents for part in parts], axis=0)
    first = parts[0].name.partition("..")[0]
    last = parts[-1].name.rpartition("..")[2]
    return Slice(f"{first}..{last}", documents)


def chosen_slices(run: Run, between: str | Sequence[str | Slice] | None) -> list[Slice]:
    """The two slices that `drift` compares; none if it compares the original with the refined vectors."""
    if isinstance(between, str):
        batch = run.require_tokens()
        periods = by_period(batch, between)
        return first_and_last(_two(periods), batch)
    if between is not None:
        if len(between) != 2:
            raise OptionError(f"two slices are compared, not {len(between)}", field="between")
        batch = run.require_tokens()
        return [named_slice(batch, part) if isinstance(part, str) else part for part in between]
    slices = slices_of(run)
    if not slices or run.tokens is None:
        return []
    _two(slices)
    return [slices[0], slices[-1]] if run.tokens.slices is not None else first_and_last(slices, run.tokens)


def _two(slices: list[Slice]) -> list[Slice]:
    """The slices, if there is more than one."""
    if len(slices) == 1:
        raise InputError(
            f"the run has only one slice, {slices[0].name}", remedy="name the slices: --between A..B C..D"
        )
    return slices


def sources_of(run: Run, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """The slices to measure: all documents if no slices are compared; empty without a corpus."""
    if slices or run.tokens is None:
        return tuple(slices)
    return (Slice("all", np.ones(run.tokens.documents, bool)),)


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
    """

    word: str
    names: tuple[str, ...]
    vectors: Rows
    draws: Rows
    uses: Ints
    documents: Ints

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        used = ", ".join(f"{name} {n:,}" for name, n in zip(self.names, self.uses.tolist(), strict=True))
        return f"SlicePath({self.word!r}, occurrences: {used})"

    def from_first(self, level: float = CONFIDENCE) -> tuple[Doubles, ...]:
        """Distance of each slice from the first one with the word, and its lower and upper bound, (S,) each.

        Distances of resampled positions are larger, because both ends vary by chance. Therefore their spread
        is shifted to the measured distance. NaN in slices without the word; the bounds of the first slice are
        0.
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

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per slice; slices without the word have null figures."""
        return [{"word": self.word} | row for row in self.as_dict()["slices"]]

    def as_dict(self) -> dict[str, Any]:
        """A row of ``selfvec run trajectory --slices --json``; slices without the word have null figures."""
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
        raise InputError(
            "a path needs at least two slices, and this run has fewer",
            path=run.folder,
            remedy="refine again with --slice year, or name the slices",
        )
    rows = np.array([run.index(word) for word in words], np.int64)
    space = occurrence_space(run, every, seed)
    documents = document_counts(space)
    missing = [i for i in rows.tolist() if not documents[i].any()]
    if missing:
        raise InputError(
            f"the word {run.vectors.index_to_key[missing[0]]!r} occurs in none of these slices",
            remedy="choose another word, or other slices",
        )
    order, inverse = np.unique(rows, return_inverse=True)
    size = np.maximum(1, -(-documents.max(axis=1) // BLOCKS))  # every document is in a block
    blocks = Blocks(np.minimum(documents, BLOCKS), size)
    names = tuple(part.name for part in every)
    found = []
    for part in block_sums(space, order, blocks, seed, threads(jobs)):
        for i, word in enumerate(part.words.tolist()):
            mine = slice(part.starts[i], part.starts[i + 1])
            cuts = np.cumsum(blocks.number[word])[:-1]
            sums = np.split(part.rows[mine], cuts)
            uses = np.array([each.sum() for each in np.split(part.counts[mine], cuts)], np.int64)
            rng = np.random.default_rng([seed, word])
            vectors = unit_rows(np.stack([each.sum(axis=0) for each in sums]))
            drawn = np.stack([_resampled(each, rng) for each in sums], axis=1)
            found.append(SlicePath(space.batch.types[word], names, vectors, drawn, uses, documents[word]))
    return [found[i] for i in inverse.tolist()]


def _resampled(rows: Rows, rng: np.random.Generator) -> Rows:
    """Unit sums of blocks drawn with replacement, as many as there are, (B, d)."""
    if not len(rows):
        return np.zeros((DRAWS, rows.shape[1]), np.float32)
    times = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=DRAWS)
    return unit_rows(times.astype(np.float32) @ rows)
