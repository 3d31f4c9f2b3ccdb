"""Work that goes on while the page is already open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from selfvec.base.errors import SelfvecError
from selfvec.base.progress import Progress

__all__ = ["BackgroundTask"]

T = TypeVar("T")


class BackgroundTask(Future[T]):
    """A future whose work starts at once, in a thread that does not keep the process alive.

    Parameters
    ----------
    work : callable
        Is called with a `Progress` and returns the result.

    Examples
    --------
    >>> BackgroundTask(lambda progress: 42).result()
    42
    """

    def __init__(self, work: Callable[[Progress], T]) -> None:
        super().__init__()
        self._progress = _Share()
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    @property
    def share(self) -> float:
        """Part of the current stage that is done, 0 to 1."""
        return self._progress.share

    def result_now(self) -> T | None:
        """The result, or None if it is not there yet.

        Raises
        ------
        SelfvecError
            If the work failed.
        """
        return self.result() if self.done() else None

    def _run(self, work: Callable[[Progress], T]) -> None:
        try:
            self.set_result(work(self._progress))
        except SelfvecError as error:
            self.set_exception(error)
        except Exception as error:  # a bug: the page shows its name, the terminal its traceback
            self.set_exception(SelfvecError(f"the computation failed ({type(error).__name__}: {error})"))
            raise


class _Share(Progress):
    """Keeps how much of the current stage is done."""

    share = 0.0

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        """Start a stage."""
        del label, unit
        done = 0

        def advance(number: int) -> None:
            nonlocal done
            done += number
            self.share = min(1.0, done / total) if total else 0.0

        self.share = 0.0
        yield advance
