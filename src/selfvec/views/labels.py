"""Labels that do not lie on one another.

Words in a refined space often share one spot, where naive labels make a blot. Each label is placed in turn
at the cheapest free place around its point; a label that finds none is left out, because an unread
word beside its mark is worse than a mark whose word is in the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["place_labels"]

Float = NDArray[np.floating[Any]]

_RADII = np.array([0, 6, 14, 24, 36, 50, 70, 95, 125, 160, 200, 250, 310, 380], dtype=float)
_ANGLES = np.radians(
    [0, 180, 90, 270, 45, 135, 315, 225, 22.5, 157.5, 337.5, 202.5, 67.5, 112.5, 292.5, 247.5]
)
_SWEEPS = 2

# What a place costs, in pixels of distance a reader's eye would rather travel.
_ON_MARK, _ON_WAY, _ON_LEADER, _UNDER_LEADER = 60.0, 8.0, 120.0, 120.0


def place_labels(
    anchors: Float,
    sizes: Float,
    frame: tuple[float, float, float, float],
    marks: Float,
    ways: Float,
    gap: float = 9.0,
) -> NDArray[np.float64]:
    """Find places for the labels of points.

    Parameters
    ----------
    anchors : (n, 2) float
        The labelled points, in pixels.
    sizes : (n, 2) float
        Width and height of each label, in pixels.
    frame : (left, right, bottom, top)
        Labels stay inside.
    marks, ways : (m, 2) and (k, 2) float
        Where symbols stand and lines run, which labels should not cover but may if they must.
    gap : float
        Pixels between a point and its label, also kept free around every label.

    Returns
    -------
    corners : (n, 2) float64
        Lower left corner of each label; NaN for one that found no free place. No two overlap.

    Examples
    --------
    >>> same = np.array([[50.0, 50.0], [50.0, 50.0]])
    >>> a, b = place_labels(same, np.full((2, 2), 10.0), (0, 100, 0, 100), same, same)
    >>> bool(np.any(np.abs(a - b) >= 10))
    True
    """
    corners = np.full((len(anchors), 2), np.nan)
    for _ in range(_SWEEPS):
        for i in range(len(anchors)):
            others = np.arange(len(anchors)) != i
            placed = others & ~np.isnan(corners[:, 0])
            corners[i] = _cheapest(
                anchors[i], sizes[i], frame, marks, ways, gap, corners[placed], sizes[placed], anchors[placed]
            )
    return corners


def _cheapest(
    anchor: Float,
    size: Float,
    frame: tuple[float, float, float, float],
    marks: Float,
    ways: Float,
    gap: float,
    corners: Float,
    sizes: Float,
    anchors: Float,
) -> Float:
    """The cheapest free place of one label among those already placed, or NaN."""
    centres, cost = _candidates(anchor, size, gap)
    low, high = centres - size / 2, centres + size / 2
    left, right, bottom, top = frame
    free = (low >= [left, bottom]).all(axis=1) & (high <= [right, top]).all(axis=1)
    margin = gap / 3
    for corner, other in zip(corners, sizes, strict=True):
        free &= ((high + margin <= corner) | (low >= corner + other + margin)).any(axis=1)
    if not free.any():
        return np.full(2, np.nan)
    low, high, cost, centres = low[free], high[free], cost[free], centres[free]
    for points, price, radius in ((marks, _ON_MARK, 0.6 * gap), (ways, _ON_WAY, 1.0)):
        covered = (points >= low[:, None] - radius) & (points <= high[:, None] + radius)
        cost = cost + price * covered.all(axis=2).sum(axis=1)
    middles = corners + sizes / 2
    starts = np.broadcast_to(anchor, centres.shape)
    for corner, other, middle, point in zip(corners, sizes, middles, anchors, strict=True):
        cost = cost + _ON_LEADER * _crosses(starts, centres, corner, corner + other)
        cost = cost + _UNDER_LEADER * _crosses(point, middle, low, high)
    best: Float = low[cost.argmin()]
    return best


def _candidates(anchor: Float, size: Float, gap: float) -> tuple[Float, Float]:
    """Centres of possible places, (c, 2), on rings around the point, and what each costs, (c,)."""
    directions = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
    # The label's middle stands where its nearest edge is `gap + radius` away.
    reach = np.min((size / 2) / np.maximum(np.abs(directions), 1e-9), axis=1)
    distance = gap + _RADII[:, None] + reach[None]
    price = _RADII[:, None] + 0.4 * np.arange(len(directions))[None]
    return (anchor + distance[..., None] * directions).reshape(-1, 2), price.ravel()


def _crosses(start: Float, end: Float, low: Float, high: Float) -> NDArray[np.bool_]:
    """Whether segments meet rectangles (slab test); arguments (2,) or (c, 2), broadcast to (c,)."""
    direction = end - start
    direction = np.where(np.abs(direction) < 1e-9, 1e-9, direction)
    near, far = (low - start) / direction, (high - start) / direction
    enter = np.minimum(near, far).max(axis=-1)
    leave = np.maximum(near, far).min(axis=-1)
    crossing: NDArray[np.bool_] = (enter <= leave) & (leave >= 0) & (enter <= 1)
    return crossing
