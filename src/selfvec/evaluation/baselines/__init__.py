"""Baselines: what other methods make of the same tokens, to compare with ours.

A baseline is a row of `NAMES`: from a corpus as ids and the vectors it started from to a table over the same
words. `train` runs baselines one after the other, each in its own process, and records seconds and memory.
`selfvec.evaluate` takes the result as any other `Vectors`.
"""

from __future__ import annotations

from .registry import ALREADY, NAMES, Baseline, check_names
from .training import train

__all__ = ["ALREADY", "NAMES", "Baseline", "check_names", "train"]
