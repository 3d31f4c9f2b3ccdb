"""A trajectory view laid out as a figure: paths on the left, what they do over time on the right.

The left panel is one frame with equal scales for all words. A thin line shows every state kept, so that
oscillation is seen as what it is; a thick running mean over it shows where the word went. Both grow darker
with time.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.display import escape_for_display

from .palette import GREY, INK, WORDS, ink
from .scene import Label, Marks, Panel, Scene
from .text import Spell, text_width
from .trajectory_curves import cosine_panel, turn_panel
from .trajectory_map import trajectory_map
from .trajectory_view import TrajectoryView, WordPath

__all__ = ["trajectory_scene"]

WIDTH = 1090.0
MAP = (74.0, 92.0, 640.0, 560.0)
CURVES = (800.0, 270.0, 76.0)
"""Left edge and width of the curves, and the gap between them."""
ROW = 21.0


def trajectory_scene(view: TrajectoryView, spell: Spell = escape_for_display) -> Scene:
    """Lay a view out; ``escape_for_display`` makes words fit to be shown."""
    colours = dict(zip((path.word for path in view.paths), WORDS, strict=False))
    top = MAP[1] + MAP[3]
    header = _header(view, colours, spell, top)
    height = top + header.rectangle[3] + 6
    left, width, gap = CURVES
    tall = (MAP[3] - gap) / 2
    panels = (
        header,
        trajectory_map(view, colours, MAP, spell),
        cosine_panel(view, colours, (left, MAP[1] + tall + gap, width, tall), spell),
        turn_panel(view, colours, (left, MAP[1], width, tall), spell),
        _legend(view),
    )
    return Scene(WIDTH, height, panels, ". ".join(_sentence(path, spell) for path in view.paths))


def _sentence(path: WordPath, spell: Spell) -> str:
    """What one path says in numbers."""
    updates = int(path.updates[-1])
    count = f"{updates:,} update{'' if updates == 1 else 's'}"
    if not path.oov:
        return f"{spell(path.word)}: {count}, cosine to the original {path.cosine[-1]:.2f}"
    if not path.cosine.any():
        return f"{spell(path.word)}: {count}, no original vector and none made yet"
    return f"{spell(path.word)}: {count}, no original vector, cosine to its first {path.cosine[-1]:.2f}"


def _header(view: TrajectoryView, colours: dict[str, str], spell: Spell, bottom: float) -> Panel:
    height = ROW * len(view.paths) + 8
    panel = Panel((MAP[0], bottom, WIDTH - MAP[0], height), (0, WIDTH - MAP[0]), (0, height), axes=False)
    for row, path in enumerate(reversed(view.paths)):
        at = (0.0, ROW * row + 6)
        panel.items.append(Label(_sentence(path, spell), at, ink(colours[path.word]), 15, bold=True))
    return panel


def _legend(view: TrajectoryView) -> Panel:
    """What the symbols that occur mean, along the foot of the figure."""
    oov = [path.oov for path in view.paths]
    moves = any(len(path.points) > 1 for path in view.paths)
    states = {near.state for path in view.paths for near in path.neighbours}
    entries: list[tuple[bool, str, bool, str, str]] = [
        (not all(oov), "circle", False, INK, "original vector"),
        (any(oov), "cross", False, INK, "zero vector: it had none"),
        (moves, "circle", True, INK, "last state"),
        ("original" in states, "diamond", False, INK, "nearest in the original vectors"),
        ("refined" in states, "square", True, INK, "nearest in the refined vectors"),
        (bool(view.shared), "square", True, GREY, "near several of these words"),
    ]
    panel = Panel((0, 0, WIDTH, 46), (0, WIDTH), (0, 46), axes=False)
    x = MAP[0]
    for occurs, symbol, filled, colour, text in entries:
        if occurs:
            panel.items.append(Marks(np.array([[x, 33.0]]), symbol, colour, 9, filled))
            panel.items.append(Label(text, (x + 10, 33.0), colour, 12, centred=True))
            x += 32 + text_width(text, 12)
    if moves:
        how = "Paths run from light to dark. Thin: every state kept. Thick: their running mean."
        panel.items.append(Label(how, (MAP[0] - 5, 12.0), INK, 12, centred=True))
    return panel
