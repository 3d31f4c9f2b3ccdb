"""Two tables, or two runs, in one space: turned, placed by a compass, or told by anchors.

Vectors of two trainings have nothing to do with one another until somebody says how their axes correspond.
`align` does, in three ways; `compare` goes on to say which words differ, and whether that could be chance.
"""

from __future__ import annotations

from .align import METHODS, Aligned, align
from .compare import Comparison, compare

__all__ = ["METHODS", "Aligned", "Comparison", "align", "compare"]
