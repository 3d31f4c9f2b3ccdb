"""Bias: what debiasing takes out and what it costs, and whether refining on a text brought bias in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SHARED_DATA, SIMILARITY, path
from benchmarks.refining import refined
from benchmarks.vectors import Row, compared
from benchmarks.vectors.knowledge import figures
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Analogies, Bias, Retrieval, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.task import Task
from selfvec.lab.transforms.debias import Debias
from selfvec.numerics.statistics import Estimate

SOURCES = {
    "hard": "Bolukbasi et al. 2016",
    "soft": "Bolukbasi et al. 2016",
    "double-hard": "Wang et al. 2020",
    "inlp": "Ravfogel et al. 2020",
}
COSTS: dict[str, Task] = {  # type: ignore[type-arg]
    "SimLex-999, Spearman, common pairs": Similarity(SIMILARITY["SimLex-999"]),
    "WordSim-353, Spearman, common pairs": Similarity(SIMILARITY["WordSim-353"]),
    "Google analogies, accuracy": Analogies(SHARED_DATA / "analogy/questions-words.txt"),
    "MED, nDCG@10": Retrieval(path("MED")),
}
WORK = "work, home"
SEED = 0


def rows() -> Iterator[Row]:
    """All rows of the item."""
    yield from _debiased()
    yield from _brought_in()


def _debiased() -> Iterator[Row]:
    table = selfvec.load(GOOGLENEWS)
    effects = _bias(table)
    for kind in SOURCES:
        method = Debias(kind)
        made = method.fit_transform(table)
        names = (
            f"Debiasing, {kind}",
            SOURCES[kind],
            f"selfvec vectors debias google.bin -o fair.safetensors --method {kind}",
        )
        report, after = method.report_, _bias(made)
        for name, metric in (
            ("direct_bias", f"direct bias of {report['neutral']:,} neutral words; 0 is none"),
            ("clustered", "share of 1,000 biased words that 2-means puts with their side; .5 is chance"),
        ):
            yield Row(*names, metric, "GoogleNews", report[f"{name}_before"], report[f"{name}_after"])
        key = (WORK, "weat_effect")
        metric = "WEAT effect, work and home by men and women; 0 is none"
        no_scale = "an effect size has no scale"
        yield compared(*names, metric, "GoogleNews", effects[key], after[key], verdicts=(no_scale,) * 3)
        for name, task in COSTS.items():
            found = figures({"before": table, "after": made}, task)
            costs = ("a gain", "no clear cost", "a cost")
            yield compared(*names, name, "GoogleNews", found["before"], found["after"], verdicts=costs)


def _brought_in() -> Iterator[Row]:
    """The bias of a run's two tables, by text and set of words."""
    for corpus, metric in product(("PubMed", "NOAA"), ("weat_effect",)):
        run = refined(corpus, GOOGLENEWS)
        # The same words in both tables: those that the text has and that have a vector in both.
        both = np.any(run.vectors.vectors != 0, axis=1) & np.any(run.original.vectors != 0, axis=1)
        words = [word for word, known in zip(run.vectors.index_to_key, both.tolist(), strict=True) if known]
        was, now = (_bias(Vectors(words, table.vectors[both])) for table in (run.original, run.vectors))
        for name in dict.fromkeys(name for name, _ in was):
            before, after = was[name, metric], now[name, metric]
            if np.ptp(before.replicates) == 4 and before.value == 0:  # too few of its words occur
                continue
            yield compared(
                f"Bias after refining on {corpus}",
                "Caliskan et al. 2017",
                "selfvec evaluate run --bias",
                f"WEAT effect, {name}; 0 is none",
                "GoogleNews",
                before,
                after,
                verdicts=("more", "no clear difference", "less"),
            )


def _bias(table: Vectors) -> dict[tuple[str, str], Estimate]:
    """Figures by set of words and metric."""
    found = Bias().measure([ComparedVectors("table", table)], SEED)
    return {(one.extra["method"], one.metric): one.estimate for one in found}
