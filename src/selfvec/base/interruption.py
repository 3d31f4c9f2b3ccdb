"""Ctrl-C as a request: work stops between two steps, where its state can be saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Interruption", "interruptible"]


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
