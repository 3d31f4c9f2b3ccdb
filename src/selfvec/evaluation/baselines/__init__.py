"""Baselines: vectors of other methods from the same tokens, for comparison.

A baseline is a row of `BASELINES`: a function from a corpus as ids and the initial vectors to vectors of the
same words. `train` runs baselines one after the other, each in its own process, and records seconds and
memory. `selfvec.evaluate` accepts the results like any other `Vectors`.
"""

from __future__ import annotations

from .registry import ALREADY, BASELINES, Baseline, check_names
from .training import train

__all__ = ["ALREADY", "BASELINES", "Baseline", "check_names", "train"]
