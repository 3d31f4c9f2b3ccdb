"""What changed between two parts of a corpus, how much, and whether chance would do the same.

slices ──▶ uses, in one space ──▶ sums by units of documents ──▶ distance, APD, p, q ──▶ rows
"""

from __future__ import annotations

from .slices import Slice, by_label, by_period, named_slice, slice_counts
from .table import Drift, drift, slices_of

__all__ = [
    "Drift",
    "Slice",
    "by_label",
    "by_period",
    "drift",
    "named_slice",
    "slice_counts",
    "slices_of",
]
