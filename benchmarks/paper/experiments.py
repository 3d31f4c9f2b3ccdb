"""What is measured: one function per claim of the paper, each giving plain rows.

Definitions that the tables rely on stand here, beside the code that follows them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import selfvec
from benchmarks.harness import median_seconds
from benchmarks.paper.corpora import Prepared
from benchmarks.refining import by_epoch, refine_batch, shuffled
from selfvec.analysis.views.path_figures import save_paths, trajectory_view
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import anisotropy
from selfvec.refinement.health import check_health
from selfvec.refinement.pipeline import refine

Row = dict[str, Any]

OFTEN = 10
"""Occurrences from which a word counts as frequent."""
BANDS = ((1, 1), (2, 9), (10, 99), (100, None))
"""Words by how often they occur: least and most."""
_STATE = ("mean_cosine_to_original", "anisotropy", "effective_rank", "saturated")


@dataclass(frozen=True)
class Plan:
    """What to measure, with the paper's own values; tests make it small."""

    tokens: int = 141_000
    window: int = 13
    rate: float = 0.01
    epochs: tuple[int, ...] = (1, 2, 3, 4, 5, 10)
    listed_epochs: tuple[int, ...] = (1, 5)
    rates: tuple[float, ...] = (0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.15, 0.2)
    drawn_rates: tuple[float, ...] = (0.01, 0.075, 0.2)
    shuffles: int = 5
    words: tuple[str, ...] = ("thunderstorm", "tornado", "hail")
    held_out: int = 500
    repeats: int = 5


def after_epochs(
    prepared: Prepared, plan: Plan, rate: float, epochs: int, history: str = "none"
) -> Iterator[tuple[int, Vectors]]:
    """The table at the end of each epoch of the paper's rule, with its number from 1."""
    return by_epoch(prepared.batch, prepared.original, rule(plan.window, rate, epochs, history))


def epochs(prepared: Prepared, plan: Plan) -> list[Row]:
    """State of the space after each epoch at the paper's α, and mean cosine to the original by frequency."""
    rows: list[Row] = [{"epochs": 0, **state_of(prepared, prepared.original)}]
    for epoch, table in after_epochs(prepared, plan, plan.rate, max(plan.epochs)):
        bands = by_frequency(prepared, table, prepared.known)
        found = {"epochs": epoch, **state_of(prepared, table)}
        rows.append(found | {"by_frequency": bands})
    return rows


