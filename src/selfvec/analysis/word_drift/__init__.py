"""Changes of words between two parts of a corpus, with a test against chance.

slices ──▶ vectors of occurrences ──▶ sums by blocks of documents ──▶ distance, APD, p, q ──▶ rows
"""

from __future__ import annotations

from selfvec.corpus.slices import Slice, by_label, by_period, named_slice, slice_counts

from .compared_slices import comparable_slices, field_slices, slices_of, without_slices
from .drift_rows import Drift, drift
from .word_paths import SlicePath, slice_paths

__all__ = [
    "Drift",
    "Slice",
    "SlicePath",
    "by_label",
    "by_period",
    "comparable_slices",
    "drift",
    "field_slices",
    "named_slice",
    "slice_counts",
    "slice_paths",
    "slices_of",
    "without_slices",
]
