"""Comparing two tables or two runs.

The axes of separately trained vectors do not correspond. `align` brings them into one space by one of five
methods; `compare` lists the words that differ, and tests whether that could be chance.
"""

from __future__ import annotations

from .align import METHODS, Aligned, align
from .compare import Comparison, compare

__all__ = ["METHODS", "Aligned", "Comparison", "align", "compare"]
