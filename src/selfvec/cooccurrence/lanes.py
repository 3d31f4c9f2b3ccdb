"""Rows of a matrix as machine vectors, for the kernels.

Numba falls back to scalar code if its compiler cannot exclude that two rows overlap. The hottest loops are
therefore LLVM operations on 16 floats, which every processor runs with its own instructions (one AVX-512, two
AVX, four NEON). Numba's cache does not notice changes in this file: touch the kernels' files after changing
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from selfvec.base.arrays import Floats
from selfvec.base.compiled import helper
from selfvec.base.memory import release
from selfvec.base.prefetching import SECOND, fetch
from selfvec.base.threads import ROW_BLOCK

__all__ = [
    "AHEAD",
    "CONTRACT",
    "LANES",
    "REBUILD",
    "add_four_rows",
    "aligned",
    "aligned_rows",
    "for_lanes",
    "multiply_add",
    "prefetch",
    "row_pointer",
    "sum_window",
]

REBUILD = 1024  # tokens after which the window sum is computed anew; stops at multiples keep the same bits
AHEAD = 8  # positions between prefetching a row and using it
LANES = 16  # floats per vector operation; rows are padded to a multiple of it
CONTRACT = ("contract", "reassoc", "nsz")  # allow a·b + c in one rounding, nothing that changes infinities

FLOAT = ir.FloatType()
VECTOR = ir.VectorType(FLOAT, LANES)
INT32 = ir.IntType(32)


def aligned_rows(rows: Any) -> Floats:
    """Copy a (V, d) matrix, or an object that returns its rows by slices, into the kernels' layout.

    The layout is (V + 1, p) float32, rows on cache-line bounds. p is d rounded up to a multiple of `LANES`;
    padding is zero. The last row is zero and means "no row" where a window is clipped.
    """
    height = len(rows) + 1
    width = -(-rows.shape[1] // LANES) * LANES
    out = aligned(height * width).reshape(height, width)
    for start in range(0, len(rows), ROW_BLOCK):
        part = slice(start, min(start + ROW_BLOCK, len(rows)))
        block = rows[part]
        out[part, : rows.shape[1]] = block
        release(block)
    out[:, rows.shape[1] :] = 0
    out[-1] = 0
    return out


def aligned(size: int) -> Floats:
    """An uninitialised array, (size,) float32, that begins on a cache-line bound."""
    raw = np.empty(size * 4 + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * 4].view(np.float32)


def row_pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    """Address of a row's first float."""
    struct = context.make_array(array_type)(context, builder, array)
    zero = ir.Constant(row.type, 0)
    return cgutils.get_item_pointer(context, builder, array_type, struct, [row, zero], wraparound=False)


def splat(builder: Any, scalar: Any) -> Any:
    """A vector with one number in all lanes."""
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, ir.Constant(INT32, 0))
    mask = ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), mask)


def sum_lanes(builder: Any, vector: Any) -> Any:
    """The sum of a vector's floats, added in pairs."""
    lanes = LANES
    while lanes > 1:
        lanes //= 2
        mask = ir.VectorType(INT32, lanes)
        undefined = ir.Constant(vector.type, ir.Undefined)
        low = builder.shuffle_vector(vector, undefined, ir.Constant(mask, list(range(lanes))))
        high = builder.shuffle_vector(vector, undefined, ir.Constant(mask, list(range(lanes, 2 * lanes))))
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, ir.Constant(INT32, 0))


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c."""
    return builder.fadd(builder.fmul(a, b, flags=CONTRACT), c, flags=CONTRACT)


def for_lanes(
    builder: Any,
    first: Any,
    last: Any,
    body: Callable[[Callable[[Any], Any], Callable[[Any, Any], Any]], None],
) -> None:
    """Run ``body(load, store)`` for every 16 floats between two columns; both take the address of a row."""
    step = ir.Constant(first.type, LANES)
    with cgutils.for_range_slice(builder, first, last, step, first.type) as (offset, _):

        def place(base: Any) -> Any:
            return builder.bitcast(builder.gep(base, [offset], source_etype=FLOAT), VECTOR.as_pointer())

        def load(base: Any) -> Any:
            return builder.load(place(base), align=4, typ=VECTOR)

        def store(value: Any, base: Any) -> Any:
            return builder.store(value, place(base), align=4)

        body(load, store)


@intrinsic
def prefetch(typingctx: Any, rows: Any, row: Any, first: Any, last: Any) -> Any:
    """Prefetch the columns ``first`` to ``last`` of a row into the second-level cache."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = row_pointer(context, builder, signature.args[0], args[0], args[1])
        step = ir.Constant(args[2].type, LANES)
        with cgutils.for_range_slice(builder, args[2], args[3], step, args[2].type) as (offset, _):
            place = builder.gep(pointer, [offset], source_etype=FLOAT)
            fetch(builder, place, SECOND)
        return context.get_dummy_value()

    return types.void(rows, types.intp, types.intp, types.intp), codegen


@intrinsic
def add_four_rows(typingctx: Any, rows: Any, total: Any, numbers: Any) -> Any:
    """total += (rows[a] + rows[b]) + (rows[c] + rows[d]). The total is read and written only once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        four_numbers = cgutils.unpack_tuple(builder, args[2])
        places = [row_pointer(context, builder, signature.args[0], args[0], row) for row in four_numbers]
        summed = context.make_array(signature.args[1])(context, builder, args[1])

        def body(load: Any, store: Any) -> None:
            a, b, c, d = map(load, places)
            four = builder.fadd(builder.fadd(a, b), builder.fadd(c, d))
            store(builder.fadd(load(summed.data), four), summed.data)

        columns = builder.extract_value(summed.shape, 0)
        for_lanes(builder, columns.type(0), columns, body)
        return context.get_dummy_value()

    return types.void(rows, total, types.UniTuple(types.intp, 4)), codegen


@helper
def sum_window(ids, start, stop, rows, total):
    """Sum the rows of the tokens ``start`` … ``stop - 1`` from scratch."""
    nothing = rows.shape[0] - 1  # the zero row
    for j in range(total.size):
        total[j] = 0
    for p in range(start, stop, 4):
        a = ids[p]
        b = ids[p + 1] if p + 1 < stop else nothing
        c = ids[p + 2] if p + 2 < stop else nothing
        d = ids[p + 3] if p + 3 < stop else nothing
        add_four_rows(rows, total, (a, b, c, d))
