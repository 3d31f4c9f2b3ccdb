"""Maps of points: their colours, and axes with equal scales.

The colours are distinguishable on white with any colour vision: M. Okabe and K. Ito, *Color Universal Design*
(2008), without its yellow, which is hardly visible on white.
"""

from __future__ import annotations

from selfvec.base.chart import Axis

from .projection import PROJECTIONS

WORDS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#222222"
GREY = "#595959"

# The same, darkened until small text is readable on white: contrast 4.5 (WCAG 2.2, criterion 1.4.3).
_INKS = {
    "#D55E00": "#c25600",
    "#009E73": "#008662",
    "#CC79A7": "#a36186",
    "#E69F00": "#9c6c00",
    "#56B4E9": "#3b7ca1",
}


def tint(colour: str, share: float) -> str:
    """A colour mixed with white: ``share`` 1 is the colour itself, 0 is white.

    >>> tint("#000000", 0.5)
    '#808080'
    """
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * share):02x}" for channel in channels)


def ink(colour: str) -> str:
    """The colour of text that belongs to marks of a colour.

    >>> ink("#000000"), ink("#56B4E9")
    ('#000000', '#3b7ca1')
    """
    return _INKS.get(colour, colour.lower())


def plane_axes(
    frame: tuple[float, float, float, float],  # left, right, bottom, top of the points
    size: tuple[float, float],
    method: str,
    explained: tuple[float, float] | None,
) -> tuple[Axis, Axis]:
    """The axes of a map: the frame with a margin for names, with equal scales."""
    left, right, bottom, top = frame
    aspect = size[0] / size[1]
    half = (max(right - left, (top - bottom) * aspect) * 1.24 or 1.0) / 2
    if explained is None:
        name = PROJECTIONS[method].title
        titles = [f"{name} 1 (far distances mean little)", f"{name} 2"]
    else:
        titles = [f"PC {i}: {share:.0%} of the variance" for i, share in enumerate(explained, 1)]
    x, y = (left + right) / 2, (bottom + top) / 2
    return Axis(x - half, x + half, titles[0]), Axis(y - half / aspect, y + half / aspect, titles[1])
