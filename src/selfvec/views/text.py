"""Words as they can be shown: hostile characters spelled out, widths known before anything is drawn.

Words come from anybody's corpus. A control character could move the reader's cursor, a bidirectional
override could turn a label round, and neither is what the word looks like: they are spelled as escapes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from selfvec.base.display import escape_for_display

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

__all__ = ["Spell", "escape_drawable", "families_for", "text_width"]

Spell = Callable[[str], str]
"""Makes a word fit to be shown."""

FAMILY = "DejaVu Sans"
"""The font matplotlib brings along, so that every machine measures and draws the same."""


def escape_drawable(word: str) -> str:
    """`escape_for_display`, with code points for the characters that no installed font can draw.

    >>> escape_drawable("caf\u00e9"), escape_drawable("\U0010fffd\U0010fffd!")
    ('café', '[U+10FFFD 10FFFD]!')
    """
    shown = escape_for_display(word)
    families = families_for(shown)
    pieces = []
    for drawable, run in groupby(shown, key=lambda character: _drawable(character, families)):
        characters = "".join(run)
        codes = " ".join(f"{ord(character):04X}" for character in characters[:4])
        pieces.append(characters if drawable else f"[U+{codes}{' …' if characters[4:] else ''}]")
    return "".join(pieces)


def _drawable(character: str, families: tuple[str, ...]) -> bool:
    return unicodedata.category(character) == "Cf" or any(
        _has_glyph(_font(file), character) for file in _files(families)
    )


@cache
def families_for(text: str) -> tuple[str, ...]:
    """`FAMILY`, and the fewest installed fonts found to draw what it lacks of ``text``."""
    families = [FAMILY]
    missing = {c for c in text if not _drawable(c, (FAMILY,))}
    for family, file in _installed() if missing else ():
        found = {c for c in missing if _has_glyph(_font(file), c)}
        if found:
            families.append(family)
            missing -= found
    return tuple(families)


@cache
def _installed() -> tuple[tuple[str, str], ...]:
    """Family and file of the upright fonts of ordinary weight."""
    from matplotlib.font_manager import fontManager

    # The font of last resort draws a box for every character, which tells nobody the word.
    return tuple(
        sorted(
            (entry.name, entry.fname)
            for entry in fontManager.ttflist
            if entry.style == "normal" and entry.weight == 400 and not entry.name.startswith("Last Resort")
        )
    )


def _files(families: tuple[str, ...]) -> list[str]:
    return [_own_file(False)] + [file for family, file in _installed() if family in families[1:]]


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text in pixels at a font size in pixels; an em for what the font lacks."""
    font = _font(_own_file(bold))
    return size * sum(_advance(font, character) for character in text)


def _advance(font: FT2Font, character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:  # marks above letters, joiners
        return 0.0
    if not _has_glyph(font, character):
        return 1.0
    return font.load_char(ord(character)).linearHoriAdvance / 65536 / _UNIT


def _has_glyph(font: FT2Font, character: str) -> bool:
    return bool(font.get_char_index(ord(character)))


_UNIT = 100.0
"""Font size at which widths are measured."""


def _own_file(bold: bool) -> str:
    from matplotlib import get_data_path

    return str(Path(get_data_path(), "fonts", "ttf", f"DejaVuSans{'-Bold' if bold else ''}.ttf"))


@cache
def _font(file: str) -> FT2Font:
    """A font of our own: matplotlib changes the size of those it draws with."""
    from matplotlib.ft2font import FT2Font

    font = FT2Font(file)
    font.set_size(_UNIT, 72)
    return font
