"""Co-occurrence: exact counts of neighbouring words, and neighbour operators made from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.lazy import lazily

if TYPE_CHECKING:
    from .counts import WEIGHTINGS, Counts, count, count_near, run_counts
    from .operators import LinearOperator, PositivePMI, PPMIOperator, operator
    from .scan import Operator, neighbour_totals

__all__ = [
    "WEIGHTINGS", "Counts", "LinearOperator", "Operator", "PPMIOperator", "PositivePMI", "count",
    "count_near", "neighbour_totals", "operator", "run_counts",
]  # fmt: skip

_HOMES = {
    **dict.fromkeys(("WEIGHTINGS", "Counts", "count", "count_near", "run_counts"), "counts"),
    **dict.fromkeys(("LinearOperator", "PositivePMI", "PPMIOperator", "operator"), "operators"),
    **dict.fromkeys(("Operator", "neighbour_totals"), "scan"),
}
if not TYPE_CHECKING:
    __getattr__ = lazily(__name__, _HOMES)
