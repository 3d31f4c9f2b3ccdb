"""The figures: paths of words at three learning rates, and what becomes of the space.

Colours are those of `selfvec.views`, which people with any colour vision tell apart; lines differ in their
marks as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.files import atomic_file
from selfvec.data.trajectory import Trajectory
from selfvec.views.palette import GREY, INK, WORDS
from selfvec.views.trajectories import trajectory_view
from selfvec.views.trajectory_figure import save_trajectory_plot

from .claims import PAPER_COSINE
from .corpora import Prepared
from .experiments import Plan, Row
from .runs import refined

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FEW", "MANY", "draw_space", "draw_trajectories", "draw_variance", "save_svg"]

FEW, MANY = 10, 100
"""Updates at the start and at the end of a path over which turns are averaged."""

_TAG = re.compile(r"<[^>]+>")
_LONG_NUMBER = re.compile(r"(\d+\.\d\d)\d+")
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "selfvec",
    "axes.edgecolor": "#b0b0b0",
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eeeeee",
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "font.size": 10,
    "lines.linewidth": 2,
    "lines.markersize": 5.5,
}


_NOTE: dict[str, Any] = {"color": GREY, "fontsize": 8.5, "ha": "left", "va": "top"}


def draw_trajectories(prepared: Prepared, plan: Plan, folder: Path) -> list[Row]:
    """The paper's Figures 1 to 3: paths of its words, every update recorded, at small and large α."""
    words = [word for word in plan.words if word in prepared.index]
    rows = []
    for rate in plan.drawn_rates:
        run = refined(prepared, plan.window, rate, history=f"watch:{','.join(words)};limit:1GB")
        paths = [run.trajectory(word) for word in words]
        view = trajectory_view(paths, run.original, run.vectors)
        name = f"paper-trajectories-{rate:g}.svg"
        save_trajectory_plot(view, folder / name)
        _shorten(folder / name)
        turns = [{"word": path.word, **_turns(path)} for path in paths]
        rows.append({"figure": name, "rate": rate, "explained": view.explained, "turns": turns})
    return rows


def _turns(path: Trajectory) -> Row:
    """Mean angle in degrees between successive states, over the first and the last updates."""
    degrees = np.degrees(np.arccos(np.clip(path.steps(), -1, 1)))
    return {"first": float(degrees[:FEW].mean()), "last": float(degrees[-MANY:].mean())}


def draw_space(results: dict[str, Any], folder: Path) -> None:
    """Cosines and effective rank, by epochs at the paper's α and by α after one epoch."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots(2, 2, sharex="col", sharey="row")
        corpus = results["corpora"][0]["corpus"]
        by_epoch = _rows(results["epochs"], corpus)
        by_rate = _rows(results["rates"], corpus)
        for column, (key, rows) in enumerate((("epochs", by_epoch), ("rate", by_rate))):
            top, bottom = axes[0, column], axes[1, column]
            _line(top, rows, key, "mean_cosine_to_original", 0, "o", "mean cosine to the original")
            _line(top, rows, key, "anisotropy", 1, "s", "mean cosine of two random words")
            _line(bottom, rows, key, "effective_rank", 2, "D", "dimensions in use (effective rank)")
            top.axhline(PAPER_COSINE, color=GREY, linewidth=1, linestyle="--")
            top.set_ylim(0, 1.04)
            bottom.set_yscale("log")
            ticks = (1, 2, 5, 10, 20, 50, 100, 200)
            bottom.set_yticks(ticks, [str(tick) for tick in ticks])
            bottom.minorticks_off()
        axes[0, 0].text(
            by_epoch[-1]["epochs"],
            PAPER_COSINE + 0.01,
            f"the paper: {PAPER_COSINE}",
            color=GREY,
            ha="right",
            va="bottom",
            fontsize=9,
        )
        axes[0, 0].set_title(f"Epochs at α = {results['plan']['rate']:g}")
        axes[0, 1].set_title("One epoch at other learning rates")
        axes[1, 0].set_xlabel("epochs (0: the original vectors)")
        _rate_axis(axes[1, 1], by_rate)
        for row, place in ((0, "lower right"), (1, "upper right")):
            axes[row, 1].legend(loc=place, frameon=False, fontsize=9)
        axes[0, 0].set_ylabel("cosine")
        axes[1, 0].set_ylabel("dimensions")

    save_svg(draw, (9.0, 6.0), folder / "paper-space.svg")


def draw_variance(results: dict[str, Any], folder: Path) -> None:
    """How far the ends of shuffled runs lie apart, and how successive steps turn, by α."""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, 3)
        titles = (
            ("variance", "Variance of the final position"),
            ("variance_relative", "… as a share of the\ndistance between two words"),
            ("turning", "Cosine of successive steps"),
        )
        for panel, (key, title) in zip(panels, titles, strict=True):
            for colour, (entry, mark) in enumerate(zip(results["corpora"], "os", strict=False)):
                rows = [row for row in _rows(results["rates"], entry["corpus"]) if row[key] is not None]
                _line(panel, rows, "rate", key, colour, mark, entry["corpus"])
            panel.set_title(title)
            panel.axvspan(0.075, 0.2, color="#f3f3f3", zorder=0)
            panel.tick_params(axis="x", labelrotation=45)
            _rate_axis(panel, _rows(results["rates"], results["corpora"][0]["corpus"]))
            panel.set_ylim(*((-0.3, 0.3) if key == "turning" else (0, None)))
        for panel in (panels[0], panels[2]):
            across = panel.get_xaxis_transform()  # x in data, y in shares of the height
            panel.text(0.079, 0.97, "the paper:\noscillates", **_NOTE, transform=across)
        panels[2].axhline(0, color=GREY, linewidth=1)
        panels[1].legend(loc="upper left", frameon=False, fontsize=9)

    save_svg(draw, (10.0, 3.5), folder / "paper-variance.svg")


def _rows(rows: Sequence[Row], corpus: str) -> list[Row]:
    return [row for row in rows if row["corpus"] == corpus]


def _line(axes: Axes, rows: Sequence[Row], x: str, y: str, colour: int, mark: str, label: str) -> None:
    axes.plot(
        [row[x] for row in rows], [row[y] for row in rows], color=WORDS[colour], marker=mark, label=label
    )


def _rate_axis(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(
        [row["rate"] for row in rows], [f"{row['rate']:g}".lstrip("0") for row in rows], fontsize=8.5
    )
    axes.minorticks_off()
    axes.set_xlabel("learning rate α (logarithmic)")


def save_svg(draw: Callable[[Figure], None], size: tuple[float, float], path: Path) -> None:
    """Write a figure of ``size`` inches: the same bytes each time, with no more digits than can be seen."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        draw(figure)
        with atomic_file(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})
    _shorten(path)


def _shorten(path: Path) -> None:
    """Hundredths of a point are enough: a third of the file is digits that nobody can see."""
    text = path.read_text(encoding="utf-8")
    text = _TAG.sub(lambda tag: _LONG_NUMBER.sub(r"\1", tag[0]), text)  # what is written stays as it is
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
