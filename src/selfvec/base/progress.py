"""Reports of progress, independent of who displays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress"]

Advance = Callable[[int], None]


class Progress:
    """Reports nothing; the command line overrides both methods."""

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Announce a stage of ``total`` units; the block calls the function it is given with units done."""
        del label, total, unit
        yield lambda _: None

    def say(self, message: str) -> None:
        """Show the user a message."""
        del message
