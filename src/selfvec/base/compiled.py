"""Compilation of kernels: cached on disk, run without the interpreter's lock.

By default Numba wraps each function for calls from Python and from C, and counts the references to each
array. Most of our functions need one wrapper and no counts, because their callers allocate. Leaving out the
rest saves a fifth of the compilation time. These options of Numba are undocumented;
`tests/base/test_compiled.py` checks them.

Numba is imported when the first kernel is called, and its compiler is set up when the first kernel is
compiled. Many commands need neither: the import takes a fifth of a second, the compiler up to twice that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from threading import Lock
from typing import Any, TypeVar, cast

__all__ = ["allocating_kernel", "announced", "helper", "kernel", "prefetch", "summing_kernel"]

Function = TypeVar("Function", bound=Callable[..., Any])
_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
_LOCK = Lock()
_waiting: list[Callable[[], None]] = []  # called when something is compiled
_announced: list[object] = []  # the first function that was compiled


def kernel(function: Function) -> Function:
    """Compile a function that allocates no arrays: it works on those of its caller and returns numbers."""
    return _kernel(function, fastmath=False)


def summing_kernel(function: Function) -> Function:
    """A `kernel` that may add the terms of a sum in any order, as machine vectors need it."""
    return _kernel(function, fastmath={"reassoc", "nsz"})


def allocating_kernel(function: Function) -> Function:
    """A `kernel` that may allocate arrays, as working memory or as its result."""
    return _kernel(function, _nrt=True)


def _kernel(function: Function, **options: Any) -> Function:
    compiled: list[Callable[..., Any]] = []

    @wraps(function)
    def call(*arguments: Any) -> Any:
        if not compiled:
            with _LOCK:
                if not compiled:
                    compiled.append(_loaded_alone(_njit()(function, cache=True, **_OPTIONS | options)))
        return compiled[0](*arguments)

    return cast(Function, call)


def _loaded_alone(dispatcher: Any) -> Any:
    """A compiled function that is loaded from its cache without setting up the compiler.

    Numba sets it up even so, importing all that it can compile, and SciPy if that is installed. This takes
    ten times as long as loading all kernels. If a function is not in the cache, compiling it sets it up.
    """
    from numba.core.runtime.nrt import rtsys

    cache = dispatcher._cache

    def load(signature: object, context: object) -> Any:
        if dispatcher.targetoptions["_nrt"]:
            rtsys.initialize(context)
        with cache._guard_against_spurious_io_errors():
            return cache._load_overload(signature, context)

    cache.load_overload = load
    return dispatcher


def helper(function: Function) -> Function:
    """Compile a function that only kernels call. Its module imports Numba, so import it inside functions."""
    compiled: Function = _njit()(function, no_cpython_wrapper=True, **_OPTIONS)
    return compiled


def prefetch(array: Any, place: Any) -> None:
    """Fetch an item of an array into the cache, because a kernel will read it soon; see `prefetching`."""


def _njit() -> Any:
    from numba import njit

    from . import prefetching

    prefetching.define(prefetch)
    if _waiting:
        _listen()
    return njit


@contextmanager
def announced(call: Callable[[], None]) -> Iterator[None]:
    """Call a function at the first compilation of this process, if it happens in the block."""
    if not _announced:
        _waiting.append(call)
        if "numba" in sys.modules:
            _listen()
    try:
        yield
    finally:
        if call in _waiting:
            _waiting.remove(call)


@cache
def _listen() -> None:
    from numba.core import event

    register: Any = event.register  # untyped

    class Announcer(event.Listener):
        def on_start(self, event: object) -> None:
            _announced.append(event)
            while _waiting:
                _waiting.pop()()

        def on_end(self, event: object) -> None:
            pass

    register("numba:compile", Announcer())
