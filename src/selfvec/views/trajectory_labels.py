"""Names for the points of a trajectory map.

In a collapsed space all neighbours share one spot. Those that would share a spot share a label, so that the
figure says "these five words, here" instead of printing five words over one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .labels import place_labels
from .palette import GREY, ink, tint
from .scene import Float, Item, Label, Line, Marks, Panel, way_along
from .text import Spell, text_width
from .trajectory_view import Neighbour, TrajectoryView

__all__ = ["Block", "place_blocks", "trajectory_labels"]

TOGETHER = 9.0
"""Neighbours whose marks are closer than this many pixels share a label."""


@dataclass(frozen=True, eq=False)
class Block:
    """A label of one or more lines that belongs to a point (2,) of a map, in its units."""

    lines: tuple[str, ...]
    point: Float
    colour: str
    size: float = 12.0
    bold: bool = False
    italic: bool = False

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height in pixels."""
        widest = max(text_width(line, self.size, self.bold) for line in self.lines)
        return widest, 1.25 * self.size * len(self.lines)


def trajectory_labels(
    view: TrajectoryView, colours: dict[str, str], panel: Panel, spell: Spell
) -> list[Item]:
    """Names of paths and neighbours for a panel that holds everything else already.

    A word's name stands at its start or, for a word that had no vector there, at its end.
    """
    names = [
        Block((spell(path.word),), path.points[-1 if path.oov else 0], ink(colours[path.word]), 14, bold=True)
        for path in view.paths
    ]
    blocks = names + sorted(
        _neighbour_blocks(view, colours, panel, spell),
        key=lambda block: -block.extent[0] * block.extent[1],
    )
    return place_blocks(blocks, panel)


def place_blocks(blocks: Sequence[Block], panel: Panel) -> list[Item]:
    """Labels on a panel that holds everything else already, the first in the best places, none on another.

    A thin line leads from a label to its point where they stand apart; a label without a place is left out.
    """
    if not blocks:
        return []
    anchors = panel.pixels(np.array([block.point for block in blocks]))
    sizes = np.array([block.extent for block in blocks])
    marks, ways = _drawn(panel)
    _, _, width, height = panel.rectangle
    corners = place_labels(anchors, sizes, (4, width - 4, 4, height - 4), marks, ways)
    items: list[Item] = []
    for block, anchor, size, corner in zip(blocks, anchors, sizes, corners, strict=True):
        if np.isnan(corner).any():
            continue
        items += _leader(anchor, corner, size, block.colour, panel)
        for row, line in enumerate(reversed(block.lines)):
            at = panel.units(corner + np.array([0, 1.25 * block.size * row]))
            items.append(
                Label(
                    line,
                    (float(at[0]), float(at[1])),
                    block.colour,
                    block.size,
                    block.bold,
                    block.italic,
                    covers=True,
                )
            )
    return items


def _drawn(panel: Panel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where symbols stand, (m, 2), and points every few pixels along the lines, (k, 2), in pixels."""
    marks = [panel.pixels(item.xy) for item in panel.items if isinstance(item, Marks)]
    ways = [np.zeros((0, 2))]
    for line in (panel.pixels(item.xy) for item in panel.items if isinstance(item, Line)):
        way = way_along(line)
        steps = np.linspace(0, way[-1], 2 + int(way[-1] / 5))
        ways.append(np.stack([np.interp(steps, way, line[:, axis]) for axis in (0, 1)], axis=1))
    return np.unique(np.concatenate(marks).round(), axis=0), np.unique(np.concatenate(ways).round(), axis=0)


def _leader(anchor: Float, corner: Float, size: Float, colour: str, panel: Panel) -> list[Item]:
    edge = np.clip(anchor, corner, corner + size)
    if np.hypot(*(edge - anchor)) < 12:
        return []
    return [Line(panel.units(np.stack([anchor, edge])), tint(colour, 0.5), 0.7)]


def _neighbour_blocks(
    view: TrajectoryView,
    colours: dict[str, str],
    panel: Panel,
    spell: Spell,
) -> list[Block]:
    """One label for every neighbour, or for every few that lie together."""
    shared = view.shared
    groups: dict[tuple[str, str], dict[str, Neighbour]] = {}
    for path in view.paths:
        for near in path.neighbours:
            if near.state == "original" and near.word in colours:
                continue  # its own path starts here and bears its name
            colour = GREY if (near.word, near.state) in shared else ink(colours[path.word])
            groups.setdefault((colour, near.state), {})[near.word] = near
    blocks = []
    for (colour, state), found in groups.items():
        for together in _piles(list(found.values()), panel):
            lines = _wrap([spell(near.word) for near in together])
            point = np.mean([near.point for near in together], axis=0)
            blocks.append(Block(lines, point, colour, italic=state == "original"))
    return blocks


def _piles(neighbours: list[Neighbour], panel: Panel) -> list[list[Neighbour]]:
    """Neighbours in piles around the first of each."""
    pixels = panel.pixels(np.array([near.point for near in neighbours]))
    piles: list[list[int]] = []
    for i, point in enumerate(pixels):
        for pile in piles:
            if np.hypot(*(pixels[pile[0]] - point)) < TOGETHER:
                pile.append(i)
                break
        else:
            piles.append([i])
    return [[neighbours[i] for i in pile] for pile in piles]


def _wrap(words: list[str], widest: int = 26) -> tuple[str, ...]:
    lines = [""]
    for i, word in enumerate(words):
        piece = word + ("," if i < len(words) - 1 else "")
        if lines[-1] and len(lines[-1]) + 1 + len(piece) > widest:
            lines.append(piece)
        else:
            lines[-1] = f"{lines[-1]} {piece}".strip()
    return tuple(lines)
