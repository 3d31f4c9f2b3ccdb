"""Seconds of each stage of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

BESIDE = "beside_"
"""Prefix of the names of stages that run in parallel with another one."""


class Timings(dict[str, float]):
    """Seconds by stage; entering a stage again adds to its time."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the block to ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self[name] = self.get(name, 0.0) + time.perf_counter() - start
