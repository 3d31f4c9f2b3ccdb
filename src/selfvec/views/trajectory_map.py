"""The map of a trajectory figure: paths in the plane with the words they left and the words they joined."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .palette import GREY, tint
from .scene import Float, Item, Line, Marks, Panel, running, way_along
from .text import Spell
from .trajectory_labels import trajectory_labels
from .trajectory_view import TrajectoryView, WordPath

__all__ = ["trajectory_map"]

SHADES = 16
"""Steps from light (early) to full colour (late)."""

STRAIGHT = 20.0
"""Pixels within which a running mean smooths what goes to and fro; quicker movement is kept."""


def trajectory_map(
    view: TrajectoryView,
    colours: dict[str, str],
    rectangle: tuple[float, float, float, float],
    spell: Spell,
) -> Panel:
    """Lay the map out in a rectangle of the scene; ``colours`` has one for every path's word."""
    x, y = _frame(view.frame, rectangle[2] / rectangle[3])
    x_title, y_title = _axis_titles(view)
    panel = Panel(rectangle, x, y, x_title=x_title, y_title=y_title)
    for path in view.paths:
        panel.items.extend(_course(path, colours[path.word], panel, view.method == "pca", spell))
    for path in view.paths:
        panel.items.extend(_ends(path, colours[path.word]))
    for path in view.paths:
        panel.items.extend(_marks(path, colours[path.word], view.shared, spell))
    panel.items.extend(trajectory_labels(view, colours, panel, spell))
    return panel


def _frame(
    frame: tuple[float, float, float, float], aspect: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The frame with a margin for labels, widened to the panel's aspect so that both scales are equal."""
    left, right, bottom, top = frame
    width = max(right - left, (top - bottom) * aspect) * 1.24 or 1.0
    middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
    return (
        (middle_x - width / 2, middle_x + width / 2),
        (middle_y - width / aspect / 2, middle_y + width / aspect / 2),
    )


def _axis_titles(view: TrajectoryView) -> tuple[str, str]:
    if view.explained is None:
        name = {"tsne": "t-SNE", "umap": "UMAP"}[view.method]
        return f"{name} 1 (far distances mean little)", f"{name} 2"
    first, second = (f"PC {i}: {share:.0%} of the variance" for i, share in enumerate(view.explained, 1))
    return first, second


def _course(path: WordPath, colour: str, panel: Panel, linear: bool, spell: Spell) -> list[Item]:
    """The thin line of states, the thick running mean, and arrow heads on it."""
    states = len(path.points)
    if states < 2:
        return []
    mean = _mean(path, panel, linear)
    hover = tuple(
        f"{spell(path.word)} after {update:,} updates: cosine {cosine:.3f}"
        for update, cosine in zip(path.updates.tolist(), path.cosine.tolist(), strict=True)
    )
    # By the way on the page and not by the count of updates: words rest for most of them.
    way = way_along(panel.pixels(mean))
    cuts = np.unique(np.searchsorted(way, np.linspace(0, way[-1], SHADES + 1)).clip(max=states - 1))
    cuts = np.unique(np.append(cuts, states - 1)).tolist()
    items: list[Item] = []
    for xy, width, full in ((path.points, 0.8, 0.55), (mean, 2.4, 1.0)):
        for a, b in pairwise(cuts):
            shade = tint(colour, full * (0.4 + 0.6 * way[b] / (way[-1] or 1.0)))
            items.append(Line(xy[a : b + 1], shade, width, hover=hover[a : b + 1] if full < 1 else ()))
    return items + _arrows(mean, colour, panel)


def _mean(path: WordPath, panel: Panel, linear: bool) -> NDArray[np.float64]:
    """The running mean of a path, (S, 2); where quick movement may be an artefact, that is smoothed too."""
    reach = panel.units(np.array([[STRAIGHT, STRAIGHT]])) - panel.units(np.zeros((1, 2)))
    return running(path.points, len(path.points) // 30, reach[0] if linear else None)


_ARROW = np.array([[8.0, 0.0], [-6.0, 6.0], [-3.0, 0.0], [-6.0, -6.0]])
"""An arrow head that points right, in pixels around its middle; narrow, so that it points one way only."""


def _arrows(mean: Float, colour: str, panel: Panel) -> list[Item]:
    """Arrow heads at a third and two thirds of the way, where the path is long and straight enough."""
    pixels = panel.pixels(mean)
    way = way_along(pixels)
    arrows: list[Item] = []
    for share in (1 / 3, 2 / 3):
        here, behind, ahead = (
            np.array([np.interp(share * way[-1] + shift, way, pixels[:, axis]) for axis in (0, 1)])
            for shift in (0.0, -9.0, 9.0)
        )
        step = ahead - behind
        if way[-1] > 60 and np.hypot(*step) > 12:
            along = step / np.hypot(*step)
            turned = np.stack([along, np.array([-along[1], along[0]])])
            arrows.append(Line(panel.units(here + _ARROW @ turned), tint(colour, 0.95), filled=True))
    return arrows


def _marks(path: WordPath, colour: str, shared: frozenset[tuple[str, str]], spell: Spell) -> list[Item]:
    items: list[Item] = []
    for near in path.neighbours:
        shade = GREY if (near.word, near.state) in shared else colour
        symbol, filled = ("diamond", False) if near.state == "original" else ("square", True)
        hover = (f"{spell(near.word)}: cosine {near.cosine:.3f} to {spell(path.word)} ({near.state})",)
        items.append(Marks(np.array([near.point]), symbol, shade, 7, filled, hover=hover))
    return items


def _ends(path: WordPath, colour: str) -> list[Item]:
    start, end = path.points[:1], path.points[-1:]
    return [
        Marks(end, "circle", colour, 13),
        Marks(start, "cross" if path.oov else "circle", colour, 11, filled=False),
    ]
