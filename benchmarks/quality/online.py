"""Does the online rule converge, and what does it give? Fills docs/results/online.md.

Where it comes to rest (storm reports), and what it gives (retrieval and word similarity, from two tables; its
constants were chosen on these).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import GOOGLENEWS, JUDGED, STARTS
from benchmarks.page import table
from benchmarks.quality.gains import abstracts, ndcg, similarity
from benchmarks.refining import by_epoch, refined
from selfvec.data.settings import METHODS, Settings
from selfvec.data.vectors import Source
from selfvec.numerics.rows import anisotropy, unit_rows
from selfvec.refinement.health import effective_rank

FREQUENT = 300  # words
SETS = ("MEN", "SimLex-999", "UMNSRS")
ONLINE = METHODS["online"]
WAYS = ((ONLINE.anchor, 1), (ONLINE.anchor, 3))  # β, epochs

Table = NDArray[np.float32]


def cosines(a: Table, b: Table) -> float:
    """Mean cosine of the same rows of two tables of unit rows."""
    return float(np.einsum("ij,ij->i", a, b, dtype=np.float64).mean())


def rest() -> str:
    """Figures of the space by epoch."""
    run = refined("NOAA", GOOGLENEWS, method="original")
    batch, original = run.tokens, run.original
    known = original.sources != Source.NONE
    frequent = np.flatnonzero(known)[:FREQUENT]

    def row(name: str, made: Table, before: Table | None) -> list[str]:
        unit = unit_rows(made)
        moved = "" if before is None else f"{1 - cosines(unit, unit_rows(before)):.4f}"
        figures = [f"{anisotropy(unit):.3f}", f"{anisotropy(unit[frequent]):.2f}"]
        to_original = cosines(unit[known], original.unit[known])
        return [name, *figures, f"{effective_rank(unit):.0f}", f"{to_original:.2f}", moved]

    ways = {
        "online": (Settings("online", epochs=10, history="none"), (1, 3, 10)),
        "online, β 0": (Settings("online", anchor=0.0, epochs=10, history="none"), (1, 10)),
        "paper, α .01": (Settings("paper", learning_rate=0.01, epochs=3, history="none"), (1, 3)),
    }
    rows = [row("original", original.unit, None)]
    for name, (settings, epochs) in ways.items():
        before = None
        for epoch, made in by_epoch(batch, original, settings):
            if epoch in epochs:
                rows.append(row(f"{name}, {epoch} pass{'es' * (epoch > 1)}", made.vectors, before))
            before = made.vectors
    heads = ["", "anisotropy", f"the {FREQUENT} most frequent words", "effective rank"]
    return table([*heads, "cosine to the original", "change since the pass before"], rows)


def given() -> str:
    """nDCG@10 of dense retrieval, the mean of the collections, and Spearman's correlation after PubMed."""
    rows = []
    for label, start in STARTS.items():
        found: dict[str, list[float]] = {}
        for beta, epochs in WAYS:
            options: Any = {"method": "online", "anchor": beta, "epochs": epochs, "history": "none"}
            by_name = [ndcg(refined(name, start, **options), name) for name in JUDGED]
            values = similarity(refined(abstracts(), start, min_count=3, **options), SETS)
            for state, by_set in values.items():
                key = "original" if state == "original" else f"β {beta:g}, {epochs} pass{'es' * (epochs > 1)}"
                mean = float(np.mean([one[state].value for one in by_name]))
                found[key] = [mean, *(by_set[name].value for name in SETS)]
        rows += [[label, name, *(f"{value:.3f}" for value in values)] for name, values in found.items()]
    return table(["initial vectors", "state", "retrieval", *SETS], rows)


NEEDS_DATA = True
PAGES = {"online.md": {"rest": rest, "given": given}}
