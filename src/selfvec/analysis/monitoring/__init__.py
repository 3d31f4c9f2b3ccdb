"""Tests whether new text differs from a run: new documents against held-out documents of the run."""

from __future__ import annotations

from .monitor import Monitoring, monitor

__all__ = ["Monitoring", "monitor"]
