"""Changes of words between two parts of a corpus, with a test against chance.

slices ──▶ vectors of occurrences ──▶ sums by blocks of documents ──▶ distance, APD, p, q ──▶ rows
"""

from __future__ import annotations

from .compared_slices import comparable_slices, field_slices, slices_of
from .drift import drift
from .drift_result import Drift
from .word_paths import SlicePath, slice_paths

__all__ = [
    "Drift",
    "SlicePath",
    "comparable_slices",
    "drift",
    "field_slices",
    "slice_paths",
    "slices_of",
]
