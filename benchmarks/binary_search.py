"""Nearest rows by their signs, ranked again by bytes: 9 bits per number instead of 32.

The rows whose signs differ least from those of a query are found with XOR and a count of bits. The best of
them are ranked by their inner products with the query itself (Yamada, Asai and Hajishirzi, 2021, *Efficient
Passage Retrieval with Hashing for Open-domain Question Answering*).
"""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Hashes, Ints, Rows
from selfvec.numerics.quantization import encode
from selfvec.numerics.rows import top_indices, unit_rows


class BinarySearch:
    """Signs and bytes of unit rows, (n, d).

    >>> rows = np.array([[1, 1, 0.1], [1, -1, 0.1], [-1, -1, 0.2]], np.float32)
    >>> BinarySearch(rows).nearest(rows[1:2], 2).tolist()
    [[1, 2]]
    """

    def __init__(self, rows: Rows) -> None:
        coded = encode(unit_rows(rows), "int8")
        self.bytes = coded["int8"]
        self.scales = coded["scales"]
        self.signs = _words(rows)

    def nearest(self, queries: Rows, topn: int = 10, rerank: int = 10) -> Ints:
        """The ``topn`` rows nearest to each query by cosine, best first, (q, topn) int64.

        ``rerank`` times as many are found by their signs and ranked again; 0 ranks by signs only.
        """
        topn = min(topn, len(self.signs))
        out = np.empty((len(queries), topn), np.int64)
        for i, (query, signs) in enumerate(zip(unit_rows(queries), _words(queries), strict=True)):
            differ = np.bitwise_count(self.signs ^ signs).sum(axis=1, dtype=np.int32)
            found = np.array(top_indices(-differ.astype(np.float32), topn * max(1, rerank)))
            if rerank:
                scores = (self.bytes[found].astype(np.float32) @ query) * self.scales[found]
                found = found[top_indices(scores, topn)]
            out[i] = found[:topn]
        return out


def _words(rows: Rows) -> Hashes:
    """The signs of each row, 64 to a number, (n, ⌈d / 64⌉)."""
    padded = np.zeros((len(rows), -(-rows.shape[1] // 64) * 64), bool)
    padded[:, : rows.shape[1]] = rows >= 0
    return np.packbits(padded, axis=1).view(np.uint64)
