"""The command line. Every command calls one function of the library and prints its result.

Results go to standard output, everything else to standard error. Exit status 0: done; 1: a check failed;
2: wrong usage or input, explained in one line; 130: interrupted.
"""

from __future__ import annotations

import _thread
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer, main_thread

from .streams import settle_streams

__all__ = ["main"]

_COLLECTED = 100_000  # new objects after which garbage is looked for
_SOON = 0.02  # seconds after which Ctrl-C comes once more
_SERVERS = ("serve", "mcp")  # commands that live long
_POLARS = "_RJEM_MALLOC_CONF"  # the variable that configures the heap of Polars
# Names in malloc.h, and values: for M_ARENA_MAX the heaps, for M_MMAP_THRESHOLD the bytes from which a block
# is a map of its own, which is returned to the system when it is freed.
_MALLOC = {"MALLOC_ARENA_MAX": (-8, 2), "MALLOC_MMAP_THRESHOLD_": (-3, 16 << 20)}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Without ``arguments`` the process is ours and ends with the command.
    """
    if arguments is None:
        _settle()
    try:
        from .tree import run

        with _interrupts_kept():
            status = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:  # while modules are imported
        print("selfvec: interrupted", file=sys.stderr)
        return 130
    finally:
        if arguments is None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # libraries would say how they were interrupted
            gc.freeze()  # or else all objects of a long run are searched for garbage at its end
    return status


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Ctrl-C that comes while a finalizer runs interrupts the command; Python would print and forget it."""
    usual = sys.unraisablehook

    def hook(found: sys.UnraisableHookArgs) -> None:
        if issubclass(found.exc_type, KeyboardInterrupt):
            _interrupt_soon()
        else:
            usual(found)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = usual


def _interrupt_soon() -> None:
    """Ctrl-C once more, after the code that runs now."""
    again = Timer(_SOON, _interrupt)
    again.daemon = True
    again.start()


def _interrupt() -> None:
    """As Ctrl-C, also while the main thread waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _settle() -> None:
    """Settings of a process that runs one command.

    Most objects live until the end, so garbage is looked for seldom. Threads share two heaps: what one of
    many has freed is lost to all others, a fifth of a run's memory. By default glibc would keep freed blocks
    of up to 32 MB as well. In a server Polars returns what it has freed at once, or else it would keep a copy
    of the text. SIGTERM is a Ctrl-C, so that it leaves nothing behind either.
    """
    settle_streams()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    gc.set_threshold(_COLLECTED)
    for name, setting in _MALLOC.items() if sys.platform == "linux" else ():
        if name not in os.environ:
            with suppress(AttributeError):  # other C libraries than glibc have one heap or their own rules
                ctypes.CDLL(None).mallopt(*setting)
    if next((word for word in sys.argv[1:] if not word.startswith("-")), "") in _SERVERS:
        os.environ.setdefault(_POLARS, "dirty_decay_ms:0,muzzy_decay_ms:0")
