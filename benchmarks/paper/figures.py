"""The figures: paths of words at three learning rates, and what becomes of the space.

Colours are those of `selfvec.analysis.views`, which people with any colour vision tell apart; lines differ in
their marks as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.charts import Chart, Series, chart_figure
from benchmarks.paper.claims import PAPER_COSINE
from benchmarks.paper.corpora import Prepared
from benchmarks.paper.experiments import Plan, Row
from benchmarks.paper.measures import rule
from benchmarks.refining import refine_batch
from selfvec.analysis.views.figure import save_figure
from selfvec.analysis.views.path_figures import save_paths, trajectory_view
from selfvec.analysis.views.plane import WORDS
from selfvec.data.trajectory import Trajectory

FEW, MANY = 10, 100
"""Updates at the start and at the end of a path over which turns are averaged."""


def draw_trajectories(prepared: Prepared, plan: Plan, folder: Path) -> list[Row]:
    """The paper's Figures 1 to 3: paths of its words, every update recorded, at small and large α."""
    words = [word for word in plan.words if word in prepared.index]
    rows = []
    for rate in plan.drawn_rates:
        settings = rule(plan.window, rate, history=f"watch:{','.join(words)};limit:1GB")
        run = refine_batch(prepared.batch, prepared.original, settings)
        paths = [run.path(word) for word in words]
        view = trajectory_view(paths, run.original, run.vectors)
        name = f"paper-trajectories-{rate:g}.svg"
        save_paths(view, folder / name, overwrite=True)
        turns = [{"word": path.word, **_turns(path)} for path in paths]
        rows.append({"figure": name, "rate": rate, "explained": view.explained, "turns": turns})
    return rows


def _turns(path: Trajectory) -> Row:
    """Mean angle in degrees between successive states, over the first and the last updates."""
    degrees = np.degrees(np.arccos(np.clip(path.steps(), -1, 1)))
    return {"first": float(degrees[:FEW].mean()), "last": float(degrees[-MANY:].mean())}


def draw_space(results: dict[str, Any], folder: Path) -> None:
    """Cosines and effective rank, by epochs at the paper's α and by α after one epoch."""
    corpus = results["corpora"][0]["corpus"]
    by_epoch, by_rate = (_rows(results[key], corpus) for key in ("epochs", "rates"))
    shown: list[tuple[dict[str, str], str, bool]] = [
        (
            {
                "mean_cosine_to_original": "mean cosine to the original",
                "anisotropy": "mean cosine of two random words",
            },
            "cosine",
            False,
        ),
        ({"effective_rank": "effective rank (dimensions)"}, "dimensions", True),
    ]
    charts = []
    highest = max(row["effective_rank"] for row in (*by_epoch, *by_rate))
    for keys, y_title, logarithmic in shown:
        for rows, key in ((by_epoch, "epochs"), (by_rate, "rate")):
            title = "One pass at other learning rates"
            if key == "epochs":
                title = f"Epochs at α = {results['plan']['rate']:g}"
            charts.append(
                Chart(
                    "" if logarithmic else title,
                    "passes (0: the original vectors)" if key == "epochs" else "learning rate α",
                    tuple(
                        _curve(rows, key, of, name, 2 if logarithmic else place)
                        for place, (of, name) in enumerate(keys.items())
                    ),
                    y=(1, highest) if logarithmic else (0, 1),
                    y_title=y_title,
                    logarithmic=key == "rate",
                    y_logarithmic=logarithmic,
                    y_ticks=(1, 2, 5, 10, 20, 50, 100, 200) if logarithmic else (),
                    line=None if logarithmic else (PAPER_COSINE, f"the paper: {PAPER_COSINE}"),
                )
            )
    description = "Cosines and effective rank by passes and by learning rate."
    save_figure(
        chart_figure(charts, size=(380, 230)), folder / "paper-space.svg", description, overwrite=True
    )


def draw_variance(results: dict[str, Any], folder: Path) -> None:
    """How far the ends of shuffled runs lie apart, and how successive steps turn, by α."""
    titles = {
        "variance": "Variance of the final position",
        "variance_relative": "… by the distance of two words",
        "turning": "Cosine of successive steps",
    }
    charts = []
    for key, title in titles.items():
        series = []
        for place, entry in enumerate(results["corpora"]):
            rows = [row for row in _rows(results["rates"], entry["corpus"]) if row[key] is not None]
            series.append(_curve(rows, "rate", key, entry["corpus"], place))
        limits = (-0.3, 0.3) if key == "turning" else (0.0, None)
        band = (0.075, 0.2, "" if key == "variance_relative" else "the paper:\noscillates")
        line = (0.0, "") if key == "turning" else None
        charts.append(
            Chart(title, "learning rate α", tuple(series), y=limits, logarithmic=True, band=band, line=line)
        )
    description = (
        "How far the ends of shuffled runs lie apart, and how successive steps turn, by learning rate."
    )
    figure = chart_figure(charts, columns=3, size=(260, 230), one_legend=True)
    save_figure(figure, folder / "paper-variance.svg", description, overwrite=True)


def _rows(rows: Sequence[Row], corpus: str) -> list[Row]:
    return [row for row in rows if row["corpus"] == corpus]


def _curve(rows: Sequence[Row], x: str, y: str, name: str, place: int) -> Series:
    style = (WORDS[place], ("circle", "square", "diamond")[place])
    return Series(name, [row[x] for row in rows], [row[y] for row in rows], style=style)
