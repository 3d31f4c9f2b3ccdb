"""Ctrl-C as a request: work stops between two steps, where its state can be saved."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Interruption", "between_compilations", "interrupt_soon", "interruptible"]

_SOON = 0.02  # seconds after which Ctrl-C comes once more


class Interruption:
    """Whether the user asked to stop."""

    requested = False


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Turn the first Ctrl-C (or SIGTERM) into a request, so that work stops between two steps.

    A second one interrupts at once. Outside the main thread signals keep their handlers.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: object) -> None:
        del number, frame
        if interruption.requested:
            raise KeyboardInterrupt
        interruption.requested = True

    try:
        for number in kept:
            signal.signal(number, ask)
        yield interruption
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextmanager
def between_compilations() -> Iterator[None]:
    """Ctrl-C waits while the main thread compiles or loads a kernel.

    An exception there could leave Numba's lock locked, and other threads would wait for it without an end.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        del number, frame
        if _compiling():
            interrupt_soon()
        else:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _compiling() -> bool:
    """Whether this thread holds Numba's lock."""
    module = sys.modules.get("numba.core.compiler_lock")
    lock = getattr(module, "global_compiler_lock", None)
    return lock is not None and bool(lock.is_locked())


def interrupt_soon() -> None:
    """Ctrl-C once more, after the code that runs now."""
    again = threading.Timer(_SOON, _interrupt)
    again.daemon = True
    again.start()


def _interrupt() -> None:
    """As Ctrl-C, also while the main thread waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()
