"""How long work says how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress"]

Advance = Callable[[int], None]


class Progress:
    """Silent. The command line overrides both methods."""

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Advance]:
        """Announce a stage of ``total`` units; the block calls what it gets with the units it has done."""
        del label, total, unit
        yield lambda _: None

    def say(self, message: str) -> None:
        """Tell the user something worth knowing."""
        del message
