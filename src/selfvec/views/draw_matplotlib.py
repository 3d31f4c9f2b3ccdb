"""Draws a scene as PNG or SVG with matplotlib: no window, no pyplot, the same bytes each time."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .palette import GREY, INK
from .scene import Item, Label, Line, Marks, Panel, Scene
from .text import families_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_DPI = 96.0
_POINT = 72 / _DPI
"""Points in a pixel of the scene."""

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and any script shows where a font for it is
    "svg.hashsalt": "selfvec",
    "axes.edgecolor": "#b0b0b0",
    "axes.linewidth": 0.8,
    "xtick.color": "#b0b0b0",
    "ytick.color": "#b0b0b0",
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.labelsize": 11 * _POINT,
    "ytick.labelsize": 11 * _POINT,
    "axes.labelsize": 12 * _POINT,
    "axes.labelcolor": INK,
}

_SYMBOLS = {"circle": "o", "square": "s", "diamond": "D", "cross": "X"}

_SCALE = {"diamond": 0.85}
"""So that equal sizes look equal."""

_settings = threading.Lock()
"""matplotlib's settings are global: one drawing at a time."""


def draw(scene: Scene, path: Path, suffix: str) -> None:
    """Draw a scene into a file of the format "png" or "svg"."""
    import matplotlib
    from matplotlib.figure import Figure

    texts = "".join(item.text for panel in scene.panels for item in panel.items if isinstance(item, Label))
    settings: Any = _SETTINGS | {"font.family": [*families_for(texts), "sans-serif"]}
    # The user's own style sheet must not change the figure, so every setting starts from its default.
    with _settings, matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        figure = Figure(figsize=(scene.width / _DPI, scene.height / _DPI), dpi=_DPI, facecolor="white")
        for panel in scene.panels:
            _panel(panel, figure.add_axes(_share(panel, scene)))
        metadata: dict[str, str | None] = {"Description": scene.description}
        metadata |= {"Date": None, "Creator": None} if suffix == "svg" else {"Software": None}
        figure.savefig(path, format=suffix, dpi=2 * _DPI, metadata=metadata)


def _share(panel: Panel, scene: Scene) -> tuple[float, float, float, float]:
    left, bottom, width, height = panel.rectangle
    return left / scene.width, bottom / scene.height, width / scene.width, height / scene.height


def _panel(panel: Panel, axes: Axes) -> None:
    axes.set_xlim(*panel.x)
    axes.set_ylim(*panel.y)
    if panel.axes:
        axes.set_xlabel(panel.x_title, parse_math=False)
        axes.set_ylabel(panel.y_title, parse_math=False)
        axes.set_title(panel.title, loc="left", fontsize=13 * _POINT, color=INK, parse_math=False)
        axes.grid(color="#eeeeee", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.locator_params(nbins=5)
        if panel.x_ticks:
            axes.set_xticks([place for place, _ in panel.x_ticks], [text for _, text in panel.x_ticks])
        axes.spines[["top", "right"]].set_visible(False)
    else:
        axes.set_axis_off()
    for order, item in enumerate(panel.items):
        _item(item, axes, order + 3)


def _item(item: Item, axes: Axes, order: int) -> None:
    if isinstance(item, Line) and item.filled:
        axes.fill(*item.xy.T, color=item.colour, linewidth=0, zorder=order)
    elif isinstance(item, Line):
        axes.plot(
            *item.xy.T,
            color=item.colour,
            linewidth=item.width * _POINT,
            linestyle="--" if item.dashed else "-",
            solid_capstyle="round",
            solid_joinstyle="round",
            zorder=order,
        )
    elif isinstance(item, Marks):
        axes.plot(
            *item.xy.T,
            marker=_SYMBOLS[item.symbol],
            linestyle="none",
            markersize=item.size * _POINT * _SCALE.get(item.symbol, 1.0),
            markerfacecolor=item.colour if item.filled else "white",
            markeredgecolor="white" if item.filled else item.colour,
            markeredgewidth=0.5 if item.filled else 1.2,
            clip_on=False,
            zorder=order,
        )
    else:
        axes.text(
            *item.at,
            item.text,
            color=item.colour,
            fontsize=item.size * _POINT,
            fontweight="bold" if item.bold else "normal",
            fontstyle="italic" if item.italic else "normal",
            verticalalignment="center" if item.centred else "bottom",
            bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5} if item.covers else None,
            parse_math=False,
            zorder=order,
        )
