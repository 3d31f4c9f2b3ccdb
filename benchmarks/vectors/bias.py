"""What does debiasing take out and cost, and does refining on a text bring bias in? Fills vectors.md."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SHARED_DATA, SIMILARITY, path
from benchmarks.refining import refined
from benchmarks.vectors import Row, compared, table_of
from benchmarks.vectors.knowledge import figures
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Analogies, Bias, Retrieval, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.task import Task
from selfvec.lab.transforms.written import figures_of
from selfvec.numerics.statistics import Estimate

SOURCES = {
    "hard": "Bolukbasi et al. 2016",
    "inlp": "Ravfogel et al. 2020",
}
BIAS = {
    "direct_bias": "direct bias of {neutral:,} neutral words; 0 is none",
    "clustered": "share of 1,000 biased words that 2-means puts with their side; .5 is chance",
}
COSTS: dict[str, Task] = {  # type: ignore[type-arg]
    "SimLex-999, Spearman, common pairs": Similarity(SIMILARITY["SimLex-999"]),
    "WordSim-353, Spearman, common pairs": Similarity(SIMILARITY["WordSim-353"]),
    "Google analogies, accuracy": Analogies(SHARED_DATA / "analogy/questions-words.txt"),
    "MED, nDCG@10": Retrieval(path("MED")),
}
WORK = "work, home"


def debiased() -> Iterator[Row]:
    """What each method takes out of GoogleNews, and what it costs."""
    table = selfvec.load(GOOGLENEWS)
    effect = _effects(table)[WORK]
    for kind, source in SOURCES.items():
        made = selfvec.debias(table, kind)
        item, report = f"Debiasing, {kind} ({source})", figures_of(made)
        for name, metric in BIAS.items():
            both = report[f"{name}_before"], report[f"{name}_after"]
            yield Row(item, metric.format(**report.as_dict()), "GoogleNews", *both)
        metric = "WEAT effect, work and home by men and women; 0 is none"
        yield compared(item, metric, "GoogleNews", effect, _effects(made)[WORK])
        for name, task in COSTS.items():
            found = figures({"before": table, "after": made}, task)
            yield compared(item, name, "GoogleNews", found["before"], found["after"])


def brought_in() -> Iterator[Row]:
    """The bias of a run's two tables, by text and set of words."""
    for corpus in ("PubMed", "NOAA"):
        run = refined(corpus, GOOGLENEWS)
        # The same words in both tables: those that the text has and that have a vector in both.
        both = np.any(run.vectors.vectors != 0, axis=1) & np.any(run.original.vectors != 0, axis=1)
        words = [word for word, known in zip(run.vectors.index_to_key, both.tolist(), strict=True) if known]
        was, now = (_effects(Vectors(words, one.vectors[both])) for one in (run.original, run.vectors))
        for name, before in was.items():
            if np.ptp(before.replicates) == 4 and before.value == 0:  # too few of its words occur
                continue
            item = f"Bias after refining on {corpus} (Caliskan et al. 2017)"
            yield compared(item, f"WEAT effect, {name}; 0 is none", "GoogleNews", before, now[name])


def _effects(table: Vectors) -> dict[str, Estimate]:
    """The effect by set of words."""
    found = Bias().measure([ComparedVectors("table", table)], 0)
    return {one.extra["method"]: one.estimate for one in found if one.metric == "weat_effect"}


NEEDS_DATA = True
PAGES = {"vectors.md": {"bias": lambda: table_of([*debiased(), *brought_in()])}}
