"""The number of threads. NumPy is not imported here, because it reads its own limit on import."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable

from .checks import check_whole

_PER_CORE = 4  # threads per core, at most


def threads(jobs: int | None, say: Callable[[str], object] = warnings.warn) -> int:
    """The number of threads: ``jobs``, or else OMP_NUM_THREADS, or else all cores this process may use.

    It is at most four times the number of cores: more threads stall the machine and are no faster. ``say``
    gets a message if fewer than ``jobs`` are used. `OptionError` if ``jobs`` is less than 1.
    """
    check_whole("jobs", 1 if jobs is None else jobs)
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = own or 1
    most = _PER_CORE * cores
    if jobs is not None and jobs > most:
        say(f"{jobs:,} threads were asked for, {most} are used: {_PER_CORE} for each core")
    asked = os.environ.get("OMP_NUM_THREADS", "")
    usual = int(asked) if asked.isdecimal() and int(asked) > 0 else cores
    return min(usual if jobs is None else jobs, most)
