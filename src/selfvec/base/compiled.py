"""`kernel`: loops that Numba compiles, kept on disk and run without the interpreter's lock.

Numba is imported, and a kernel compiled or loaded, when the kernel is first called. That takes a second, so a
command that asks a single question does without: until Numba is loaded, a kernel may be interpreted if it has
little to do, or replaced by the same in NumPy.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property, update_wrapper
from threading import RLock
from typing import Any, TypeVar, overload

import numpy as np

from .arrays import Array

SUMS = frozenset({"reassoc", "nsz", "contract"})
"""For ``fastmath``: terms of a sum may be added in any order, as vector instructions need it."""

_LOCK = RLock()  # a kernel that another one calls is compiled within it

_FEW = 1 << 15  # steps, which take the interpreter some hundredths of a second
_PATIENCE = 1.0  # seconds, in which Numba would be loaded


class _Interpreter(threading.local):
    """Calls kernels that are not compiled, in this thread."""

    running = False

    def run(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        started = time.perf_counter()
        self.running = True
        try:
            with np.errstate(over="ignore"):  # hashes wrap around
                return function(*arguments)
        finally:
            self.running = False
            _SPENT[0] += time.perf_counter() - started


_INTERPRETER = _Interpreter()
_SPENT = [0.0]  # seconds of the calls of all threads, many of which live for one call only


def _plain(argument: Any) -> Any:
    """An array of bytes as a view, whose items are numbers of Python: they are compared ten times as fast."""
    is_bytes = isinstance(argument, np.ndarray) and argument.dtype == np.uint8 and argument.ndim == 1
    return memoryview(argument) if is_bytes else argument


Function = TypeVar("Function", bound=Callable[..., Any])
AnyArray = TypeVar("AnyArray", bound=Array)


@overload
def kernel(function: Function) -> Function: ...
@overload
def kernel(
    *,
    fastmath: frozenset[str] = frozenset(),
    steps: Callable[..., int] | None = None,
    instead: Callable[..., Any] | None = None,
) -> Callable[[Function], Function]: ...
def kernel(
    function: Any = None,
    *,
    fastmath: frozenset[str] = frozenset(),
    steps: Callable[..., int] | None = None,
    instead: Callable[..., Any] | None = None,
) -> Any:
    """Compile a function of arrays and numbers when it is first called. Kernels may call each other.

    Write loops, and take the arrays that are needed: an assignment to a slice or row takes Numba a second to
    compile, and each kind of array that a kernel makes a third of one.

    Until Numba is loaded, a call of few ``steps``, a function of its arguments, does without it: ``instead``,
    which gives the same, is called, or the function is interpreted; for a second in all. With ``instead``
    alone, all calls have few steps.
    """
    if function is None:
        return lambda given: _Kernel(given, fastmath, steps, instead)
    return _Kernel(function, fastmath, steps, instead)


class _Kernel:
    """A function that is compiled at its first call."""

    def __init__(
        self,
        function: Callable[..., Any],
        fastmath: frozenset[str],
        steps: Callable[..., int] | None,
        instead: Callable[..., Any] | None,
    ) -> None:
        self._fastmath = set(fastmath)
        self.steps = steps
        self.instead = instead
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        if _INTERPRETER.running:
            return self.__wrapped__(*arguments)  # type: ignore[attr-defined]
        if "numba" in sys.modules or _SPENT[0] >= _PATIENCE or not self._is_soon_done(arguments):
            return self.compiled(*arguments)
        if self.instead is not None:
            return _INTERPRETER.run(self.instead, arguments)
        plain = [_plain(argument) for argument in arguments]
        return _INTERPRETER.run(self.__wrapped__, plain)  # type: ignore[attr-defined]

    def _is_soon_done(self, arguments: Sequence[Any]) -> bool:
        return self.instead is not None if self.steps is None else self.steps(*arguments) <= _FEW

    @cached_property
    def compiled(self) -> Any:
        from numba import njit, types
        from numba.extending import typeof_impl

        with _LOCK:
            if _Kernel not in typeof_impl.registry:  # how Numba finds a kernel that another one calls
                typeof_impl.register(_Kernel)(lambda called, _: types.Dispatcher(called._within))
            return njit(self.__wrapped__, **self._options, cache=True)  # type: ignore[attr-defined]

    @cached_property
    def _within(self) -> Any:
        """The same for kernels that call it, which are kept with it; nothing calls it from Python."""
        from numba import njit

        # The options that Numba documents are all that its types know.
        options: Any = {"no_cpython_wrapper": True, **self._options}
        return njit(self.__wrapped__, **options)  # type: ignore[attr-defined]

    @property
    def _options(self) -> Any:
        # Nothing calls a kernel from C: its wrapper would be a tenth of the time of compiling.
        options = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
        return {**options, "fastmath": self._fastmath}


def load_compiler() -> None:
    """Import Numba: where many questions come, kernels are worth the second that it takes."""
    import numba  # noqa: F401


def read_only(array: AnyArray) -> AnyArray:
    """A view as of a mapped file, so that one kernel is compiled for both."""
    view = array.view()
    view.flags.writeable = False
    return view
