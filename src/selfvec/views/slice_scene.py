"""Words through slices laid out as a figure: a map with regions, and the distance from the first slice."""

from __future__ import annotations

import numpy as np

from selfvec.base.display import escape_for_display

from .palette import GREY, INK, WORDS, ink, tint
from .scene import Label, Line, Marks, Panel, Scene
from .slice_view import SliceView, WordInSlices
from .text import Spell, text_width
from .trajectory_labels import Block, place_blocks

__all__ = ["slice_scene"]

WIDTH = 1090.0
MAP = (74.0, 92.0, 620.0, 520.0)
CURVE = (780.0, 270.0, 290.0)  # left edge, width and height
ROW = 21.0


def slice_scene(view: SliceView, spell: Spell = escape_for_display) -> Scene:
    """Lay a view out; ``escape_for_display`` makes words fit to be shown."""
    colours = {word.path.word: WORDS[i] for i, word in enumerate(view.words)}
    top = MAP[1] + MAP[3]
    header = Panel(
        (MAP[0], top, WIDTH - MAP[0], ROW * len(view.words) + 8),
        (0, WIDTH - MAP[0]),
        (0, ROW * len(view.words) + 8),
        axes=False,
    )
    for row, word in enumerate(reversed(view.words)):
        at = (0.0, ROW * row + 6)
        header.items.append(Label(_sentence(word, spell), at, ink(colours[word.path.word]), 15, bold=True))
    panels = (header, _map(view, colours, spell), _curves(view, colours, spell), _legend(view))
    description = ". ".join(_sentence(word, spell) for word in view.words)
    return Scene(WIDTH, top + header.rectangle[3] + 6, panels, description)


def _sentence(word: WordInSlices, spell: Spell) -> str:
    path = word.path
    distance, _, _ = path.from_first()
    far = int(np.nanargmax(distance))
    first = int(np.argmax(path.vectors.any(axis=1)))
    return (
        f"{spell(path.word)}: {int(path.uses.sum()):,} uses, farthest from {spell(path.names[first])} "
        f"in {spell(path.names[far])} ({distance[far]:.2f})"
    )


def _map(view: SliceView, colours: dict[str, str], spell: Spell) -> Panel:
    left, right, bottom, top = view.frame
    aspect = MAP[2] / MAP[3]
    width = max(right - left, (top - bottom) * aspect) * 1.2 or 1.0
    x, y = (left + right) / 2, (bottom + top) / 2
    titles = ("", "")
    if view.explained is not None:
        titles = (f"PC 1: {view.explained[0]:.0%} of the variance", f"PC 2: {view.explained[1]:.0%}")
    panel = Panel(
        MAP,
        (x - width / 2, x + width / 2),
        (y - width / aspect / 2, y + width / aspect / 2),
        x_title=titles[0],
        y_title=titles[1],
    )
    for word in view.words:
        _region_items(panel, word, colours[word.path.word])
    blocks = []
    for word in view.words:
        blocks += _word_items(panel, word, colours[word.path.word], spell)
    panel.items.extend(place_blocks(blocks, panel))
    return panel


def _region_items(panel: Panel, word: WordInSlices, colour: str) -> None:
    for region in [] if word.regions is None else word.regions:
        if not np.isnan(region).any():
            panel.items.append(Line(region, tint(colour, 0.12), filled=True))
            panel.items.append(Line(region, tint(colour, 0.5), 0.8))


def _word_items(panel: Panel, word: WordInSlices, colour: str, spell: Spell) -> list[Block]:
    """Draw a word's way and its neighbours; what is to be written beside them, the most important first."""
    alive = np.flatnonzero(~np.isnan(word.points[:, 0]))
    points, path = word.points[alive], word.path
    hover = tuple(f"{spell(path.word)} in {spell(path.names[i])}: {int(path.uses[i]):,} uses" for i in alive)
    panel.items.append(Line(points, colour, 2.0, hover=hover))
    panel.items.append(Marks(points[:-1], "circle", colour, 9, filled=False))
    panel.items.append(Marks(points[-1:], "circle", colour, 12))
    for near in word.near:
        symbol, filled = ("square", True) if near.last else ("diamond", False)
        text = f"{spell(near.word)}: cosine {near.cosine:.3f}"
        panel.items.append(Marks(np.array([near.point]), symbol, colour, 7, filled, hover=(text,)))
    shade = ink(colour)
    named = [
        Block(
            (f"{spell(path.word)} {spell(path.names[alive[0]])}",),
            points[0],
            shade,
            14,
            bold=True,
        )
    ]
    named += [
        Block((spell(path.names[i]),), point, shade, 12, bold=True)
        for i, point in zip(alive[1:].tolist(), points[1:], strict=True)
    ]
    named += [
        Block((spell(near.word),), np.array(near.point), shade, 12, italic=not near.last)
        for near in word.near
    ]
    return named


def _curves(view: SliceView, colours: dict[str, str], spell: Spell) -> Panel:
    """How far each word is from its first slice, and within what 95 % of resampled documents put it."""
    left, width, height = CURVE
    found = [word.path.from_first() for word in view.words]
    high = max(0.1, *(float(np.nanmax(upper)) for _, _, upper in found))
    last = len(view.names) - 1
    step = max(1, round(len(view.names) / 4))
    panel = Panel(
        (left, MAP[1] + MAP[3] - height, width, height),
        (-0.05 * last, 1.05 * last),
        (-0.03 * high, 1.05 * high),
        title="Distance from the first slice",
        x_ticks=tuple((float(i), spell(view.names[i])) for i in range(0, len(view.names), step)),
    )
    for word, (middle, low, upper) in zip(view.words, found, strict=True):
        colour, alive = colours[word.path.word], np.flatnonzero(~np.isnan(middle))
        ring = np.concatenate([np.stack([alive, low[alive]], 1), np.stack([alive, upper[alive]], 1)[::-1]])
        panel.items.append(Line(ring, tint(colour, 0.2), filled=True))
    for word, (middle, _, _) in zip(view.words, found, strict=True):
        colour, alive = colours[word.path.word], np.flatnonzero(~np.isnan(middle))
        xy = np.stack([alive, middle[alive]], axis=1)
        panel.items.extend([Line(xy, colour, 2.0), Marks(xy, "circle", colour, 7)])
    return panel


def _legend(view: SliceView) -> Panel:
    panel = Panel((0, 0, WIDTH, 46), (0, WIDTH), (0, 46), axes=False)
    near = [n.last for word in view.words for n in word.near]
    entries = [
        ("circle", False, "a slice", True),
        ("circle", True, "the last slice", True),
        ("diamond", False, "near it in its first slice", False in near),
        ("square", True, "near it in its last slice", True in near),
    ]
    x = MAP[0]
    for symbol, filled, text, occurs in entries:
        if occurs:
            panel.items.append(Marks(np.array([[x, 33.0]]), symbol, INK, 9, filled))
            panel.items.append(Label(text, (x + 10, 33.0), INK, 12, centred=True))
            x += 32 + text_width(text, 12)
    how = "Regions and bands hold 95 % of the places that resampled documents give."
    panel.items.append(Label(how, (MAP[0] - 5, 12.0), GREY, 12, centred=True))
    return panel
