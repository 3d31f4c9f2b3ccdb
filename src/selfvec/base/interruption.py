"""Ctrl-C as a request: work stops between two steps, where its state can be saved."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
