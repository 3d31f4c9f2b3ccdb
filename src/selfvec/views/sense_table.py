"""Senses of a word, and its sense in texts, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from selfvec.base.display import escape_for_display

if TYPE_CHECKING:
    from rich.text import Text

    from selfvec.analysis.senses import Reading, Sense, Senses

__all__ = ["readings_text", "sense_table"]

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
_LABEL = 4  # words of a sense's label beside a reading


def sense_table(found: Senses) -> Text:
    """A paragraph a sense: its share, the words that tell it, sentences."""
    from rich.text import Text

    senses = "one sense" if len(found) == 1 else f"{len(found)} senses"
    out = Text.assemble(
        (escape_for_display(found.word), "bold"), f"  {len(found.assigned):,} uses, {senses}\n"
    )
    for number, sense in enumerate(found, 1):
        out.append(f"\n{number:>2}  {sense.share:4.0%}  ", _colour(number - 1))
        out.append(_label(sense))
        for example in sense.examples:
            out.append(f"\n      {_plain(example)}", "dim")
    return out


def readings_text(found: Senses, readings: Sequence[tuple[str, Sequence[Reading]]]) -> Text:
    """Texts with each occurrence of the word marked, and what sense it has."""
    from rich.text import Text

    out = Text()
    for text, told in readings:
        shown = Text("".join(c if c.isprintable() else " " for c in text))
        for reading in told:
            shown.stylize(f"bold {_colour(reading.sense)}", reading.start, reading.end)
        out.append_text(shown).append("\n")
        for reading in told:
            sense = found[reading.sense]
            out.append(f"  {reading.sense + 1}  {reading.probability:4.0%}  ", _colour(reading.sense))
            out.append(f"{_label(sense, _LABEL)}\n")
        if not told:
            out.append(f"  {escape_for_display(found.word)} does not occur here\n", "dim")
    out.rstrip()
    return out


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _label(sense: Sense, most: int | None = None) -> str:
    return ", ".join(map(escape_for_display, sense.label[:most])) or "(no word tells it)"


def _plain(text: str) -> str:
    """A sentence without what could move the reader's cursor."""
    return " ".join(
        word if len(word) > 24 and word.isprintable() else escape_for_display(word) for word in text.split()
    )
