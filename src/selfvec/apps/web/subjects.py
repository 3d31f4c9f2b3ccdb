"""What is compared: a run before and after refining, or two slices of its text.

Either way there are two tables of the same words, states between them for the map, and texts to quote from.
Everything else on the page is the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.data.vectors import Source
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.usage.sentences import fit_scores, windows

from .atlas import State, history_states, table_state
from .comparison import LEAST, Comparison
from .view import View, view_of

__all__ = ["Subject", "Text", "refined", "sliced"]

COMMON = 5000  # commonest words, whose mean a state is centred on
MAPPED = 20_000  # commonest words, which have a place in every slice

Ints = NDArray[np.int64]
Table = NDArray[np.float32]


@dataclass(frozen=True)
class Text:
    """A part of the text that sentences are quoted from.

    Parameters
    ----------
    name : str
    side : int
        Whether its uses speak for what was (0) or what is (1).
    documents : (D,) bool, optional
        Its documents; all where not given.
    """

    name: str
    side: int
    documents: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Subject:
    """A comparison with all that is needed to explain it.

    Parameters
    ----------
    view : View
    states : callable
        Makes the states of the map, first to last, which may take a while.
    texts : tuple of Text
    scores : callable
        How well uses of a word (its row, a side, their places) speak for that side, (n,) float.
    ends : list of State
        The first and the last state, which are there at once.
    """

    view: View
    states: Callable[[Progress], list[State]]
    texts: tuple[Text, ...]
    scores: Callable[[int, int, Ints], NDArray[np.floating[Any]]]
    ends: list[State]


def counts_of(run: Run) -> Ints:
    """How often each word of a run occurs, (V,) int64."""
    counts = run.vectors.counts
    return np.ones(len(run.vectors), np.int64) if counts is None else np.asarray(counts, np.int64)


def refined(run: Run, progress: Progress | None = None) -> Subject:
    """A run before and after refining.

    Of words that the pretrained table knew it can be told whether they changed; the others only began.
    """
    counts, before, after = counts_of(run), run.original.unit, run.vectors.unit
    told = run.original.sources == Source.KNOWN
    told = told if told.any() else np.ones(len(told), bool)
    comparison = Comparison(
        run.vectors.index_to_key, before, after, np.stack([counts] * 2), ("original", "refined"), told
    )
    common = np.argsort(-counts, kind="stable")[:COMMON]
    epochs = int(run.provenance.get("epochs", 1))

    ends = [table_state("original", before, common), table_state("refined", after, common)]

    def states(progress: Progress) -> list[State]:
        del progress
        between = history_states(run.history, before, counts * epochs, common, epochs)
        return [ends[0], *between, ends[1]]

    batch = run.tokens
    weights = None if batch is None else inverse_document_frequency(batch)

    def scores(row: int, side: int, places: Ints) -> NDArray[np.floating[Any]]:
        assert batch is not None
        assert weights is not None
        own = (before, after)[side][row]
        return fit_scores(windows(batch, places), (before, after)[side], weights, own)

    return Subject(
        view_of(comparison, progress=progress),
        states,
        () if batch is None else (Text("your text", 1),),
        scores,
        ends,
    )


def sliced(run: Run, pair: Sequence[Slice], every: Sequence[Slice], jobs: int, progress: Progress) -> Subject:
    """Two slices of a run's text; the map shows every slice.

    Parameters
    ----------
    run : Run
        Has kept its text.
    pair : two Slices
    every : sequence of Slice
        The slices of the map, in order; those of ``pair`` are shown where there are fewer than three.
    jobs : int
        Threads.
    progress : Progress

    Raises
    ------
    InputError
        If no word occurs in both.
    """
    from selfvec.analysis.drift.slice_paths import mean_uses
    from selfvec.usage.space import use_space

    batch, counts = run.require_tokens(), slice_counts(run.require_tokens(), pair)
    told, known = counts.min(axis=0) > 0, np.flatnonzero(counts.max(axis=0) >= LEAST)
    if not told.any():
        raise InputError(
            f"no word occurs in both {pair[0].name} and {pair[1].name}", remedy="compare larger slices"
        )
    space = use_space(run, pair)
    before, after = tables = np.zeros((2, len(batch.types), run.original.vector_size), np.float32)
    tables[:, known] = mean_uses(space, known, jobs, progress)
    names = (pair[0].name, pair[1].name)
    comparison = Comparison(run.vectors.index_to_key, before, after, counts, names, told)
    common = np.argsort(-counts.min(axis=0), kind="stable")[:COMMON]
    ends = [table_state(*named, common) for named in zip(names, tables, strict=True)]

    def states(progress: Progress) -> list[State]:
        return ends if len(every) < 3 else slice_states(run, every, jobs, progress)

    def scores(row: int, side: int, places: Ints) -> NDArray[np.floating[Any]]:
        toward = (after[row] - before[row]) * (1 if side else -1)
        found: NDArray[np.floating[Any]] = space.directions(places) @ toward
        return found

    texts = tuple(Text(part.name, side, part.documents) for side, part in enumerate(pair))
    return Subject(view_of(comparison, "excess", progress), states, texts, scores, ends)


def slice_states(run: Run, every: Sequence[Slice], jobs: int, progress: Progress) -> list[State]:
    """Every slice as a state: the mean uses of the commonest words, kept as float16."""
    from selfvec.analysis.drift.slice_paths import mean_uses
    from selfvec.usage.space import use_space

    counts = slice_counts(run.require_tokens(), every).sum(axis=0)
    words = np.sort(np.argsort(-counts, kind="stable")[:MAPPED])
    kept = mean_uses(use_space(run, every), words, jobs, progress).astype(np.float16)
    common = np.searchsorted(words, np.argsort(-counts, kind="stable")[:COMMON])

    def state(name: str, table: NDArray[np.float16]) -> State:
        def rows(wanted: Ints) -> Table:
            places = np.minimum(np.searchsorted(words, wanted), len(words) - 1)
            return np.where((words[places] == wanted)[:, None], table[places], np.float16(0)).astype(
                np.float32
            )

        return State(name, table[common].mean(axis=0, dtype=np.float32), rows)

    return [state(part.name, table) for part, table in zip(every, kept, strict=True)]


def marks_of(view: View, row: int) -> dict[int, str]:
    """Which words are marked in the sentences about a word: its neighbours that came and went."""
    place = view.place.get(row)
    if place is not None:
        gained, lost = view.changes.gained_and_lost(place)
    else:
        had, has = ([i for i, _ in side] for side in view.comparison.near(row))
        gained, lost = [i for i in has if i not in had], [i for i in had if i not in has]
    return {**dict.fromkeys(lost, "went"), **dict.fromkeys(gained, "came")}
