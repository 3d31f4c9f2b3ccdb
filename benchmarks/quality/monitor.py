"""How often does ``selfvec monitor`` raise a false alarm, and how small a change does it find?

Fills docs/results/monitor.md. False alarms: a collection is divided at random into the documents of a run
and new ones. Power: some of the new documents are replaced by documents of another source.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import binomtest

from benchmarks import datasets
from benchmarks.datasets import GOOGLENEWS, STARTS
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.analysis.monitoring import monitor
from selfvec.data.run import Run

SPLITS = 200
CALIBRATION = (  # collection, table, documents of the run, new ones
    ("NOAA", GOOGLENEWS, 600, 1500),
    ("PubMed", "none", 200, 100),
)
LEVELS = (0.01, 0.05)
DRAWS = 10
RUN = 2000  # documents
NEW = (50, 200, 2000)
SHARES = (0.01, 0.05, 0.2)
PAIRS = {  # the run's source and the other
    "abstracts, with storm reports": ("PubMed", "NOAA"),
    "abstracts of 1976–79, with those of 2021": ("1976-79", "2021"),
    "storm reports, with abstracts": ("NOAA", "PubMed"),
}


@cache
def texts(name: str) -> np.ndarray:
    """The texts of a collection, or of its documents of some years."""
    dated = {"1976-79": ("PubMed", 1976, 1979), "2021": ("PubMed", 2021, 2021)}
    if name not in dated:
        return np.array(datasets.texts(name), object)
    source, first, last = dated[name]
    kept = []
    for batch in datasets.open_corpus(source).batches():
        dates = batch.get("date")
        assert dates is not None
        years = dates.dt.year().fill_null(0)
        kept += batch.texts.filter((years >= first) & (years <= last)).to_list()
    return np.array(kept, object)


def run_of(documents: Sequence[str], vectors: str = "default") -> Run:
    """A run; `monitor` does not read the refined vectors, so none are made."""
    return refined(list(documents), vectors, method="original", history="none")


def calibration() -> str:
    """How often p is at most the level if the new documents are like the run's."""
    rows = []
    names = {path: name for name, path in STARTS.items()} | {"none": "none"}
    for name, vectors, old, new in CALIBRATION:
        p = []
        for seed in range(SPLITS):
            order = np.random.default_rng(seed).permutation(len(texts(name)))
            run = run_of(texts(name)[np.sort(order[:old])], vectors)
            found = monitor(run, list(texts(name)[order[old : old + new]]), seed=seed, permutations=199)
            p.append(found.p)
        cells = [rate(sum(value <= level for value in p), SPLITS) for level in LEVELS]
        rows.append([name, names[vectors], old, new, SPLITS, *cells])
    heads = ["collection", "initial vectors", "run", "new", "splits", *(f"p ≤ {level:g}" for level in LEVELS)]
    return table(heads, rows)


def rate(hits: int, trials: int) -> str:
    """A share with its 95 % interval (Wilson, 1927)."""
    found = binomtest(hits, trials).proportion_ci(method="wilson")
    return f"{hits / trials:.3f} ({found.low:.3f} to {found.high:.3f})"


def shuffled(pair: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The documents of a run, more of the same source, and those of the other source, in random order."""
    rng = np.random.default_rng(seed)
    own, other = map(texts, PAIRS[pair])
    order, strange = rng.permutation(len(own)), rng.permutation(other)
    return own[np.sort(order[:RUN])], own[order[RUN:]], strange


def mixed(more: np.ndarray, strange: np.ndarray, new: int, share: float) -> list[str]:
    """New documents, a share of them strange."""
    foreign = round(share * new)
    return [*more[: new - foreign], *strange[:foreign]]


def mixtures(pair: str) -> dict[tuple[int, float], list[Any]]:
    """What `monitor` finds in each mixture, by new documents and share of the other source."""
    found: Any = {}
    for seed in range(DRAWS):
        own, more, strange = shuffled(pair, seed)
        run = run_of(own)
        for new in NEW:
            for share in SHARES:
                documents = mixed(more, strange, new, share)
                result = monitor(run, documents, seed=seed, permutations=199, top=1)
                found.setdefault((new, share), []).append(result)
    return found


def power() -> str:
    """How often the alarm is raised, by new documents and the share of them from another source."""
    rows = []
    for pair in PAIRS:
        found = mixtures(pair)
        for share in SHARES:
            cells = [np.mean([one.alarm for one in found[new, share]]) for new in NEW]
            rows.append([pair, f"{share:.0%}", *(f"{cell:.2f}" for cell in cells)])
    return table(["the run, and what is mixed in", "share", *(f"{new:,} new" for new in NEW)], rows)


NEEDS_DATA = True
PAGES = {"monitor.md": {"calibration": calibration, "power": power}}
