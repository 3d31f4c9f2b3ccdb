"""The methods of refining. `selfvec.data.methods` has the table of their options and defaults.

A method is a subclass of `Refinement`. Those that update a word at each token are in `sequential`. A
module is imported when its method is used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from selfvec.base.arrays import Rows
from selfvec.refinement.plan import Plan

from .refinement import Refinement

__all__ = ["refined_rows", "start"]


_HOMES = {
    "original": "refinement.Refinement",
    "paper": "sequential.PaperRefinement",
    "online": "sequential.OnlineRefinement",
    "decorrelated": "decorrelated.DecorrelatedRefinement",
}  # module and class of each method


def start(plan: Plan, jobs: int | None = None) -> Refinement:
    """Create the refinement of a plan, before its first step.

    ``jobs`` is the number of threads, all cores if None; the result is the same.
    """
    module, _, name = _HOMES[plan.method].partition(".")
    method: type[Refinement] = getattr(import_module(f"{__name__}.{module}"), name)
    return method.of_plan(plan, jobs)


def refined_rows(
    plan: Plan, jobs: int | None = None, advance: Callable[[int], None] = lambda _: None
) -> Rows:
    """The refined vectors, (V, d) float32; ``advance`` is called with the tokens read in each step."""
    refinement = start(plan, jobs)
    while not refinement.done:
        advance(refinement.advance())
    return refinement.table
