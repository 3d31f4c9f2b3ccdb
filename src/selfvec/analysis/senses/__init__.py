"""Senses of a word, induced from how a corpus uses it, and told in other texts.

uses ──▶ neighbours weighted by association ──▶ groups, as many as point different ways ──▶ labels, vectors
"""

from __future__ import annotations

from .induction import induce
from .score import SCORES, adjusted_rand, bcubed, fuzzy_bcubed, fuzzy_nmi, paired_f, scores, v_measure
from .senses import Reading, Sense, Senses
from .space import SenseSpace, sense_space

__all__ = [
    "SCORES",
    "Reading",
    "Sense",
    "SenseSpace",
    "Senses",
    "adjusted_rand",
    "bcubed",
    "fuzzy_bcubed",
    "fuzzy_nmi",
    "induce",
    "paired_f",
    "scores",
    "sense_space",
    "v_measure",
]
