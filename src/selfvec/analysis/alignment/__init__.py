"""Comparing the vectors of two files or two runs.

The axes of separately trained vectors do not correspond. `align` maps both into one space by one of five
methods. `compare` lists the words that differ and tests the differences against chance.
"""

from __future__ import annotations

from .align import ALIGNERS, Aligned, align
from .compare import ComparedVectors, compare

__all__ = ["ALIGNERS", "Aligned", "ComparedVectors", "align", "compare"]
