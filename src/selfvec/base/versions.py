"""The versions of Selfvec, of its run folders, and of the software that may change a result."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version

__version__ = "1.0.0rc1"

RUN_FORMAT = 2
"""The format of run folders; raise it when they change so that older code can no longer read them."""

_PACKAGES = ("numpy", "numba", "polars", "tokenizers", "simplemma", "wordllama")


def environment() -> dict[str, object]:
    """Versions of all software that may change a result."""
    return {
        "selfvec": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "packages": dict(_package_versions()),
    }


@cache  # looking them up takes a tenth of a small refinement
def _package_versions() -> Mapping[str, str]:
    versions = {}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions
