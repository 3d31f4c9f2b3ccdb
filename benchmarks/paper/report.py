"""Which claims, tables and figures of the paper hold when they are measured again?

    corpora ──▶ experiments ──▶ results (plain rows) ──▶ tables ──▶ page

Reads the storm reports and the GoogleNews subset, measures everything, draws the paper's figures into
docs/figures, and fills docs/results/paper.md. Everything after `benchmarks.paper.experiments` reads the rows
only, so that the page says what was measured and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import selfvec
from benchmarks.datasets import GOOGLENEWS, narratives
from benchmarks.datasets import path as place
from benchmarks.page import FIGURES
from benchmarks.paper import experiments, tables
from benchmarks.paper.corpora import RULES, cut, dated_texts, prepare, settings
from benchmarks.paper.experiments import Plan
from selfvec.corpus import as_corpus
from selfvec.data.vectors import Vectors
from selfvec.text import Rules


def report(
    texts: Sequence[str],  # in the order of their dates
    vectors: Vectors,
    plan: Plan,
    folder: Path,
    *,
    rules: Rules = RULES,
    vectors_file: Path | None = None,  # with which the whole job is timed
) -> dict[str, Any]:
    """Measure everything, and draw the figures into a folder."""
    chosen = cut(texts, rules, vectors, plan.tokens)
    prepared = prepare(chosen, rules, vectors)
    options = settings(rules, plan.window)
    measures: dict[str, Callable[[], Any]] = {
        "corpus": prepared.numbers,
        "neighbours": lambda: experiments.neighbours(prepared, plan, plan.words),
        "epochs": lambda: experiments.epochs(prepared, plan),
        "direction": lambda: experiments.direction(prepared, plan),
        "rates": lambda: experiments.rates(prepared, plan),
        "oov": lambda: experiments.oov(prepared, plan),
        "held_out": lambda: experiments.held_out(prepared, plan),
        "speed": lambda: experiments.speed(prepared, plan, chosen, vectors_file or vectors, options),
        "figures": lambda: experiments.draw_trajectories(prepared, plan, folder),
    }
    results: dict[str, Any] = {"plan": asdict(plan)}
    for name, measure in measures.items():
        print(f"== {name}", flush=True)
        results[name] = measure()
    return results


@cache
def results() -> dict[str, Any]:
    """What the page says, of the storm reports and GoogleNews vectors."""
    texts = dated_texts(as_corpus(narratives(place("NOAA"))))
    return report(texts, selfvec.load(GOOGLENEWS), Plan(), FIGURES, vectors_file=Path(GOOGLENEWS))


NEEDS_DATA = True
PAGES = {
    "paper.md": {
        "claims": lambda: tables.claimed(results()),
        "top10": lambda: tables.nearest(results()),
        "epochs": lambda: tables.epochs(results()),
        "rates": lambda: tables.rates(results()),
        "direction": lambda: tables.direction(results()),
    }
}
