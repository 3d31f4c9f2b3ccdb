"""Work that is done while the page is already open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from selfvec.base.errors import SelfvecError
from selfvec.base.progress import Progress

__all__ = ["Later"]

Made = TypeVar("Made")


class Later(Generic[Made]):
    """Something made in the background when it is first asked for, once.

    Parameters
    ----------
    make : callable
        Makes it; is given a `Progress` whose share of work done is `share`.

    Examples
    --------
    >>> later = Later(lambda progress: 42)
    >>> later.wait()
    42
    """

    def __init__(self, make: Callable[[Progress], Made]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._thread: threading.Thread | None = None
        self._made: Made | None = None
        self._error: SelfvecError | None = None
        self._progress = _Share()

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1, as far as it tells."""
        return self._progress.share

    def start(self) -> None:
        """Begin, if nobody has."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def peek(self) -> Made | None:
        """What was made, or None as long as it is not; begins the work.

        Raises
        ------
        SelfvecError
            If making it failed.
        """
        self.start()
        if self._error is not None:
            raise self._error
        return self._made

    def wait(self) -> Made:
        """The same, waiting for it."""
        self.start()
        assert self._thread is not None
        self._thread.join()
        made = self.peek()
        assert made is not None
        return made

    def _work(self) -> None:
        try:
            self._made = self._make(self._progress)
        except SelfvecError as error:
            self._error = error
        except Exception as error:  # a defect of ours: told on the page, and its traceback to the terminal
            self._error = SelfvecError(f"could not be worked out ({type(error).__name__}: {error})")
            raise


class _Share(Progress):
    """Remembers how far the stage that runs now has come."""

    share = 0.0

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        """A stage begins at nothing done."""
        del label, unit
        done = 0

        def advance(number: int) -> None:
            nonlocal done
            done += number
            self.share = min(1.0, done / total) if total else 0.0

        self.share = 0.0
        yield advance
