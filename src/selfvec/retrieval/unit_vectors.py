"""`UnitVectors`: vectors of documents and passages in int8, and their products with a question's vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import AnyInts, Floats, Int8s, Ints, Rows
from selfvec.base.compiled import read_only
from selfvec.numerics.quantization import quantised

from . import kernels

SAMPLED = 2_500  # documents of a large collection that say how values are spread, about
_UNITS = 1 << 15  # whose vectors are made at a time


@dataclass(frozen=True, eq=False)
class UnitVectors:
    """Vectors of U units, of which the first D are documents."""

    codes: Int8s  # (U, d) times the scales
    scales: Floats  # (U,)
    documents: int  # D

    @classmethod
    def of(
        cls,
        units: int,
        documents: int,
        rows_of: Callable[[Ints], Rows],  # the vectors of some units
    ) -> UnitVectors:
        """Quantise vectors, of which only a block is in memory as float32."""
        codes: Int8s | None = None
        scales = np.empty(units, np.float32)
        for first in range(0, units, _UNITS):
            part = slice(first, first + _UNITS)
            rows = rows_of(np.arange(units)[part])
            if codes is None:
                codes = np.empty((units, rows.shape[1]), np.int8)
            codes[part], scales[part] = quantised(rows, scale_of_zeros=0)
        assert codes is not None
        return cls(codes, scales, documents)

    def at(self, units: NDArray[np.integer[Any]]) -> Floats:
        """Vectors of units, (n, d) float32."""
        out: Floats = self.codes[units] * self.scales[units, None]
        return out

    def products(self, query: Rows, units: AnyInts | None = None) -> Floats:
        """Products of the vectors of n units, by default all, with a query, (d,)."""
        if units is None:
            return _products(query, self.codes, self.scales)
        return _products(query, self.codes[units], self.scales[units])

    def of_sample(self, query: Rows) -> Floats:
        """The same for the sample of documents, whose vectors lie together."""
        return _products(query, *self._sample)

    @cached_property
    def _sample(self) -> tuple[Int8s, Floats]:
        """Vectors of the sample in int8, (n, d), and their scales, (n,)."""
        sampled = sample_of(self.documents)
        return self.codes[sampled], self.scales[sampled]


def sample_of(documents: int) -> Ints:
    """The numbers of documents that say how values are spread."""
    return np.arange(0, documents, max(1, documents // SAMPLED))


def _products(query: Rows, codes: Int8s, scales: Floats) -> Floats:
    """Products of n vectors in int8, with their scales, and a query, (d,)."""
    largest = float(np.abs(query).max(initial=0)) or 1.0
    whole = np.rint(query * (32767 / largest)).astype(np.int16)
    products: Floats = kernels.dot_products(read_only(codes), read_only(scales), whole, largest / 32767)
    return products
