"""How do other methods compare on the same tokens, in quality and seconds?

Fills a part of docs/results/baselines.md. Retrieval collections are refined on their own documents. Nothing
is chosen here: every baseline runs as
`selfvec.lab.evaluation.baselines` describes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import selfvec
from benchmarks import datasets
from benchmarks.datasets import JUDGED
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Retrieval
from selfvec.lab.evaluation.baselines import BASELINES, train


def retrieval() -> str:
    """nDCG@10 with 95 % intervals, dense, and of BM25; seconds are those of the largest collection."""
    values: dict[str, list[dict[str, Any]]] = {}
    for name in JUDGED:
        run = refined(name, method="original", stop_words="en")
        trained = train(run, list(BASELINES))
        report = selfvec.evaluate({"original": run.original, **trained}, [Retrieval(datasets.path(name))])
        for row in report.rows:
            if row["metric"] == "ndcg@10":
                values.setdefault(row["vectors"], []).append(row)
    rows = []
    for name, found in values.items():
        cells = [f"{row['value']:.3f} ({row['low']:.2f}–{row['high']:.2f})" for row in found]
        mean = f"{np.mean([row['value'] for row in found]):.3f}"
        rows.append([name, *cells, mean, *_spent(trained.get(name))])
    return table(["vectors", *JUDGED, "mean", "seconds"], rows)


def _spent(vectors: Vectors | None) -> list[str]:
    """Seconds of training."""
    return [""] if vectors is None else [f"{vectors.provenance['seconds']:,.1f}"]


NEEDS_DATA = True
PAGES = {"baselines.md": {"retrieval": retrieval}}
