"""Colours that are distinguishable on white with any colour vision.

M. Okabe and K. Ito, *Color Universal Design* (2008), without its yellow, which is hardly visible on white.
"""

from __future__ import annotations

WORDS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#222222"
GREY = "#595959"

_READABLE = 4.5  # contrast ratio for small text (WCAG 2.2, criterion 1.4.3)


def tint(colour: str, share: float) -> str:
    """A colour mixed with white: ``share`` 1 is the colour itself, 0 is white.

    >>> tint("#000000", 0.5)
    '#808080'
    """
    return _hex([255 + (channel - 255) * share for channel in _channels(colour)])


def ink(colour: str) -> str:
    """The colour, darkened until small text in it is readable on white.

    >>> ink("#000000"), ink("#56B4E9")
    ('#000000', '#3b7ca1')
    """
    share = 1.0
    while 1.05 / (_luminance(_hex([c * share for c in _channels(colour)])) + 0.05) < _READABLE:
        share -= 0.01
    return _hex([c * share for c in _channels(colour)])


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _hex(channels: list[float]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
