"""Co-occurrence: which words stand near which, counted exactly, and the operators made of it."""

from .counting import count, count_near, neighbour_totals
from .counts import WEIGHTINGS, Counts, run_counts
from .operators import LinearOperator, Operator, PositivePMI, PPMIOperator, operator

__all__ = [
    "WEIGHTINGS",
    "Counts",
    "LinearOperator",
    "Operator",
    "PPMIOperator",
    "PositivePMI",
    "count",
    "count_near",
    "neighbour_totals",
    "operator",
    "run_counts",
]
