"""Senses of a word, induced from its occurrences in a corpus and recognised in other texts.

occurrences ──▶ neighbours weighted by association ──▶ clusters ──▶ labels, vectors, examples
"""

from __future__ import annotations

from .clustering import SenseSpace, sense_space
from .senses import RecognisedSense, Sense, Senses, senses

__all__ = ["RecognisedSense", "Sense", "SenseSpace", "Senses", "sense_space", "senses"]
