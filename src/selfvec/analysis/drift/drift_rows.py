"""The drift of every word as rows: what `drift`, `model.drift_` and the page show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, by_label, by_period, named_slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.neighbours import gained_and_lost
from selfvec.usage.examples import examples, sentences
from selfvec.usage.space import UseSpace, use_space

from .comparable_slices import ends_of
from .measure import Distances, measure
from .refinement_drift import measure_moved, moved_space
from .slice_vectors import slice_tables

__all__ = ["Drift", "drift", "slices_of"]

LEVEL = 0.05  # false discovery rate below which words come first
NEIGHBOURS = 10
_Z = 1.96  # standard errors in half of a 95 % interval

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Drift:
    """Words between two states, those that surely changed first, by how much more than chance.

    Attributes
    ----------
    a, b : str
        The states: two slices, or "original" and "refined".
    rows : list of dict
        As in ``selfvec drift --json``.
    space : UseSpace or None
        What the uses were measured in; None where the run forgot its corpus.
    only_a, only_b : int
        Words that occur often enough in one slice alone; they have no row.
    """

    a: str
    b: str
    rows: list[dict[str, Any]]
    space: UseSpace | None = field(default=None, repr=False)
    only_a: int = 0
    only_b: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, word: str) -> dict[str, Any]:
        """The row of a word."""
        for row in self.rows:
            if row["word"] == word:
                return row
        raise KeyError(f"no row for {word!r}")

    def illustrate(self, run: Run, top: int | None = None, number: int = 1) -> Drift:
        """The same with ``examples_a`` and ``examples_b`` in the first rows: uses that show the change.

        Sentences where the files that were read are still there, else the words around.
        """
        if self.space is None:
            return self
        rows = self.rows[:top]
        index = run.vectors.key_to_index
        found = [use for row in rows for use in examples(self.space, index[row["word"]], number)]
        texts: dict[tuple[str, int], list[str]] = {}
        sides = len(self.space.centres)
        for use in sentences(run, found):
            texts.setdefault((use.word, use.side), []).append(use.text)
        shown = [
            row
            | {
                "examples_a": texts.get((row["word"], 0), []) if sides == 2 else [],
                "examples_b": texts.get((row["word"], sides - 1), []),
            }
            for row in rows
        ]
        return replace(self, rows=[*shown, *self.rows[len(rows) :]])

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {"a": self.a, "b": self.b, "only_a": self.only_a, "only_b": self.only_b, "rows": self.rows}


def slices_of(run: Run) -> list[Slice]:
    """The slices a run was made with: periods, labels of documents, or none."""
    if run.tokens is None:
        return []
    period = run.provenance.get("options", {}).get("slice")
    if period:
        return by_period(run.tokens, period)
    return by_label(run.tokens) if run.tokens.slices is not None else []


def drift(
    run: Run,
    between: Sequence[str | Slice] | None = None,
    *,
    top: int | None = None,
    fdr: float | None = None,
    min_count: int = 5,
    permutations: int = 1000,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """What changed between two slices of a run's corpus; or by refining, where it has none.

    Parameters
    ----------
    run : Run
    between : two of str or Slice, optional
        As ``"1976..1979", "2021"``, or two labels. The first and the last slice of the run where not given,
        and the original and the refined vectors where there are none.
    top : int, optional
        Rows kept.
    fdr : float, optional
        Words with a larger q are left out.
    min_count : int
        Words that occur less often on either side are left out.
    permutations : int
        Random splits of a word's documents, at most, before few words that go beyond all of them get more.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads; the rows are the same.

    Raises
    ------
    InputError
        If the run has not kept its corpus, there are no such slices, or no word occurs in both.

    Returns
    -------
    Drift
        Rows hold ``word``; ``distance`` with its 95 % interval ``low`` to ``high``, and what random splits
        of the same documents give, ``expected``; ``apd``; ``p`` and ``q``; ``count_a``, ``count_b``,
        ``documents_a``, ``documents_b``; ``gained`` and ``lost``, neighbours (words that occur
        ``min_count`` times in that slice).
    """
    if fdr is not None and not 0 < fdr <= 1:
        raise OptionError(f"is a share above 0, at most 1, not {fdr!r}", field="fdr")
    listener, slices = progress or Progress(), _chosen(run, between)
    if slices:
        counts = slice_counts(run.require_tokens(), slices)
        words = _in_both(counts, min_count, slices)
        space = use_space(run, slices, seed)
        found = measure(
            space, words, permutations=permutations, seed=seed, jobs=threads(jobs), progress=listener
        )
        tables = slice_tables(space, threads(jobs), min_count)
        names = [part.name for part in slices]
    else:
        counts, names = np.stack([_counts(run)] * 2), ["original", "refined"]
        whole = moved_space(run, seed)
        found = measure_moved(run, whole, min_count, permutations, seed, threads(jobs), listener)
        often = (counts[0] >= min_count)[:, None]
        tables = [np.where(often, table.unit, 0) for table in (run.original, run.vectors)]
    order = np.lexsort((-found.excess, found.q > LEVEL))
    kept = (order if fdr is None else order[found.q[order] <= fdr])[:top]
    rows = _rows(run, found, kept, counts)
    near = gained_and_lost(tables[0], tables[1], found.words[kept], NEIGHBOURS)
    keys = run.vectors.index_to_key
    for row, (gained, lost) in zip(rows, near, strict=True):
        row["gained"], row["lost"] = [keys[i] for i in gained], [keys[i] for i in lost]
    only = [int(np.sum((counts[i] >= min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    return Drift(names[0], names[1], rows, space if slices else whole, only[0], only[1])


def _in_both(counts: Ints, least: int, slices: Sequence[Slice]) -> Ints:
    words = np.flatnonzero(counts.min(axis=0) >= least)
    if not len(words):
        raise InputError(
            f"no word occurs {least} times in both {slices[0].name} and {slices[1].name}",
            remedy="compare larger slices, or lower --min-count",
        )
    return words


def _counts(run: Run) -> Ints:
    counts = run.vectors.counts
    return np.zeros(len(run.vectors), np.int64) if counts is None else counts


def _chosen(run: Run, between: Sequence[str | Slice] | None) -> list[Slice]:
    if between is not None:
        if len(between) != 2:
            raise OptionError(f"two slices are compared, not {len(between)}", field="between")
        batch = run.require_tokens()
        return [named_slice(batch, part) if isinstance(part, str) else part for part in between]
    slices = slices_of(run)
    if len(slices) == 1:
        raise InputError(
            f"the run has one slice only, {slices[0].name}", remedy="say what to compare: --between A..B C..D"
        )
    if not slices or run.tokens is None:
        return []
    return [slices[0], slices[-1]] if run.tokens.slices is not None else ends_of(slices, run.tokens)


def _rows(run: Run, found: Distances, kept: Ints, counts: Ints) -> list[dict[str, Any]]:
    keys, half = run.vectors.index_to_key, _Z * found.error
    rows = []
    for i in kept.tolist():
        word = int(found.words[i])
        known = not np.isnan(half[i])
        rows.append(
            {
                "word": keys[word],
                "distance": float(found.distance[i]),
                "low": max(0.0, float(found.distance[i] - half[i])) if known else None,
                "high": min(2.0, float(found.distance[i] + half[i])) if known else None,
                "expected": _number(found.expected[i]),
                "apd": _number(found.apd[i]),
                "p": _number(found.p[i]),
                "q": _number(found.q[i]),
                "count_a": int(counts[0, word]),
                "count_b": int(counts[1, word]),
                "documents_a": int(found.documents[i, 0]),
                "documents_b": int(found.documents[i, 1]),
            }
        )
    return rows


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
