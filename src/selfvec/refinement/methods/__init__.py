"""The methods of refining, a module each. `selfvec.data.methods` has the table of their options and defaults.

A module has the name of its method and a function ``start(plan, jobs)``, which returns the
`Refinement` before its first step.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from selfvec.base.arrays import Rows
from selfvec.refinement.plan import Plan

from .refinement import Refinement

__all__ = ["refined_rows", "start"]


def start(plan: Plan, jobs: int | None = None) -> Refinement:
    """Create the refinement of a plan, before its first step.

    ``jobs`` is the number of threads, all cores if None; the result is the same.
    """
    method = import_module(f"{__name__}.{plan.method}")
    refinement: Refinement = method.start(plan, jobs)
    return refinement


def refined_rows(
    plan: Plan, jobs: int | None = None, advance: Callable[[int], None] = lambda _: None
) -> Rows:
    """The refined vectors, (V, d) float32; ``advance`` is called with the tokens read in each step."""
    refinement = start(plan, jobs)
    while not refinement.done:
        advance(refinement.advance())
    return refinement.table
