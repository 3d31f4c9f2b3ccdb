"""The prefetch instruction of the processor, which `selfvec.base.compiled.prefetch` is compiled to."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

__all__ = ["ALL", "SECOND", "define", "fetch"]

ALL, SECOND = 3, 2
"""Caches: all of them, or from the second level on."""


@cache
def define(prefetch: Callable[[Any, Any], None]) -> None:
    """Tell Numba how it compiles calls of a function with an array and the place of an item."""
    type_callable(prefetch)(_type_of)
    lower_builtin(prefetch, types.Array, types.intp)(_lowered)


def _type_of(context: Any) -> Any:
    return lambda array, place: types.none


def _lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    fetch(builder, builder.gep(data, [args[1]]), ALL)
    return context.get_dummy_value()


def fetch(builder: Any, pointer: Any, caches: int) -> None:
    """Write the instruction that fetches the memory at a pointer, to be read, into ``caches``."""
    byte, integer = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, integer, integer, integer])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    hints = [ir.Constant(integer, hint) for hint in (0, caches, 1)]  # to read; caches; data
    builder.call(function, [builder.bitcast(pointer, byte), *hints])
