"""Senses of a word, induced from its uses in a corpus and recognised in other texts.

uses ──▶ neighbours weighted by association ──▶ clusters ──▶ labels, vectors, examples
"""

from __future__ import annotations

from .clustering import SenseSpace, sense_space
from .senses import Reading, Sense, Senses, senses

__all__ = ["Reading", "Sense", "SenseSpace", "Senses", "sense_space", "senses"]
