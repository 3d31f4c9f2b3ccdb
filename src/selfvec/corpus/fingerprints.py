"""A number per text that identifies it: within a corpus, and in run folders on any machine.

Polars hashes faster, but its numbers may change from version to version, and these are saved in run folders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ONCE", "fingerprints"]

ONCE = np.uint64(1)
"""The lowest bit of a stored fingerprint, set in layouts that keep a repeated text only once."""

_BYTE = np.uint64(8)
_HALF = np.uint64(32)
_MIX = np.uint64(0x9E3779B97F4A7C15)  # odd constants with well-mixed bits (golden ratio; SplitMix64's last)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_REST = np.uint64(0xFFFFFFFFFFFFFFFE)


def fingerprints(texts: pl.Series) -> NDArray[np.uint64]:
    """Fingerprints of (D,) texts, (D,) uint64 with the lowest bit 0; null is an empty text.

    63 bits: in a corpus of a million texts, two different ones collide with a probability of 1 in 20 million.
    """
    import polars as pl

    texts = texts.fill_null("")
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(texts.str.len_bytes().to_numpy(), out=bounds[1:])
    joined = texts.str.join("").cast(pl.Binary).item() if len(texts) else b""
    out = np.empty(len(texts), np.uint64)
    _mix(np.frombuffer(joined, np.uint8), bounds, out)
    return out


@njit(cache=True, nogil=True)
def _mix(data: NDArray[np.uint8], bounds: NDArray[np.int64], out: NDArray[Any]) -> None:
    """Mix eight bytes at a time into 64 bits; each step is invertible, so that every byte matters."""
    for d in range(len(out)):
        start, end = bounds[d], bounds[d + 1]
        mixed = np.uint64(end - start) * _MIX
        whole = start + (end - start) // 8 * 8
        for i in range(start, whole, 8):
            word = np.uint64(0)
            for k in range(8):
                word = word << _BYTE | np.uint64(data[i + k])
            mixed = (mixed ^ word) * _MIX
            mixed ^= mixed >> _HALF
        word = np.uint64(0)
        for i in range(whole, end):
            word = word << _BYTE | np.uint64(data[i])
        mixed = (mixed ^ word) * _MIX_2
        mixed ^= mixed >> _HALF
        mixed *= _MIX
        out[d] = (mixed ^ mixed >> _HALF) & _REST