def neighbours(prepared: Prepared, plan: Plan, words: Sequence[str]) -> list[Row]:
    """Ten nearest words before and after; words the corpus does not have are left out.

    ``beside`` counts those of the ten that stand within a window of the word anywhere in the corpus;
    ``median_often`` is the median cosine to all words seen at least ten times.
    """
    words = [word for word in words if word in prepared.index]
    often = prepared.batch.counts >= OFTEN
    states = {0: prepared.original}
    for epoch, table in after_epochs(prepared, plan, plan.rate, max(plan.listed_epochs)):
        if epoch in plan.listed_epochs:
            states[epoch] = table
    rows = []
    for word in words:
        index = prepared.index[word]
        neighbourhood = _neighbourhood(prepared, index, plan.window // 2)
        for epoch, table in states.items():
            row: Row = {"word": word, "epochs": epoch}
            row["occurrences"] = int(prepared.batch.counts[index])
            nearest = table.most_similar(word) if table[word].any() else []
            row["neighbours"] = [list(pair) for pair in nearest]
            row["beside"] = sum(prepared.index[near] in neighbourhood for near, _ in nearest)
            others = table.unit[often & np.any(table.unit != 0, axis=1)] @ table.unit[index]
            row["median_often"] = float(np.median(others)) if nearest and len(others) else None
            rows.append(row)
    return rows


def _neighbourhood(prepared: Prepared, word: int, half: int) -> set[int]:
    """All types that stand at most ``half`` tokens from a word, in its documents."""
    ids, offsets = prepared.batch.ids, prepared.batch.offsets
    found: set[int] = set()
    for place in np.flatnonzero(ids == word).tolist():
        document = int(np.searchsorted(offsets, place, side="right"))
        first, last = max(offsets[document - 1], place - half), min(offsets[document], place + half + 1)
        found.update(ids[first:place].tolist(), ids[place + 1 : last].tolist())
    return found


def rates(prepared: Prepared, plan: Plan) -> list[Row]:
    """One epoch at each α: the space, the steps, and how far the end depends on the order of documents."""
    return [
        {"rate": rate, **measured(prepared, rule(plan.window, rate), plan.shuffles)} for rate in plan.rates
    ]


def direction(prepared: Prepared, plan: Plan) -> list[Row]:
    """The direction all words share after refining, and where it was before the first update.

    ``foretold`` is its cosine to the mean of the *original* vectors, each as often as its word occurs.
    ``before`` and ``after`` are mean cosines of the words' vectors to it.
    """
    original, known = prepared.original.unit, prepared.known
    mean = _unit(prepared.batch.counts.astype(np.float64) @ original)
    faster = [(rate, 1) for rate in plan.drawn_rates if rate != plan.rate]
    rows = []
    for rate, last in ((plan.rate, max(plan.epochs)), *faster):
        for epoch, table in after_epochs(prepared, plan, rate, last):
            shared = _unit(table.unit.sum(axis=0, dtype=np.float64))
            rows.append(
                {
                    "rate": rate,
                    "epochs": epoch,
                    "foretold": float(shared @ mean),
                    "before": float((original[known] @ shared).mean()),
                    "after": float((table.unit @ shared).mean()),
                }
            )
    return rows


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def oov(prepared: Prepared, plan: Plan) -> Row:
    """How many words had no vector, and after how many of their own updates they got one."""
    settings = rule(plan.window, plan.rate, history="every:1;limit:4GB")
    run = refine_batch(prepared.batch, prepared.original, settings)
    history, unknown = run.history, np.flatnonzero(~prepared.known)
    assert history is not None
    firsts = []
    for word in unknown.tolist():
        filled = np.any(history.vectors[history.starts[word] : history.starts[word + 1]] != 0, axis=1)
        if filled.any():
            firsts.append(int(filled.argmax()) + 1)
    return {
        "oov": len(unknown),
        "got_vector": len(firsts),
        "at_first_update": firsts.count(1),
        "still_empty": len(unknown) - len(firsts),
    }


def held_out(prepared: Prepared, plan: Plan) -> list[Row]:
    """Hide known words, refine, and ask how near the induced vector is to the hidden one.

    Words seen at least ten times, drawn with a fixed seed. ``rank`` is the median place of the true vector
    among the original vectors of all known words, by cosine to the induced one. The same is asked of one
    constant guess for all words, the shared direction of the refined table: what a word's own contexts add
    is the difference between the two.
    """
    candidates = np.flatnonzero(prepared.known & (prepared.batch.counts >= OFTEN))
    size = min(plan.held_out, len(candidates) // 2)
    if size == 0:
        return []
    words = np.sort(np.random.default_rng(0).choice(candidates, size, replace=False))
    known = np.flatnonzero(prepared.known)
    ((_, table),) = after_epochs(hidden(prepared, words), plan, plan.rate, 1)
    shared = _unit(table.unit.sum(axis=0, dtype=np.float64)).astype(np.float32)
    rows = []
    for guesses in (table.unit[words], np.tile(shared, (size, 1))):
        rank = _recovered(prepared.original, known, words, guesses)
        rows.append({"words": size, "rank": rank, "of": len(known)})
    return rows


def hidden(prepared: Prepared, words: NDArray[np.int64]) -> Prepared:
    """The same corpus, with these words starting from zero as if they had no vector."""
    rows, sources = prepared.original.unit.copy(), prepared.original.sources.copy()
    rows[words], sources[words] = 0, Source.NONE
    original = Vectors(prepared.batch.types, rows, sources=sources, normalized=True)
    return replace(prepared, original=original)


def _recovered(
    original: Vectors, known: NDArray[np.int64], words: NDArray[np.int64], guesses: NDArray[np.float32]
) -> float:
    """The median rank of the true vectors of words, (n,), by cosine to guesses, (n, d)."""
    cosines = guesses @ original.unit[known].T
    true = np.einsum("ij,ij->i", guesses, original.unit[words])
    ranks = 1 + np.sum(cosines > true[:, None] + 1e-6, axis=1)
    return float(np.median(ranks))


def speed(
    prepared: Prepared, plan: Plan, texts: Sequence[str], vectors: Path | Vectors, settings: Settings
) -> list[Row]:
    """Median seconds of the rule alone, with every state kept, and of the whole job into a run folder."""
    source = vectors if isinstance(vectors, Vectors) else os.fspath(vectors)

    def epoch(history: str) -> None:
        for _ in after_epochs(prepared, plan, plan.rate, 1, history):
            pass

    with tempfile.TemporaryDirectory() as folder:

        def whole() -> None:
            run = refine(Corpus.from_texts(texts), source, settings)
            selfvec.save_run(run, Path(folder) / "run", overwrite=True)

        jobs: dict[str, Callable[[], object]] = {
            "the rule alone": lambda: epoch("none"),
            "the rule, every state kept as in the paper": lambda: epoch("every:1;limit:4GB"),
            "the whole job, from texts and a vectors file to a saved run folder": whole,
        }
        timed = {name: median_seconds(job, plan.repeats) for name, job in jobs.items()}
    return [{"job": job, "seconds": seconds} for job, seconds in timed.items()]


def draw_trajectories(prepared: Prepared, plan: Plan, folder: Path) -> list[str]:
    """The paper's Figures 1 to 3: paths of its words, every update recorded; the names of the files."""
    words = [word for word in plan.words if word in prepared.index]
    names = []
    for rate in plan.drawn_rates:
        settings = rule(plan.window, rate, history=f"watch:{','.join(words)};limit:1GB")
        run = refine_batch(prepared.batch, prepared.original, settings)
        view = trajectory_view([run.path(word) for word in words], run.original, run.vectors)
        names.append(f"paper-trajectories-{rate:g}.svg")
        save_paths(view, folder / names[-1], overwrite=True)
    return names


# ---- One setting: the space, the steps of words, and how much of the end is chance


def rule(window: int, rate: float, epochs: int = 1, history: str = "none") -> Settings:
    """The paper's rule with these options."""
    return Settings(method="paper", window=window, learning_rate=rate, epochs=epochs, history=history)


def state_of(prepared: Prepared, table: Vectors) -> Row:
    """The space in four figures of `selfvec.refinement.health`."""
    health = check_health(prepared.original, table).as_dict()
    return {name: health[name] for name in _STATE}


def measured(prepared: Prepared, settings: Settings, shuffles: int) -> Row:
    """What one setting does: the space, chance, the steps of words, verdicts.

    ``turning`` and ``wander`` are those of `selfvec.refinement.health`, with every state recorded.
    """

    def refined(history: str) -> Row:
        run = refine_batch(prepared.batch, prepared.original, replace(settings, history=history))
        return run.health_report

    health, recorded = refined("auto"), refined("every:1;limit:4GB")
    return {
        **{name: health[name] for name in _STATE},
        **_variance(prepared, settings, shuffles),
        "turning": recorded["turning"],
        "wander": recorded["wander"],
        "verdicts": list(health["verdicts"]),
    }


def _variance(prepared: Prepared, settings: Settings, k: int) -> Row:
    """How far the end depends on the order of the documents, over k random orders.

    ``variance`` is the trace of the covariance of a word's final unit vectors, which is the mean cosine
    distance between two ends, averaged over words with a vector at every end. ``variance_relative`` divides
    it by the mean cosine distance between two different words. The same again over frequent words.
    """
    total = np.zeros(prepared.original.vectors.shape)
    filled, spread = np.ones(len(total), bool), 0.0
    for seed in range(k):
        batch = shuffled(prepared.batch, seed)
        end = refine_batch(batch, prepared.original, replace(settings, history="none")).vectors.unit
        total += end
        filled &= np.any(end != 0, axis=1)
        spread += (1 - anisotropy(end)) / k
    # Of k unit vectors with mean m, the unbiased covariance has the trace (1 - |m|²) k / (k - 1).
    trace = (1 - np.einsum("ij,ij->i", total, total) / k**2) * k / (k - 1)
    often = filled & (prepared.batch.counts >= OFTEN)
    mean = float(trace[filled].mean())
    return {
        "variance": mean,
        "variance_relative": mean / spread,
        "variance_often_relative": float(trace[often].mean()) / spread if often.any() else None,
    }


def by_frequency(prepared: Prepared, table: Vectors, known: NDArray[np.bool_]) -> list[Row]:
    """Mean cosine to the original of known words, (V,) bool, by how often they occur."""
    counts = prepared.batch.counts
    cosines = np.einsum("ij,ij->i", prepared.original.unit, table.unit)
    rows = []
    for low, high in BANDS:
        inside = known & (counts >= low) & (counts <= (high or counts.max()))
        if inside.any():
            mean = float(cosines[inside].mean())
            rows.append({"low": low, "high": high, "types": int(inside.sum()), "cosine": mean})
    return rows
