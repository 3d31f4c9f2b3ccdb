"""Has new text moved away from what a run knows? New documents against held-out ones of the run."""

from __future__ import annotations

from .monitor import Monitoring, monitor

__all__ = ["Monitoring", "monitor"]
