"""What changed between two parts of a corpus, how much, and whether chance would do the same."""

from __future__ import annotations

from .slices import Slice, by_label, by_period, named_slice, slice_counts

__all__ = ["Slice", "by_label", "by_period", "named_slice", "slice_counts"]
