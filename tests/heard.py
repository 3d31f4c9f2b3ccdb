"""Progress displays of tests: one that keeps what it is told, and one that interrupts the work."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selfvec.base.progress import Progress


class Heard(Progress):
    """Keeps what is said, and of the stages of each label the last total and all that was done."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.stages: dict[str, list[int]] = {}

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        del unit
        figures = self.stages.setdefault(label, [0, 0])
        figures[0] = total or 0

        def advance(number: int) -> None:
            figures[1] += number

        yield advance

    def say(self, message: str) -> None:
        self.said.append(message)


class Interrupting(Progress):
    """Asks to stop, as Ctrl-C does, when something is refined."""

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        del total, unit
        yield lambda done: signal.raise_signal(signal.SIGINT) if label == "Refining" and done else None
