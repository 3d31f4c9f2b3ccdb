"""Names of a package, and functions, that are imported when they are first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562): ``homes`` has the module of the package with each name.

    So a process that needs one module of a package does not load the others.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = resolve_name(f"{package}.{homes[name]}:{name}")
        setattr(sys.modules[package], name, value)
        return value

    return find


def deferred(place: str) -> Callable[..., Any]:
    """The function at a place such as ``selfvec.storage.formats.text.read``, imported when it is called."""
    return lambda *given, **options: resolve_name(place)(*given, **options)
