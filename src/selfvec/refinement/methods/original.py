"""The method ``original``: the vectors stay as they are."""

from __future__ import annotations

from selfvec.cooccurrence import Operator
from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.plan import Plan

from .refinement import Refinement

__all__ = ["start"]


def start(plan: Plan, jobs: int | None = None, operator: Operator | None = None) -> Refinement:
    """A refinement without rounds."""
    del jobs, operator
    return Refinement(plan.inputs.batch, plan.inputs.original, history=HistoryPlan(every=0))
