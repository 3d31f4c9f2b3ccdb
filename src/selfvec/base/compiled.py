"""How functions are compiled: quickly, kept on disk, and run without the interpreter's lock.

Numba wraps each function for calls from Python and from C, and counts the references to each array. Most of
our functions need one wrapper and no counts, because their callers allocate. A fifth of the time that
compiling takes is saved. The options have no documentation; `tests/base/test_compiled.py` checks them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

__all__ = ["helper", "kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])
_compile: Any = njit  # its types know nothing of the last two options
_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}


def kernel(function: Function) -> Function:
    """Compile a function that makes no arrays: it works on those of its caller and returns only numbers."""
    compiled: Function = _compile(function, cache=True, **_OPTIONS)
    return compiled


def helper(function: Function) -> Function:
    """Compile a function that only kernels call, as `kernel` does."""
    compiled: Function = _compile(function, no_cpython_wrapper=True, **_OPTIONS)
    return compiled
