"""Functions called with some number of threads."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from selfvec.base.threads import limited

P = ParamSpec("P")
R = TypeVar("R")


def in_threads(jobs: int, function: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
    with limited(jobs):
        return function(*given, **named)
