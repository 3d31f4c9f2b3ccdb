"""The pictures of docs/collapse.md: a plane, a space by reads of the text, its spectrum, and its map.

Colours are those of `selfvec.views`; lines and words differ in their marks as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.paper_report.figures import save_svg
from selfvec.views.palette import GREY, INK, WORDS, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["METHODS", "draw_map", "draw_plane", "draw_reads", "draw_spectrum"]

Table = NDArray[np.float32]

METHODS = {"original": (GREY, ":"), "paper": (WORDS[1], "s"), "online": (WORDS[2], "D")}
METHODS |= {"decorrelated": (WORDS[0], "o")}
"""Colour and mark of each."""

_MARKS = "os^"  # of groups of words
_APART = 12.0  # degrees between two words that are both named


def draw_plane(
    rows: Sequence[Sequence[tuple[str, Table]]],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    path: Path,
) -> None:
    """Words as directions in a plane: a row of states for each rule.

    Parameters
    ----------
    rows : sequence of sequences of (title, (V, 2) unit rows)
    words : sequence of V str
    groups : mapping of name to words
    path : path
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(rows), len(rows[0]))
        for axes_row, states in zip(panels, rows, strict=True):
            for axes, (title, table) in zip(axes_row, states, strict=True):
                _circle(axes, table, words, groups)
                axes.set_title(title, fontsize=10)
        handles, names = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(groups), frameon=False)

    save_svg(draw, (10.0, 2.75 * len(rows)), path)


def _circle(axes: Axes, table: Table, words: Sequence[str], groups: Mapping[str, Sequence[str]]) -> None:
    around = np.linspace(0, 2 * np.pi, 121)
    axes.plot(np.cos(around), np.sin(around), color="#dddddd", linewidth=1)
    named: list[float] = []
    for (name, members), colour, mark in zip(groups.items(), WORDS, _MARKS, strict=False):
        colour = GREY if name == "function words" else colour
        points = table[[words.index(word) for word in members]]
        for x, y in points:
            axes.plot([0, x], [0, y], color=colour, linewidth=0.8, alpha=0.5)
        axes.plot(*points.T, mark, color=colour, markersize=5, label=name)
        for word, (x, y) in zip(members, points, strict=True):
            angle = float(np.rad2deg(np.arctan2(y, x)))
            if all(abs((angle - other + 180) % 360 - 180) >= _APART for other in named):
                named.append(angle)
                aligned = {"ha": "left" if x >= 0 else "right", "va": "center", "fontsize": 8}
                axes.text(1.09 * x, 1.09 * y, word, color=ink(colour), **aligned)
    axes.set_xlim(-1.75, 1.75)
    axes.set_ylim(-1.3, 1.3)
    axes.set_aspect("equal")
    axes.axis("off")


def draw_reads(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Cosines and effective rank by how often the text was read, a line a method."""
    shown = (
        ("cosine", "mean cosine to the original", (0, 1.03)),
        ("anisotropy", "mean cosine of two random words", (-0.02, 1.03)),
        ("rank", "dimensions in use (effective rank)", (0, None)),
    )

    def draw(figure: Figure) -> None:
        for axes, (key, title, limits) in zip(figure.subplots(1, 3), shown, strict=True):
            for method, (colour, mark) in METHODS.items():
                own = [row for row in rows if row["method"] == method]
                if own:
                    reads, values = [row["reads"] for row in own], [row[key] for row in own]
                    axes.plot(reads, values, color=colour, marker=mark, label=method)
            axes.set_title(title, fontsize=10)
            axes.set_ylim(*limits)
            axes.set_xlabel("times the text was read")
            axes.set_xticks([0, 2, 4, 6, 8, 10])
        figure.axes[1].legend(frameon=False, fontsize=9, loc="center right")

    save_svg(draw, (10.0, 3.3), path)


def draw_spectrum(spectra: Mapping[str, NDArray[np.float64]], path: Path) -> None:
    """Shares of the second moment's eigenvalues by rank, both logarithmic."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for method, all_shares in spectra.items():
            colour, mark = METHODS[method]
            shares = all_shares[all_shares > 1e-6]  # the others were taken out on purpose
            ranks = np.arange(1, len(shares) + 1)
            style: Any = (
                {"linestyle": ":"} if mark == ":" else {"marker": mark, "markevery": [0, 1, 3, 9, 31]}
            )
            axes.plot(ranks, shares, color=colour, label=method, **style)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200], ["1", "2", "5", "10", "20", "50", "100", "200"])
        axes.minorticks_off()
        axes.set_ylim(3e-5, 1.5)
        axes.set_xlabel("direction, by falling share")
        axes.set_ylabel("share of the words' squared length")
        axes.legend(frameon=False, fontsize=9)

    save_svg(draw, (6.5, 3.6), path)


def draw_map(
    states: Sequence[tuple[str, Table]],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    path: Path,
) -> None:
    """Frequent words in the two directions in which they vary most, each state in its own, at one scale.

    Parameters
    ----------
    states : sequence of (title, (V, d) unit rows)
    words : sequence of V str
    groups : mapping of name to words
        Named and coloured; the others are grey dots.
    path : path
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(states), sharex=True, sharey=True)
        for axes, (title, table) in zip(panels, states, strict=True):
            centred = table.astype(np.float64) - table.mean(axis=0, dtype=np.float64)
            points = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
            axes.plot(*points.T, ".", color="#c8c8c8", markersize=3, zorder=1)
            narrow = float(np.quantile(np.abs(points), 0.95)) < 0.2  # no room for names
            taken: list[tuple[float, float]] = []
            for (name, members), colour, mark in zip(groups.items(), WORDS, _MARKS, strict=False):
                own = points[[words.index(word) for word in members]]
                axes.plot(*own.T, mark, color=colour, markersize=5, label=name, zorder=2)
                for word, (x, y) in zip(members, own, strict=True):
                    if narrow or any(abs(x - a) < 0.3 and abs(y - b) < 0.045 for a, b in taken):
                        continue
                    taken.append((x, y))
                    place: Any = {"xytext": (5, -3), "textcoords": "offset points", "fontsize": 8.5}
                    axes.annotate(word, (x, y), **place, color=ink(colour))
            if narrow:
                axes.text(0, 0.2, f"all {len(table)} words", ha="center", fontsize=9, color=INK)
            axes.grid(False)
            axes.set_title(title, fontsize=10)
            axes.set_aspect("equal")
            axes.set_xticklabels([])
            axes.set_yticklabels([])
            axes.tick_params(length=0)
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(groups), frameon=False)

    save_svg(draw, (11.0, 4.4), path)
