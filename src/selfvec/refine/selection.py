"""Which method, without labels: what `--method auto` asks before it touches the vectors.

Part of the documents is held out. Every candidate refines on the rest and is measured on what it has not
seen, by the two criteria of `criteria`. The vectors as they are stand among the candidates: what does not
beat them is not chosen, so that refining never ends with a table judged worse than the one it began with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch

from .criteria import Cloze, Contexts
from .health import COLLAPSED_ANISOTROPY as COLLAPSED
from .health import anisotropy

__all__ = ["ENOUGH", "ORIGINAL", "Choice", "choose", "chosen_of", "drawn", "hold_out"]

Table = NDArray[np.float32]
Scores = dict[str, NDArray[np.float64]]

ORIGINAL = "original"
_SHARE = 0.05  # of the documents, held out
_POSITIONS, _DOCUMENTS = 20_000, 3_000  # measured at most
ENOUGH = 200_000  # tokens; of a longer text so much is drawn, so that choosing takes a second
_LEAST = 100  # held-out tokens below which nothing is told apart
_RESAMPLES = 500


@dataclass(frozen=True)
class Choice:
    """What was measured, and what follows.

    Parameters
    ----------
    chosen : str
        Name of a candidate.
    reason : str
    rows : list of dict
        A candidate each: ``name``, its mean by criterion, ``worse`` (criteria by which it is surely worse
        than the original) and ``collapsed``.
    held_out : int
        Tokens that no candidate had seen.
    """

    chosen: str
    reason: str
    rows: list[dict[str, Any]]
    held_out: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable, for the run folder."""
        return {
            "chosen": self.chosen,
            "reason": self.reason,
            "candidates": self.rows,
            "held_out_tokens": self.held_out,
        }


def hold_out(batch: TokenBatch, share: float, rng: np.random.Generator) -> tuple[TokenBatch, TokenBatch]:
    """Split by documents: what candidates may read, what they are measured on. Both keep the vocabulary."""
    chosen = np.zeros(batch.documents, bool)
    number = min(batch.documents - 1, max(1, round(share * batch.documents)))
    chosen[rng.choice(batch.documents, max(number, 0), replace=False)] = True
    return batch.part(~chosen), batch.part(chosen)


def drawn(batch: TokenBatch, most: int, rng: np.random.Generator) -> TokenBatch:
    """Documents drawn until ``most`` tokens are reached, in their order; all where they have fewer."""
    if len(batch) <= most:
        return batch
    order = rng.permutation(batch.documents)
    within = np.cumsum(np.diff(batch.offsets)[order]) <= most
    within[:2] = True  # one to read and one to hold out
    chosen = np.zeros(batch.documents, bool)
    chosen[order[within]] = True
    return batch.part(chosen)


def choose(
    batch: TokenBatch, candidates: Mapping[str, Callable[[TokenBatch], Table]], seed: int = 0
) -> Choice:
    """Measure candidates on held-out documents and choose.

    Parameters
    ----------
    batch : TokenBatch
        Its types in order of falling frequency.
    candidates : mapping of str to function
        From a training text with the same vocabulary to a table of unit rows, (V, d); `ORIGINAL` is one.
    seed : int
    """
    rng = np.random.default_rng(seed)
    training, held = hold_out(batch, _SHARE, rng)
    if len(held) < _LEAST or len(training) < _LEAST:
        reason = f"too little text to tell: {len(held)} tokens could be held out, {_LEAST} are needed"
        return Choice(ORIGINAL, reason, [], len(held))
    contexts = Contexts.draw(held, training.counts, _POSITIONS, rng)
    cloze = Cloze.draw(held, training, _DOCUMENTS, rng)
    measured: dict[str, Scores] = {}
    shared: dict[str, float] = {}
    for name, make in candidates.items():
        table = make(training)
        shared[name] = anisotropy(table)
        scores = {"context": contexts.score(table), "cloze": cloze.score(table)}
        measured[name] = {criterion: found for criterion, found in scores.items() if len(found)}
    collapsed = {name for name, cosine in shared.items() if cosine >= max(COLLAPSED, shared[ORIGINAL] + 0.1)}
    rows = [_row(name, scores, measured[ORIGINAL], rng) for name, scores in measured.items()]
    for row in rows:
        row["collapsed"] = row["name"] in collapsed
    chosen = chosen_of(rows)
    reason = "nothing beats the vectors as they are" if chosen == ORIGINAL else "it finds held-out words best"
    return Choice(chosen, reason, rows, len(held))


def chosen_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The candidate that finds held-out words best, if it is neither collapsed nor surely worse.

    The context decides because it is measured at many positions, where the cloze has few spans.
    """
    standing = [row for row in rows if not row["worse"] and not row["collapsed"]]
    original = next(row for row in rows if row["name"] == ORIGINAL)
    best = max((original, *standing), key=lambda row: float(row["context"]))
    return str(best["name"])


def _row(name: str, scores: Scores, original: Scores, rng: np.random.Generator) -> dict[str, Any]:
    means = {criterion: float(found.mean()) for criterion, found in scores.items()}
    worse = [c for c in means if _surely_below(scores[c] - original[c], rng)]
    return {"name": name, **means, "worse": worse}


def _surely_below(differences: NDArray[np.float64], rng: np.random.Generator) -> bool:
    """Whether the mean difference is below zero in 97.5 % of bootstrap resamples."""
    draws = rng.integers(0, len(differences), (_RESAMPLES, len(differences)), dtype=np.int32)
    means = np.array([differences[draw].mean() for draw in draws])
    return bool(np.mean(means < 0) >= 0.975)
