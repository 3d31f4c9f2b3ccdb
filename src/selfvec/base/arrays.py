"""Types of arrays. The name gives the dtype; a comment at a field or parameter gives the shape.

V is the number of words, D of documents, N of tokens; d is the number of dimensions.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.float32]  # (n, d): a vector in each row
Halves: TypeAlias = NDArray[np.float16]  # (n, d): rows in half precision, as they are kept
Floats: TypeAlias = NDArray[np.float32]  # (n,): weights, norms
Doubles: TypeAlias = NDArray[np.float64]  # (n,): sums, scores, probabilities
Ints: TypeAlias = NDArray[np.int64]  # (n,): counts, row numbers, offsets
Ids: TypeAlias = NDArray[np.int32]  # (N,): the word of each token
Mask: TypeAlias = NDArray[np.bool_]  # (n,)
Bytes: TypeAlias = NDArray[np.uint8]  # (n,)
Int8s: TypeAlias = NDArray[np.int8]  # (n, d): rows in steps of a scale
Hashes: TypeAlias = NDArray[np.uint64]  # (n,)
Dates: TypeAlias = NDArray[np.datetime64]  # (D,): days, NaT for documents without a date
AnyFloats: TypeAlias = NDArray[np.floating[Any]]  # float32 or float64
AnyInts: TypeAlias = NDArray[np.integer[Any]]  # any type of whole numbers
Array: TypeAlias = NDArray[Any]  # any dtype
