"""Classes of libraries that may not be there: what adapters inherit from.

A module with an adapter can be imported in any case. That the library is missing is told when one is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["base", "is_there"]


def base(module: str, name: str) -> Any:
    """A class, or ``object`` where its library is not installed."""
    try:
        return getattr(import_module(module), name)
    except ImportError:
        return object


def is_there(adapter: type) -> bool:
    """Whether an adapter's base is the library's own."""
    return adapter.__bases__ != (object,)
