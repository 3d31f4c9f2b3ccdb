"""What a path does over time: how far the word is from where it began, and how much it still turns.

The second is where a learning rate that is too large shows: the turns do not die down.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .palette import GREY, tint
from .scene import Item, Label, Line, Marks, Panel, running
from .text import Spell
from .trajectory_view import TrajectoryView, WordPath

__all__ = ["cosine_panel", "turn_panel"]

Rectangle = tuple[float, float, float, float]


def cosine_panel(view: TrajectoryView, colours: dict[str, str], rectangle: Rectangle, spell: Spell) -> Panel:
    """Cosine to the original vector against the number of updates; -1 is only shown where it is needed."""
    curves = [_curve(path, path.cosine) for path in view.paths]
    low = min([0.0, *(float(xy[:, 1].min()) for xy in curves if len(xy))])
    title = "Cosine to the original"
    if any(path.oov for path in view.paths):
        title += " (dashed: to the first)"
    panel = _panel(view, rectangle, (low, 1.0), title, curves)
    for path, xy in zip(view.paths, curves, strict=True):
        panel.items.extend(_line(path, xy, colours[path.word], 1.8, spell))
    return panel


def turn_panel(view: TrajectoryView, colours: dict[str, str], rectangle: Rectangle, spell: Spell) -> Panel:
    """Angle between successive states against the number of updates, with its running mean."""
    curves = [_curve(path, path.turn)[1:] for path in view.paths]  # no step leads to the first state
    high = max([1.0, *(float(xy[:, 1].max()) for xy in curves if len(xy))])
    panel = _panel(view, rectangle, (0.0, high), "Turn since the state before (degrees)", curves)
    for path, xy in zip(view.paths, curves, strict=True):
        panel.items.extend(_line(path, xy, tint(colours[path.word], 0.4), 0.8, spell))
    for path, xy in zip(view.paths, curves, strict=True):
        panel.items.append(Line(running(xy, len(xy) // 40), colours[path.word], 2.0, dashed=path.oov))
    return panel


def _panel(
    view: TrajectoryView,
    rectangle: Rectangle,
    y: tuple[float, float],
    title: str,
    curves: list[NDArray[np.float64]],
) -> Panel:
    last = max(int(path.updates[-1]) for path in view.paths)
    ticks = _ticks(last)
    right = float(_clock(np.array(max(1, last))))
    margin = 0.04 * (y[1] - y[0])
    panel = Panel(
        rectangle,
        (-0.03 * right, 1.03 * right),
        (y[0] - margin, y[1] + margin),
        title=title,
        x_title="updates of the word (logarithmic)",
        x_ticks=tuple((float(_clock(np.array(tick))), f"{tick:,}") for tick in ticks),
    )
    if not any(len(xy) for xy in curves):
        at = (0.0, (y[0] + y[1]) / 2)
        panel.items.append(Label("no states to compare", at, GREY, 12, centred=True))
    return panel


def _clock(updates: NDArray[np.int64]) -> NDArray[np.float64]:
    """Updates as drawn: words move most in their first few."""
    clock: NDArray[np.float64] = np.log10(1.0 + updates)
    return clock


def _ticks(last: int) -> list[int]:
    decades = [0, *(10**i for i in range(len(str(last))) if 10**i <= last)]
    return decades if len(decades) > 2 else list(range(last + 1))


def _curve(path: WordPath, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """A quantity over time, (n, 2), without the states at which the word had no vector."""
    return np.stack([_clock(path.updates), values], axis=1)[~path.zero].astype(np.float64)


def _line(path: WordPath, xy: NDArray[np.float64], colour: str, width: float, spell: Spell) -> list[Item]:
    if len(xy) == 1:
        return [Marks(xy, "circle", colour, 6)]
    updates = np.rint(10 ** xy[:, 0] - 1).astype(int).tolist()
    hover = tuple(
        f"{spell(path.word)} after {count:,} updates: {value:.3f}"
        for count, value in zip(updates, xy[:, 1].tolist(), strict=True)
    )
    return [Line(xy, colour, width, dashed=path.oov, hover=hover)]
