"""Co-occurrence: exact counts of neighbouring words, and neighbour operators made from them."""

from .counts import WEIGHTINGS, Counts, count, count_near, run_counts
from .operators import LinearOperator, PositivePMI, PPMIOperator, operator
from .scan import Operator, neighbour_totals

__all__ = [
    "WEIGHTINGS", "Counts", "LinearOperator", "Operator", "PPMIOperator", "PositivePMI", "count",
    "count_near", "neighbour_totals", "operator", "run_counts",
]  # fmt: skip
