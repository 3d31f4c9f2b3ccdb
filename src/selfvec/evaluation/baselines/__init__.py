"""Peers: what others would have made of the same tokens, to stand beside ours in one table.

A peer is a row of `NAMES`: from a corpus as ids and the vectors it started from to a table over the same
words. `train` runs peers one after the other, each in a process of its own, and notes seconds and memory.
Evaluation knows nothing of this package: to it a peer is just `Vectors`.
"""

from __future__ import annotations

from .registry import ALREADY, NAMES, Peer, check_names
from .training import train

__all__ = ["ALREADY", "NAMES", "Peer", "check_names", "train"]
