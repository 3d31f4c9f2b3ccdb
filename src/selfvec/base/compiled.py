"""`kernel`: loops that Numba compiles, kept on disk and run without the interpreter's lock.

Numba is imported, and a kernel compiled or loaded, when the kernel is first called. Many commands call none,
and the import alone takes a third of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, update_wrapper
from threading import RLock
from typing import Any, TypeVar, overload

from selfvec.base.arrays import Array

__all__ = ["SUMS", "kernel", "read_only"]

SUMS = frozenset({"reassoc", "nsz", "contract"})
"""For ``fastmath``: terms of a sum may be added in any order, as vector instructions need it."""

_LOCK = RLock()  # a kernel that another one calls is compiled within it

Function = TypeVar("Function", bound=Callable[..., Any])
AnyArray = TypeVar("AnyArray", bound=Array)


@overload
def kernel(function: Function) -> Function: ...
@overload
def kernel(*, fastmath: frozenset[str]) -> Callable[[Function], Function]: ...
def kernel(function: Any = None, *, fastmath: frozenset[str] = frozenset()) -> Any:
    """Compile a function of arrays and numbers when it is first called. Kernels may call each other.

    Write loops: an assignment to a slice or row takes Numba a second to compile.
    """
    return (lambda given: _Kernel(given, fastmath)) if function is None else _Kernel(function, fastmath)


class _Kernel:
    """A function that is compiled at its first call."""

    def __init__(self, function: Callable[..., Any], fastmath: frozenset[str]) -> None:
        self._fastmath = set(fastmath)
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        return self.compiled(*arguments)

    @cached_property
    def compiled(self) -> Any:
        """The function as Numba's dispatcher."""
        from numba import njit, types
        from numba.extending import typeof_impl

        with _LOCK:
            if _Kernel not in typeof_impl.registry:  # how Numba finds a kernel that another one calls
                typeof_impl.register(_Kernel)(lambda called, _: types.Dispatcher(called.compiled))
            options: Any = {"cache": True, "nogil": True, "error_model": "numpy"}
            return njit(self.__wrapped__, fastmath=self._fastmath, **options)  # type: ignore[attr-defined]


def read_only(array: AnyArray) -> AnyArray:
    """A view as of a mapped file, so that one kernel is compiled for both."""
    view = array.view()
    view.flags.writeable = False
    return view
