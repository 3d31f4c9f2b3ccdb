"""The method ``original``: the vectors stay as they are."""

from __future__ import annotations

from selfvec.refinement.history import HistoryPlan
from selfvec.refinement.plan import Plan

from .refinement import Refinement


def start(plan: Plan, jobs: int | None = None) -> Refinement:
    """A refinement without rounds."""
    del jobs
    return Refinement(plan.inputs.batch, plan.inputs.original, history=HistoryPlan(every=0))
