"""What changed between two parts of a corpus, how much, and whether chance would do the same.

slices ──▶ uses, in one space ──▶ sums by units of documents ──▶ distance, APD, p, q ──▶ rows
"""

from __future__ import annotations

from selfvec.corpus.slices import Slice, by_label, by_period, named_slice, slice_counts
from selfvec.usage.examples import Example, examples, sentences
from selfvec.usage.space import UseSpace, use_space

from .drift_rows import Drift, drift, slices_of
from .slice_vectors import slice_tables, use_sums

__all__ = [
    "Drift",
    "Example",
    "Slice",
    "UseSpace",
    "by_label",
    "by_period",
    "drift",
    "examples",
    "named_slice",
    "sentences",
    "slice_counts",
    "slice_tables",
    "slices_of",
    "use_space",
    "use_sums",
]
