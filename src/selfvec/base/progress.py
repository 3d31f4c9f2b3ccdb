"""Work in stages: its progress, whoever displays it, and the seconds of each stage.

A stage that begins or advances raises `CancelledError` if nobody will read what this thread does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from threading import Event, Thread
from time import monotonic, perf_counter

from .display import escape_controls
from .errors import Interrupted, OptionError
from .threads import stop_if_cancelled

Advance = Callable[[int], None]

LOG = logging.getLogger("selfvec")
"""At the level INFO: stages with their seconds, threads, and what was read from a cache."""

EVERY = 10.0  # seconds between two lines of `LineProgress`, also across stages
_WHOLE = 10_000  # units of a stage made of steps
_EARLY = 0.01  # share done below which the time left is not estimated


class Progress:
    """Progress that is not shown; displays override `stage` and `say`."""

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Announce a stage of ``total`` units. The block calls the yielded function with the units just done.

        ``total`` is None if unknown. ``unit`` is empty if displays show only the share.
        """
        del total, unit
        with logged(label):
            yield lambda _: stop_if_cancelled()

    def say(self, message: str) -> None:
        del message


GivenProgress = Progress | bool | None
"""A display; True for lines on standard error, False for none, None for the one that there is."""

_NONE = Progress()
_DISPLAY = ContextVar("display", default=_NONE)


@contextmanager
def shown(display: object) -> Iterator[None]:
    """Let a display show the stages of what is done in here, and of what that does in threads.

    True prints lines on standard error, False shows nothing, None leaves the display that there is.
    `OptionError` if it is something else.
    """
    if isinstance(display, bool):
        display = LineProgress(partial(print, file=sys.stderr)) if display else _NONE
    if not isinstance(display, Progress | None):
        raise OptionError(f"is a Progress, True or False, not {type(display).__name__}", field="progress")
    before = _DISPLAY.set(display or _DISPLAY.get())
    try:
        yield
    finally:
        _DISPLAY.reset(before)


def stage(label: str, total: int | None, unit: str) -> AbstractContextManager[Advance]:
    """Announce a stage to the display, see `Progress.stage`."""
    return _DISPLAY.get().stage(label, total, unit)


def say(message: str) -> None:
    """Tell people a line."""
    _DISPLAY.get().say(message)


@contextmanager
def steps(label: str, weights: Mapping[str, float]) -> Iterator[None]:
    """Announce one stage made of several steps: those of the stages in here that are named.

    ``weights`` lists all steps in order with their relative durations, so that the stage advances evenly. A
    step may be left out or have steps of its own.
    """
    with stage(label, _WHOLE, "") as advance:
        within = _Steps(advance, weights, _DISPLAY.get().say)
        with shown(within):
            yield
        within.go_to(_WHOLE)


@contextmanager
def logged(label: str) -> Iterator[None]:
    """Log how long a stage took that ended well."""
    stop_if_cancelled()
    start = perf_counter()
    yield
    LOG.info("%s: %.2f s", label, perf_counter() - start)


@contextmanager
def shown_bytes(file: str) -> Iterator[Callable[[int, int], None]]:
    """A stage for a file that is downloaded. The block calls it with the bytes done and the total bytes.

    Ctrl-C is an `Interrupted` that says how to go on.
    """
    advance: Advance | None = None
    reached = 0

    def report(done: int, total: int) -> None:
        nonlocal advance, reached
        advance = advance or stack.enter_context(stage(file, total or None, "bytes"))
        advance(done - reached)
        reached = done

    try:
        with ExitStack() as stack:
            yield report
    except KeyboardInterrupt:
        raise Interrupted("interrupted", remedy="repeat the command to download what is missing") from None


class _Steps(Progress):
    def __init__(self, advance: Advance, weights: Mapping[str, float], say: Callable[[str], None]) -> None:
        self._advance = advance
        self._say = say
        self._reached = 0
        self._ends: dict[str, tuple[float, float]] = {}
        whole = sum(weights.values()) or 1.0
        start = 0.0
        for label, weight in weights.items():
            stop = start + weight / whole * _WHOLE
            self._ends[label] = (start, stop)
            start = stop

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Do a step. The steps before it count as done."""
        del unit
        start, stop = self._ends.get(label, (0.0, 0.0))
        done = 0

        def advance(number: int) -> None:
            nonlocal done
            done += number
            self.go_to(start + (stop - start) * min(1.0, done / total if total else 0.0))

        self.go_to(start)
        with logged(label):
            yield advance
        self.go_to(stop)

    def say(self, message: str) -> None:
        self._say(message)

    def go_to(self, place: float) -> None:
        number = max(0, round(place) - self._reached)
        self._reached += number
        self._advance(number)  # even by 0: displays may stop the work here


class LineProgress(Progress):
    """Prints a line every ten seconds during stages: the stage, the share done and the time left."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write  # called with each line, in another thread
        self._next = monotonic() + EVERY
        self._open: list[Event] = []  # the ends of the stages that have begun

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        del unit
        start = monotonic()
        done = 0
        ended = Event()

        def advance(number: int) -> None:
            nonlocal done
            stop_if_cancelled()
            done += number

        def pause() -> float:
            return max(0.0, self._next - monotonic()) if self._open[-1] is ended else EVERY

        def report() -> None:
            while not ended.wait(pause()):
                if self._open[-1] is not ended:  # a stage within this one tells more
                    continue
                self._next = monotonic() + EVERY
                with suppress(OSError, ValueError):  # the reader has closed the stream
                    line = _line(label, monotonic() - start, done / total if total else None)
                    self._write(escape_controls(line))

        thread = Thread(target=report, daemon=True)
        self._open.append(ended)
        thread.start()
        try:
            with logged(label):
                yield advance
        finally:
            ended.set()
            thread.join()
            self._open.remove(ended)

    def say(self, message: str) -> None:
        self._write(escape_controls(message, lines=True))


def time_left(seconds: float, share: float | None) -> str:
    """The estimated time left, from the seconds so far and the share done; empty if it is too early to tell.

    >>> time_left(30, 0.25), time_left(10, 0.1), time_left(1, 0.001), time_left(5, None)
    ('1 min 30 s left', '1 min 30 s left', '', '')
    """
    if share is None or share < _EARLY:
        return ""
    return f"{duration(seconds * max(0.0, 1 - share) / share)} left"


def duration(seconds: float) -> str:
    """Seconds as text.

    >>> duration(7.4), duration(95), duration(7260)
    ('7 s', '1 min 35 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _line(label: str, seconds: float, share: float | None) -> str:
    """A line about a stage."""
    left = time_left(seconds, share)
    if share is None:
        return f"{label}: {duration(seconds)} so far"
    return f"{label}: {100 * min(share, 1.0):.0f} %{left and f', {left}'}"


# Seconds

BESIDE = "beside_"
"""Prefix of the names of stages that run in parallel with another one."""


class Timings(dict[str, float]):
    """Seconds by stage; entering a stage again adds to its time."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self[name] = self.get(name, 0.0) + perf_counter() - start
