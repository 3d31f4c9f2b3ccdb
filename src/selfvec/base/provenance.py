"""Provenance of a run: this version, those of other software, and timings."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

__all__ = ["BESIDE", "Timings", "__version__", "environment"]

__version__ = "0.1.0"

_PACKAGES = ("numpy", "numba", "polars", "tokenizers", "simplemma", "wordllama")


def environment() -> dict[str, object]:
    """Versions of all software that may change a result."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "selfvec": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "packages": versions,
    }


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
