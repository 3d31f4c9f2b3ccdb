"""The paper's studies on anybody's text: what a learning rate, a window, more epochs or mixed topics do.

A study refines the same words over and over, changes one thing, and says what became of the space and how far
the end was chance. Each gives rows, a table and a figure; none chooses anything.
"""

from __future__ import annotations

from .domains import across_domains
from .study import Study
from .sweeps import over_epochs, over_rates, over_windows

__all__ = ["Study", "across_domains", "over_epochs", "over_rates", "over_windows"]
